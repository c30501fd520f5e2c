# SPDX-License-Identifier: Apache-2.0
"""C++ to SystemVerilog from the command line: any file, or the accelerator of a board."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from edgemoe.compiler import compile_file
from edgemoe.config import board
from edgemoe.errors import UserError
from edgemoe.registers import write_headers

HLS = Path(__file__).resolve().parents[2] / "hls"
ACCELERATOR = HLS / "kernels" / "accelerator.cpp"


def synth(
    source: Path | None,
    top: str,
    *,
    include: list[Path],
    clock_ns: float,
    ports: str,
    out: Path,
    board_name: str,
) -> None:
    """Compile `top` of `source` into the folder `out` and print its loops.

    source: a C++ file; None stands for the accelerator. include: folders of headers; ours are always found: the
    Vitis HLS names, the kernels', and the generated ones of the board. ports: as of `compile_file`.
    """
    whole = source is None
    source = source or ACCELERATOR
    if not source.is_file():
        raise UserError(f"{source} does not exist or is no file; give a C++ source.")
    headers = out / "include"
    write_headers(board(board_name), headers)
    folders = [*include, HLS / "shim", HLS / "include", headers]
    result = compile_file(source, top, include=folders, out=out, clock_ns=clock_ns, ports=ports)
    show_report(result.report)
    Console().print(f"SystemVerilog and report.json are in {out}", highlight=False)
    if whole:
        Console(stderr=True).print(
            "resources.json (LUT, DSP, BRAM of the part) is not built yet.", highlight=False
        )


def show_report(report: Mapping[str, Any]) -> None:
    """Print the loops of a synthesis report as a table."""
    table = Table(title="Loops", title_justify="left", box=box.SIMPLE, collapse_padding=True, pad_edge=False)
    for column in ("source", "label", "function"):
        table.add_column(column, no_wrap=True)
    for column in ("ii", "depth", "trips", "mult."):
        table.add_column(column, no_wrap=True)
    table.add_column("limited by", overflow="fold")
    for loop in report.get("loops", ()):
        ii = str(loop["ii"]) if loop["ii"] == loop["ii_asked"] else f"{loop['ii']}, asked {loop['ii_asked']}"
        cells = [loop["source"], loop["label"], loop["function"], ii]
        cells += [loop[key] for key in ("depth", "trip_count", "multipliers", "limited_by")]
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    Console().print(table)
