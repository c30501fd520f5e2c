# SPDX-License-Identifier: Apache-2.0
"""The accelerator's PYNQ driver: registers, start, wait, verdict, statistics.

PYNQ gives every IP with the accelerator's VLNV this driver, so `Overlay(…).accelerator` is an `AcceleratorIp`: it
finds this module by the entry point in the group `pynq.lib`. The driver knows registers and records from
`edgemoe.registers`, their places from the overlay's hardware description, and nothing of models.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pynq
from pynq import DefaultIP
from pynq.buffer import PynqBuffer

from edgemoe.config import WEIGHT_PORTS
from edgemoe.errors import DeviceError
from edgemoe.program import Run
from edgemoe.registers import (
    DESCRIPTOR_BYTES,
    IP_VLNV,
    REGISTERS,
    Error,
    Statistics,
)
from edgemoe.runtime.register_map import register_offsets

START, DONE, IDLE = 1, 2, 4
PAUSE = 50e-6  # seconds between two polls of a thread beside which others work
_WIDE = {register.name for register in REGISTERS if register.bits == 64}


@dataclass(frozen=True)
class Buffers:
    """What one start works on; addresses and sizes go into the registers of the same names."""

    program: PynqBuffer
    weights: PynqBuffer
    """Stripe after stripe (`program.striped`), each of which has a register of its own."""
    image: PynqBuffer
    output: PynqBuffer
    statistics: PynqBuffer


class AcceleratorIp(DefaultIP):
    """One accelerator on the board, as registers and runs; `edgemoe.Accelerator` is what runs a model on it."""

    bindto: ClassVar[list[str]] = [IP_VLNV]

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._offsets = register_offsets(description)
        self._interrupt_of: tuple[asyncio.AbstractEventLoop, str] | None = None
        simulated = getattr(self.device, "simulated", False)
        self.timeout_seconds: float | None = None if simulated else 120.0
        """Real time after which a run counts as hung; None where the device sees to it itself, in cycles."""

    # ---- registers by name

    def get(self, name: str) -> int:
        """Value of a register."""
        offset = self._offsets[name]
        low = int(self.read(offset))
        return low | int(self.read(offset + 4)) << 32 if name in _WIDE else low

    def set(self, name: str, value: int) -> None:
        """Write a register."""
        offset = self._offsets[name]
        self.write(offset, value & 0xFFFFFFFF)
        if name in _WIDE:
            self.write(offset + 4, value >> 32)

    # ---- one run

    def start(self, buffers: Buffers, *, interrupt: bool) -> None:
        """Hand the buffers over and start; returns at once.

        A run that is still under way, because the program was interrupted while it waited, ends first.
        """
        self.until_idle()
        for name in ("program", "weights", "image", "output", "statistics"):
            buffer: PynqBuffer = getattr(buffers, name)
            buffer.flush()
            self.set(f"{name}_bytes", buffer.nbytes)
            if name != "weights":
                self.set(name, buffer.device_address)
        stripe = buffers.weights.nbytes // WEIGHT_PORTS
        for i in range(WEIGHT_PORTS):
            self.set(f"weights{i}", buffers.weights.device_address + i * stripe)
        self._start(interrupt)

    def _start(self, interrupt: bool) -> None:
        self.set("GIER", int(interrupt))
        self.set("IP_IER", int(interrupt))
        if pending := self.get("IP_ISR"):
            self.set("IP_ISR", pending)
        self.set("CTRL", START)

    @property
    def idle(self) -> bool:
        """Whether no run is under way."""
        return bool(self.get("CTRL") & IDLE)

    def until_idle(self, seconds: float | None = None, alive: Callable[[], None] | None = None) -> None:
        """Poll until no run is under way, whoever started it.

        Args:
            seconds: the limit; `timeout_seconds` if left out.
            alive: called between polls; what it raises ends the waiting.
        """
        started = time.monotonic()
        while not self.idle:
            if alive is not None:
                alive()
            self._check_time(started, seconds)

    async def until_idle_async(self) -> None:
        """As `until_idle`; the event loop's other tasks run meanwhile."""
        started = time.monotonic()
        while not self.idle:
            self._check_time(started)
            await asyncio.sleep(0)

    def wait(self, alive: Callable[[], None] | None = None, *, pause: bool = False) -> None:
        """Poll until the run is over.

        Args:
            alive: called between polls; what it raises ends the waiting.
            pause: leave the processor to other threads between polls.
        """
        started = time.monotonic()
        while not self.get("CTRL") & (DONE | IDLE):
            if alive is not None:
                alive()
            self._check_time(started)
            if pause:
                time.sleep(PAUSE)

    async def wait_async(self) -> None:
        """Wait by interrupt where the overlay has one, else by polling; the event loop's other tasks run meanwhile."""
        if self.interrupts:
            await self.wait_interrupt()
            return
        started = time.monotonic()
        while not self.get("CTRL") & (DONE | IDLE):
            self._check_time(started)
            await asyncio.sleep(0)

    @property
    def interrupts(self) -> bool:
        """Whether the overlay connects the accelerator's interrupt."""
        return getattr(self, "interrupt", None) is not None

    async def wait_interrupt(self) -> None:
        """Wait for the interrupt; other tasks of the event loop run meanwhile."""
        started = time.monotonic()
        self._renew_interrupt()
        while not self.get("CTRL") & (DONE | IDLE):
            # Not wait_for: in Python 3.11 it overlooks that it is cancelled when the interrupt comes, too.
            waiting = asyncio.ensure_future(self.interrupt.wait())
            try:
                await asyncio.wait({waiting}, timeout=self.timeout_seconds)
                if waiting.done():
                    waiting.result()
            finally:
                waiting.cancel()
            self._check_time(started)
        self.set("IP_ISR", self.get("IP_ISR"))

    def _renew_interrupt(self) -> None:
        """PYNQ's interrupt belongs to one download and to the event loop that first waited for it."""
        belongs_to = (asyncio.get_running_loop(), pynq.PL.timestamp)
        if self._interrupt_of != belongs_to:
            self._interrupt_of = belongs_to
            self.interrupt = pynq.Interrupt(self._interrupts["interrupt"]["fullpath"])

    def _check_time(self, started: float, seconds: float | None = None) -> None:
        limit = self.timeout_seconds if seconds is None else seconds
        if limit is not None and time.monotonic() - started > limit:
            raise DeviceError(
                f"The accelerator did not finish within {limit:g} s. `Accelerator.reset` makes it usable again."
            )

    def run(self, buffers: Buffers, *, interrupt: bool | None = None) -> Run:
        """Start, wait and collect. By interrupt where the overlay has one and no event loop is running."""
        if interrupt is None:
            interrupt = self.interrupts and not _loop_is_running()
        self.start(buffers, interrupt=interrupt)
        if interrupt:
            _run_to_its_end(self.wait_interrupt())
        else:
            self.wait()
        return self.result(buffers)

    async def run_async(self, buffers: Buffers) -> Run:
        """As `run`, for programs with an event loop of their own."""
        self.start(buffers, interrupt=self.interrupts)
        await self.wait_async()
        return self.result(buffers)

    def run_regions(
        self, program: bytes, weights: bytes, image: bytes, output_bytes: int, statistics_bytes: int
    ) -> Run:
        """Run any layer program on fresh buffers; the output region is zero before. `weights` as `program.striped`
        gives them."""
        with ExitStack() as stack:

            def region(data: bytes) -> PynqBuffer:
                buffer = stack.enter_context(pynq.allocate(len(data), np.uint8))
                buffer[:] = np.frombuffer(data, np.uint8)
                return buffer

            return self.run(
                Buffers(
                    program=region(program),
                    weights=region(weights),
                    image=region(image),
                    output=region(bytes(output_bytes)),
                    statistics=region(bytes(statistics_bytes)),
                )
            )

    def result(self, buffers: Buffers) -> Run:
        """Verdict, counters and output of the run that has just ended."""
        if not self.get("cycles"):
            raise DeviceError(
                "The accelerator has run nothing since its overlay was loaded: another overlay, or this one once "
                "more, was loaded while it ran. Run it again."
            )
        status = self.get("status")
        if status not in Error._value2member_map_:
            raise DeviceError(f"The accelerator reports the unknown status {status}; is it another version?")
        buffers.output.invalidate()
        buffers.statistics.invalidate()
        count = self.get("records")
        data = np.asarray(buffers.statistics).view(np.uint8).reshape(-1)
        if count * DESCRIPTOR_BYTES > data.size:
            raise DeviceError(f"The accelerator reports {count} records, more than its buffer can hold.")
        records = [
            Statistics.unpack(data[i : i + DESCRIPTOR_BYTES].tobytes())
            for i in range(0, count * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES)
        ]
        return Run(
            status=Error(status),
            error_index=self.get("error_index"),
            cycles=self.get("cycles"),
            bus_error=self.get("BUS_ERROR"),
            records=tuple(records),
            output=np.asarray(buffers.output).tobytes(),
        )

    # ---- which build is it

    def identity(self) -> tuple[int, tuple[int, ...]]:
        """The build id and the four words of limits.

        The accelerator tells them with every run; a run without a program is refused in a few cycles.
        """
        self.until_idle()
        self.set("program_bytes", 0)
        self._start(interrupt=False)
        self.wait()
        return self.get("build_id"), tuple(self.get(f"limits{i}") for i in range(4))


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_to_its_end(waiting: Coroutine[Any, Any, None]) -> None:
    """Run `waiting` in the thread's event loop; if it is interrupted, nothing of it stays behind in the loop."""
    loop = _event_loop()
    task = loop.create_task(waiting)
    try:
        loop.run_until_complete(task)
    except BaseException:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        raise


def _event_loop() -> asyncio.AbstractEventLoop:
    """The thread's event loop: PYNQ ties interrupts to the one that it finds, so it must stay the same."""
    try:
        return asyncio.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        return loop
