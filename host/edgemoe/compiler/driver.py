# SPDX-License-Identifier: Apache-2.0
"""The whole compiler: a C++ file to SystemVerilog files and a report."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgemoe.compiler.backend.axis import SUFFIX, emit_axis, streams
from edgemoe.compiler.backend.dataflow import emit_dataflow
from edgemoe.compiler.backend.module import emit_module
from edgemoe.compiler.backend.plan import ModuleTiming
from edgemoe.compiler.backend.process import Emitted, emit_process
from edgemoe.compiler.backend.wrapper import emit_wrapper
from edgemoe.compiler.clocks import clock_warnings
from edgemoe.compiler.collector import at_rest
from edgemoe.compiler.delays import DEFAULT, FABRICS
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interfaces import check_interfaces
from edgemoe.compiler.ir import Function, Kind, Opcode, Program
from edgemoe.compiler.operators import OperatorTable
from edgemoe.compiler.report import build_report
from edgemoe.folders import claim

LIBRARY = Path(__file__).parent / "lib"
SLICE = LIBRARY / "hls_mul_add.sv"  #: of use to some programs only
PORTS = ("axi", "ap_ctrl_hs")
REPORT = "report.json"
MIN_CLOCK_NS, MAX_CLOCK_NS = 1e-3, 1e6


@dataclass
class CompileResult:
    """What `compile_file` left in its folder."""

    files: list[Path]
    """SystemVerilog, in reading order: the library, callees before callers, the top, its outside with AXI4-Stream."""
    report: dict[str, Any]  #: the contents of report.json
    sha256: str  #: over the texts of all files
    program: Program = field(repr=False)

    @property
    def top(self) -> Path:
        """The file of the module with FIFO ports for streams, which has the function's name."""
        return next(path for path in self.files if path.stem == self.program.top)


def compile_file(
    source: Path,
    top: str,
    *,
    include: list[Path],
    out: Path,
    clock_ns: float = 5.0,
    ports: str = "axi",
    family: str = DEFAULT,
) -> CompileResult:
    """Compiles function ``top`` of ``source`` and writes ``*.sv`` and ``report.json`` to ``out``.

    ``ports`` chooses the control interface: ``axi`` (AXI4-Lite registers and an interrupt) or ``ap_ctrl_hs``
    (``ap_start``, ``ap_done``, ``ap_idle``, ``ap_ready`` and a port for each scalar). ``family`` is whose delays the
    clock is met with (`delays.FABRICS`). Equal sources give equal files. A top with streams and AXI4-Lite control gets
    a second outermost module, ``<top>_axis``, whose streams are AXI4-Stream (`backend.axis`); the report names it as
    ``axis_top``.

    What an earlier call made in ``out`` is replaced, or removed where it is not made again. Anything else there is
    the user's and stays.

    Raises:
        CompileError: the program cannot be compiled.
        UserError: a file of the user's, or a generated one that was changed since, has the name of a result.
    """
    with claim(out, (REPORT, f"{top}.sv"), need_bytes=8 << 20) as claimed:
        made = compile_into(
            source, top, include=include, folder=claimed.work, clock_ns=clock_ns, ports=ports, family=family
        )
        claimed.fill(lambda work: None)  # all of it is there
    return dataclasses.replace(made, files=[out / path.name for path in made.files])


def compile_into(
    source: Path,
    top: str,
    *,
    include: list[Path],
    folder: Path,
    clock_ns: float = 5.0,
    ports: str = "axi",
    family: str = DEFAULT,
) -> CompileResult:
    """As `compile_file`, into a folder that the caller has claimed or made for this: nothing of the user's is there."""
    if ports not in PORTS:
        raise CompileError("", 0, f"ports={ports!r} is not one of {', '.join(PORTS)}")
    if not MIN_CLOCK_NS <= clock_ns <= MAX_CLOCK_NS:
        raise CompileError(
            "",
            0,
            f"a clock period of {clock_ns} ns; one from {MIN_CLOCK_NS} to {MAX_CLOCK_NS:,.0f} ns is possible",
        )
    if family not in FABRICS:
        raise CompileError("", 0, f"family={family!r} is not one of {', '.join(FABRICS)}")
    with at_rest():
        with tempfile.TemporaryDirectory(prefix="edgemoe-") as work:
            program = compile_source(source, top, include, Path(work))
        program.notes += check_interfaces(program.functions[program.top], ports)
        texts, report = emit_program(program, clock_ns=clock_ns, ports=ports, family=family)
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name, text in texts.items():
        (folder / name).write_text(text)
        digest.update(name.encode() + b"\0" + text.encode() + b"\0")
    report["sha256"] = digest.hexdigest()
    (folder / REPORT).write_text(json.dumps(report, indent=1) + "\n")
    return CompileResult([folder / name for name in texts], report, digest.hexdigest(), program)


def emit_program(
    program: Program, *, clock_ns: float, ports: str, family: str = DEFAULT
) -> tuple[dict[str, str], dict[str, Any]]:
    """The SystemVerilog files of ``program`` (name: text) and the report."""
    table = OperatorTable(FABRICS[family])
    period = max(1, round(clock_ns * 1000) - table.overhead)
    modules: dict[str, ModuleTiming] = {}
    emitted: dict[str, Emitted] = {}
    for name, function in program.functions.items():
        item = _emit(_core(function, program), program, table, period, modules)
        emitted[name] = item
        if item.timing is not None:
            modules[name] = item.timing
    top = program.functions[program.top]
    program.notes += clock_warnings(program, emitted, table, round(clock_ns * 1000))
    report = build_report(program, emitted, table, clock_ns, [Path(name).name for name in program.sources])
    # A top with streams has a second outside, with AXI4-Stream; who wants FIFO ports takes the first.
    with_axis = ports == "axi" and bool(streams(top))
    library = [path for path in sorted(LIBRARY.glob("*.sv")) if path != SLICE or uses_slices(program)]
    library += sorted((LIBRARY / "axis").glob("*.sv")) if with_axis else []
    texts = {path.name: path.read_text() for path in library}
    note = "// Generated by edgemoe from {}; see report.json for the schedule.\n"
    title = note.format(Path(top.loc.file).name or program.top)
    texts |= {f"{item.name}.sv": title + item.text for item in emitted.values()}
    texts[f"{program.top}.sv"] = title + emit_wrapper(top, ports == "axi")
    if with_axis:
        texts[f"{program.top}{SUFFIX}.sv"] = title + emit_axis(top)
        report["axis_top"] = f"{program.top}{SUFFIX}"
    return texts, report


def uses_slices(program: Program) -> bool:
    """Whether there is a multiply-add."""
    functions = program.functions.values()
    return any(op.opcode is Opcode.MUL_ADD for f in functions for region in f.regions for op in region.ops)


def _core(function: Function, program: Program) -> Function:
    """The top function goes into the module ``<top>_core``: the outermost module has its name."""
    if function.name == program.top:
        return dataclasses.replace(function, name=f"{function.name}_core")
    return function


def _emit(
    function: Function,
    program: Program,
    table: OperatorTable,
    period: int,
    modules: dict[str, ModuleTiming],
) -> Emitted:
    if function.kind is Kind.MODULE:
        return emit_module(function, table, period, modules)
    if function.kind is Kind.DATAFLOW:
        return emit_dataflow(function, program.functions)
    return emit_process(function, table, period, modules)
