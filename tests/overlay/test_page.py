# SPDX-License-Identifier: Apache-2.0
"""The page about a kernel of one's own: its code is that of examples/fir, and its commands are run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe.caches import build_root

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "own-kernel.md"
EXAMPLE = ROOT / "examples" / "fir"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("language", "file"), [("cpp", "fir.cpp"), ("python", "filter_noise.py")])
def test_its_code_is_that_of_the_example(language: str, file: str) -> None:
    text = (EXAMPLE / file).read_text()
    found = blocks(language)
    assert found and all(block in text for block in found)


@pytest.mark.slow
def test_its_commands_work_in_a_copy_of_the_example(tmp_path: Path) -> None:
    work = tmp_path / "copy"
    shutil.copytree(EXAMPLE, work, ignore=shutil.ignore_patterns("__pycache__"))
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 5
    environment = os.environ | {
        "EDGEMOE_BUILD": str(build_root())
    }  # what is built there already is not again
    for command in commands:
        words = (
            command.replace("edgemoe ", "python -m edgemoe ", 1)
            if command.startswith("edgemoe ")
            else command
        )
        words = words.replace("python ", f"{sys.executable} ", 1)
        done = subprocess.run(
            words, shell=True, cwd=work, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert (work / "fir.fst").stat().st_size > 1000
    for name in re.findall(r"^\| `([\w.]+)`(?:, `([\w.]+)`)? \|", PAGE.read_text(), re.MULTILINE):
        for file in filter(None, name):
            assert (work / "overlay" / file).exists(), file
