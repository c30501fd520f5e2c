# SPDX-License-Identifier: Apache-2.0
"""The processor's interrupt line: lets simulated time pass while a program awaits an interrupt."""

import asyncio
from typing import Protocol

from edgemoe.errors import DeviceError
from edgemoe.sim.bus import InterruptController, Simulated


class Event(Protocol):
    """What waits: an `asyncio.Event` or one of PYNQ's interrupt controllers."""

    def set(self) -> object: ...


class InterruptLine:
    """Stands in for PYNQ's UIO device of one interrupt line."""

    chunk = 8192
    """Cycles between two looks at the program's other tasks."""

    def __init__(self, controller: InterruptController, targets: list[Simulated]) -> None:
        self._controller, self._targets = controller, targets
        self._events: list[Event] = []
        self._task: asyncio.Task[None] | None = None

    def add_event(self, event: Event, number: int) -> None:
        """Set `event` once the line is high; called by PYNQ inside a running event loop."""
        del number  # a line of its own has one number only
        self._events.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while self._events:
            await self._until_high()
            events, self._events = self._events, []
            for event in events:
                event.set()

    async def _until_high(self) -> None:
        waited = 0
        while not self._controller.output:
            try:
                for target in self._targets:
                    target.advance(self.chunk)
                waited += self.chunk
                if waited > max(target.wait_limit for target in self._targets):
                    raise self._targets[0].timeout("the wait for an interrupt")
            except DeviceError as failure:
                # The waiting program is woken and gets the error from its next register access.
                for target in self._targets:
                    target.failure = failure
                self._controller.force()
                return
            await asyncio.sleep(0)
