# SPDX-License-Identifier: Apache-2.0
"""What a long command tells while it works: bars in a terminal, a line now and then elsewhere, both on stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

EVERY_SECONDS = 5.0
"""Between two lines of a step that goes on, where there is no terminal."""


class Progress:
    """Steps done of steps in all, with the time that is left. Use as a context manager.

    Results are printed through `say`, so that they and the bars don't garble each other.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def __enter__(self) -> Progress:
        if self._terminal:
            self._bars = _bars(self._stream)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def step(self, what: str, done: int, total: int) -> None:
        """`done` of `total` parts of `what` are done; the first call for a name starts its clock."""
        now = time.monotonic()
        self._started.setdefault(what, now)
        if self._bars is not None:
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(what, total=total)
            self._bars.update(self._tasks[what], completed=done, total=total)
            return
        last = self._told.get(what)
        if last is None or done >= total or now - last >= EVERY_SECONDS:
            self._told[what] = now
            self._tell(self._line(what, done, total, now - self._started[what]))

    def say(self, text: str) -> None:
        """A result, on stdout; in a terminal above the bars."""
        if self._bars is not None and sys.stdout.isatty():
            self._above(text)
        else:
            print(text, flush=True)

    def note(self, text: str) -> None:
        """A remark, on stderr; in a terminal above the bars."""
        if self._bars is not None:
            self._above(text)
        else:
            self._tell(text)

    def _tell(self, line: str) -> None:
        """A line on the stream; that it can't be told, as on a full disk, must not end the run."""
        with contextlib.suppress(OSError):
            print(line, file=self._stream, flush=True)

    def _above(self, text: str) -> None:
        if self._bars is not None:
            self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @staticmethod
    def _line(what: str, done: int, total: int, seconds: float) -> str:
        if done >= total:
            return f"{what}: done in {clock(seconds)}"
        if done == 0:
            return f"{what} ..."
        return f"{what}: {100 * done // total} %, {clock(seconds * (total - done) / done)} left"


def clock(seconds: float) -> str:
    """`1:05` for 65 seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bars(stream: TextIO) -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return Bars(*columns, console=Console(file=stream))
