# SPDX-License-Identifier: Apache-2.0
"""A layer program that changes in DRAM between its check and its run does no harm on the golden machine."""

from __future__ import annotations

import pytest
from bad_programs import BUILDS, SIZES
from changed_programs import Changed, changed_programs

from edgemoe.config import BuildConfig
from edgemoe.errors import DeviceError
from edgemoe.golden import machine
from edgemoe.program import Memory
from edgemoe.registers import NO_INDEX, Opcode

ROWS = [(build, row) for build in BUILDS for row in changed_programs(build)]


def run(build: BuildConfig, row: Changed):
    memory = Memory(row.program, bytes(SIZES.weights), bytes(SIZES.image), SIZES.output, SIZES.statistics)
    return machine.run(build, memory, reread=row.reread)


@pytest.mark.parametrize(("build", "row"), ROWS, ids=lambda part: part.name)
def test_how_it_ends(build: BuildConfig, row: Changed) -> None:
    result = run(build, row)
    assert (result.status, result.error_index) == (row.error, row.index)
    ran = [record.kind for record in result.records if record.expert == NO_INDEX]
    assert len(ran) == (row.index if row.error else len(Opcode) - 1)  # all before it, nothing behind


def test_the_message() -> None:
    build, row = next((build, row) for build, row in ROWS if "a scale" in row.name)
    with pytest.raises(
        DeviceError, match=r"was changed in DRAM while .* noticed at descriptor 8 \(code 29, CHANGED\)"
    ):
        run(build, row).check()
