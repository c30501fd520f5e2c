# SPDX-License-Identifier: Apache-2.0
"""A stream of frames through the accelerator: two sets of buffers, so that host and device work side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy.typing as npt

from edgemoe.errors import UserError
from edgemoe.program import Run

Item = TypeVar("Item")
Ready = TypeVar("Ready")
Done = TypeVar("Done")
Out = TypeVar("Out")


@dataclass(frozen=True)
class Result:
    """What a frame gave.

    value: labels, uint8 (H, W), of "segmentation"; metres, float32 (H, W), of "depth"; of a classification scores,
    float32 (classes); of a model without heads its features, int32 (tokens, D). run: all that the run left.
    """

    task: str
    value: npt.NDArray[Any]
    run: Run

    @property
    def labels(self) -> npt.NDArray[Any]:
        """Class of each pixel, uint8 (H, W); `UserError` if the task was another."""
        return self._of("segmentation")

    @property
    def metres(self) -> npt.NDArray[Any]:
        """Metres of each pixel, float32 (H, W); `UserError` if the task was another."""
        return self._of("depth")

    def _of(self, task: str) -> npt.NDArray[Any]:
        if self.task != task:
            raise UserError(f"This result is of task {self.task!r}, not of {task!r}.")
        return self.value


def side_by_side(
    items: Iterator[Item],
    prepare: Callable[[int, Item], Ready],
    run: Callable[[Ready], Done],
    finish: Callable[[Ready, Done], Out],
) -> Iterator[Out]:
    """`finish(ready, run(ready))` of each item, in order; `run` in a thread of its own, one at a time.

    While item n runs, item n + 1 is taken and prepared, and then waits; item n - 1 was finished before. What `items` or
    `prepare` raises comes out after the results of the items before it. A generator that is left early waits for
    what runs.

    Args:
        items: taken one ahead, in the caller's thread.
        prepare: called with the item's number, from 0, and the item.
        run: what the device does.
        finish: called in the caller's thread.
    """
    running: tuple[Ready, Future[Done]] | None = None
    number = 0
    with ThreadPoolExecutor(1, thread_name_prefix="edgemoe-stream") as device:
        while True:
            ready: Ready | None = None
            failure: Exception | None = None
            try:
                ready = prepare(number, next(items))
            except StopIteration:
                pass
            except Exception as caught:
                failure = caught
            ended = None if running is None else (running[0], running[1].result())
            running = None if ready is None else (ready, device.submit(run, ready))
            if ended is not None:
                yield finish(*ended)
            if failure is not None:
                raise failure
            if ready is None:
                return
            number += 1
