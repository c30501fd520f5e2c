# SPDX-License-Identifier: Apache-2.0
"""The processor's interrupt line: lets simulated time pass while a program awaits an interrupt."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from edgemoe.errors import DeviceError
from edgemoe.sim.bus import InterruptController, Simulated


class Event(Protocol):
    """What waits: an `asyncio.Event` or one of PYNQ's interrupt controllers."""

    def set(self) -> object: ...


class InterruptLine:
    """Stands in for PYNQ's UIO device of one interrupt line, whatever overlay is loaded.

    Whoever waits is always woken: by the interrupt, or because it will never come. In the latter case the next
    access to a register says why.
    """

    chunk = 8192
    """Cycles between two looks at the program's other tasks."""

    def __init__(self) -> None:
        self._controller: InterruptController | None = None
        self._targets: Sequence[Simulated] = ()
        self._events: list[Event] = []
        self._task: asyncio.Task[None] | None = None
        self._number = 0  # of the task

    def connect(self, controller: InterruptController | None, targets: Sequence[Simulated] = ()) -> None:
        """Follow the line of a newly loaded design; None: there is none. Those who wait are woken."""
        self._controller, self._targets = controller, targets

    def add_event(self, event: Event, number: int) -> None:
        """Set `event` once the line is high; called by PYNQ inside a running event loop."""
        del number  # a line of its own has one number only
        loop = asyncio.get_running_loop()
        self._events.append(event)
        # A task of a loop that was interrupted or closed never goes on.
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._number += 1
            self._task = loop.create_task(self._wait(self._number))

    async def _wait(self, number: int) -> None:
        while self._events and number == self._number:
            rang = False
            try:
                rang = await self._until_high()
            finally:
                # A task that Python drops because another took its place has no say over the other's events.
                if number == self._number:
                    events, self._events = self._events, []
                    for event in events:
                        _wake(event, everyone=not rang)

    async def _until_high(self) -> bool:
        """Whether the line went high; False: it never will."""
        controller, targets, waited = self._controller, self._targets, 0
        try:
            while controller is not None and controller is self._controller:
                if controller.output:
                    return True
                for target in targets:
                    target.advance(self.chunk)
                waited += self.chunk
                if waited > max((target.wait_limit for target in targets), default=0):
                    raise _timeout(targets)
                await asyncio.sleep(0)
        except DeviceError as failure:
            for target in targets:
                target.failure = failure
        return False


def _timeout(targets: Sequence[Simulated]) -> DeviceError:
    waiting = "the wait for an interrupt"
    if not targets:
        return DeviceError(f"No design can end {waiting}.")
    return DeviceError("\n".join(str(target.timeout(waiting)) for target in targets))


def _wake(event: Event, *, everyone: bool) -> None:
    """Set `event`. One of PYNQ's controllers asks its registers whom to wake; `everyone` needs none."""
    handles: list[list[Event]] | None = getattr(event, "wait_handles", None)
    if handles is None:
        event.set()
        return
    if not everyone:
        try:
            event.set()
            return
        except DeviceError:  # its registers are gone meanwhile
            pass
    for waiting in handles:
        for one in waiting:
            one.set()
        waiting.clear()
    event.event_number = 0  # type: ignore[attr-defined]
