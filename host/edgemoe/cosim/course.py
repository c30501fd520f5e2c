# SPDX-License-Identifier: Apache-2.0
"""How far a simulation is."""

from collections.abc import Callable, Sequence

from edgemoe.program import Workload

Told = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many parts of it are done."""


class Course:
    """How far the simulation is, in cycles; how many a task takes is a guess until it has run."""

    def __init__(self, workload: Workload, tasks: Sequence[str], told: Told) -> None:
        self._cycles = {task: workload.about_cycles(task) for task in tasks}
        self._told = told
        self._what, self._images, self._left, self._running = "", 0, 0, 0

    def begin(self, what: str, images: int) -> None:
        """`images` pass through all tasks."""
        self._what, self._images = what, images
        self._left = images * len(self._cycles)
        self._tell()

    def passed(self, cycles: int) -> None:
        """Told by the simulation."""
        self._running += cycles
        self._tell()

    def ended(self, tasks: Sequence[str]) -> None:
        """These tasks of an image are done, or will not run."""
        self._left -= len(tasks)
        if self._running and len(tasks) == 1:
            self._cycles[tasks[0]] = self._running
        self._running = 0
        self._tell()

    def _tell(self) -> None:
        a_task = sum(self._cycles.values()) // len(self._cycles)
        total = a_task * len(self._cycles) * self._images
        done = total - a_task * self._left
        if self._left:
            done = min(done + min(self._running, a_task * 99 // 100), total - 1)
        self._told(self._what, done, total)
