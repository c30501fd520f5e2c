# SPDX-License-Identifier: Apache-2.0
"""Several designs on one board: one time for all, each with its interrupt, waveforms of the one that is named."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pynq
import pytest
from copier import copier_design

from edgemoe import sim
from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.overlay import write_overlay
from edgemoe.sim.verilate import VerilatedLibrary


@pytest.fixture
def overlay(copier_library: VerilatedLibrary, tmp_path: Path) -> Iterator[pynq.Overlay]:
    """Two copiers, with a short limit on waits."""
    device = sim.activate()
    before, device.wait_limit = device.wait_limit, 50_000
    design = copier_design("pair", copier_library, "left", "right")
    bitstream = write_overlay(tmp_path, design, {name: copier_library.path for name in ("left", "right")})
    yield pynq.Overlay(str(bitstream))
    device.record_waves(None)
    device.wait_limit = before
    device.unload()


def start(copier, beats: int, delta: int, fault: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Start one on fresh buffers; they are returned."""
    source, target = pynq.allocate(beats * 4, np.uint32), pynq.allocate(beats * 4, np.uint32)
    source[:] = np.arange(beats * 4)
    source.flush()
    copier.write(0x10, source.device_address)
    copier.write(0x1C, target.device_address)
    for offset, value in ((0x28, beats), (0x30, delta), (0x38, fault), (0x04, 1), (0x08, 1), (0x00, 1)):
        copier.write(offset, value)
    return source, target


def copied(source: np.ndarray, target: np.ndarray, delta: int) -> bool:
    target.invalidate()
    return np.array_equal(target, source + np.uint32(delta))


def test_who_polls_one_lets_the_others_run(overlay: pynq.Overlay) -> None:
    """The shorter run is over when the longer one is, without a look at it."""
    first, second = start(overlay.left, 16, 5), start(overlay.right, 400, 7)
    while not overlay.right.read(0) & 2:
        pass
    device = sim.activate()
    assert copied(*second, 7) and copied(*first, 5)
    assert overlay.left.read(0) & 2
    ages = [device.design(name).cycle for name in ("left", "right")]
    assert ages[0] == ages[1]


def test_both_interrupts(overlay: pynq.Overlay) -> None:
    """Both are awaited; the one that comes first does not keep the other from coming."""

    async def finish(copier) -> None:
        while not copier.read(0) & 4:
            await copier.interrupt.wait()

    async def both() -> None:
        for order in (("left", "right"), ("right", "left")):
            one, other = (getattr(overlay, name) for name in order)
            buffers = [(start(one, 8, 1), 1), (start(other, 500, 2), 2)]
            await asyncio.gather(finish(other), finish(one))
            assert all(copied(*pair, delta) for pair, delta in buffers)
            for copier in (one, other):
                copier.write(0x0C, 1)

    asyncio.run(asyncio.wait_for(both(), 60))


def test_an_interrupt_that_stays_high_stops_no_one(overlay: pynq.Overlay) -> None:
    """The first design's interrupt is never cleared while the program waits for the second."""

    async def wait() -> None:
        start(overlay.left, 8, 1)
        while not overlay.left.read(0) & 4:
            await overlay.left.interrupt.wait()
        pair = start(overlay.right, 300, 2)
        while not overlay.right.read(0) & 4:
            await overlay.right.interrupt.wait()
        assert copied(*pair, 2)

    asyncio.run(asyncio.wait_for(wait(), 60))


def test_a_failure_is_told_once(overlay: pynq.Overlay) -> None:
    start(overlay.left, 4, 0, fault=4)

    async def wait() -> None:
        await overlay.left.interrupt.wait()
        overlay.left.read(0)

    with pytest.raises(DeviceError, match=r"(?s)left did not finish.*right did not finish"):
        asyncio.run(asyncio.wait_for(wait(), 60))
    assert overlay.right.read(0) == 4


def test_waves_need_a_name(overlay: pynq.Overlay, tmp_path: Path) -> None:
    """Which of several designs is recorded is said, or asked for; the loaded overlay stays."""
    device, waves = sim.activate(), tmp_path / "waves.fst"
    for name, words in (
        (None, "which design to record was not said; the overlay simulates left, right"),
        ("middle", "there is no design 'middle'; the overlay simulates left, right"),
    ):
        device.record_waves(waves, name)
        with pytest.raises(UserError, match=re.escape(words)):
            overlay.download()
        assert overlay.left.read(0) == 4
    device.record_waves(waves, "right")
    with pytest.raises(DeviceError, match="without waveforms"):
        overlay.download()
