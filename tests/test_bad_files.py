# SPDX-License-Identifier: Apache-2.0
"""Every bad input of the table ends with status 2 and one message, and quickly; what was there is there after."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from edgemoe import cli

sys.path.insert(0, str(Path(__file__).parent))
from bad_files import CASES, Case


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_one_message(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = case.arguments(tmp_path)
    before, started = contents(tmp_path), time.monotonic()
    assert cli.run(arguments) == 2
    captured = capsys.readouterr()
    assert case.said in captured.err
    assert "Traceback" not in captured.err and not captured.out
    assert captured.err.isascii() or captured.err.encode("utf-8")
    assert len(captured.err) < 2000
    assert time.monotonic() - started < 10
    assert contents(tmp_path) == before


def test_names_are_different() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
