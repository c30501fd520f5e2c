# SPDX-License-Identifier: Apache-2.0
"""PYNQ buffers in the simulated DRAM."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from pynq.buffer import PynqBuffer

from edgemoe.sim.arena import Arena

POISON = 0xCD
"""Content of fresh memory: never by accident what a program expects."""


@dataclass
class Block:
    """One allocation: where it lies for the design and, in strict mode, the processor's own copy."""

    address: int
    device: npt.NDArray[np.uint8]
    host: npt.NDArray[np.uint8]


class SimulatedMemory:
    """Hands out `PynqBuffer`s.

    With `strict`, the processor and the design each see their own copy of a buffer until the program calls
    `flush` or `invalidate`, as with a cache that writes nothing back by itself; a forgotten call is then a
    wrong result here too, not only on a board. Without it, both share one copy.
    """

    def __init__(self, device: Any, arena: Arena, *, strict: bool) -> None:
        self.device, self.arena, self.strict = device, arena, strict
        self._blocks: dict[int, Block] = {}

    def allocate(
        self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = "u4", **options: Any
    ) -> PynqBuffer:
        """A buffer of undefined content; `cacheable=False` gives a coherent one."""
        dtype = np.dtype(dtype)
        size = dtype.itemsize * (prod(shape) if isinstance(shape, tuple | list) else int(shape))
        address = self.arena.allocate(max(size, 1))
        device = self.arena.view(address, max(size, 1))
        device[:] = POISON
        coherent = not options.get("cacheable", True)
        host = device if coherent or not self.strict else device.copy()
        block = Block(address, device, host)
        buffer = PynqBuffer(
            shape,
            dtype,
            device=self.device,
            device_address=address,
            bo=address,
            buffer=host,
            coherent=coherent,
        )
        # What PynqBuffer.freebuffer looks at; without `freed` it would unmap memory that is not its own.
        buffer.memory = self
        buffer.pointer = address
        buffer.return_to = self
        buffer.freed = True
        self._blocks[address] = block
        return buffer

    def return_pointer(self, address: int) -> None:
        """Called by `PynqBuffer` when the buffer is freed."""
        if self._blocks.pop(address, None) is not None:
            self.arena.free(address)

    def flush(self, address: int, offset: int, size: int) -> None:
        """What the processor wrote becomes visible to the design."""
        if block := self._blocks.get(address):
            block.device[offset : offset + size] = block.host[offset : offset + size]

    def invalidate(self, address: int, offset: int, size: int) -> None:
        """What the design wrote becomes visible to the processor."""
        if block := self._blocks.get(address):
            block.host[offset : offset + size] = block.device[offset : offset + size]
