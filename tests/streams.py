# SPDX-License-Identifier: Apache-2.0
"""Small kernels with streams as an overlay for the simulated board: several IPs, and DMAs of every kind."""

from pathlib import Path

from edgemoe.blockdesign import board_facts, ip_of_report, lay_out
from edgemoe.compiler import CompileResult, compile_file
from edgemoe.sim.overlay import write_overlay
from edgemoe.sim.verilate import verilate

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "tests" / "sim" / "fixtures" / "streams.cpp"
FIRST = ("scale", "total")
"""Kernels of SOURCE with axi_dma_0 (x and y of scale) and axi_dma_1 (to total only)."""
SECOND = ("ramp", "butterfly")
"""With axi_dma_0 (from ramp only), axi_dma_1 (a and sum of butterfly) and axi_dma_2 (b and difference)."""


def compiled(top: str, out: Path) -> CompileResult:
    """A kernel of SOURCE as SystemVerilog in `out`."""
    return compile_file(SOURCE, top, include=[ROOT / "hls" / "shim"], out=out)


def write_streams_overlay(folder: Path, tops: tuple[str, ...] = FIRST, *, trace: bool = False) -> Path:
    """The overlay in `folder`, with its name; the path of the bitstream. Simulations are kept by their sources."""
    ips, libraries = [], {}
    for top in tops:
        result = compiled(top, folder / top)
        library = verilate(result.files, result.report["axis_top"], trace=trace, optimise="-O0")
        ips.append(ip_of_report(f"{top}_0", f"tests:hls:{top}:1.0", result.report))
        libraries[f"{top}_0"] = library.path
    design = lay_out(folder.name, board_facts("sim-small"), ips, clock_mhz=200.0)
    return write_overlay(folder, design, libraries)
