# SPDX-License-Identifier: Apache-2.0
"""Caches and temporary files stay in the checkout, by one list; those of killed runs go with the next."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe.caches import FOLDERS

ROOT = Path(__file__).resolve().parent.parent
NEW = "import sys, tempfile; from pathlib import Path; from edgemoe.caches import keep_inside; "
NEW += "keep_inside(Path(sys.argv[1])); "


def environment() -> dict[str, str]:
    """Of someone who has set nothing."""
    return {name: value for name, value in os.environ.items() if name not in FOLDERS and name != "TMPDIR"}


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", NEW + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment())


def test_the_makefile_exports_the_list() -> None:
    command = ["make", "-s", "-C", str(ROOT), f"PYTHON={sys.executable}", "--eval=show: ; @env", "show"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout
    exported = dict(line.partition("=")[::2] for line in shown.splitlines())
    for variable, folder in FOLDERS.items():
        assert exported[variable] == str(ROOT / "build" / "cache" / folder)
    assert exported["TMPDIR"] == str(ROOT / "build" / "tmp")


@pytest.mark.parametrize("variable", FOLDERS)
def test_the_list_is_in_one_file(variable: str) -> None:
    """The compiler, which stands alone, has a default of its own for the clang that it starts."""
    allowed = {"host/edgemoe/caches.py", "host/edgemoe/compiler/frontend/clang.py"}
    texts = [ROOT / "Makefile", ROOT / ".ci" / "run"]
    for folder in ("host", "tests", "cosim", "docs"):
        texts += (ROOT / folder).rglob("*.py")
    for path in texts:
        name = str(path.relative_to(ROOT))
        if path.is_file() and name not in allowed:
            assert not re.search(rf"\b{variable}\b", path.read_text()), name


def test_the_checkout_may_lie_at_any_path(tmp_path: Path) -> None:
    """A quote, a dollar sign, blanks: what make exports is right."""
    root = tmp_path / "it's a né & $x"
    (root / "host" / "edgemoe").mkdir(parents=True)
    for name in ("Makefile", "host/edgemoe/caches.py"):
        shutil.copy(ROOT / name, root / name)
    (root / "show.mk").write_text("show:\n\t@env\n")
    shown = subprocess.run(
        ["make", "-f", "Makefile", "-f", "show.mk", "show"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    for variable, folder in FOLDERS.items():
        assert f"{variable}={root}/build/cache/{folder}" in shown.stdout.splitlines()


def test_temporary_files_stay_inside_and_go(tmp_path: Path) -> None:
    done = python("print(tempfile.mkdtemp()); print(open(tempfile.mkstemp()[1]).name)", tmp_path)
    inside = str(tmp_path / "build" / "tmp" / "run-")
    assert all(line.startswith(inside) for line in done.stdout.split()), done.stderr
    assert [path.name for path in (tmp_path / "build" / "tmp").iterdir()] == [".lock"]


def test_temporary_files_of_a_killed_run_go_with_the_next(tmp_path: Path) -> None:
    """Those of one that runs stay."""
    code = "open(tempfile.mkstemp()[1], 'w').write('x' * 100); print('made', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", NEW + code, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment()}
    killed, alive = subprocess.Popen(command, **pipes), subprocess.Popen(command, **pipes)
    for process in (killed, alive):
        assert process.stdout.readline() == "made\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    folders = tmp_path / "build" / "tmp"
    assert len(list(folders.glob("run-*/tmp*"))) == 2
    python("pass", tmp_path)
    assert len(list(folders.glob("run-*/tmp*"))) == 1
    alive.communicate("")
    assert not list(folders.glob("run-*"))


def test_a_checkout_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file")
    done = python("print(tempfile.gettempdir())", tmp_path)
    assert done.returncode == 0 and str(tmp_path / "build") not in done.stdout, done.stderr


def test_no_test_vanishes() -> None:
    """What a test needs and does not find must fail it."""
    word = "import" + "orskip"
    for folder in ("tests", "cosim", "docs"):
        for path in (ROOT / folder).rglob("*.py"):
            assert word not in path.read_text(), f"{path} skips its tests where a package is missing"
