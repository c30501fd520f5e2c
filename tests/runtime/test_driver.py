# SPDX-License-Identifier: Apache-2.0
"""The PYNQ driver against the golden machine behind the accelerator's registers."""

import asyncio
import dataclasses
from pathlib import Path

import numpy as np
import pynq
import pytest

from edgemoe import sim
from edgemoe.config import board
from edgemoe.errors import DeviceError, UserError
from edgemoe.golden import machine
from edgemoe.program import Memory
from edgemoe.registers import Descriptor, Error, Format, Opcode, Region, Space, pack_program
from edgemoe.runtime import driver

WORDS = 4


def copy_program(words: int = WORDS) -> bytes:
    """LOAD `words` int16 words of the image, STORE them to the output."""
    return pack_program(
        [
            Descriptor(
                opcode=Opcode.LOAD,
                space=Space.ACT,
                format=Format.I16,
                region=Region.IMAGE,
                size=words,
                stage=7,
            ),
            Descriptor(opcode=Opcode.STORE, space=Space.ACT, size=words, stage=8),
            Descriptor(opcode=Opcode.END),
        ]
    )


def buffers(program: bytes, image: np.ndarray, *, records: int = 8):
    def filled(data: np.ndarray):
        buffer = pynq.allocate(data.shape, data.dtype)
        buffer[:] = data
        return buffer

    output = pynq.allocate(image.nbytes, np.uint8)
    output[:] = 0
    return driver.Buffers(
        program=filled(np.frombuffer(program, np.uint8)),
        weights=filled(np.zeros(64, np.uint8)),
        image=filled(image),
        output=output,
        statistics=pynq.allocate((records, 64), np.uint8),
    )


@pytest.fixture
def accelerator(golden_overlay: Path):
    return pynq.Overlay(str(golden_overlay)).accelerator


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).integers(-(2**15), 2**15, (WORDS, 32), dtype=np.int16)


def test_driver_is_bound_by_vlnv(accelerator) -> None:
    assert isinstance(accelerator, driver.Accelerator)
    assert "edgemoe" in driver.Accelerator.bindto[0]


@pytest.mark.parametrize("interrupt", [True, False, None])
def test_run(accelerator, image: np.ndarray, interrupt: bool | None) -> None:
    """Two starts, by interrupt or by polling: outputs and statistics as the golden machine's."""
    given = buffers(copy_program(), image)
    for _ in range(2):
        result = accelerator.run(given, interrupt=interrupt).check()
        assert np.array_equal(np.frombuffer(result.output, np.int16).reshape(image.shape), image)
        memory = Memory(copy_program(), bytes(64), image.tobytes(), image.nbytes, 512)
        expected = machine.run(board("sim-small"), memory).records
        assert [record.counts() for record in result.records] == [record.counts() for record in expected]
        assert [record.stage for record in result.records] == [7, 8]


def test_run_in_a_running_loop(accelerator, image: np.ndarray) -> None:
    """Inside an event loop `run` polls and `run_async` awaits the interrupt."""
    given = buffers(copy_program(), image)

    async def program() -> list[bytes]:
        return [accelerator.run(given).output, (await accelerator.run_async(given)).output]

    for output in asyncio.run(program()):
        assert output == image.tobytes()


def test_run_on_fresh_buffers(accelerator, image: np.ndarray) -> None:
    """Also with regions of no bytes: what is refused is the program, not the call."""
    result = accelerator.run_regions(copy_program(), b"", image.tobytes(), image.nbytes, 512).check()
    assert result.output == image.tobytes()
    assert accelerator.run_regions(b"", b"", b"", 0, 0).status == Error.COUNT


def test_refused_program(accelerator, image: np.ndarray) -> None:
    given = buffers(copy_program(words=WORDS + 1), image)
    result = accelerator.run(given)
    assert (result.status, result.error_index, result.records) == (Error.DRAM, 0, ())
    with pytest.raises(
        DeviceError, match=r"DRAM range ends beyond its region in descriptor 0 \(code 27, DRAM\)"
    ):
        result.check()


def test_bus_error_is_an_error(accelerator, image: np.ndarray) -> None:
    result = accelerator.run(buffers(copy_program(), image))
    with pytest.raises(DeviceError, match="error on gmem0, gmem2"):
        dataclasses.replace(result, bus_error=5).check()


def test_build_is_checked(accelerator) -> None:
    accelerator.check_build(board("sim-small"))
    with pytest.raises(UserError, match="another build than 'other'"):
        accelerator.check_build(dataclasses.replace(board("sim-small"), name="other", max_tokens=100))


def test_hang_is_reported(accelerator, image: np.ndarray) -> None:
    accelerator.timeout_seconds = 0.05
    sim.activate()._targets["accelerator"].delay = 10**12
    with pytest.raises(DeviceError, match="did not finish within"):
        accelerator.run(buffers(copy_program(), image), interrupt=False)
