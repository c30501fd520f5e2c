# SPDX-License-Identifier: Apache-2.0
"""The wheel alone, in an environment of its own, an empty folder and with an empty home: all that needs no clone."""

import os
import resource
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgemoe.caches import FOLDERS

ROOT = Path(__file__).resolve().parents[2]
KERNEL = "void twice(int a, int& b) { b = 2 * a; }\n"
PROGRAM = """
from pynq import Overlay
ip = Overlay("my overlay/twice.bit").twice_0
ip.register_map.a = 21
ip.register_map.CTRL.AP_START = 1
while not ip.register_map.CTRL.AP_DONE:
    pass
print(int(ip.register_map.b.b))
"""


class Installed:
    """An environment with the wheel, beside the other packages of the one that runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.home, self.work, self.bin = folder / "home", folder / "work", folder / "venv" / "bin"
        for path in (self.home, self.work):
            path.mkdir()
        build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
        subprocess.run([*build, "--wheel-dir", folder, ROOT], check=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        (wheel,) = folder.glob("edgemoe-*.whl")
        install = [sys.executable, "-m", "pip", "--python", self.bin / "python", "install", "-q", "--no-deps"]
        subprocess.run([*install, wheel], check=True)
        (self.packages,) = (folder / "venv" / "lib").glob("python3*/site-packages")
        (self.packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.before = self.content()
        subprocess.run(["chmod", "-R", "a-w", self.packages], check=True)

    def content(self) -> dict[str, int]:
        """Files of the installed packages and when they changed."""
        return {
            str(path): path.stat().st_mtime_ns
            for path in self.packages.rglob("*")
            if "__pycache__" not in path.parts and path.is_file()
        }

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        kept = {"PATH", "LANG", "CXX"}
        environment = {name: value for name, value in os.environ.items() if name in kept}
        environment |= {"HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"}
        assert not environment.keys() & FOLDERS.keys()
        arguments = [str(self.bin / str(command[0])), *map(str, command[1:])]
        return subprocess.run(
            arguments,
            cwd=self.work,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    folder = ROOT / "build" / "wheel-test"
    if folder.exists():
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    made = Installed(folder)
    yield made
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    shutil.rmtree(folder)


@pytest.mark.slow
def test_help_is_quick_and_importing_is_light(installed: Installed) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = installed.run("edgemoe", "--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0 and "synth" in done.stdout, done.stderr
    # Processor time: what else the machine does is not the command's.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
    code = "import edgemoe, sys; print(edgemoe.__file__, {'torch', 'pynq', 'cocotb'} & set(sys.modules))"
    done = installed.run("python", "-c", code)
    assert str(installed.packages) in done.stdout and done.stdout.endswith("set()\n"), done.stderr


@pytest.mark.slow
def test_a_kernel_of_ones_own_in_an_empty_folder(installed: Installed) -> None:
    (installed.work / "twice.cpp").write_text(KERNEL)
    (installed.work / "program.py").write_text(PROGRAM)
    done = installed.run("edgemoe", "synth", "twice.cpp", "--top", "twice", "--overlay", "my overlay")
    assert done.returncode == 0, done.stderr
    done = installed.run("python", "-m", "edgemoe.sim", "program.py")
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    names = {path.name for path in installed.work.iterdir()}
    assert names == {"twice.cpp", "program.py", "my overlay", "build"}


@pytest.mark.slow
def test_an_image_with_the_shipped_model(installed: Installed) -> None:
    done = installed.run("edgemoe", "infer", "--backend", "golden", "--out", "pictures")
    assert done.returncode == 0, done.stderr
    assert (installed.work / "pictures" / "segmentation.png").is_file()
    done = installed.run(
        "edgemoe", "synth", "--top", "none", "--out", "rtl"
    )  # the accelerator's source is there
    assert done.returncode == 2 and "none" in done.stderr and "Traceback" not in done.stderr
    for command in (["infer", "--backend", "torch"], ["cosim", "--model", "tiny"]):
        done = installed.run("edgemoe", *command)
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert "--model" in done.stderr or "random-package" in done.stderr


@pytest.mark.slow
def test_nothing_is_left_outside(installed: Installed) -> None:
    """After all the others: site-packages and the home folder are as they were."""
    assert installed.content() == installed.before
    assert list(installed.home.iterdir()) == []
