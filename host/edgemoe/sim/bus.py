# SPDX-License-Identifier: Apache-2.0
"""What stands at the simulated board's addresses: designs, the interrupt controller, clock registers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgemoe.errors import DeviceError
from edgemoe.sim.together import Together
from edgemoe.sim.verilated import ACCESS_GRANULE as GRANULE
from edgemoe.sim.verilated import VerilatedDesign


class Target(Protocol):
    """Something with 32-bit registers."""

    def read(self, offset: int) -> int: ...

    def write(self, offset: int, value: int) -> None: ...


class Stale(Protocol):
    """What the program wrote and did not flush, at one moment."""

    @property
    def granules(self) -> npt.NDArray[np.uint64]: ...

    @property
    def masks(self) -> npt.NDArray[np.uint16]: ...

    def error(self, design: str, address: int) -> DeviceError: ...


class Caches(Protocol):
    """The processor's view of memory, as far as a design must know it."""

    def unflushed(self) -> Stale: ...

    def spoil(self, first: int, last: int) -> None: ...


class Reader(Protocol):
    """What reads memory on behalf of a design."""

    name: str

    def reads(self, address: int) -> bool:
        """Whether it was it that read this address."""

    def spared(self) -> Sequence[int]:
        """Addresses that it reads only because a beat holds them."""


class Simulated(Target, Protocol):
    """A target in which time passes and that can interrupt."""

    failure: DeviceError | None
    """Raised at the next access, once, if set."""
    wait_limit: int
    """Cycles after which waiting for it counts as an error."""

    @property
    def interrupt(self) -> bool: ...

    def advance(self, cycles: int) -> None:
        """Let up to `cycles` cycles pass, fewer if the interrupt line rises."""

    def timeout(self, waiting: str) -> DeviceError:
        """The error for a wait beyond its limit, with what everything waits for."""

    def close(self, reason: str) -> None:
        """Free what it holds; `reason` ends "a design that ..." for those who still use it."""


