# SPDX-License-Identifier: Apache-2.0
"""C++ to SystemVerilog from the command line: any file, or the accelerator of a board."""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from edgemoe.blockdesign import Board, board_facts
from edgemoe.compiler import CompileResult, compile_file
from edgemoe.compiler.dump import dump
from edgemoe.compiler.ir import Note
from edgemoe.config import board
from edgemoe.errors import UserError
from edgemoe.folders import claim
from edgemoe.kernels import HELPERS, include_folders, kernel_source
from edgemoe.progress import Progress
from edgemoe.registers import IP_NAME
from edgemoe.synth.resources import RESOURCES, identity, measure, show_resources

REPORT = "report.json"


def synth(
    source: Path | None,
    top: str,
    *,
    include: list[Path],
    clock_ns: float | None,
    ports: str,
    out: Path,
    board_name: str,
    quiet: bool = False,
    dump_to: Path | None = None,
    resources: bool = False,
) -> dict[str, Any]:
    """Compile `top` of `source` into the folder `out`, print its loops unless `quiet`, and return the report.

    The folder `dump_to` gets the compiler's IR and schedules as text. With `resources` the report has what Yosys
    says of the design as `resources`, which is also printed and in `out` as resources.json.

    source: a C++ file; None stands for the accelerator. include: folders of headers; ours are always found: the
    Vitis HLS names, the kernels', and the generated ones of the board. clock_ns: None is 5, for the accelerator what
    the board's is scheduled for. ports: as of `compile_file`.

    Raises:
        UserError: no such file, or a folder that holds files of these names that no earlier run made; Yosys is not
            installed or refuses the design.
        CompileError: the program can't be compiled.
    """
    if resources:
        identity()  # before the work, whether it is there
    whole = source is None
    source = source or kernel_source(IP_NAME)
    if not source.is_file():
        raise UserError(f"{source} does not exist or is no file; give a C++ source.")
    build = board(board_name)
    folders = [*include, *include_folders(build)]
    facts = board_facts(board_name)
    if clock_ns is None:
        clock_ns = 1000 / build.schedule_mhz if whole else 5.0
    result = compile_file(
        source, top, include=folders, out=out, clock_ns=clock_ns, ports=ports, family=facts.family.name
    )
    if dump_to is not None:
        dump(result.program, clock_ns, dump_to)
    show_notes(result.program.notes)
    if not quiet:
        show_report(result.report)
        Console().print(f"SystemVerilog and report.json are in {out}", highlight=False, markup=False)
    if not resources:
        return result.report
    found = _resources(result, facts, out, helpers=HELPERS if whole else ())
    if not quiet:
        show_resources(found)
    return result.report | {"resources": found}


def _resources(result: CompileResult, facts: Board, out: Path, helpers: Collection[str]) -> dict[str, Any]:
    """What Yosys says of the design, left in `out` beside the SystemVerilog."""
    with claim(out, (RESOURCES,)) as claimed:
        top = result.report.get("axis_top", result.report["module"])
        with Progress() as progress:
            found = measure(result.files, top, facts, helpers=helpers, told=progress.step)

        def write(work: Path) -> None:
            for path in (*result.files, out / REPORT):
                shutil.copyfile(path, work / path.name)
            (work / RESOURCES).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

        claimed.fill(write)
    return found


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
