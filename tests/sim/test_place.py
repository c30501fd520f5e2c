# SPDX-License-Identifier: Apache-2.0
"""The board's memory at other addresses: above 4 GiB, where a 32-bit half of an address is not enough."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pynq
import pytest

from edgemoe import sim
from edgemoe.errors import UserError
from edgemoe.sim.arena import BASE, HIGH, SIZE

PROGRAM = Path(__file__).parent / "fixtures" / "user_script.py"


@pytest.fixture
def device() -> Iterator[sim.SimulatedDevice]:
    """The board with nothing on it; its memory is where it was at the end."""
    device = sim.activate()
    device.unload()
    yield device
    device.unload()
    device.place_memory(BASE, SIZE)


@pytest.mark.parametrize("base", [HIGH, 0x1_0000_0000 - (1 << 20), (1 << 40) - SIZE])
def test_memory_above_4_gib(device: sim.SimulatedDevice, copier_overlay: Path, base: int) -> None:
    """Also across the border, and up to the last address."""
    device.place_memory(base, SIZE)
    copier = pynq.Overlay(str(copier_overlay)).copier_0
    with pynq.allocate(1 << 18) as source, pynq.allocate(1 << 18) as destination:
        assert source.device_address == base
        source[:] = np.arange(source.size)
        source.flush()
        for offset, address in ((0x10, source.device_address), (0x1C, destination.device_address)):
            copier.write(offset, address & 0xFFFFFFFF)
            copier.write(offset + 4, address >> 32)
        copier.write(0x28, source.nbytes // 16)
        copier.write(0x30, 5)
        copier.write(0x00, 1)
        while not copier.read(0x00) & 2:
            pass
        destination.invalidate()
        assert np.array_equal(destination, source + np.uint32(5))


def test_an_unchanged_program_above_4_gib(copier_overlay: Path) -> None:
    command = [sys.executable, "-m", "edgemoe.sim", str(PROGRAM), str(copier_overlay)]
    environment = os.environ | {"EDGEMOE_SIM_MEMORY": hex(HIGH)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.splitlines() == ["equal True", "equal True", "beats 75 idle True"], done.stderr


@pytest.mark.parametrize("place", ["high", "0x1001", "-4096", hex(1 << 40)])
def test_places_that_cannot_be_are_refused(tmp_path: Path, place: str) -> None:
    """Before the program begins, without a traceback."""
    program = tmp_path / "program.py"
    program.write_text("print('began')")
    command = [sys.executable, "-m", "edgemoe.sim", str(program)]
    environment = os.environ | {"EDGEMOE_SIM_MEMORY": place}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), done.stderr
    assert "simulated memory" in done.stderr


def test_memory_in_use_stays(device: sim.SimulatedDevice, copier_overlay: Path) -> None:
    with pynq.allocate(4) as buffer:
        with pytest.raises(UserError, match="0 designs are loaded and 1 buffers held"):
            device.place_memory(HIGH)
        assert buffer.device_address == BASE
    pynq.Overlay(str(copier_overlay))
    with pytest.raises(UserError, match="1 designs are loaded"):
        device.place_memory(HIGH)
