# SPDX-License-Identifier: Apache-2.0
"""Inference: a package on an accelerator, one image and one task a start.

The weights are written to memory once. Another task is another layer program, i.e. another address.
"""

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pynq

from edgemoe import outputs
from edgemoe.config import BuildConfig
from edgemoe.errors import UserError
from edgemoe.package import Package
from edgemoe.program import Program, Run, Workload
from edgemoe.runtime.driver import Accelerator, Buffers


def load_accelerator(overlay: Path, name: str) -> Accelerator:
    """Program an overlay and return the driver of its IP `name`."""
    driver = getattr(pynq.Overlay(str(overlay)), name)
    if not isinstance(driver, Accelerator):
        raise UserError(f"{name} of overlay {overlay} is a {type(driver).__name__}, not an accelerator.")
    return driver


class Session:
    """A package ready to run on the accelerator of an overlay.

    Args:
        package: the model.
        build: the build that the overlay holds; checked.
        accelerator: the overlay's driver.
        workload: of the same package and build, where another back end has made it already.
    """

    def __init__(
        self,
        package: Package,
        build: BuildConfig,
        accelerator: Accelerator,
        *,
        workload: Workload | None = None,
    ) -> None:
        self.workload = workload or Workload(package, build)
        self.accelerator = accelerator
        accelerator.check_build(build)
        self._closed = False
        self._buffers: dict[str, Any] = {}
        self._weights = self._buffer("weights", self.workload.weights.data)
        self._programs: dict[tuple[str, bool, int], Any] = {}

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the buffers."""
        for buffer in [*self._buffers.values(), *self._programs.values()]:
            buffer.freebuffer()
        self._buffers, self._programs, self._closed = {}, {}, True

    def program(self, task: str, *, taps: bool = False, group: int = 0) -> Program:
        """The layer program of a task, built at its first use."""
        return self.workload.program(task, taps=taps, group=group)

    def infer(self, pixels: npt.NDArray[np.uint8], task: str, *, taps: bool = False, group: int = 0) -> Run:
        """Run uint8 `pixels` (height, width, 3), of the model's input size, through `task`.

        Args:
            pixels: the image.
            task: "segmentation" or "depth".
            taps: have every stage's tensor written to the output region.
            group: queries that attention holds at a time; 0: as many as the build can.
        """
        program = self.program(task, taps=taps, group=group)
        buffers = Buffers(
            program=self._code(task, taps, group),
            weights=self._weights,
            image=self._buffer("image", self.workload.image(pixels)),
            output=self._buffer("output", bytes(program.output_bytes)),
            statistics=self._buffer("statistics", bytes(program.statistics_bytes)),
        )
        return replace(self.accelerator.run(buffers).check(), program=program)

    def segmentation(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Class of each pixel, uint8 (height, width)."""
        config = self.workload.package.config
        return outputs.labels(
            outputs.maps(self.infer(pixels, "segmentation").head, config.grid, config.patch)
        )

    def depth(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Metres of each pixel, float32 (height, width)."""
        config = self.workload.package.config
        values = outputs.maps(self.infer(pixels, "depth").head, config.grid, config.patch)
        return outputs.metres(values, self.workload.package.scale("heads.depth.out"), config.depth_range)

    def _code(self, task: str, taps: bool, group: int) -> Any:
        """The buffer with the layer program, filled at its first use."""
        if self._closed:
            raise UserError("This session was closed and its buffers are free; open another one.")
        key = (task, taps, group)
        if key not in self._programs:
            self._programs[key] = _filled(self.workload.program(task, taps=taps, group=group).data)
        return self._programs[key]

    def _buffer(self, name: str, data: bytes) -> Any:
        """The buffer `name` with this content; kept as long as its size stays the same."""
        buffer = self._buffers.get(name)
        if buffer is None or buffer.nbytes != len(data):
            if buffer is not None:
                del self._buffers[name]  # should there be no room for the new one
                buffer.freebuffer()
            buffer = self._buffers[name] = pynq.allocate(len(data), np.uint8)
        buffer[:] = np.frombuffer(data, np.uint8)
        return buffer


def _filled(data: bytes) -> Any:
    buffer = pynq.allocate(len(data), np.uint8)
    buffer[:] = np.frombuffer(data, np.uint8)
    return buffer
