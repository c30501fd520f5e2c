# SPDX-License-Identifier: Apache-2.0
"""The front end's one entry: a C++ file to a typed IR program."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.arguments import parameter_name, refuse_other_streams
from edgemoe.compiler.frontend.clang import emit_llvm
from edgemoe.compiler.frontend.complaints import same_place
from edgemoe.compiler.frontend.dataflow import Callee, build_dataflow
from edgemoe.compiler.frontend.endless import UNCHANGED
from edgemoe.compiler.frontend.feedback import find_answers
from edgemoe.compiler.frontend.instructions import UNDEFINED_VALUE, ModuleLeaves
from edgemoe.compiler.frontend.llvm import clean_up
from edgemoe.compiler.frontend.markers import Fact, note_gone, note_unrolled
from edgemoe.compiler.frontend.names import hardware_name
from edgemoe.compiler.frontend.parse import Module
from edgemoe.compiler.frontend.prepare import MODULE_BODY
from edgemoe.compiler.frontend.process import ProcessBuilder
from edgemoe.compiler.frontend.refusals import refuse
from edgemoe.compiler.frontend.returned import returned
from edgemoe.compiler.frontend.source.modules import SUFFIX
from edgemoe.compiler.frontend.source.pragmas import (
    ArrayPartition,
    BindOp,
    BindStorage,
    Dataflow,
    Dependence,
    Stream,
)
from edgemoe.compiler.frontend.source.pragmas import Interface as InterfacePragma
from edgemoe.compiler.frontend.uninitialised import uninitialised
from edgemoe.compiler.ir import (
    AxiArg,
    BlockArg,
    Function,
    Interface,
    Kind,
    Loc,
    Note,
    Program,
    ScalarArg,
    StreamArg,
)
from edgemoe.compiler.limits import OPERATIONS
from edgemoe.compiler.llvmir.objects import Module as LlvmModule
from edgemoe.compiler.llvmir.reader import read_module
from edgemoe.compiler.passes.pipeline import optimise
from edgemoe.compiler.passes.unwritten import EARLY, unwritten

#: Functions that a message lists, at most.
_NAMED = 20


def compile_source(source: Path, top: str, include: list[Path], work: Path) -> Program:
    """The IR program of function ``top`` in ``source``. Intermediate files go to ``work``."""
    raw, read, files, warnings = emit_llvm(source, include, work)
    module = read_module(raw)
    refuse(module)
    mangled = _top(module, top, source)
    result = returned(module, mangled)
    unset = uninitialised(module, mangled, warnings)
    cleaned, facts = clean_up(module, mangled, read)
    parsed = Module(cleaned)
    note_unrolled(parsed.source, facts)
    program = build_program(parsed, facts.facts, mangled, result)
    note_gone(facts)
    program.notes += facts.notes
    program.sources = files
    program.notes += warnings
    for function in program.functions.values():
        program.notes += unwritten(function)
    told = {(note.loc, note.text.split("'")[1]) for note in unset}
    program.notes = [note for note in program.notes if not _said(note, told, warnings)] + unset
    optimise(program)
    return program


def _said(note: Note, told: set[tuple[Loc, str]], warnings: list[Note]) -> bool:
    """Whether a note says no more than clang's ``warnings``, or less than one about a variable without a value, of the
    place and name in ``told``.
    """
    if note.text == UNCHANGED:
        return any(same_place(note.loc, one.loc) and "loop condition" in one.text for one in warnings)
    if note.text == UNDEFINED_VALUE:
        said = any(same_place(note.loc, one.loc) and "not defined" in one.text for one in warnings)
        return said or any(loc == note.loc for loc, _ in told)
    return any(note.loc == loc and note.text == EARLY.format(name) for loc, name in told)


def build_program(module: Module, facts: list[Fact], top: str, result: ScalarArg | None = None) -> Program:
    """The program of a parsed module; ``result`` is what the top returns."""
    wanted = _functions(module, top)
    names = _names(module, wanted)
    program = Program(names[top], names[top])
    modules: dict[str, ModuleLeaves] = {}
    for mangled, name in _modules(module).items():
        builder = ProcessBuilder(module, module.functions[mangled], facts, name, {})
        function = builder.build()
        program.notes += builder.notes
        modules[mangled] = name, sorted(builder.leaf_args)
        function.kind = Kind.MODULE
        _check_module(function)
        program.functions[name] = function
    callees: dict[str, Callee] = {}
    dataflow = {fact.function for fact in facts if isinstance(fact.pragma, Dataflow)}
    for mangled in wanted:
        llvm_function = module.functions[mangled]
        if mangled in dataflow:
            _refuse_result(names[mangled], result if mangled == top else None)
            function = build_dataflow(module, llvm_function, facts, names[mangled], callees)
        else:
            builder = ProcessBuilder(module, llvm_function, facts, names[mangled], modules)
            builder.arguments.returned = result if mangled == top else None
            function = builder.build()
            program.notes += builder.notes
            callees[mangled] = Callee(
                function, [builder.arguments.at(k) for k in range(len(llvm_function.params))]
            )
        program.functions[function.name] = function
    for built in program.functions.values():
        _check_size(built)
        if built.kind is Kind.DATAFLOW:
            find_answers(built, program.functions)
    _check_used(module, wanted[-1], program.functions[names[wanted[-1]]])
    ports = {
        arg.name for arg in program.functions[program.top].args if isinstance(arg, (StreamArg, BlockArg))
    }
    refuse_other_streams(module, module.functions[wanted[-1]], ports)
    _interfaces(module, program, wanted[-1], facts)
    _note_unused(program, wanted[-1], facts)
    return program


def _refuse_result(name: str, result: ScalarArg | None) -> None:
    if result is not None:
        raise CompileError(
            result.loc.file,
            result.loc.line,
            f"the DATAFLOW function '{name}' returns a value, but its processes end each in its own time; let one of "
            "them write it to a reference argument (T&) or to a stream.",
        )


def _check_size(function: Function) -> None:
    """Refuse what no schedule would be found for in reasonable time."""
    for region in function.regions:
        if len(region.ops) > OPERATIONS:
            raise CompileError(
                region.loc.file,
                region.loc.line,
                f"from here on {len(region.ops):,} operations stand side by side, beyond the limit of {OPERATIONS:,}. "
                "Unroll by a factor (in a pipelined loop, and in a function with INLINE off, all inner loops are "
                "unrolled), or give the repeated part to a function with INLINE off.",
            )


def _check_used(module: Module, mangled: str, top: Function) -> None:
    """Refuse arguments that would get neither a port nor a register."""
    source, used = module.functions[mangled], {arg.name for arg in top.args}
    unused = [
        name
        for token in [p.name for p in source.params]
        if (name := parameter_name(source, token)) not in used
    ]
    if unused:
        _, loc = module.debug.subprogram(source.debug)
        raise CompileError(
            loc.file,
            loc.line,
            f"'{unused[0]}' of {top.name} is neither read nor written, so there is nothing to connect it to; "
            "use the argument or remove it.",
        )


def _top(module: LlvmModule, top: str, source: Path) -> str:
    """Mangled name of the top function."""
    spelled = {
        name: hardware_name(module.debug.subprogram(f.debug)[0]) for name, f in module.functions.items()
    }
    found = [name for name, known in spelled.items() if known == top]
    if len(found) != 1:
        own = {
            plain for name, plain in spelled.items() if not module.debug.of_shim(module.functions[name].debug)
        }
        what = "is defined twice" if found else "is not defined here"
        raise CompileError(
            str(source),
            0,
            f"the top function '{top}' {what}; the functions are: {_some(sorted(own))}.",
        )
    return found[0]


def _some(names: list[str]) -> str:
    """A list of names, not too long."""
    if len(names) <= _NAMED:
        return ", ".join(names) or "none"
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _functions(module: Module, top: str) -> list[str]:
    """Mangled names of the top and of all that it calls, callees first."""
    order: list[str] = []

    def visit(mangled: str, path: tuple[str, ...]) -> None:
        if mangled in path:
            name, loc = module.debug.subprogram(module.functions[mangled].debug)
            raise CompileError(
                loc.file, loc.line, f"the function '{name}' calls itself; recursion cannot become hardware."
            )
        if mangled in order:
            return
        for block in module.functions[mangled].blocks.values():
            for inst in block:
                if inst.opcode == "call" and inst.callee in module.functions:
                    visit(inst.callee, (*path, mangled))
        order.append(mangled)

    visit(top, ())
    return order


def _names(module: Module, wanted: list[str]) -> dict[str, str]:
    """A Verilog-friendly unique name for each function."""
    names: dict[str, str] = {}
    count: Counter[str] = Counter()
    for mangled in wanted:
        plain = hardware_name(module.debug.subprogram(module.functions[mangled].debug)[0])
        count[plain] += 1
        names[mangled] = plain if count[plain] == 1 else f"{plain}_{count[plain]}"
    return names


def _modules(module: Module) -> dict[str, str]:
    """Body functions and the names of their modules."""
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for mangled, function in module.functions.items():
        if not mangled.endswith(MODULE_BODY):
            continue
        scope = module.debug.field(module.debug.field(function.debug, "scope"), "name")
        if not scope.startswith("module<"):
            continue
        spelling = _first_argument(scope[len("module<") : -1])
        plain = hardware_name(spelling.lstrip("&").split("<")[0]).partition(SUFFIX)[0].removesuffix("_body")
        taken[plain] += 1
        names[mangled] = plain if taken[plain] == 1 else f"{plain}_{taken[plain]}"
    return names


def _first_argument(text: str) -> str:
    depth = 0
    for k, c in enumerate(text):
        depth += c in "<(["
        depth -= c in ">)]"
        if c == "," and depth == 0:
            return text[:k].strip()
    return text.strip()


def _check_module(function: Function) -> None:
    if len(function.regions) != 1:
        region = function.regions[1]
        raise CompileError(
            region.loc.file,
            region.loc.line,
            f"the fixed-latency module '{function.name}' has control flow that depends on its data; unroll its loops "
            "and write choices as conditional expressions.",
        )
    for memory in function.memories.values():
        if memory.init is None:
            loc = memory.loc
            raise CompileError(
                loc.file,
                loc.line,
                f"the fixed-latency module '{function.name}' has a memory, '{memory.name}'.",
            )


_BY_WIDTH = (
    "of operations it keeps multiplications in the fabric, by op=mul impl=fabric; else the width chooses"
)
_NO_PRODUCT = (
    "its variable is nowhere the result of a multiplication as it is; give the product a variable of its own"
)


def _note_unused(program: Program, mangled: str, facts: list[Fact]) -> None:
    """Notes the pragmas that are right in themselves and stand where nothing comes of them."""
    for fact in facts:
        reason = ""
        if isinstance(fact.pragma, Stream) and fact.pragma.depth is not None and not fact.used:
            reason = (
                "STREAM is not used: it names no hls::stream that a DATAFLOW function declares here; the depth of a "
                "channel is set where it is declared."
            )
        elif isinstance(fact.pragma, InterfacePragma) and fact.function != mangled:
            reason = f"INTERFACE is not used: its function is not the top, {program.top}."
        elif isinstance(fact.pragma, ArrayPartition) and not fact.array:
            reason = "ARRAY_PARTITION is not used: its variable is no array."
        elif isinstance(fact.pragma, BindStorage) and fact.pragma.storage and not fact.used:
            reason = (
                "BIND_STORAGE is not used: its variable is no array of this function that a RAM would keep; words of "
                "fully partitioned arrays are registers, and a channel of blocks is left to synthesis."
            )
        elif isinstance(fact.pragma, BindOp) and not fact.used:
            reason = f"BIND_OP is not used: {_NO_PRODUCT if fact.pragma.in_fabric else _BY_WIDTH}."
        elif isinstance(fact.pragma, Dependence) and not fact.array and fact.variable:
            reason = "DEPENDENCE is not used: its variable is no array, and single values keep their order."
        note = Note(fact.loc, f"the pragma HLS {reason}")
        if reason and note not in program.notes:
            program.notes.append(note)


def _interfaces(module: Module, program: Program, mangled: str, facts: list[Fact]) -> None:
    """INTERFACE pragmas of the top; bundles reach the processes' AXI arguments."""
    function = program.functions[program.top]
    for fact in facts:
        pragma = fact.pragma
        if not isinstance(pragma, InterfacePragma) or fact.function != mangled:
            continue
        mode, port, options = pragma.mode, pragma.port, dict(pragma.options)
        function.interfaces.append(Interface(mode, port, options, fact.loc))
        if mode == "m_axi":
            arg = next((a for a in function.args if a.name == port), None)
            if isinstance(arg, AxiArg):
                arg.bundle = options.get("bundle", "gmem")
    for arg in function.args:
        if isinstance(arg, AxiArg) and not arg.bundle:
            arg.bundle = "gmem"
    for instance in function.instances:
        for name, connection in instance.connections.items():
            if isinstance(connection, AxiArg):
                inner = program.functions[instance.function].argument(name)
                if isinstance(inner, AxiArg):
                    inner.bundle = connection.bundle
