# SPDX-License-Identifier: Apache-2.0
"""The back ends that execute layer programs: golden (NumPy), csim (C++ natively) and rtl (Verilated).

All take the same program and memory and give the same `Execution`, so any two can be compared.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgemoe import csim
from edgemoe.config import BuildConfig
from edgemoe.errors import DeviceError
from edgemoe.golden import machine
from edgemoe.package import Package
from edgemoe.program import Program, Weights, build_program, pack_image, pack_weights
from edgemoe.registers import ERROR_TEXT, Error, Statistics

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Traffic:
    """What the simulated DRAM saw during a run, over all ports."""

    read_bytes: int
    write_bytes: int
    ports: int


@dataclass(frozen=True)
class Execution:
    """One image through one task on one back end."""

    program: Program
    output: bytes
    records: Sequence[Statistics]
    seconds: float
    cycles: int | None = None
    """Start to done, counted in the RTL; None elsewhere."""
    traffic: Traffic | None = None

    @property
    def features(self) -> npt.NDArray[np.int16]:
        return self.program.features(self.output)

    @property
    def head(self) -> npt.NDArray[np.int16]:
        return self.program.head(self.output)


class Backend(Protocol):
    """Executes an image's layer program."""

    name: str

    def run(self, pixels: Pixels, task: str, *, taps: bool = False, group: int = 0) -> Execution: ...

    def close(self) -> None: ...


class _Interpreted:
    """Golden and csim: functions from a memory image to a result."""

    name = "golden"

    def __init__(self, package: Package, build: BuildConfig) -> None:
        self.package, self.build = package, build

    @cached_property
    def weights(self) -> Weights:
        return pack_weights(self.package, self.build)

    def execute(self, memory: machine.Memory) -> machine.Result:
        """Run the layer program that lies in `memory`."""
        return machine.run(self.build, memory)

    def run(self, pixels: Pixels, task: str, *, taps: bool = False, group: int = 0) -> Execution:
        """One image through one task."""
        program = build_program(self.package, self.build, task, self.weights, taps=taps, group=group)
        memory = machine.Memory(
            program.data,
            self.weights.data,
            pack_image(self.package.config, pixels),
            program.output_bytes,
            program.statistics_bytes,
        )
        started = time.monotonic()
        result = self.execute(memory)
        if result.status != Error.NONE:
            raise DeviceError(
                f"{self.name} refused the layer program: {ERROR_TEXT[result.status]} "
                f"(descriptor {result.error_index})."
            )
        return Execution(program, result.output, result.records, time.monotonic() - started)

    def close(self) -> None:
        """Nothing is held."""


class Golden(_Interpreted):
    """The NumPy model: the specification."""


class Csim(_Interpreted):
    """The C++ kernels compiled for this machine."""

    name = "csim"

    def execute(self, memory: machine.Memory) -> machine.Result:
        return csim.run(self.build, memory)


class Rtl:
    """The Verilated accelerator, driven by the host code through PYNQ on the simulated board."""

    name = "rtl"

    def __init__(
        self,
        package: Package,
        build: BuildConfig,
        overlay: Path,
        *,
        waves: Path | None = None,
        dram: Any = None,
    ) -> None:
        from edgemoe import sim
        from edgemoe.registers import IP_NAME
        from edgemoe.runtime.session import Session, load_accelerator

        self.device = sim.activate()
        self.device.record_waves(waves)
        if dram is not None:
            self.device.dram = dram
        self.instance = IP_NAME
        self.accelerator = load_accelerator(overlay, IP_NAME)
        self.accelerator.timeout_seconds = None  # the simulated board has limits in cycles
        self.session = Session(package, build, self.accelerator)

    def run(self, pixels: Pixels, task: str, *, taps: bool = False, group: int = 0) -> Execution:
        """One image through one task."""
        design = self.device.design(self.instance)
        design.clear_counters()
        started = time.monotonic()
        inference = self.session.infer(pixels, task, taps=taps, group=group)
        seconds = time.monotonic() - started
        breaches, lines = design.violations()
        if breaches:
            raise DeviceError(f"The RTL broke rules of AXI4 {breaches} times:\n" + "\n".join(lines))
        ports = design.counters().values()
        traffic = Traffic(
            sum(port.read_bytes for port in ports), sum(port.write_bytes for port in ports), len(ports)
        )
        run = inference.run
        return Execution(
            inference.program, run.output.tobytes(), run.statistics, seconds, run.cycles, traffic
        )

    def close(self) -> None:
        """Free the buffers and the model; a waveform file is complete after this."""
        self.session.close()
        self.device.unload()
