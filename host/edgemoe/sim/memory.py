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


GRANULE = 16
"""Bytes whose state is told to a design in one word."""


@dataclass(frozen=True)
class Block:
    """One allocation: where it lies for the design and, in strict mode, the processor's own copy."""

    address: int
    what: str
    """Shape and type, for messages."""
    device: npt.NDArray[np.uint8]
    host: npt.NDArray[np.uint8]
    clean: npt.NDArray[np.uint8] | None
    """What `host` held when it was last flushed or invalidated; None where there is one copy only."""

    def unflushed(self) -> npt.NDArray[np.intp]:
        """Offsets of the bytes that the program wrote and the design does not see."""
        if self.clean is None:
            return np.empty(0, np.intp)
        # The design may have changed its copy, too: only what the program changed is the program's to flush.
        return np.flatnonzero((self.host != self.clean) & (self.host != self.device))


@dataclass(frozen=True)
class Unflushed:
    """The bytes of all buffers that were written and not flushed at one moment, for `VerilatedDesign.mark_stale`."""

    granules: npt.NDArray[np.uint64]
    masks: npt.NDArray[np.uint16]
    blocks: tuple[Block, ...]

    def error(self, design: str, address: int) -> DeviceError:
        """What to tell the program when `design` has read `address`, which is one of them."""
        block = next(b for b in self.blocks if b.address <= address < b.address + b.device.size)
        offset = address - block.address
        return DeviceError(
            f"{design} read memory that the program had written but not flushed before the start: the buffer at "
            f"{block.address:#x} ({block.what}), first at {address:#x}, byte {offset} of the buffer. A board gives "
            f"it whatever lies in memory, here {block.device[offset]:#04x} instead of {block.host[offset]:#04x}. "
            "Call the buffer's flush() after the last write and before the start. The run was stopped; "
            f"{design} is idle and its arguments are as the program set them."
        )


class SimulatedMemory:
    """Hands out `PynqBuffer`s.

    With `strict`, the processor and the design each see their own copy of a buffer until the program calls
    `flush` or `invalidate`, as with a cache that writes nothing back by itself. A design that reads what was not
    flushed is an error (`unflushed`); what the program has of memory that the design wrote is poison until
    it invalidates (`spoil`). Without `strict`, both share one copy.
    """

    def __init__(self, device: Any, arena: Arena, *, strict: bool) -> None:
        self.device, self.arena, self.strict = device, arena, strict
        self.idx, self.size, self.base_address = 0, arena.size, arena.base
        self.desc = {
            **{
                "tag": "PSDDR",
                "idx": self.idx,
                "type": "MEM_DDR4",
                "raw_type": 1,
                "used": 1,
                "streaming": False,
            },
            **{"base_address": self.base_address, "size": self.size},
        }
        """The memory's entry in an overlay's `mem_dict`, as on a board."""
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

    @property
    def num_buffers(self) -> int:
        """Buffers that are not freed, under PYNQ's name."""
        return self.held

    @property
    def mem_used(self) -> int:
        """Bytes that they take."""
        return sum(block.device.size for block in tuple(self._blocks.values()))

    def allocate(
        self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = "u4", *, cacheable: bool | int = True
    ) -> PynqBuffer:
        """A buffer of undefined content; with `cacheable=False` program and design share one copy of it.

        As on a board, `coherent` of either is False: a program need not know which of them it has.
        """
        dtype, sizes = _checked(shape, dtype)
        size = max(dtype.itemsize * prod(sizes), 1)
        with suppress(IndexError):
            while True:
                self.arena.free(self._returned.popleft())
        address = self.arena.allocate(size)
        device = self.arena.view(address, size)
        device[:] = POISON
        one_copy = not cacheable or not self.strict
        host = device if one_copy else device.copy()
        number = next(self._numbers)
        buffer = PynqBuffer(
            sizes,
            dtype,
            device=self.device,
            device_address=address,
            bo=number,
            buffer=host,
            coherent=False,
        )
        # What PynqBuffer.freebuffer looks at; without `freed` it would unmap memory that is not its own.
        buffer.memory = self
        buffer.pointer = number
        buffer.return_to = self
        buffer.freed = True
        what = f"shape {sizes}, {dtype}"
        self._blocks[number] = Block(address, what, device, host, None if one_copy else device.copy())
        return buffer

    def return_pointer(self, number: int) -> None:
        """Called by `PynqBuffer` when the buffer is freed."""
        if (block := self._blocks.pop(number, None)) is not None:
            self._returned.append(block.address)

    def flush(self, number: int, virtual_address: int, size: int) -> None:
        """What the processor wrote becomes visible to the design."""
        block, part = self._part(number, virtual_address, size)
        block.device[part] = block.host[part]
        self._settle(block, part)

    def invalidate(self, number: int, virtual_address: int, size: int) -> None:
        """What the design wrote becomes visible to the processor."""
        block, part = self._part(number, virtual_address, size)
        block.host[part] = block.device[part]
        self._settle(block, part)

    @staticmethod
    def _settle(block: Block, part: slice) -> None:
        if block.clean is not None:
            block.clean[part] = block.host[part]

    def unflushed(self) -> Unflushed:
        """What the program wrote and the design does not see now."""
        blocks, granules, masks = [], [np.empty(0, np.uint64)], [np.empty(0, np.uint16)]
        for block in tuple(self._blocks.values()):
            offsets = block.unflushed()
            if not offsets.size:
                continue
            blocks.append(block)
            bits = np.zeros(-(-block.device.size // GRANULE) * GRANULE, np.uint16)
            bits[offsets] = 1
            words = (bits.reshape(-1, GRANULE) << np.arange(GRANULE, dtype=np.uint16)).sum(1, dtype=np.uint16)
            marked = np.flatnonzero(words)
            granules.append(marked.astype(np.uint64) + np.uint64(block.address // GRANULE))
            masks.append(words[marked])
        return Unflushed(np.concatenate(granules), np.concatenate(masks), tuple(blocks))

    def spoil(self, first: int, last: int) -> None:
        """The design wrote somewhere in the addresses first..last: what the program has of it is poisoned.

        What is left of an older run would look like a result if the program forgot to invalidate.
        """
        for block in tuple(self._blocks.values()):
            if block.clean is None or last < block.address or first >= block.address + block.device.size:
                continue
            part = slice(max(first - block.address, 0), last - block.address + 1)
            host, clean = block.host[part], block.clean[part]
            changed = (block.device[part] != clean) & (host == clean)
            host[changed] = clean[changed] = POISON

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
