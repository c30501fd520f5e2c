# SPDX-License-Identifier: Apache-2.0
"""A package in the board's memory: weights and layer programs once, and sets of buffers for frames."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pynq

from edgemoe.errors import DeviceError
from edgemoe.program import Program, Workload, striped
from edgemoe.runtime.driver import Buffers

SETS = 2  # of frame buffers from the start: one for the device, one for the host


class FrameBuffers:
    """Image, output and statistics of one frame; large enough for each task, larger ones only for taps."""

    def __init__(self, allocate: Callable[[str, int], Any]) -> None:
        self._allocate = allocate
        self._held: dict[str, Any] = {}

    def region(self, name: str, size: int) -> Any:
        """`size` bytes of the buffer `name`."""
        buffer = self._held.get(name)
        if buffer is None or buffer.nbytes < size:
            if buffer is not None:
                del self._held[name]  # should there be no room for the new one
                buffer.freebuffer()
            buffer = self._held[name] = self._allocate(name, size)
        return buffer[:size]

    def free(self) -> None:
        for buffer in self._held.values():
            buffer.freebuffer()
        self._held = {}


class Loaded:
    """What a package needs in memory.

    Args:
        workload: the package for the build that is loaded.
        device: PYNQ's, whose memory it is.

    Raises:
        DeviceError: it does not fit into the memory; nothing of it is left there.
    """

    def __init__(self, workload: Workload, device: Any) -> None:
        self.workload, self._device = workload, device
        self._buffers: list[Any] = []
        self._codes: dict[tuple[str, bool], Any] = {}
        self._idle: list[FrameBuffers] = []
        self._sets: list[FrameBuffers] = []
        try:
            self._weights = self._filled("weights", striped(workload.build, workload.weights.data))
            tasks = workload.package.config.tasks
            for task in tasks:
                self._code(task, False)
            programs = [workload.program(task) for task in tasks]
            pixels = workload.package.config
            image_bytes = len(workload.image(np.zeros((pixels.height, pixels.width, 3), np.uint8)))
            for _ in range(SETS):
                frame = FrameBuffers(self._allocate)
                self._sets.append(frame)
                frame.region("image", image_bytes)
                frame.region("output", max(program.output_bytes for program in programs))
                frame.region("statistics", max(program.statistics_bytes for program in programs))
                self._idle.append(frame)
        except BaseException:
            self.free()
            raise

    @property
    def nbytes(self) -> int:
        """Bytes of the board's memory that it holds."""
        frames = [buffer for frame in self._sets for buffer in frame._held.values()]
        return sum(buffer.nbytes for buffer in [*self._buffers, *frames])

    def take(self) -> FrameBuffers:
        """A set of frame buffers that nobody uses; a new one if all are in use."""
        with suppress(IndexError):
            return self._idle.pop()
        frame = FrameBuffers(self._allocate)
        self._sets.append(frame)
        return frame

    def give(self, frame: FrameBuffers) -> None:
        """Give a set back."""
        self._idle.append(frame)

    def fill(self, frame: FrameBuffers, image: bytes, program: Program, *, taps: bool) -> Buffers:
        """The buffers of a start, with the image in place and the output zero."""
        buffers = Buffers(
            program=self._code(program.task, taps),
            weights=self._weights,
            image=frame.region("image", len(image)),
            output=frame.region("output", program.output_bytes),
            statistics=frame.region("statistics", program.statistics_bytes),
        )
        buffers.image[:] = np.frombuffer(image, np.uint8)
        buffers.output[:] = 0  # what a run does not write must not be of another frame
        buffers.statistics[:] = 0
        return buffers

    def free(self) -> None:
        """Give all memory back."""
        for frame in self._sets:
            frame.free()
        for buffer in self._buffers:
            buffer.freebuffer()
        self._buffers, self._codes, self._sets, self._idle = [], {}, [], []

    def _code(self, task: str, taps: bool) -> Any:
        """The buffer with a layer program, filled at its first use."""
        key = (task, taps)
        if key not in self._codes:
            data = self.workload.program(task, taps=taps).data
            self._codes[key] = self._filled(f"layer program of {task}", data)
        return self._codes[key]

    def _filled(self, name: str, data: bytes) -> Any:
        buffer = self._allocate(name, len(data))
        self._buffers.append(buffer)
        buffer[:] = np.frombuffer(data, np.uint8)
        return buffer

    def _allocate(self, name: str, size: int) -> Any:
        try:
            return pynq.allocate(size, np.uint8, target=self._device)
        except (
            DeviceError,
            MemoryError,
            RuntimeError,
        ) as failure:  # RuntimeError is what PYNQ has on a board
            raise DeviceError(
                f"Package {self.workload.package.config.name!r} does not fit into the board's memory: there is no room "
                f"for {size} bytes of {name} ({failure}). Free buffers, or `unload()` the package before."
            ) from None
