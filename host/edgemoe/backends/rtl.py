# SPDX-License-Identifier: Apache-2.0
"""The Verilated accelerator, driven by the host code through PYNQ on the simulated board."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgemoe import sim
from edgemoe.backends.backend import Pixels
from edgemoe.errors import DeviceError
from edgemoe.program import Run, Traffic, Workload
from edgemoe.registers import IP_NAME
from edgemoe.runtime.accelerator import Accelerator
from edgemoe.sim.dram import DramConfig


class Rtl:
    """A workload on the simulated board.

    Args:
        workload: what to run.
        overlay: the bitstream's path, from `sim.build.build_overlay` of the same build.
        waves: where to write waveforms; the overlay must have been built for them.
        dram: the DRAM's parameters; those of the board if left out.
    """

    name = "rtl"

    def __init__(
        self,
        workload: Workload,
        overlay: Path,
        *,
        waves: Path | None = None,
        dram: DramConfig | None = None,
    ) -> None:
        self.workload = workload
        self.device = sim.activate()
        self.device.record_waves(waves)
        self.dram = dram or self.device.dram
        """The DRAM's parameters."""
        before, self.device.dram = self.device.dram, self.dram
        self.instance = IP_NAME
        try:
            self.accelerator = Accelerator(overlay, name=IP_NAME, build=workload.build)
        finally:
            self.device.dram = before
        self.accelerator.load(workload)

    def watch(self, told: Callable[[int], None]) -> None:
        """Have `told` called with the cycles that pass while a program waits."""
        self.device.design(self.instance).watch = told

    def run(self, pixels: Pixels, task: str, *, taps: bool = False) -> Run:
        """As of `Backend`; `DeviceError` also if the RTL breaks a rule of AXI4."""
        design = self.device.design(self.instance)
        design.clear_counters()
        started = time.monotonic()
        run = self.accelerator.run(pixels, task, taps=taps)
        seconds = time.monotonic() - started
        breaches, lines = design.violations()
        if breaches:
            raise DeviceError(f"The RTL broke rules of AXI4 {breaches} times:\n" + "\n".join(lines))
        ports = design.counters().values()
        traffic = Traffic(
            sum(port.read_bytes for port in ports), sum(port.write_bytes for port in ports), len(ports)
        )
        return replace(run, seconds=seconds, traffic=traffic)

    def close(self) -> None:
        """Free the buffers and the model; a waveform file is complete after this."""
        self.accelerator.close()
        self.device.unload()
