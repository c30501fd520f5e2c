# SPDX-License-Identifier: Apache-2.0
"""PYNQ buffers in the simulated DRAM."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from math import prod
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt
from pynq.buffer import PynqBuffer

from edgemoe.errors import DeviceError, UserError
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
        self._numbers = count(1)
        self._blocks: dict[int, Block] = {}
        """By number: an address comes back after a buffer is freed, its number does not."""
        # Python may drop a buffer at any point of any thread, this class's methods included. Its block then
        # waits here until someone asks for memory.
        self._returned: deque[int] = deque()

    @property
    def held(self) -> int:
        """Buffers that are not freed."""
        return len(self._blocks)

    def allocate(
        self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = "u4", *, cacheable: bool = True
    ) -> PynqBuffer:
        """A buffer of undefined content; `cacheable=False` gives a coherent one."""
        dtype, sizes = _checked(shape, dtype)
        size = max(dtype.itemsize * prod(sizes), 1)
        with suppress(IndexError):
            while True:
                self.arena.free(self._returned.popleft())
        address = self.arena.allocate(size)
        device = self.arena.view(address, size)
        device[:] = POISON
        coherent = not cacheable
        host = device if coherent or not self.strict else device.copy()
        number = next(self._numbers)
        buffer = PynqBuffer(
            sizes,
            dtype,
            device=self.device,
            device_address=address,
            bo=number,
            buffer=host,
            coherent=coherent,
        )
        # What PynqBuffer.freebuffer looks at; without `freed` it would unmap memory that is not its own.
        buffer.memory = self
        buffer.pointer = number
        buffer.return_to = self
        buffer.freed = True
        self._blocks[number] = Block(address, device, host)
        return buffer

    def return_pointer(self, number: int) -> None:
        """Called by `PynqBuffer` when the buffer is freed."""
        if (block := self._blocks.pop(number, None)) is not None:
            self._returned.append(block.address)

    def flush(self, number: int, virtual_address: int, size: int) -> None:
        """What the processor wrote becomes visible to the design."""
        block, part = self._part(number, virtual_address, size)
        block.device[part] = block.host[part]

    def invalidate(self, number: int, virtual_address: int, size: int) -> None:
        """What the design wrote becomes visible to the processor."""
        block, part = self._part(number, virtual_address, size)
        block.host[part] = block.device[part]

    def _part(self, number: int, virtual_address: int, size: int) -> tuple[Block, slice]:
        block = self._blocks.get(number)
        if block is None:
            raise DeviceError("This buffer was freed; allocate another one.")
        first = virtual_address - block.host.ctypes.data
        if not 0 <= first <= block.host.size - size:
            raise DeviceError(
                "This array is not a part of its buffer in one piece (the result of a computation is none): the "
                "accelerator does not see it. Write what it holds into the buffer: `buffer[:] = ...`."
            )
        return block, slice(first, first + size)


def _checked(shape: Any, dtype: npt.DTypeLike) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The element type and the sizes of a buffer; `UserError` if there can be no such buffer."""
    try:
        kind = np.dtype(dtype)
        sizes = tuple(map(index, shape)) if isinstance(shape, tuple | list) else (index(shape),)
    except (TypeError, ValueError) as failure:
        raise UserError(f"No buffer of shape {shape!r} and type {dtype!r}: {failure}.") from None
    if kind.hasobject:
        raise UserError(f"A buffer holds plain numbers, not Python objects ({kind}).")
    if any(n < 0 for n in sizes) or len(sizes) > 32:
        raise UserError(f"No buffer of shape {shape!r}: sizes are 0 or more, in at most 32 dimensions.")
    return kind, sizes
