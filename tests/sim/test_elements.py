# SPDX-License-Identifier: Apache-2.0
"""Elements of any kind on their way from NumPy through a DMA and a kernel, and back."""

from pathlib import Path

import numpy as np
import pynq
import pytest
from streams import THIRD, write_streams_overlay

from edgemoe import sim

COUNT = 37


@pytest.mark.slow
def test_elements_of_every_kind(tmp_path: Path) -> None:
    """An element has the next power of two of bytes; bits above it are not looked at, and come back as zeros."""
    sim.activate()
    overlay = pynq.Overlay(str(write_streams_overlay(tmp_path / "elements", THIRD)))
    random = np.random.default_rng(1)

    def any_bytes(element: int) -> np.ndarray:
        return random.integers(0, 256, (COUNT, element), dtype=np.uint8)

    def integers(data: np.ndarray) -> list[int]:
        return [int.from_bytes(row.tobytes(), "little") for row in data]

    def lanes(value: int) -> int:
        return sum(((value >> 16 * k) + k + 1 & 0xFFFF) << 16 * k for k in range(4))

    def pair(value: int) -> int:
        return (value + 1 & 31) | ((value >> 5) - 1 & 0xFFF) << 5

    kinds = (
        (1, lambda value: ~value & 1),
        (2, lambda value: -value & 0xFFF),
        (4, lambda value: value + 1 & 0xFFFFFF),
        (16, lambda value: ~value & (1 << 65) - 1),
        (64, lambda value: ~value & (1 << 512) - 1),
        (8, lanes),
        (4, pair),
        (128, lambda value: ~value & (1 << 600) - 1),
    )
    moves = []
    for index, (element, answer) in enumerate(kinds):
        dma = getattr(overlay, f"axi_dma_{index}")
        source, target = (pynq.allocate((COUNT, element), np.uint8) for _ in range(2))
        source[:] = any_bytes(element)
        dma.recvchannel.transfer(target)
        moves.append((dma, source, target, answer))
    overlay.elements_0.register_map.count = COUNT
    overlay.elements_0.register_map.CTRL.AP_START = 1
    for dma, source, _, _ in moves:
        dma.sendchannel.transfer(source)
    for dma, source, target, answer in moves:
        dma.sendchannel.wait()
        dma.recvchannel.wait()
        assert dma.recvchannel.transferred == target.nbytes
        assert integers(target) == [answer(value) for value in integers(source)], dma.description["fullpath"]
    sim.activate().unload()
