# SPDX-License-Identifier: Apache-2.0
"""The Makefile hands names to the commands as they were typed."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A stand-in for `.venv`, set up in all eyes of make, whose `edgemoe` prints its arguments, a line each."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    for name in ("edgemoe", "python"):
        script = folder / "bin" / name
        script.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
        script.chmod(0o755)
    for stamp in (".cosim", ".dev"):
        (folder / stamp).touch()
    return folder


def make(venv: Path, *arguments: str) -> list[str]:
    command = ["make", "-s", f"VENV={venv}", "-o", f"{venv}/.cosim", "-o", f"{venv}/.dev", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "name", ["it's.jpg", "a b.png", 'the "best".png', "50$.png", "$(HOME).png", "`x`;y.png"]
)
def test_any_name_of_a_picture(name: str, venv: Path) -> None:
    """Spaces, quotes and dollar signs; the command gets one argument, and no shell reads it. (Make itself takes
    `$$` for a dollar sign.)
    """
    typed = name.replace("$", "$$")
    for target in ("cosim", "csim"):
        given = make(venv, target, f"IMAGE={typed}")
        assert given[given.index("--image") + 1] in (name, typed)
        assert given[given.index("--model") + 1] == "nano"


def test_values_that_are_not_given_are_left_to_the_command(venv: Path) -> None:
    given = make(venv, "cosim")
    assert given[0] == "cosim" and not {"--image", "--out", "--waves"} & set(given)


def test_every_value_reaches_the_command(venv: Path) -> None:
    given = make(venv, "cosim", "MODEL=m's.safetensors", "OUT=o u t", "TASK=depth", "BOARD=b", "WAVES=1")
    assert given[1:] == [
        "--model",
        "m's.safetensors",
        "--board",
        "b",
        "--task",
        "depth",
        "--out",
        "o u t",
        "--waves",
    ]
