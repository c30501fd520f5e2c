# SPDX-License-Identifier: Apache-2.0
"""The interface of a back end, and those without a clock."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from edgemoe import csim
from edgemoe.errors import UserError
from edgemoe.golden import machine
from edgemoe.program import Memory, Run, Workload
from edgemoe.registers import Opcode

if TYPE_CHECKING:
    from edgemoe.sim.dram import DramConfig
    from edgemoe.sim.verilate import Progress

Pixels = npt.NDArray[np.uint8]


class Backend(Protocol):
    """Executes a package's layer programs."""

    name: str
    workload: Workload

    def run(self, pixels: Pixels, task: str, *, taps: bool = False) -> Run:
        """One image through one task; `DeviceError` if the accelerator refuses or fails.

        Args:
            pixels: uint8 (height, width, 3), of the model's input size.
            task: "segmentation" or "depth".
            taps: as of `Workload.program`.
        """

    def close(self) -> None:
        """Give back what the back end holds."""


class _Interpreted:
    """Functions from a memory image to a run."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload

    def execute(self, memory: Memory) -> Run:
        raise NotImplementedError

    def run(self, pixels: Pixels, task: str, *, taps: bool = False) -> Run:
        program = self.workload.program(task, taps=taps)
        started = time.monotonic()
        run = self.execute(self.workload.memory(pixels, program)).check()
        return replace(run, program=program, seconds=time.monotonic() - started)

    def close(self) -> None:
        """Nothing is held."""


class Golden(_Interpreted):
    """The NumPy model: the specification. Its runs also tell how the gates chose."""

    name = "golden"

    def execute(self, memory: Memory) -> Run:
        gates = {}

        def watch(stage: machine.Stage) -> None:
            if stage.descriptor.opcode == Opcode.GATE:
                gates[stage.index] = stage.tensor

        return replace(machine.run(self.workload.build, memory, watch=watch), gates=gates)


class Csim(_Interpreted):
    """The C++ kernels compiled for this machine."""

    name = "csim"

    def execute(self, memory: Memory) -> Run:
        return csim.run(self.workload.build, memory)


def open_backend(
    name: str, workload: Workload, *, dram: DramConfig | None = None, progress: Progress | None = None
) -> Backend:
    """The back end of that name; close it after use. dram: parameters of the simulated DRAM, and progress:
    told of each step of building, for `rtl`. Of a board see `backends.board`: there the overlay says which build it is.
    """
    if name == "golden":
        return Golden(workload)
    if name == "csim":
        return Csim(workload)
    if name == "rtl":
        from edgemoe.backends.rtl import Rtl
        from edgemoe.sim.build import build_overlay

        return Rtl(workload, build_overlay(workload.build, progress=progress).bitstream, dram=dram)
    raise UserError(f"No back end is named {name!r}; for any workload there are golden, csim and rtl.")
