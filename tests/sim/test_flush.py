# SPDX-License-Identifier: Apache-2.0
"""A forgotten flush is an error that names the buffer and the byte; a forgotten invalidate gives poison."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pynq
import pytest

from edgemoe import sim
from edgemoe.errors import DeviceError
from edgemoe.sim.memory import POISON

BEATS = 64
BYTES = 16 * BEATS


@pytest.fixture
def copier(copier_overlay: Path) -> Iterator[object]:
    """The copier's driver on a freshly loaded overlay."""
    overlay = pynq.Overlay(str(copier_overlay))
    yield overlay.copier_0
    sim.activate().unload()


@pytest.fixture
def buffers() -> Iterator[tuple]:
    """Source and destination, flushed once."""
    with pynq.allocate(BYTES, np.uint8) as source, pynq.allocate(BYTES, np.uint8) as destination:
        source[:], destination[:] = 0, 0
        source.flush()
        destination.flush()
        yield source, destination


def start(copier, source, destination, *, first: int = 0, beats: int = BEATS) -> None:
    values = {0x10: source.device_address + first, 0x1C: destination.device_address, 0x28: beats, 0x30: 0}
    for offset, value in (values | {0x04: 1, 0x08: 1, 0x00: 1}).items():
        copier.write(offset, value)


def poll(copier) -> None:
    while not copier.read(0) & 2:
        pass
    copier.write(0x0C, 1)


def test_the_error_names_buffer_and_byte_and_the_board_goes_on(copier, buffers) -> None:
    source, destination = buffers
    source[200:300] = 7
    start(copier, source, destination)
    with pytest.raises(DeviceError) as caught:
        poll(copier)
    text = str(caught.value)
    for words in (
        f"the buffer at {source.device_address:#x} (shape ({BYTES},), uint8)",
        f"first at {source.device_address + 200:#x}, byte 200",
        "0x00 instead of 0x07",
        "flush()",
    ):
        assert words in text
    assert caught.value.exit_status == 3
    assert copier.read(0) & 4  # idle, and its registers as they were
    assert (copier.read(0x10), copier.read(0x28)) == (source.device_address, BEATS)
    source.flush()
    copier.write(0, 1)
    poll(copier)
    destination.invalidate()
    assert np.array_equal(destination, source)


def test_by_interrupt(copier, buffers) -> None:
    """The wait ends, and the next access says why."""
    source, destination = buffers

    async def wait() -> None:
        while not copier.read(0) & 4:
            await copier.interrupt.wait()

    async def twice() -> None:
        source[-1] = 1
        start(copier, source, destination)
        with pytest.raises(DeviceError, match=f"byte {BYTES - 1} of the buffer"):
            await wait()
        source.flush()
        start(copier, source, destination)
        await wait()

    asyncio.run(asyncio.wait_for(twice(), 60))
    destination.invalidate()
    assert np.array_equal(destination, source)


def test_what_is_not_read_need_not_be_flushed(copier, buffers) -> None:
    """A destination that was set to zero, the rest of the source, another buffer, what is written after the start."""
    source, destination = buffers
    with pynq.allocate(BYTES) as other:
        other[:] = 1
        destination[:] = 9
        source[: BYTES // 2 - 16] = 5
        start(copier, source, destination, first=BYTES // 2, beats=8)
        source[BYTES // 2 + 64] = 3
        poll(copier)


def test_what_the_design_wrote_itself_is_no_forgotten_flush(copier, buffers) -> None:
    """A result as the next run's source, never invalidated; and written bytes with the value that is there."""
    source, destination = buffers
    source[:] = np.arange(BYTES)
    source.flush()
    start(copier, source, destination)
    poll(copier)
    source[:] = np.arange(BYTES)
    start(copier, destination, source)
    poll(copier)
    start(copier, source, destination)
    poll(copier)
    destination.invalidate()
    assert np.array_equal(destination, np.arange(BYTES).astype(np.uint8))


@pytest.mark.parametrize("seed", range(3))
def test_any_forgotten_byte_is_found(copier, buffers, seed: int) -> None:
    """Random writes and partial flushes, against a list of bytes."""
    source, destination = buffers
    rng = random.Random(seed)
    dirty: set[int] = set()
    for _ in range(40):
        at, length = rng.randrange(BYTES), rng.choice((1, 3, 16, 100))
        part = source[at : at + length]
        if rng.random() < 0.5:
            part[:] = part + 1
            dirty |= set(range(at, at + part.size))
        else:
            part.flush()
            dirty -= set(range(at, at + part.size))
        first = 16 * rng.randrange(BEATS)
        beats = rng.randint(1, BEATS - first // 16)
        expected = min((byte for byte in dirty if first <= byte < first + 16 * beats), default=None)
        start(copier, source, destination, first=first, beats=beats)
        if expected is None:
            poll(copier)
            continue
        with pytest.raises(DeviceError, match=rf", byte {expected} of the buffer"):
            poll(copier)


def test_a_freed_buffer_and_coherent_memory_are_no_trouble(copier, buffers) -> None:
    _, destination = buffers
    gone = pynq.allocate(BYTES, np.uint8)
    gone[:] = 1
    gone.freebuffer()
    with pynq.allocate(BYTES, np.uint8, cacheable=False) as coherent:
        coherent[:] = 4
        start(copier, coherent, destination)
        poll(copier)
        destination.invalidate()
        assert np.all(destination == 4)


def test_a_forgotten_invalidate_gives_poison(copier, buffers) -> None:
    """Not the result of the run before, which looks right."""
    source, destination = buffers
    for value in (1, 2):
        source[:] = value
        source.flush()
        start(copier, source, destination, beats=BEATS // 2)
        poll(copier)
        if value == 1:
            destination.invalidate()
    half = BYTES // 2
    assert np.all(destination[:half] == POISON) and np.all(destination[half:] == 0)
    destination.invalidate()
    assert np.all(destination[:half] == 2)


def test_what_the_program_wrote_is_not_poisoned(copier, buffers) -> None:
    source, destination = buffers
    source[:] = 5
    source.flush()
    destination[3] = 77
    start(copier, source, destination)
    poll(copier)
    assert (destination[3], destination[4]) == (77, POISON)
