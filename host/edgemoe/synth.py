# SPDX-License-Identifier: Apache-2.0
"""C++ to SystemVerilog from the command line: any file, or the accelerator of a board."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from edgemoe.compiler import compile_file
from edgemoe.config import board
from edgemoe.errors import UserError
from edgemoe.registers import write_headers

HLS = Path(__file__).resolve().parents[2] / "hls"
ACCELERATOR = HLS / "kernels" / "accelerator.cpp"


def synth_file(
    source: Path, top: str, *, include: list[Path], clock_ns: float, out: Path | None, name: str | None = None
) -> Path:
    """Compile `top` of `source`, print its loops, and return the folder with *.sv and report.json."""
    if not source.is_file():
        raise UserError(f"{source} does not exist or is no file; give a C++ source.")
    folder = out or Path("build/synth") / (name or top)
    result = compile_file(source, top, include=include, out=folder, clock_ns=clock_ns)
    show_report(result.report)
    Console().print(f"SystemVerilog and report.json are in {folder}", highlight=False)
    return folder


def synth_accelerator(board_name: str, *, clock_ns: float, out: Path | None) -> Path:
    """Compile the whole accelerator with the sizes of a board."""
    build = board(board_name)
    folder = out or Path("build/synth") / build.name
    write_headers(build, folder / "include")
    include = [folder / "include", HLS / "include"]
    return synth_file(ACCELERATOR, "accelerator", include=include, clock_ns=clock_ns, out=folder)


def show_report(report: Mapping[str, Any]) -> None:
    """Print the loops of a synthesis report as a table."""
    table = Table(title="Loops", title_justify="left")
    columns = ("source", "function", "ii_asked", "ii", "depth", "trip_count", "limited_by")
    for column in columns:
        table.add_column(column.replace("_", " "))
    for loop in report.get("loops", ()):
        table.add_row(*("" if loop.get(column) is None else str(loop[column]) for column in columns))
    Console().print(table)
