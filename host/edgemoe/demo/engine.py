# SPDX-License-Identifier: Apache-2.0
"""Runs pictures on a back end, one after the other, whoever asks.

One thread owns the back end: it opens it, runs what is queued in the order in which it came, and opens it anew after
a failure. Others hand in a picture, get a `Job`, and look at how far it is.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from edgemoe import faults
from edgemoe.backends import Backend, Golden
from edgemoe.caches import build_root
from edgemoe.cosim.compare import Comparison, compare
from edgemoe.cosim.course import Course
from edgemoe.cosim.report import Facts, Runs, ours_of, report_of
from edgemoe.demo.devices import Device
from edgemoe.errors import EdgeMoeError
from edgemoe.inputs import Picture, find_tasks
from edgemoe.results import TaskOutput, arrays_of

WAITING = 8
"""Runs that may wait for the device; who comes then is asked to come again."""
KEPT = 8
"""Answers that are kept for pages that have just been opened."""
CLOSING_SECONDS = 2.0
"""How long `close` waits for a run that is under way."""
STOPPED = "This run was stopped. Press Run to run it again."


class BusyError(EdgeMoeError):
    """Too many runs wait already."""


class _Stopped(Exception):
    """Nobody wants this run any more."""


@dataclass(frozen=True)
class Answer:
    """What a run came to.

    arrays: by task, labels as uint8 or metres as float32, (height, width) of the model. report: as report.json has it.
    """

    picture: Picture
    task: str
    arrays: Mapping[str, npt.NDArray[Any]]
    report: Mapping[str, Any]
    ended: float
    """When, in seconds of `time.time`."""


@dataclass(eq=False)
class Job:
    """A picture and a task on their way through the device. `done` is set when `answer` or `error` is there."""

    picture: Picture
    task: str
    wanted: Callable[[], bool] = lambda: True
    """Whether somebody still waits for it, asked at every step; it must neither wait nor ask the engine."""
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    error: str | None = None
    what: str = ""
    """What is being done, "" while it waits."""
    part: float = 0.0
    """How much of that is done, 0..1."""
    _stopped: bool = False

    @classmethod
    def of(cls, answer: Answer) -> Job:
        """One whose answer is there already."""
        job = cls(answer.picture, answer.task, answer=answer)
        job.done.set()
        return job

    def stop(self) -> None:
        """Nobody waits for it any more: it is left out, or ended at the next step of the simulation."""
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._stopped or not self.wanted()

    def is_for(self, picture: Picture, task: str) -> bool:
        """Whether it is wanted and its answer will be the one for these."""
        return not self.stopped and _key(self.picture, self.task) == _key(picture, task)


def _key(picture: Picture, task: str) -> tuple[str, str, str]:
    """What makes an answer the same. Its name does too: nobody shall see what another calls the same file."""
    return picture.sha256, str(picture.path), task


class Engine:
    """A back end behind a queue.

    Args:
        label: the model's name as the user gave it.
        device: what runs it; opened in the engine's own thread, again after a failure.
        waiting: how many runs may wait.
    """

    def __init__(self, label: str, device: Device, *, waiting: int = WAITING) -> None:
        self.label, self.device, self.workload = label, device, device.workload
        self._most = waiting
        self._golden = Golden(device.workload)
        self._machine: Backend | None = None
        self._changed = threading.Condition()
        self._queue: deque[Job] = deque()
        self._running: Job | None = None
        self._closing = False
        self._answers: OrderedDict[tuple[str, str, str], Answer] = OrderedDict()
        self._thread = threading.Thread(target=self._work, name="edgemoe-device", daemon=True)
        self._thread.start()

    def submit(
        self,
        picture: Picture,
        task: str,
        *,
        wanted: Callable[[], bool] = lambda: True,
        instead_of: Job | None = None,
    ) -> Job:
        """Queue a picture for a task, or for `both`.

        Args:
            wanted: as of `Job`.
            instead_of: a run that is stopped if this one is taken; where it waits, this one may wait in its stead.

        Raises:
            UserError: there is no such task.
            BusyError: too many wait already; `instead_of` goes on.
        """
        find_tasks(self.workload.package.config, task)
        job = Job(picture, task, wanted)
        with self._changed:
            if self._closing:
                raise BusyError("The page is being closed; nothing more is run.")
            others = [waiting for waiting in self._queue if waiting is not instead_of]
            if sum(not waiting.stopped for waiting in others) >= self._most:
                raise BusyError(
                    f"{self._most} runs are waiting for the device already. Try again in a moment."
                )
            if instead_of:
                instead_of.stop()
            self._queue.append(job)
            self._changed.notify_all()
        return job

    def ahead(self, job: Job) -> int:
        """How many runs come before this one, the one under way included."""
        with self._changed:
            if job not in self._queue:
                return 0
            before = list(self._queue)[: self._queue.index(job)]
            return sum(not other.stopped for other in before) + (self._running is not None)

    def kept(self, picture: Picture, task: str) -> Answer | None:
        """The last answer for the same picture, of the same name, and task, while it is remembered."""
        with self._changed:
            return self._answers.get(_key(picture, task))

    def close(self) -> None:
        """End what runs and what waits, and close the back end; returns within `CLOSING_SECONDS`."""
        with self._changed:
            self._closing = True
            for job in (*self._queue, *([self._running] if self._running else [])):
                job.stop()
            self._changed.notify_all()
        self._thread.join(CLOSING_SECONDS)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job.answer = self._answer(job)
            except _Stopped:
                job.error = STOPPED
                self._drop()  # it may be in the middle of a program
            except Exception as error:
                job.error, _ = faults.explain(error, build_root() / "faults")
                self._drop()
            finally:
                with self._changed:
                    self._running = None
                    if job.answer:
                        self._keep(job.answer)
                job.done.set()
        self._drop()

    def _next(self) -> Job | None:
        """The next run that somebody wants; None when the engine is closed."""
        with self._changed:
            while True:
                while self._queue:
                    job = self._queue.popleft()
                    if not job.stopped:
                        self._running = job
                        return job
                    job.error = STOPPED
                    job.done.set()
                if self._closing:
                    return None
                self._changed.wait()

    def _answer(self, job: Job) -> Answer:
        def told(what: str, done: int, total: int) -> None:
            job.what, job.part = what, done / total if total else 0.0
            if job.stopped:
                raise _Stopped

        told("opening the device", 0, 1)
        if self._machine is None:
            self._machine = self.device.opened()
        machine, tasks = self._machine, find_tasks(self.workload.package.config, job.task)
        course = Course(self.workload, tasks, told)
        if watch := getattr(machine, "watch", None):
            watch(course.passed)
        course.begin(f"running {job.picture.path.name}", 1)
        runs: dict[str, Any] = {}
        for task in tasks:
            ours = machine.run(job.picture.pixels, task)
            golden = ours if self.device.backend == "golden" else self._golden.run(job.picture.pixels, task)
            runs[task] = (
                ours,
                golden,
                compare(golden, ours) if golden is not ours else Comparison(0, None),
            )
            course.ended([task])
        return self._answered(job, runs)

    def _answered(self, job: Job, runs: Runs) -> Answer:
        package = self.workload.package
        outputs = {task: TaskOutput(run.features, run.head) for task, run in ours_of(runs).items()}
        arrays = arrays_of(package, outputs)
        facts = Facts(
            self.label,
            self.workload,
            dram=getattr(self._machine, "dram", None),
            backend=self.device.backend,
        )
        report = report_of(facts, job.picture, runs, False)
        if self.device.backend == "golden":  # compared with itself it says nothing
            report |= {"bit_exact": None, "mismatches": None}
        return Answer(job.picture, job.task, arrays, report, time.time())

    def _keep(self, answer: Answer) -> None:
        key = _key(answer.picture, answer.task)
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > KEPT:
            self._answers.popitem(last=False)

    def _drop(self) -> None:
        """Close the back end; the next run opens it anew. A device that can't even be closed is left alone."""
        machine, self._machine = self._machine, None
        if machine is not None:
            try:
                machine.close()
            except Exception as error:
                faults.explain(error, build_root() / "faults")
