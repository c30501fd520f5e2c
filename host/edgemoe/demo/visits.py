# SPDX-License-Identifier: Apache-2.0
"""Which pages are open, and the run of each.

A page is known by the name that the library gives it. It holds one connection open while it is there, seen or not, and
asks for its run while it is seen. So a run is stopped at once when that connection ends; one of a page that holds none
is stopped when the page has not asked for it for a while.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from edgemoe.demo.engine import Engine, Job
from edgemoe.inputs import Picture

PAGES = 64
"""Pages whose last run is remembered; the longest idle is forgotten first."""
LOST_SECONDS = 150.0
"""How long the run of a page that holds no connection goes on unasked for. Browsers slow down what is not seen."""


@dataclass(eq=False)
class Run:
    """What a page asked for last. number: counts the runs of all pages, from 1."""

    number: int
    job: Job
    asked: float
    """When its page last asked for it, in seconds of `time.monotonic`."""


class Visits:
    """The runs of the pages of one engine, one for each page: a later one takes the place of an earlier one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()
        self._runs: OrderedDict[str, Run] = OrderedDict()

    @contextmanager
    def connected(self, page: str) -> Iterator[None]:
        """While the page holds its connection."""
        with self._lock:
            self._open[page] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[page] -= 1
                if not self._open[page]:
                    del self._open[page]
                    if left := self._runs.pop(page, None):
                        left.job.stop()

    def start(self, page: str, picture: Picture, task: str) -> int:
        """Run a picture for a page; the run's number. What the page runs already goes on if it is the same, and is
        stopped if it is another.

        Raises:
            UserError: there is no such task.
            BusyError: too many runs wait already; what the page runs goes on.
        """
        with self._lock:
            before = self._runs.get(page)
            if before:
                going_on = before.job.is_for(picture, task) and not before.job.done.is_set()
                before.asked = time.monotonic()
                if going_on:
                    return before.number
            return self._begin(page, self._submit(page, picture, task, before.job if before else None))

    def open(self, page: str, picture: Picture, task: str) -> int:
        """As `start`, for a page that has just been opened: an answer that is kept does, and a run that the page has
        begun meanwhile goes before.
        """
        with self._lock:
            if before := self._runs.get(page):
                return before.number
            kept = self._engine.kept(picture, task)
            return self._begin(page, Job.of(kept) if kept else self._submit(page, picture, task, None))

    def look(self, page: str) -> Run | None:
        """The last run of a page; None if there is none, or it is forgotten."""
        with self._lock:
            run = self._runs.get(page)
            if run:
                run.asked = time.monotonic()
                self._runs.move_to_end(page)
            return run

    def _submit(self, page: str, picture: Picture, task: str, instead_of: Job | None) -> Job:
        wanted = partial(self._wanted, page)
        return self._engine.submit(picture, task, wanted=wanted, instead_of=instead_of)

    def _begin(self, page: str, job: Job) -> int:
        """Remember a run; its number."""
        run = self._runs[page] = Run(next(self._numbers), job, time.monotonic())
        self._runs.move_to_end(page)
        self._forget()
        return run.number

    def _wanted(self, page: str) -> bool:
        """Whether somebody waits for the page's run. The engine asks with its own lock held: none is taken here."""
        run = self._runs.get(page)
        return page in self._open or run is None or time.monotonic() - run.asked < LOST_SECONDS

    def _forget(self) -> None:
        """Keep the runs that are under way, and of the others the last ones."""
        over = [page for page, run in self._runs.items() if run.job.done.is_set()]
        for page in over[: max(0, len(self._runs) - PAGES)]:
            del self._runs[page]
