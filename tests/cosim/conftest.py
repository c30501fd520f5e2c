# SPDX-License-Identifier: Apache-2.0
"""The whole accelerator in RTL, built once; the tests run small networks on it so that each takes little time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small import small

from edgemoe import sim
from edgemoe.backends.rtl import Rtl
from edgemoe.config import WEIGHT_PORTS, BuildConfig, ModelConfig, board
from edgemoe.package import Package
from edgemoe.program import Workload
from edgemoe.sim.build import build_overlay
from edgemoe.sim.dram import DramConfig
from edgemoe.sim.verilated import VerilatedDesign

SMALL = small(height=24)
"""13 tokens, one dense and one MoE layer: about 12 000 cycles a task."""


@pytest.fixture(scope="session")
def build() -> BuildConfig:
    return board("sim-small")


@pytest.fixture(scope="session")
def overlay(build: BuildConfig) -> Path:
    """The accelerator compiled from the C++ kernels and Verilated."""
    return build_overlay(build).bitstream


@pytest.fixture(scope="session")
def small() -> ModelConfig:
    return SMALL


def back_ends(build: BuildConfig, overlay: Path) -> Iterator[Callable[..., Rtl]]:
    """Makes the RTL back end for a package, on one build; `dram` are its DRAM's parameters."""
    device = sim.activate()
    limit, device.wait_limit = device.wait_limit, 3_000_000
    made: list[Rtl] = []

    def make(package: Package, *, dram: DramConfig | None = None) -> Rtl:
        made.append(Rtl(Workload(package, build), overlay, dram=dram or DramConfig()))
        return made[-1]

    yield make
    for backend in made:
        backend.accelerator.close()
    device.unload()
    device.wait_limit = limit


@pytest.fixture
def rtl(build: BuildConfig, overlay: Path) -> Iterator[Callable[..., Rtl]]:
    """Makes the RTL back end for a package; `dram` are its DRAM's parameters."""
    yield from back_ends(build, overlay)


def design_of(backend: Rtl) -> VerilatedDesign:
    """The Verilated accelerator behind a back end."""
    return backend.device.design(backend.instance)


def weight_reads(backend: Rtl, offset: int, size: int) -> NDArray[np.int64]:
    """How often each 16 bytes of each stripe of a part of the weights region were read in the last run.

    The memory counts the beats that touch them; a master of the weights takes several for 16 bytes.
    """
    buffer = buffer_of(backend, "weights")
    starts = range(0, buffer.nbytes, buffer.nbytes // WEIGHT_PORTS)
    places = [buffer.device_address + start + offset // WEIGHT_PORTS for start in starts]
    design = design_of(backend)
    beats = np.concatenate([design.accesses(place, size // WEIGHT_PORTS) for place in places])
    times, rest = np.divmod(beats, 128 // backend.workload.build.weight_bus_bits)
    assert not rest.any()
    return times


def buffer_of(backend: Rtl, region: str) -> Any:
    """The buffer of a region, as the last run had it; `program` is that of depth."""
    loaded = backend.accelerator._loaded
    if region == "weights":
        return loaded._weights
    if region == "program":
        return loaded._codes["depth", False]
    return loaded._idle[-1]._held[region]
