# SPDX-License-Identifier: Apache-2.0
"""What stands at the simulated board's addresses: designs, the interrupt controller, clock registers."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgemoe.errors import DeviceError
from edgemoe.sim.verilated import VerilatedDesign


class Target(Protocol):
    """Something with 32-bit registers."""

    def read(self, offset: int) -> int: ...

    def write(self, offset: int, value: int) -> None: ...


class Simulated(Target, Protocol):
    """A target in which time passes and that can interrupt."""

    failure: DeviceError | None
    """Raised at the next access, if set."""
    wait_limit: int
    """Cycles after which waiting for it counts as an error."""

    @property
    def interrupt(self) -> bool: ...

    def advance(self, cycles: int) -> None:
        """Let up to `cycles` cycles pass, fewer if the interrupt line rises."""

    def timeout(self, waiting: str) -> DeviceError:
        """The error for a wait beyond its limit, with what everything waits for."""

    def close(self) -> None: ...


class AcceleratorTarget:
    """A Verilated design behind its AXI4-Lite port.

    Time in the design moves with every access. A program that polls a register would need millions of
    them, so repeated reads of one register let the design run on in between, in growing steps.
    """

    first_step, last_step = 16, 4096

    def __init__(self, name: str, design: VerilatedDesign, wait_limit: int) -> None:
        self.name, self.design, self.wait_limit = name, design, wait_limit
        self.failure: DeviceError | None = None
        self._polled: int | None = None
        self._waited = 0

    def read(self, offset: int) -> int:
        self._check()
        if offset == self._polled:
            step = min(self.last_step, self.first_step + self._waited // 8)
            self._waited += self.design.run(step)
            if self._waited > self.wait_limit:
                raise self.timeout(f"a poll of register {offset:#x}")
        else:
            self._polled, self._waited = offset, 0
        return self.design.read(offset)

    def write(self, offset: int, value: int) -> None:
        self._check()
        self._polled = None
        self.design.write(offset, value)

    @property
    def interrupt(self) -> bool:
        return self.design.interrupt

    def advance(self, cycles: int) -> None:
        self.design.run(cycles, until_interrupt=True)

    def close(self) -> None:
        self.design.close()

    def timeout(self, waiting: str) -> DeviceError:
        return DeviceError(
            f"{self.name} did not finish: {waiting} went on for more than {self.wait_limit} cycles "
            f"(cycle {self.design.cycle}).\n{self.design.diagnosis()}"
        )

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class InterruptController:
    """The registers of an AXI INTC with level-sensitive inputs, as far as PYNQ uses them.

    `lines[i]` gives the level of input i.
    """

    ISR, IPR, IER, IAR, SIE, CIE, IVR, MER = range(0x00, 0x20, 4)

    def __init__(self, lines: dict[int, Callable[[], bool]]) -> None:
        self.lines = lines
        self._status = self._enabled = self._master = 0

    def _pending(self) -> int:
        for index, level in self.lines.items():
            self._status |= int(level()) << index
        return self._status & self._enabled

    @property
    def output(self) -> bool:
        """Level of the interrupt line to the processor."""
        return bool(self._pending()) and self._master & 3 == 3

    def force(self) -> None:
        """Make every enabled input pending, so that those who wait wake and see what went wrong."""
        self._status |= self._enabled

    def read(self, offset: int) -> int:
        pending = self._pending()
        lowest = (pending & -pending).bit_length() - 1
        values = {
            self.ISR: self._status,
            self.IPR: pending,
            self.IER: self._enabled,
            self.IVR: lowest & 0xFFFFFFFF,
            self.MER: self._master,
        }
        return values.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        if offset == self.IER:
            self._enabled = value
        elif offset == self.SIE:
            self._enabled |= value
        elif offset == self.CIE:
            self._enabled &= ~value
        elif offset == self.IAR:
            self._status &= ~value
        elif offset == self.MER:
            self._master = value


class RegisterFile:
    """Plain storage: registers of the processing system that PYNQ programs and the simulation ignores."""

    def __init__(self, initial: dict[int, int] | None = None) -> None:
        self._values = dict(initial or {})

    def read(self, offset: int) -> int:
        return self._values.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        self._values[offset] = value


class Bus:
    """Finds the target of an address."""

    def __init__(self) -> None:
        self._targets: list[tuple[int, int, Target]] = []

    def attach(self, base: int, size: int, target: Target) -> None:
        """Let `target` answer to the addresses base..base+size-1."""
        self._targets.append((base, size, target))

    def find(self, address: int) -> tuple[Target, int]:
        """The target of an address and the offset in it."""
        for base, size, target in self._targets:
            if base <= address < base + size:
                return target, address - base
        known = ", ".join(f"{base:#x}..{base + size - 1:#x}" for base, size, _ in self._targets)
        raise DeviceError(
            f"Nothing answers at address {address:#x} of the simulated board; known are {known}."
        )

    def read(self, address: int) -> int:
        target, offset = self.find(address)
        return target.read(offset)

    def write(self, address: int, value: int) -> None:
        target, offset = self.find(address)
        target.write(offset, value & 0xFFFFFFFF)


class RegisterWindow:
    """What `Device.mmap` returns: like a NumPy array of uint32 (or uint64) whose elements are registers."""

    def __init__(self, bus: Bus, base: int, words: int, width: int = 4) -> None:
        self._bus, self._base, self._words, self._width = bus, base, words, width
        self.dtype = np.dtype(f"u{width}")
        self.shape = (words,)

    def __len__(self) -> int:
        return self._words

    def _index(self, index: int) -> int:
        if not -self._words <= index < self._words:
            raise IndexError(f"register index {index} is outside a window of {self._words} registers")
        return self._base + (index % self._words) * self._width

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            first, last, step = index.indices(self._words)
            if step != 1:
                raise IndexError("a register window has no slices with a step")
            return RegisterWindow(
                self._bus, self._base + first * self._width, max(0, last - first), self._width
            )
        address = self._index(int(index))
        value = self._bus.read(address)
        if self._width == 8:
            value |= self._bus.read(address + 4) << 32
        return self.dtype.type(value)

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            window = self[index]
            for i, item in enumerate(np.broadcast_to(np.asarray(value), (len(window),))):
                window[i] = item
            return
        address, number = self._index(int(index)), int(value)
        self._bus.write(address, number)
        if self._width == 8:
            self._bus.write(address + 4, number >> 32)

    def view(self, dtype: npt.DTypeLike) -> "RegisterWindow":
        """The same registers as elements of another width."""
        width = np.dtype(dtype).itemsize
        if width not in (4, 8):
            raise TypeError(f"registers are 4 or 8 bytes wide, not {width}")
        return RegisterWindow(self._bus, self._base, self._words * self._width // width, width)

    def __array__(self, dtype: npt.DTypeLike = None) -> npt.NDArray[Any]:
        return np.array([self[i] for i in range(self._words)], dtype=dtype or self.dtype)
