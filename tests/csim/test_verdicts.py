# SPDX-License-Identifier: Apache-2.0
"""The native accelerator's verdict on every row of `bad_programs` is the golden machine's."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_programs import BUILD, CASES, SLIM, Case

from edgemoe import csim
from edgemoe.golden import machine
from edgemoe.program import Memory


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csim")


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.build in (BUILD, SLIM)], ids=lambda case: case.name
)
def test_verdict(case: Case, work: Path) -> None:
    sizes = case.sizes
    program = case.program.ljust(sizes.program, b"\0")[: sizes.program]
    memory = Memory(program, bytes(sizes.weights), bytes(sizes.image), sizes.output, sizes.statistics)
    native, golden = csim.run(case.build, memory, work=work), machine.run(case.build, memory)
    assert (native.status, native.error_index) == (case.error, case.index)
    assert (golden.status, golden.error_index) == (case.error, case.index)
    assert len(native.records) == len(golden.records)
