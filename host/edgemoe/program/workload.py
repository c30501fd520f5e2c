# SPDX-License-Identifier: Apache-2.0
"""A package made ready for a build: its weights region and layer programs, each built once, for every back end."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import BuildConfig
from edgemoe.package import Package
from edgemoe.program.contents import Program
from edgemoe.program.fits import check_fits
from edgemoe.program.network import build_program
from edgemoe.program.packing import Weights, pack_image, pack_weights
from edgemoe.program.run import Memory


class Workload:
    """What a package is for the accelerator of `build`. UserError if it doesn't fit there."""

    def __init__(self, package: Package, build: BuildConfig) -> None:
        check_fits(package.config, build)
        self.package, self.build = package, build
        self._programs: dict[tuple[str, bool], Program] = {}

    @cached_property
    def weights(self) -> Weights:
        """The weights region, which all tasks share."""
        return pack_weights(self.package, self.build)

    def program(self, task: str, *, taps: bool = False) -> Program:
        """The layer program of a task.

        Args:
            task: "segmentation" or "depth".
            taps: have every stage's tensor written to the output region.
        """
        key = (task, taps)
        if key not in self._programs:
            self._programs[key] = build_program(self.package, self.build, task, self.weights, taps=taps)
        return self._programs[key]

    def image(self, pixels: NDArray[np.uint8]) -> bytes:
        """The image region of uint8 pixels (height, width, 3) of the model's input size."""
        return pack_image(self.package.config, self.build, pixels)

    def memory(self, pixels: NDArray[np.uint8], program: Program) -> Memory:
        """DRAM before `program` starts on an image."""
        return Memory(
            program.data,
            self.weights.data,
            self.image(pixels),
            program.output_bytes,
            program.statistics_bytes,
        )

    def about_cycles(self, task: str) -> int:
        """A guess of a run's cycles, for progress and room on the disk only: work by peak, and a third more."""
        program = self.program(task)
        # Of EXPERTS `macs` counts one token; each token goes to top_k experts.
        routed = self.package.config.tokens * self.package.config.top_k
        macs = sum(s.macs * (routed if s.name.endswith(".experts") else 1) for s in program.stages)
        return max(4 * macs // (3 * self.build.macs), 1)
