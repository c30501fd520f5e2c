# SPDX-License-Identifier: Apache-2.0
"""C++ to SystemVerilog from the command line: any file, or the accelerator of a board."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from edgemoe.blockdesign import board_facts
from edgemoe.compiler import compile_file
from edgemoe.compiler.dump import dump
from edgemoe.compiler.ir import Note
from edgemoe.config import board
from edgemoe.errors import UserError
from edgemoe.kernels import include_folders, kernel_source
from edgemoe.registers import IP_NAME


def synth(
    source: Path | None,
    top: str,
    *,
    include: list[Path],
    clock_ns: float,
    ports: str,
    out: Path,
    board_name: str,
    quiet: bool = False,
    dump_to: Path | None = None,
) -> dict[str, Any]:
    """Compile `top` of `source` into the folder `out`, print its loops unless `quiet`, and return the report.

    The folder `dump_to` gets the compiler's IR and schedules as text.

    source: a C++ file; None stands for the accelerator. include: folders of headers; ours are always found: the
    Vitis HLS names, the kernels', and the generated ones of the board. ports: as of `compile_file`.

    Raises:
        UserError: no such file, or a folder that holds files of these names that no earlier run made.
        CompileError: the program can't be compiled.
    """
    whole = source is None
    source = source or kernel_source(IP_NAME)
    if not source.is_file():
        raise UserError(f"{source} does not exist or is no file; give a C++ source.")
    build = board(board_name)
    folders = [*include, *include_folders(build)]
    family = board_facts(board_name).family.name
    result = compile_file(
        source, top, include=folders, out=out, clock_ns=clock_ns, ports=ports, family=family
    )
    if dump_to is not None:
        dump(result.program, clock_ns, dump_to)
    show_notes(result.program.notes)
    if not quiet:
        show_report(result.report)
        Console().print(f"SystemVerilog and report.json are in {out}", highlight=False, markup=False)
        if whole:
            note = "resources.json (LUT, DSP, BRAM of the part) is not built yet."
            Console(stderr=True).print(note, highlight=False)
    return result.report


def show_notes(notes: Sequence[Note]) -> None:
    """Print the compiler's notes and warnings to stderr, as `file:line: note: text`."""
    for note in notes:
        place = f"{note.loc}: " if note.loc.line else ""
        click.echo(f"{place}{'warning' if note.warning else 'note'}: {note.text}", err=True)


def show_report(report: Mapping[str, Any]) -> None:
    """Print the loops of a synthesis report as a table; nothing if there are none."""
    if not report.get("loops"):
        return
    table = Table(title="Loops", title_justify="left", box=box.SIMPLE, collapse_padding=True, pad_edge=False)
    for column in ("source", "label", "function"):
        table.add_column(column, no_wrap=True)
    for column in ("ii", "depth", "trips", "mult."):
        table.add_column(column, no_wrap=True)
    table.add_column("limited by", overflow="fold")
    for loop in report.get("loops", ()):
        asked = loop["ii_asked"]
        ii = str(loop["ii"]) if asked in (None, loop["ii"]) else f"{loop['ii']}, asked {loop['ii_asked']}"
        cells = [loop["source"], loop["label"], loop["function"], ii]
        cells += [loop[key] for key in ("depth", "trip_count", "multipliers", "limited_by")]
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    Console().print(table)
