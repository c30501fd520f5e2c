# SPDX-License-Identifier: Apache-2.0
"""The accelerator's C++ built for the machine at hand: the same sources as the hardware, no clock.

`run` takes and gives what `edgemoe.golden.machine.run` does, so that the two can be compared bit for bit.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from edgemoe.caches import build_root
from edgemoe.compiler.native import NativeKernel, build_native
from edgemoe.config import WEIGHT_PORTS, BuildConfig
from edgemoe.kernels import include_folders, kernel_source
from edgemoe.program import Memory, Run, striped
from edgemoe.registers import DESCRIPTOR_BYTES, Error, Statistics


@lru_cache(maxsize=32)
def kernel(name: str, build: BuildConfig, work: Path, checks: bool = False) -> NativeKernel:
    """A kernel of `hls/kernels` as a Python callable; compiled once, kept in `work`.

    The top function is `accelerator`, or `<name>_kernel` for the kernels of one unit. With `checks` the headers check
    shifts, bit ranges and divisions, and uninitialised variables hold a pattern.
    """
    top = name if name == "accelerator" else f"{name}_kernel"
    include = include_folders(build, work)
    return NativeKernel(build_native(kernel_source(name), top, include=include, out=work, checks=checks))


def run(build: BuildConfig, memory: Memory, *, work: Path | None = None, checks: bool = False) -> Run:
    """Runs a layer program on the native build; timing fields of the statistics are 0 or meaningless."""
    accelerator = kernel("accelerator", build, work or build_root() / "csim", checks)
    regions = {
        "program": _region(build, memory.program),
        "image": _region(build, memory.image),
        "output": np.zeros(_padded(build, memory.output_bytes), dtype=np.uint8),
        "statistics": np.zeros(_padded(build, memory.statistics_bytes), dtype=np.uint8),
    }
    weights = np.frombuffer(striped(build, memory.weights or bytes(1)), np.uint8).copy()
    regions |= {f"weights{i}": part for i, part in enumerate(np.split(weights, WEIGHT_PORTS))}
    registers = accelerator.run(scalars=memory.sizes().registers(), memories=regions).outputs
    data = regions["statistics"].tobytes()
    starts = range(0, registers["records"] * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES)
    records = tuple(Statistics.unpack(data[start : start + DESCRIPTOR_BYTES]) for start in starts)
    output = regions["output"].tobytes()[: memory.output_bytes]
    return Run(Error(registers["status"]), registers["error_index"], output, records)


def _padded(build: BuildConfig, size: int) -> int:
    """A region's buffer ends on a beat, as its DRAM does."""
    return max(-(-size // build.beat_bytes), 1) * build.beat_bytes


def _region(build: BuildConfig, data: bytes) -> np.ndarray:
    buffer = np.zeros(_padded(build, len(data)), dtype=np.uint8)
    buffer[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    return buffer
