# SPDX-License-Identifier: Apache-2.0
"""The PYNQ driver against the golden machine behind the accelerator's registers."""

import asyncio
import copy
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
    assert isinstance(accelerator, driver.AcceleratorIp)
    assert "edgemoe" in driver.AcceleratorIp.bindto[0]


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


def test_hang_is_reported(accelerator, image: np.ndarray) -> None:
    accelerator.timeout_seconds = 0.05
    sim.activate()._targets["accelerator"].delay = 10**12
    with pytest.raises(DeviceError, match="did not finish within"):
        accelerator.run(buffers(copy_program(), image), interrupt=False)


# ---- interrupted, reloaded, closed


def result_of(accelerator, image: np.ndarray, **options) -> np.ndarray:
    run = accelerator.run(buffers(copy_program(), image), **options).check()
    return np.frombuffer(run.output, np.int16).reshape(image.shape)


@pytest.mark.parametrize("interrupt", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_ctrl_c_in_a_wait(accelerator, image: np.ndarray, interrupt: bool, after: bool, monkeypatch) -> None:
    """The run that is left goes on in the accelerator; the next one waits for its end, and is right."""
    target = sim.activate()._targets["accelerator"]
    advance, calls = target.advance, []

    def ring(cycles: int) -> None:
        calls.append(cycles)
        if len(calls) == 20 and target.left is not None:
            raise KeyboardInterrupt
        advance(cycles if len(calls) > 20 else 1)

    monkeypatch.setattr(target, "advance", ring)
    with pytest.raises(KeyboardInterrupt):
        result_of(accelerator, image + 1, interrupt=interrupt)
    assert target.left is not None
    assert np.array_equal(result_of(accelerator, image, interrupt=after), image)
    assert np.array_equal(result_of(accelerator, image, interrupt=interrupt), image)


def test_event_loops_one_after_the_other(accelerator, image: np.ndarray) -> None:
    """`asyncio.run` has a new loop each time; PYNQ's interrupt would stay with the first."""
    given = buffers(copy_program(), image)
    for _ in range(2):
        assert asyncio.run(accelerator.run_async(given)).check()
        assert np.array_equal(result_of(accelerator, image, interrupt=True), image)


def test_a_driver_kept_over_downloads(golden_overlay: Path, image: np.ndarray) -> None:
    overlay = pynq.Overlay(str(golden_overlay))
    accelerator = overlay.accelerator
    for load in (overlay.download, lambda: pynq.Overlay(str(golden_overlay)), overlay.download):
        assert np.array_equal(result_of(accelerator, image), image)
        load()
    assert np.array_equal(result_of(accelerator, image), image)
    sim.activate().unload()
    with pytest.raises(DeviceError, match="answered there was unloaded"):
        result_of(accelerator, image)


@pytest.mark.parametrize("interrupt", [True, False])
def test_an_overlay_loaded_during_a_run(golden_overlay: Path, image: np.ndarray, interrupt: bool) -> None:
    """The fresh accelerator is idle, which is no result."""
    overlay = pynq.Overlay(str(golden_overlay))
    given = buffers(copy_program(), image)
    overlay.accelerator.start(given, interrupt=interrupt)
    overlay.download()
    with pytest.raises(DeviceError, match="has run nothing since its overlay was loaded"):
        overlay.accelerator.wait()
        overlay.accelerator.result(given)
    assert np.array_equal(result_of(overlay.accelerator, image), image)


@pytest.mark.parametrize("what", ["program", "output", "statistics"])
def test_freed_buffers_are_refused(accelerator, image: np.ndarray, what: str) -> None:
    given = buffers(copy_program(), image)
    getattr(given, what).freebuffer()
    with pytest.raises(DeviceError, match="was freed"):
        accelerator.run(given)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found.pop("records"), "has no register 'records'"),
        (lambda found: found.pop("weights2_2"), "has no register 'weights2_2'"),
        (lambda found: found.pop("BUS_ERROR"), "has no register 'BUS_ERROR'"),
        (lambda found: found["status"].update(access="read-write"), "expected 32 bits, read-only"),
        (lambda found: found["program_1"].update(access="read-only"), "expected 32 bits, read-write"),
        (lambda found: found["cycles"].update(size=64), "expected 32 bits"),
        (
            lambda found: found["cycles"]["fields"]["cycles"].update(bit_width=16),
            "'cycles' of .* has 16 bits",
        ),
        (lambda found: found["image_2"].update(address_offset=0x100), "do not follow each other"),
        (lambda found: found.clear(), "has no register 'CTRL'"),
    ],
)
def test_another_register_map_is_refused(accelerator, change, words: str) -> None:
    """A description of another version: told when the driver is made, not by a wrong result."""
    description = copy.deepcopy(dict(sim.activate().ip_dict["accelerator"]))
    driver.AcceleratorIp(description)
    change(description["registers"])
    with pytest.raises(UserError, match=words) as caught:
        driver.AcceleratorIp(description)
    assert "write the overlay again" in str(caught.value)


def test_registers_are_where_the_description_says(accelerator) -> None:
    """Not where a table in the driver says."""
    description = copy.deepcopy(dict(sim.activate().ip_dict["accelerator"]))
    for entry in description["registers"].values():
        entry["address_offset"] += 0x1000
    moved = driver.AcceleratorIp(description)
    written: list[tuple[int, int]] = []
    moved.write = lambda offset, value: written.append((offset, value))
    moved.set("weights1", 0x1_0000_0002)
    place = description["registers"]["weights1_1"]["address_offset"]
    assert written == [(place, 2), (place + 4, 1)]
