# SPDX-License-Identifier: Apache-2.0
"""Turns on the device: one run at a time, in the order of asking, for threads and event loops together."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from edgemoe.errors import DeviceError, UserError

LOOK = 0.2  # seconds between two looks at whether the holder's event loop still runs


class OwnTurnError(UserError):
    """The caller would wait for what only goes on when it returns."""


@dataclass(eq=False)
class Turn:
    """One place in the queue; the first has the device. loop: in which it goes on, if in one."""

    loop: asyncio.AbstractEventLoop | None
    thread: int
    ready: "Future[None]" = field(default_factory=Future)
    lost: bool = False

    def check(self) -> None:
        """`DeviceError` if the device was given to another run meanwhile."""
        if self.lost:
            raise DeviceError(
                "This run lost the accelerator: its event loop stood still while another run was asked for. "
                "Run it again."
            )


class Turns:
    """The queue of one accelerator.

    A turn whose event loop stands still (it was interrupted) is lost when somebody else asks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Turn] = deque()

    @property
    def busy(self) -> bool:
        """Whether someone has the device."""
        return bool(self._queue)

    @contextmanager
    def held(self) -> Iterator[Turn]:
        """Wait for one's turn and keep it inside the `with`.

        Raises:
            OwnTurnError: a run before it belongs to the event loop, or to the call, in which this one is made.
        """
        turn = self._ask(None)
        try:
            while not turn.ready.done():
                self._drop_abandoned()
                with suppress(Late):
                    turn.ready.result(LOOK)
            yield turn
        finally:
            self._leave(turn)

    @asynccontextmanager
    async def held_async(self) -> AsyncIterator[Turn]:
        """The same; the event loop's other tasks run while it waits."""
        turn = self._ask(asyncio.get_running_loop())
        try:
            while not turn.ready.done():
                self._drop_abandoned()
                await asyncio.wait({asyncio.wrap_future(turn.ready)}, timeout=LOOK)
            yield turn
        finally:
            self._leave(turn)

    def _ask(self, loop: asyncio.AbstractEventLoop | None) -> Turn:
        turn = Turn(loop, threading.get_ident())
        with self._lock:
            if loop is None:
                self.check_here()
            self._queue.append(turn)
            self._call()
        return turn

    def check_here(self) -> None:
        """`OwnTurnError` if a call that blocks this thread would wait for itself."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        for before in tuple(self._queue):
            if here is not None and before.loop is here:
                raise OwnTurnError(
                    "A run of this event loop is under way on the accelerator, and would wait for this call as this "
                    "call for it. Await it first, or use `await accelerator.infer_async(...)` here too."
                )
            if before.loop is None and before.thread == threading.get_ident():
                raise OwnTurnError(
                    "The accelerator is at work for this thread already; let that call return first."
                )

    def _call(self) -> None:
        if self._queue and not self._queue[0].ready.done():
            self._queue[0].ready.set_result(None)

    def _leave(self, turn: Turn) -> None:
        with self._lock:
            with suppress(ValueError):
                self._queue.remove(turn)
            self._call()

    def _drop_abandoned(self) -> None:
        with self._lock:
            while self._queue and (loop := self._queue[0].loop) is not None and not loop.is_running():
                self._queue.popleft().lost = True
            self._call()


_turns: dict[tuple[str, int], Turns] = {}


def turns_of(device: str, address: int) -> Turns:
    """The queue of the accelerator at an address of a device: one in a process, whoever asks."""
    return _turns.setdefault((device, address), Turns())
