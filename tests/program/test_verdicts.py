# SPDX-License-Identifier: Apache-2.0
"""Bad layer programs: each error code, on the descriptor that causes it, and nothing runs."""

from __future__ import annotations

import pytest
from bad_programs import CASES, LOAD, STORE, Case, change, program_of

from edgemoe.config import board
from edgemoe.golden import machine
from edgemoe.golden.verdict import check_program
from edgemoe.program import Memory
from edgemoe.registers import Error

BUILD = board("sim-small")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case) -> None:
    result = check_program(case.build, case.program, case.sizes)
    assert (result.error, result.index) == (case.error, case.index)


def test_names_differ_and_every_error_is_there() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.error for case in CASES} == set(Error)


def test_nothing_of_a_bad_program_runs() -> None:
    memory = Memory(program_of(STORE, change(LOAD, opcode=77)), bytes(1 << 18), bytes(64), 1 << 16, 1 << 10)
    result = machine.run(BUILD, memory)
    assert (result.status, result.error_index, result.records) == (Error.OPCODE, 1, ())
    assert not any(result.output)
