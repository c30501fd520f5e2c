# SPDX-License-Identifier: Apache-2.0
"""Memory above 4 GiB: all 64 bits of an address reach the registers, and the results are the same."""

from pathlib import Path

import numpy as np
import pytest
from small import small

import edgemoe
from edgemoe import sim
from edgemoe.config import TASKS, board
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.sim.arena import Arena
from edgemoe.sim.build import build_overlay
from edgemoe.sim.memory import SimulatedMemory

BELOW = 0x1000_0000
HIGH = 0x8_0000_0000  # where the upper part of a ZynqMP's DDR begins
ACROSS = (1 << 32) - (1 << 15)  # the weights lie on both sides of the border
TOP = (1 << 40) - (1 << 28)  # the last of 40 bits


def results(overlay: Path, base: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[bytes], dict[str, int]]:
    """What each task leaves with the memory at `base`, and the address registers."""
    device = sim.activate()
    arena = Arena(64 << 20, base)
    monkeypatch.setattr(device, "_memory", SimulatedMemory(device, arena, strict=True))
    config = small()
    image = random_image(config, np.random.default_rng(2))
    with edgemoe.Accelerator(overlay) as running:
        running.load(random_package(config, 3))
        runs = [running.run(image, task) for task in TASKS]
        registers = {
            name: running.ip.get(name)
            for name in ("program", "weights0", "weights3", "image", "output", "statistics")
        }
        device.unload()
        return [run.output for run in runs], registers


def check(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, low = results(overlay, BELOW, monkeypatch)
    for base in (HIGH, ACROSS, TOP):
        found, registers = results(overlay, base, monkeypatch)
        assert found == expected
        assert registers == {name: address - BELOW + base for name, address in low.items()}
    assert max(low.values()) - BELOW > (1 << 32) - ACROSS, "something lies beyond the border"


def test_with_the_golden_machine(golden_overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(golden_overlay, monkeypatch)


@pytest.mark.slow
def test_with_the_rtl(monkeypatch: pytest.MonkeyPatch) -> None:
    check(build_overlay(board("sim-small")).bitstream, monkeypatch)
