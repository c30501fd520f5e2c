# SPDX-License-Identifier: Apache-2.0
"""The accelerator's PYNQ driver: registers, start, wait, verdict, statistics.

PYNQ gives every IP with the accelerator's VLNV this driver, so `Overlay(…).accelerator` is an `Accelerator`.
It knows registers and records from `edgemoe.registers`, their places from the overlay's hardware description,
and nothing of models.
"""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pynq
from pynq import DefaultIP
from pynq.buffer import PynqBuffer

from edgemoe.config import BuildConfig
from edgemoe.errors import DeviceError, UserError
from edgemoe.program import Run
from edgemoe.registers import (
    DESCRIPTOR_BYTES,
    IP_VLNV,
    REGISTERS,
    Error,
    Statistics,
    build_id,
    limits,
)
from edgemoe.runtime.register_map import register_offsets

START, DONE, IDLE = 1, 2, 4
_WIDE = {register.name for register in REGISTERS if register.bits == 64}


@dataclass(frozen=True)
class Buffers:
    """What one start works on; addresses and sizes go into the registers of the same names."""

    program: PynqBuffer
    weights: PynqBuffer
    image: PynqBuffer
    output: PynqBuffer
    statistics: PynqBuffer


class Accelerator(DefaultIP):
    """One accelerator on the board."""

    bindto: ClassVar[list[str]] = [IP_VLNV]

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._offsets = register_offsets(description)
        self._interrupt_of: tuple[asyncio.AbstractEventLoop, str] | None = None
        self.timeout_seconds: float | None = 120.0
        """Real time after which a run counts as hung; None where the device sees to it itself."""

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
        self._until_idle()
        for name in ("program", "weights", "image", "output", "statistics"):
            buffer: PynqBuffer = getattr(buffers, name)
            buffer.flush()
            self.set(name, buffer.device_address)
            self.set(f"{name}_bytes", buffer.nbytes)
        self._start(interrupt)

    def _start(self, interrupt: bool) -> None:
        self.set("GIER", int(interrupt))
        self.set("IP_IER", int(interrupt))
        if pending := self.get("IP_ISR"):
            self.set("IP_ISR", pending)
        self.set("CTRL", START)

    def _until_idle(self) -> None:
        started = time.monotonic()
        while not self.get("CTRL") & IDLE:
            self._check_time(started)

    def wait(self) -> None:
        """Poll until the run is over."""
        started = time.monotonic()
        while not self.get("CTRL") & (DONE | IDLE):
            self._check_time(started)

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

    def _check_time(self, started: float) -> None:
        if self.timeout_seconds is not None and time.monotonic() - started > self.timeout_seconds:
            raise DeviceError(f"The accelerator did not finish within {self.timeout_seconds:g} s.")

    def run(self, buffers: Buffers, *, interrupt: bool | None = None) -> Run:
        """Start, wait and collect. By interrupt where the overlay has one and no event loop is running."""
        if interrupt is None:
            interrupt = getattr(self, "interrupt", None) is not None and not _loop_is_running()
        self.start(buffers, interrupt=interrupt)
        if interrupt:
            _run_to_its_end(self.wait_interrupt())
        else:
            self.wait()
        return self.result(buffers)

    async def run_async(self, buffers: Buffers) -> Run:
        """As `run`, for programs with an event loop of their own."""
        self.start(buffers, interrupt=True)
        await self.wait_interrupt()
        return self.result(buffers)

    def run_regions(
        self, program: bytes, weights: bytes, image: bytes, output_bytes: int, statistics_bytes: int
    ) -> Run:
        """Run any layer program on fresh buffers; the output region is zero before."""
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

    def check_build(self, build: BuildConfig) -> None:
        """`UserError` if the loaded overlay is not this build.

        The accelerator tells its identity with every run; a run without a program is refused in a few cycles.
        """
        self._until_idle()
        self.set("program_bytes", 0)
        self._start(interrupt=False)
        self.wait()
        found, expected = self.get("build_id"), build_id(build)
        if found != expected:
            theirs = [self.get(f"limits{i}") for i in range(4)]
            raise UserError(
                f"The overlay is another build than {build.name!r}: build id {found:#010x}, expected "
                f"{expected:#010x}; limits {[f'{x:#x}' for x in theirs]}, expected "
                f"{[f'{x:#x}' for x in limits(build)]}. Build the overlay again or name its board."
            )


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
