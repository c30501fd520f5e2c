# SPDX-License-Identifier: Apache-2.0
"""`python -m edgemoe.sim program.py`: how programs end, and what is said where PYNQ is missing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe.sim.__main__ import main

WITHOUT_PYNQ = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "pynq":
            raise ModuleNotFoundError("No module named 'pynq'", name="pynq")
sys.meta_path.insert(0, Hide())
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgemoe.sim", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
        (
            "import pynq\n\npynq.MMIO(0xB0000000, 4).read()",
            3,
            "line 3: Nothing answers at address 0xb0000000",
        ),
        ("import pynq\npynq.allocate(1 << 40)", 3, "line 2: The simulated memory is full"),
        (
            "import pynq\npynq.Overlay(__file__)",
            2,
            "Unknown file format; the simulated board loads .bit files.",
        ),
        ("raise KeyboardInterrupt", 130, "interrupted"),
    ],
)
def test_how_programs_end(tmp_path: Path, text: str, status: int, words: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(text)
    done = run(program)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert words in done.stderr


def test_programs_that_are_none(tmp_path: Path, monkeypatch, capsys) -> None:
    for what in (tmp_path, tmp_path / "none.py"):
        monkeypatch.setattr(sys, "argv", ["sim", str(what)])
        assert (main(), capsys.readouterr().err) == (2, f"error: there is no program {what}\n")
    for arguments, status in (([], 2), (["--help"], 0)):
        monkeypatch.setattr(sys, "argv", ["sim", *arguments])
        assert main() == status


def test_ctrl_c_ends_a_run_that_hangs(copier_overlay: Path, tmp_path: Path) -> None:
    """Also inside one long step of the simulation."""
    program = tmp_path / "program.py"
    program.write_text(
        "import pynq, edgemoe.sim\npynq.Overlay(__import__('sys').argv[1])\n"
        "design = edgemoe.sim.activate().design('copier_0')\nprint('runs', flush=True)\ndesign.run(10**12)\n"
    )
    command = [sys.executable, "-m", "edgemoe.sim", str(program), str(copier_overlay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "runs\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "interrupted\n")


def test_a_missing_pynq_is_named() -> None:
    """The package can still be imported, for the builders in it; what needs PYNQ says so."""
    for use in ("from edgemoe import sim; sim.activate()", "import edgemoe.runtime.driver"):
        code = (
            WITHOUT_PYNQ
            + f"from edgemoe.errors import UserError\ntry:\n    {use}\nexcept UserError as e: print(e)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "needs the package pynq, which is not installed" in done.stdout, done.stderr