class AcceleratorTarget:
    """A Verilated design behind its AXI4-Lite port.

    Time in the design moves with every access, and in the other designs of the board with it. A program that polls a
    register would need millions of them, so repeated reads of one register let the design run on in between, in
    growing steps.

    With each start it looks for memory that the program wrote and did not flush; if the design reads any of it,
    the run ends, the design is idle with the arguments that it had, and the access says so.
    """

    first_step, last_step = 16, 4096
    CTRL, START, DONE, IDLE, ARGUMENTS = 0x00, 1, 2, 4, 0x10

    def __init__(
        self,
        name: str,
        design: VerilatedDesign,
        wait_limit: int,
        caches: Caches,
        writable: Sequence[int] = (),
    ) -> None:
        self.name, self.design, self.wait_limit, self.caches = name, design, wait_limit, caches
        self.kept = (0x04, 0x08, *(offset for offset in writable if offset >= self.ARGUMENTS))
        """Registers that keep their values when a run is stopped: interrupts enabled, and the arguments."""
        self.together = Together([self])
        """All designs of the board; one that is made alone is all of them."""
        self.readers: list[Reader] = []
        """DMA channels that read memory for it."""
        self.starts = 0
        """How often it was started since it was loaded."""
        self._stale: Stale | None = None
        self._polled: int | None = None
        self._waited = 0
        self._done = 0

    @property
    def failure(self) -> DeviceError | None:
        """As in `Simulated`; all targets of a board have one."""
        return self.together.failure

    @failure.setter
    def failure(self, failure: DeviceError | None) -> None:
        self.together.failure = failure

    def read(self, offset: int) -> int:
        self.together.check()
        if offset == self._polled:
            step = min(self.last_step, self.first_step + self._waited // 8)
            self._waited += self.design.run(step)
            if self._waited > self.wait_limit:
                self._polled = None  # who polls on waits once more
                raise self.timeout(f"a poll of register {offset:#x}")
        else:
            self._polled, self._waited = offset, 0
        value = self.design.read(offset)
        if offset == self.CTRL:
            value, self._done = value | self._done, 0
        self.together.settle()
        return value

    def write(self, offset: int, value: int) -> None:
        self.together.check()
        self._polled = None
        if offset == self.CTRL and value & self.START:
            self.starts += 1
            self.watch()
        self.design.write(offset, value)
        self.together.settle()

    def watch(self) -> None:
        """Stop the design when it, or a DMA for it, reads memory that the program has not flushed by now."""
        self._stale = stale = self.caches.unflushed()
        masks = stale.masks.copy()
        for address in (address for reader in self.readers for address in reader.spared()):
            masks[stale.granules == address // GRANULE] &= np.uint16(0xFFFF ^ 1 << address % GRANULE)
        self.design.mark_stale(stale.granules, masks)

    @property
    def idle(self) -> bool:
        """Whether it is between two runs. A done that is seen here, and cleared by that, is kept for the program."""
        value = self.design.read(self.CTRL)
        self._done |= value & self.DONE
        return bool(value & self.IDLE)

    @property
    def interrupt(self) -> bool:
        return self.design.interrupt

    def advance(self, cycles: int) -> None:
        self.design.advance(cycles)
        self.look()

    def look(self) -> None:
        """What the design has done to the processor's view of memory since the last look."""
        if (written := self.design.written()) is not None:
            self.caches.spoil(*written)
        if self._stale is None or (address := self.design.stale_read()) is None:
            return
        stale, self._stale = self._stale, None
        values = {offset: self.design.read(offset) for offset in self.kept}
        self.design.reset()
        for offset, value in values.items():
            self.design.write(offset, value)
        reader = next((reader.name for reader in self.readers if reader.reads(address)), self.name)
        raise stale.error(reader, address)

    def close(self, reason: str) -> None:
        self.design.close(reason)

    def timeout(self, waiting: str) -> DeviceError:
        return DeviceError(
            f"{self.name} did not finish: {waiting} went on for more than {self.wait_limit} cycles "
            f"(cycle {self.design.cycle}).\n{self.design.diagnosis()}"
        )


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


class MemoryWords:
    """The board's DRAM as the processor sees it past its caches, through an `MMIO`."""

    def __init__(self, memory: npt.NDArray[np.uint8]) -> None:
        self._words = memory.view("<u4")

    def read(self, offset: int) -> int:
        return int(self._words[offset // 4])

    def write(self, offset: int, value: int) -> None:
        self._words[offset // 4] = value


@dataclass(frozen=True)
class _Place:
    """Addresses base..base+size-1, and who answers there; None: no one any more, because of `reason`."""

    base: int
    size: int
    target: Target | None
    reason: str = ""

    def __contains__(self, address: int) -> bool:
        return self.base <= address < self.base + self.size


class Bus:
    """Finds the target of an address, as of now: a window on the bus outlives the overlay it was made for."""

    def __init__(self) -> None:
        self._places: tuple[_Place, ...] = ()

    def attach(self, base: int, size: int, target: Target) -> None:
        """Let `target` answer to the addresses base..base+size-1, where no one does yet."""
        for place in self._places:
            if place.target and base < place.base + place.size and place.base < base + size:
                raise DeviceError(f"Two blocks answer at address {max(base, place.base):#x}.")
        left = [place for place in self._places if place.target or place.base != base]
        self._places = (*left, _Place(base, size, target))

    def detach(self, target: Target, reason: str) -> None:
        """`target` answers no more; `reason` ends "the design that answered there ..."."""
        self._places = tuple(
            _Place(place.base, place.size, None, reason) if place.target is target else place
            for place in self._places
        )

    def find(self, address: int) -> tuple[Target, int]:
        """The target of an address and the offset in it."""
        for place in self._places:
            if place.target and address in place:
                return place.target, address - place.base
        gone = next((place for place in self._places if not place.target and address in place), None)
        if gone:
            why = f"the design that answered there {gone.reason}. Load an overlay and take its drivers anew."
        else:
            known = [place for place in self._places if place.target]
            why = "known are " + ", ".join(f"{p.base:#x}..{p.base + p.size - 1:#x}" for p in known) + "."
        raise DeviceError(f"Nothing answers at address {address:#x} of the simulated board: {why}")

    def read(self, address: int) -> int:
        target, offset = self.find(address)
        return target.read(offset)

    def write(self, address: int, value: int) -> None:
        target, offset = self.find(address)
        target.write(offset, value & 0xFFFFFFFF)
