# SPDX-License-Identifier: Apache-2.0
"""The walker's verdict on every bad descriptor is the golden machine's, and the largest that fits still passes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgemoe import csim
from edgemoe.config import board
from edgemoe.golden import machine
from edgemoe.program import Memory, Run
from edgemoe.registers import Descriptor, Error, pack_program

sys.path.insert(0, str(Path(__file__).parents[1] / "program"))
import test_verdicts as cases

BUILD = board("sim-small")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csim")


def same_verdict(work: Path, *descriptors: Descriptor) -> Run:
    """Runs both on regions of the sizes that the cases are made for."""
    sizes = cases.SIZES
    program = pack_program([*descriptors, cases.END]).ljust(sizes.program, b"\0")
    memory = Memory(program, bytes(sizes.weights), bytes(sizes.image), sizes.output, sizes.statistics)
    native, golden = csim.run(BUILD, memory, work=work), machine.run(BUILD, memory)
    assert (native.status, native.error_index) == (golden.status, golden.error_index)
    assert len(native.records) == len(golden.records)
    return golden


@pytest.mark.parametrize(("bad", "error"), cases.BAD, ids=lambda x: x.name if isinstance(x, Error) else "")
def test_each_error(bad: Descriptor, error: Error, work: Path) -> None:
    assert same_verdict(work, cases.LOAD, bad).status == error


def test_the_largest_that_fits_passes(work: Path) -> None:
    change = cases.change
    store = change(cases.STORE, offset=cases.SIZES.output - 512 * 64)
    load = change(cases.LOAD, offset=cases.SIZES.weights - 2048 * 64)
    linear = change(cases.LINEAR, dst_base=2048 - 320)
    assert same_verdict(work, load, linear, store).status == Error.NONE


@pytest.mark.parametrize(
    "programs", [(cases.GATE, cases.GATE, cases.EXPERTS), (cases.EXPERTS,), (cases.GATE,)]
)
def test_sequences(programs: tuple[Descriptor, ...], work: Path) -> None:
    assert same_verdict(work, *programs).status == Error.SEQUENCE
