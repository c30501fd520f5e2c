# SPDX-License-Identifier: Apache-2.0
"""Bad layer programs: each error code, on the descriptor that causes it, and nothing runs."""

from __future__ import annotations

import pytest
from bad_programs import BUILDS, CASES, Bases, Case, change, program_of

from edgemoe.config import BuildConfig, board
from edgemoe.golden import machine
from edgemoe.golden.verdict import check_program
from edgemoe.program import Memory
from edgemoe.registers import Error

BUILD = board("sim-small")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case) -> None:
    result = check_program(case.build, case.program, case.sizes)
    assert (result.error, result.index) == (case.error, case.index)


def test_names_differ() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_every_error_is_there(build: BuildConfig) -> None:
    """But CHANGED, which a program gets that was good when it was checked."""
    assert {case.error for case in CASES if case.build == build} == set(Error) - {Error.CHANGED}


def test_nothing_of_a_bad_program_runs() -> None:
    base = Bases(BUILD)
    program = program_of(base.store, change(base.load, opcode=77))
    result = machine.run(BUILD, Memory(program, bytes(1 << 18), bytes(64), 1 << 16, 1 << 10))
    assert (result.status, result.error_index, result.records) == (Error.OPCODE, 1, ())
    assert not any(result.output)
