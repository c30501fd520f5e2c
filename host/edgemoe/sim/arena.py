# SPDX-License-Identifier: Apache-2.0
"""The simulated board's DRAM: one anonymous mapping that the design and the host share without a copy."""

import ctypes
import mmap
import os
import threading

import numpy as np
import numpy.typing as npt

from edgemoe.errors import DeviceError, UserError

PAGE = 4096
SIZE, BASE = 256 << 20, 0x1000_0000
"""Of the board's memory, unless told otherwise: inside the DDR of every supported board."""
HIGH = 0x8_0000_0000
"""Where the upper part of a Zynq UltraScale+'s DDR begins, above 4 GiB."""
ADDRESSES = 1 << 40
"""That a Zynq UltraScale+'s processor and memory ports have."""
PLACE = "EDGEMOE_SIM_MEMORY"
"""Environment variable: the address at which the board's memory begins."""


def chosen_base() -> int:
    """The address in `$EDGEMOE_SIM_MEMORY`, else `BASE`; `UserError` if it is no number."""
    text = os.environ.get(PLACE) or hex(BASE)
    try:
        return int(text, 0)
    except ValueError:
        raise UserError(
            f"{PLACE} is {text!r}; it must be the address at which the simulated memory begins, {BASE:#x} "
            f"or {HIGH:#x} for instance."
        ) from None


class Arena:
    """`size` bytes of memory at device address `base`, handed out in pages. Untouched pages cost nothing.

    The mapping lives as long as any view of it does. A forked process gets a copy of its own.
    """

    def __init__(self, size: int = SIZE, base: int = BASE) -> None:
        if base < 0 or base % PAGE or size <= 0 or base + size > ADDRESSES:
            raise UserError(
                f"The simulated memory cannot begin at {base:#x} and have {size} bytes: it must begin at a multiple "
                f"of {PAGE} and end at {ADDRESSES:#x} at most."
            )
        self.base, self.size = base, size
        try:
            self._map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except OSError as failure:
            raise DeviceError(f"There are no {size >> 20} MiB for the simulated memory: {failure}.") from None
        self.bytes: npt.NDArray[np.uint8] = np.frombuffer(self._map, dtype=np.uint8)
        self.pointer = self.bytes.ctypes.data_as(ctypes.c_void_p)
        self.lock = threading.Lock()
        """Held while the lists of free and used blocks change."""
        self._free: list[tuple[int, int]] = [(base, size)]
        self._used: dict[int, int] = {}

    def allocate(self, size: int) -> int:
        """Device address of a block of at least `size` bytes, aligned to a page; its content is undefined."""
        wanted = max(PAGE, -(-size // PAGE) * PAGE)
        with self.lock:
            for index, (start, room) in enumerate(self._free):
                if room >= wanted:
                    rest = [(start + wanted, room - wanted)] if room > wanted else []
                    self._free[index : index + 1] = rest
                    self._used[start] = wanted
                    return start
            free = self.size - sum(self._used.values())
            largest = max((room for _, room in self._free), default=0)
        raise DeviceError(
            f"The simulated memory is full: {size} bytes asked for, {free} of {self.size} free, "
            f"{largest} of them in one piece. Free buffers that are no longer needed (`freebuffer`, or `with`)."
        )

    def free(self, address: int) -> None:
        """Give a block back, joining it with free neighbours; `DeviceError` if there is none."""
        with self.lock:
            if address not in self._used:
                raise DeviceError(f"Nothing is allocated at address {address:#x} of the simulated memory.")
            blocks = sorted([*self._free, (address, self._used.pop(address))])
            self._free = blocks[:1]
            for start, room in blocks[1:]:
                before, length = self._free[-1]
                if before + length == start:
                    self._free[-1] = (before, length + room)
                else:
                    self._free.append((start, room))

    def check(self, address: int, size: int) -> None:
        """`DeviceError` unless the range lies inside the memory."""
        if size < 0 or not self.base <= address <= self.base + self.size - size:
            raise DeviceError(f"Address {address:#x} (+{size}) lies outside the simulated memory.")

    def view(self, address: int, size: int) -> npt.NDArray[np.uint8]:
        """The bytes at a device address, shared with the design."""
        self.check(address, size)
        offset = address - self.base
        return self.bytes[offset : offset + size]
