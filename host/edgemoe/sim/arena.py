# SPDX-License-Identifier: Apache-2.0
"""The simulated board's DRAM: one anonymous mapping that the design and the host share without a copy."""

import ctypes
import mmap

import numpy as np
import numpy.typing as npt

from edgemoe.errors import DeviceError

PAGE = 4096


class Arena:
    """`size` bytes of memory at device address `base`, handed out in pages. Untouched pages cost nothing."""

    def __init__(self, size: int = 256 << 20, base: int = 0x1000_0000) -> None:
        self.base, self.size = base, size
        self._map = mmap.mmap(-1, size)
        self.bytes: npt.NDArray[np.uint8] = np.frombuffer(self._map, dtype=np.uint8)
        self.pointer = self.bytes.ctypes.data_as(ctypes.c_void_p)
        self._free: list[tuple[int, int]] = [(base, size)]
        self._used: dict[int, int] = {}

    def allocate(self, size: int) -> int:
        """Device address of a block of at least `size` bytes, aligned to a page; its content is undefined."""
        wanted = max(PAGE, -(-size // PAGE) * PAGE)
        for index, (start, room) in enumerate(self._free):
            if room >= wanted:
                self._free[index : index + 1] = [(start + wanted, room - wanted)] if room > wanted else []
                self._used[start] = wanted
                return start
        held = sum(self._used.values())
        raise DeviceError(
            f"The simulated memory is full: {size} bytes asked for, {self.size - held} of {self.size} free."
        )

    def free(self, address: int) -> None:
        """Give a block back, joining it with free neighbours."""
        blocks = sorted([*self._free, (address, self._used.pop(address))])
        self._free = blocks[:1]
        for start, room in blocks[1:]:
            before, length = self._free[-1]
            if before + length == start:
                self._free[-1] = (before, length + room)
            else:
                self._free.append((start, room))

    def view(self, address: int, size: int) -> npt.NDArray[np.uint8]:
        """The bytes at a device address, shared with the design."""
        offset = address - self.base
        if offset < 0 or offset + size > self.size:
            raise DeviceError(f"Address {address:#x} (+{size}) lies outside the simulated memory.")
        return self.bytes[offset : offset + size]
