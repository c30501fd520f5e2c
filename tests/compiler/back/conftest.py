# SPDX-License-Identifier: Apache-2.0
"""The kernels of this folder, compiled natively and into one Verilator model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hardware import Rtl
from natives import fresh_native

from edgemoe.compiler import CompileResult, compile_file
from edgemoe.compiler.native import NativeKernel, build_native

KERNELS = Path(__file__).parent / "kernels"
SHIM = Path(__file__).parents[3] / "hls" / "shim"
BUILD = Path(__file__).parents[3] / "build" / "cache" / "back"
#: Kernels whose control is not AXI4-Lite.
PORTS = {"handshake": "ap_ctrl_hs"}


@dataclass
class Bench:
    """Hardware and reference of every kernel."""

    rtl: Rtl
    native: dict[str, NativeKernel]
    results: dict[str, CompileResult]

    @staticmethod
    def compile(top: str, out: Path) -> CompileResult:
        return compile_kernel(top, out)


def compile_kernel(top: str, out: Path) -> CompileResult:
    ports = PORTS.get(top, "axi")
    return compile_file(KERNELS / f"{top}.cpp", top, include=[SHIM], out=out, ports=ports)


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CompileResult]:
    """Every kernel as SystemVerilog."""
    folder = tmp_path_factory.mktemp("kernels")
    tops = [source.stem for source in sorted(KERNELS.glob("*.cpp"))]
    return {top: compile_kernel(top, folder / top) for top in tops}


@pytest.fixture(scope="session")
def bench(results: dict[str, CompileResult]) -> Bench:
    """One model of all kernels."""
    native = {}
    for top in results:
        library = build_native(KERNELS / f"{top}.cpp", top, include=[SHIM], out=BUILD)
        native[top] = fresh_native(library)
    return Bench(Rtl.build(list(results.values()), BUILD), native, results)
