# SPDX-License-Identifier: Apache-2.0
"""``edgemoe synth --dump``: the IR and the schedules as text, in a folder that keeps what is the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgemoe.compiler.dump import dump
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.irparse import differences, parse_program
from edgemoe.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tests" / "compiler" / "programs" / "histogram.cpp"


def test_ir_and_schedule_are_left_in_the_folder(tmp_path: Path) -> None:
    program = compile_source(PROGRAM, "histogram", [ROOT / "hls" / "shim"], tmp_path / "work")
    out = tmp_path / "out"
    for _ in range(2):
        dump(program, 5.0, out)
    assert list(differences(program, parse_program((out / "ir.txt").read_text()))) == []
    assert "pipeline, II 2" in (out / "schedule.txt").read_text()


def test_a_file_of_the_users_stays(tmp_path: Path) -> None:
    program = compile_source(PROGRAM, "histogram", [ROOT / "hls" / "shim"], tmp_path / "work")
    mine = tmp_path / "ir.txt"
    mine.write_text("mine")
    with pytest.raises(UserError, match=r"ir\.txt"):
        dump(program, 5.0, tmp_path)
    assert mine.read_text() == "mine"
