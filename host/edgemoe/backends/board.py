# SPDX-License-Identifier: Apache-2.0
"""The accelerator of a PYNQ board. The same code runs on the simulated one, under `python -m edgemoe.sim`."""

from __future__ import annotations

from pathlib import Path

from edgemoe.backends.backend import Pixels
from edgemoe.package import Package
from edgemoe.program import Run, Workload
from edgemoe.runtime.accelerator import Accelerator


class Board:
    """A package on the accelerator of an overlay, whichever build it holds.

    Args:
        model: what to run; a workload must be of the overlay's build.
        overlay: the bitstream's path; it is loaded.

    Raises:
        UserError: there is no PYNQ device here, no such overlay, or the package does not fit its build.
    """

    name = "board"

    def __init__(self, model: Package | Workload, overlay: Path) -> None:
        self.accelerator = Accelerator(overlay)
        try:
            self.accelerator.load(model)
        except BaseException:
            self.accelerator.close()
            raise
        self.workload = self.accelerator.workload

    def run(self, pixels: Pixels, task: str, *, taps: bool = False) -> Run:
        """As of `Backend`."""
        return self.accelerator.run(pixels, task, taps=taps)

    def close(self) -> None:
        """Free the buffers."""
        self.accelerator.close()
