# SPDX-License-Identifier: Apache-2.0
"""The scripts behind `make models`, `make tables`, `make fuzz` and their like end as the commands do."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe import faults
from edgemoe.errors import DeviceError, MismatchError, UserError

ROOT = Path(__file__).resolve().parents[2]
OWN_END = {
    "docs/check_links.py",
    "host/edgemoe/__main__.py",
    "host/edgemoe/caches.py",
    "host/edgemoe/sim/__main__.py",
}
"""Scripts that need no other module of the package, or whose ends have tests of their own."""


def scripts() -> list[str]:
    files = [path for folder in ("host", "docs", "tests/fuzz") for path in (ROOT / folder).rglob("*.py")]
    names = [str(path.relative_to(ROOT)) for path in files if "\nif __name__ ==" in path.read_text()]
    return sorted(set(names) - OWN_END)


@pytest.mark.parametrize("name", scripts())
def test_a_script_ends_in_the_one_place(name: str) -> None:
    assert "    faults.end(" in (ROOT / name).read_text().split("\nif __name__ ==")[1]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (MismatchError("they differ"), 1, "error: they differ"),
        (UserError("a wrong file"), 2, "error: a wrong file"),
        (FileNotFoundError(2, "No such file", "nano.json"), 2, "error: nano.json: No such file"),
        (DeviceError("no answer"), 3, "error: no answer"),
        (KeyError("a defect"), 70, "error: a fault of edgemoe itself"),
        (KeyboardInterrupt(), 130, "error: interrupted"),
    ],
)
def test_statuses(
    error: BaseException,
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EDGEMOE_BUILD", str(tmp_path))

    def fail() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        faults.end(fail)
    assert ended.value.code == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(said)


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (1, 1)])
def test_a_status_is_passed_on(returned: int | None, status: int) -> None:
    with pytest.raises(SystemExit) as ended:
        faults.end(lambda: returned)
    assert ended.value.code == status


def test_a_folder_that_is_missing_is_a_message(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "docs" / "make_readme.py"), str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert str(tmp_path / "none") in done.stderr
