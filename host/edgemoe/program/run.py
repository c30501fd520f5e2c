# SPDX-License-Identifier: Apache-2.0
"""What a start of the accelerator takes and what it leaves, on whichever back end: `Memory` in, `Run` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.errors import DeviceError
from edgemoe.program.contents import Program
from edgemoe.registers import ERROR_TEXT, NO_INDEX, Error, Statistics


@dataclass(frozen=True)
class Sizes:
    """The size registers, in bytes."""

    program: int
    weights: int
    image: int
    output: int
    statistics: int

    def registers(self) -> dict[str, int]:
        """The registers by their names."""
        return {f"{part.name}_bytes": getattr(self, part.name) for part in fields(self)}


@dataclass(frozen=True)
class Memory:
    """What DRAM holds at the start, region by region, and how large the two written regions are, in bytes."""

    program: bytes
    weights: bytes
    image: bytes
    output_bytes: int
    statistics_bytes: int

    def sizes(self) -> Sizes:
        """The size registers."""
        return Sizes(
            len(self.program), len(self.weights), len(self.image), self.output_bytes, self.statistics_bytes
        )


@dataclass(frozen=True)
class Traffic:
    """What the simulated DRAM saw during a run, over all ports."""

    read_bytes: int
    write_bytes: int
    ports: int


@dataclass(frozen=True)
class Run:
    """One start: the verdict, the output region, the statistics records, and what else the back end can tell.

    `program` is there when a network's layer program ran; `features`, `head` and `tap` need it.
    """

    status: Error
    error_index: int
    """The descriptor that the verdict is about, or NO_INDEX."""
    output: bytes
    records: tuple[Statistics, ...]
    cycles: int | None = None
    """Start to done, counted by the hardware; None on a back end without a clock."""
    bus_error: int = 0
    """A bit for each memory port that got an error response."""
    program: Program | None = None
    seconds: float = 0.0
    """Wall-clock time that the run took."""
    traffic: Traffic | None = None
    gates: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    """Of the golden machine: by GATE's descriptor, (tokens, slots, 3) of expert, valid and score."""

    @property
    def network(self) -> Program:
        """The layer program of the network that ran."""
        if self.program is None:
            raise ValueError("this run was of a bare layer program, not of a network's")
        return self.program

    @property
    def features(self) -> NDArray[np.int32]:
        """The backbone's output, int32 (tokens, D)."""
        return self.network.features(self.output)

    @property
    def head(self) -> NDArray[np.int16]:
        """The head's outputs, int16 (rows, outputs), see `Program.head`."""
        return self.network.head(self.output)

    def tap(self, name: str) -> NDArray[Any]:
        """The tensor that a tap left, see `Tap.read`."""
        return self.network.tap(self.output, name)

    def check(self) -> Run:
        """Itself, if the run went well; else `DeviceError` with what went wrong."""
        if self.status is Error.CHANGED:
            raise DeviceError(
                f"The layer program was changed in DRAM while the accelerator ran it, noticed at descriptor "
                f"{self.error_index} (code {int(self.status)}, {self.status.name}); the outputs are not valid. "
                "Something else writes to that memory: find it, load the package anew and run again."
            )
        if self.status is not Error.NONE:
            where = "" if self.error_index == NO_INDEX else f" in descriptor {self.error_index}"
            raise DeviceError(
                f"The accelerator refused the layer program: {ERROR_TEXT[self.status]}{where} "
                f"(code {int(self.status)}, {self.status.name})."
            )
        if self.bus_error:
            ports = ", ".join(f"gmem{i}" for i in range(32) if self.bus_error >> i & 1)
            raise DeviceError(
                f"The memory answered the accelerator with an error on {ports}; the outputs are not valid. "
                "An address may lie outside the memory that the accelerator can reach."
            )
        return self
