# SPDX-License-Identifier: Apache-2.0
"""Reads the pragma markers out of the IR, once everything is inlined and before any optimisation.

A marker that names a variable would keep that variable in memory, so all markers are deleted here. What they said
becomes :class:`Fact` objects. A pipelined loop keeps ``__hls_mark_pipeline(loop number, II)`` in its body, which
survives to the end; unrolling is asked for by LLVM's loop metadata, one fresh node a loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.loops import SourceLoop, annotate, innermost, loop_notes, source_loops
from edgemoe.compiler.frontend.prepare import MARKER, MODULE_BODY, pragma_of
from edgemoe.compiler.frontend.source.places import Point
from edgemoe.compiler.frontend.source.pragmas import (
    Dependence,
    Inline,
    InterfaceHint,
    Pipeline,
    Pragma,
    Unroll,
)
from edgemoe.compiler.frontend.source.reading import Written
from edgemoe.compiler.frontend.source.rewrite import Source
from edgemoe.compiler.ir import NOWHERE, Loc, Note
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record
from edgemoe.compiler.llvmir.types import VOID, IntType

PIPELINE_MARK = "__hls_mark_pipeline"
_ALL_UNROLLED = "the loop stands in a pipelined one, where every loop is unrolled"


@dataclass(slots=True)
class Fact:
    """One pragma: ``variable`` is the LLVM value it names ("" for none), ``loop`` the loop it speaks of."""

    function: str
    pragma: Pragma
    variable: str
    block: str
    loc: Loc = NOWHERE
    loop: int = 0  #: its number, of a PIPELINE, UNROLL, DEPENDENCE or LOOP_TRIPCOUNT
    label: str = ""  #: of that loop, in C++
    debug: str = ""  #: the marker's DILocation
    used: bool = (
        False  #: of STREAM: a channel has its depth; of PIPELINE: its loop is one; of BIND_OP: of a product
    )
    size: int = 0  #: bytes of ``variable``, 0 if unknown
    array: bool = True  #: whether ``variable`` is, or may be, an array or holds one
    declaration: tuple[str, str, str] | None = None  #: of a BIND_OP's variable: name, file and line
    objects: tuple[
        str, ...
    ] = ()  #: the arrays and variables that ``variable`` stands for, once it was resolved

    def names(self, base: str) -> bool:
        """Whether it speaks of the object ``base``, or of one that LLVM took a part out of."""
        return self._own(base) in self._known() or self.names_whole_of(base)

    def names_whole_of(self, base: str) -> bool:
        """Whether ``base`` is a part that LLVM took out of the object that it speaks of."""
        return any(self._own(base).startswith(f"{name}.sroa.") for name in self._known())

    @staticmethod
    def _own(base: str) -> str:
        """A name without the quotes that LLVM writes where it needs them."""
        return base.replace('"', "")

    def _known(self) -> list[str]:
        return [self._own(name) for name in self.objects]


@dataclass(slots=True)
class Facts:
    """The pragmas of a program, in its order, and what to tell the user of those that are not used."""

    facts: list[Fact] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, loc: Loc, text: str) -> None:
        """A note, once for each place."""
        note = Note(loc, text)
        if note not in self.notes:
            self.notes.append(note)


def collect(module: Module, source: Source) -> Facts:
    """Takes the markers out, in program order; ``variable`` is the value that the marker names.

    Raises: CompileError for numbers that are no constants or make no sense.
    """
    found = Facts()
    for function in module.functions.values():
        for label, block in function.blocks.items():
            kept: list[Inst | Record] = []
            for item in block:
                if isinstance(item, Inst) and item.callee == MARKER:
                    written = pragma_of(item, source)
                    if written is not None:
                        fact = _fact(module, function, label, item, written)
                        found.facts.append(fact)
                        for text in written.notes:
                            found.note(fact.loc, text)
                        if isinstance(fact.pragma, Pipeline) and not fact.pragma.off:
                            kept.append(_mark(fact.pragma, item))
                    continue
                kept.append(item)
            block[:] = kept
    module.declarations.append(
        f"declare void @{PIPELINE_MARK}(i32, i32) nounwind willreturn memory(inaccessiblemem: readwrite)"
    )
    return found


def _fact(module: Module, function: Function, block: str, call: Inst, written: Written) -> Fact:
    loc = module.debug.loc(call.debug)
    values = []
    for (key, _), value in zip(written.numbers, call.operands[2:], strict=False):
        if not value.lstrip("-").isdigit():
            raise CompileError(
                loc.file, loc.line, f"{key}= of the pragma HLS {written.name} is not a constant expression."
            )
        values.append(int(value))
    variable = "" if call.operands[1] == "null" else call.operands[1]
    pragma = written.record(values)
    if isinstance(pragma, Inline) and pragma.obstacle:
        own, _ = module.debug.subprogram(function.debug)
        if f"'{own.partition('<')[0]}'" != pragma.function:  # a process or the top is not inlined anyway
            raise CompileError(
                loc.file,
                loc.line,
                f"{pragma.function} cannot be a module of fixed latency, which the pragma HLS INLINE off asks for: "
                f"{pragma.obstacle}. Without the pragma it is inlined.",
            )
    if isinstance(pragma, InterfaceHint) and variable in [param.name for param in function.params]:
        raise CompileError(
            loc.file,
            loc.line,
            f"the pragma HLS {written.name} of an argument changes the interface, which is not built; leave it out.",
        )
    size = int(call.operands[-1]) if variable and len(call.operands) > 2 + len(values) else 0
    return Fact(function.name, pragma, variable, block, loc, debug=call.debug, size=size)


def _unroll(pragma: Unroll, loop: SourceLoop) -> None:
    if pragma.off:
        loop.keep()
    elif pragma.factor is not None:
        loop.unroll_by(pragma.factor)
    else:
        loop.unroll_fully()


def _mark(pragma: Pipeline, call: Inst) -> Inst:
    """The mark that stays in the loop; its number is filled in by :func:`bind`."""
    i32 = IntType(32)
    return Inst(
        "call",
        "",
        VOID,
        ["0", str(pragma.interval)],
        [i32, i32],
        callee=PIPELINE_MARK,
        attributes=["", ""],
        debug=call.debug,
    )


def bind(module: Module, found: Facts, source: Source) -> None:
    """Finds the loop of each pragma that stands in one, and tells LLVM which loops to unroll."""
    number = 1
    bound: list[Fact] = []
    for function in module.functions.values():
        loops = source_loops(function, number)
        number += len(loops)
        own = [fact for fact in found.facts if fact.function == function.name]
        _bind_loops(module, function, own, loops, source, found)
        bound += _bind_dependences(module, own, loops)
        if function.name.endswith(MODULE_BODY):  # a module has no control: its loops must go
            for loop in loops:
                if not loop.unroll:
                    loop.unroll_fully()
        for loop in loops:
            annotate(module, loop)
    used = {fact.loc for fact in bound}
    for fact in found.facts:
        if fact.loc not in used:
            found.note(
                fact.loc, "the pragma HLS DEPENDENCE is not used: no loop that it speaks of is pipelined."
            )
    found.facts[:] = bound


def _bind_loops(
    module: Module,
    function: Function,
    facts: list[Fact],
    loops: list[SourceLoop],
    source: Source,
    found: Facts,
) -> None:
    placed = [(fact, loop) for fact in facts if (loop := innermost(loops, fact.block)) is not None]
    pipelined = [
        (fact, fact.pragma, loop)
        for fact, loop in placed
        if isinstance(fact.pragma, Pipeline) and not fact.pragma.off
    ]
    within = {inner.number for _, _, loop in pipelined for inner in loop.inner}
    for fact, loop in placed:
        if isinstance(fact.pragma, Unroll):
            fact.loop = loop.number
            _unroll(fact.pragma, loop)
            if loop.number in within and (fact.pragma.off or fact.pragma.factor is not None):
                found.note(fact.loc, f"the pragma HLS UNROLL is not used: {_ALL_UNROLLED}.")
    for fact, _, loop in pipelined:
        if loop.number in within:
            found.note(fact.loc, f"the pragma HLS PIPELINE is not used: {_ALL_UNROLLED}.")
            continue
        fact.loop, fact.label = loop.number, source.labels.get(_start(module, loop), "")
        if not loop.unroll:
            loop.keep()
        for inner in loop.inner:
            inner.unroll_fully()
    marks = [
        (label, inst)
        for label, block in function.blocks.items()
        for inst in block
        if isinstance(inst, Inst) and inst.callee == PIPELINE_MARK
    ]
    for label, mark in marks:
        loop = innermost(loops, label)
        mark.operands[0] = str(loop.number if loop is not None else 0)


def note_unrolled(module: Module, found: Facts) -> None:
    """Notes the UNROLL pragmas that LLVM's passes did not follow: its wish is still at the loop.

    module: after the passes.
    """
    asked = {
        fact.loop: fact for fact in found.facts if isinstance(fact.pragma, Unroll) and not fact.pragma.off
    }
    for function in module.functions.values():
        for inst in function.instructions():
            wish, numbers = loop_notes(module, inst)
            for fact in (asked[number] for number in numbers if wish and number in asked):
                found.note(
                    fact.loc,
                    "the pragma HLS UNROLL is not used: the number of the loop's iterations is not a constant that its "
                    "factor divides. Take another factor, or none for all, or make the bound a constant.",
                )


def _start(module: Module, loop: SourceLoop) -> Point:
    """Where the loop's keyword stands, as clang notes it at the branch back."""
    debug = module.debug
    for latch in loop.latches:
        for item in debug.node(latch.loop).items if latch.loop else []:
            node = debug.node(item)
            if node.kind == "DILocation":
                file = debug.file_of_scope(node.fields.get("scope", ""))
                return Point.of(file, int(node.fields.get("line", 0)), int(node.fields.get("column", 0)))
    return Point("", 0, 0)


def _bind_dependences(module: Module, facts: list[Fact], loops: list[SourceLoop]) -> list[Fact]:
    """The facts, a DEPENDENCE once for each pipelined loop that it speaks of.

    That is the pipelined loop around it; else those within the loop that it stands in; else, outside any loop, those
    of its function, and not of the functions that call it.
    """
    pipelines = {
        fact.loop: fact.debug for fact in facts if isinstance(fact.pragma, Pipeline) and not fact.pragma.off
    }
    pipelined = [loop for loop in loops if loop.number in pipelines]
    bound: list[Fact] = []
    for fact in facts:
        if not isinstance(fact.pragma, Dependence):
            bound.append(fact)
            continue
        around, own = [q for q in pipelined if fact.block in q.blocks], innermost(loops, fact.block)
        if around:
            about = [min(around, key=lambda q: len(q.blocks))]
        elif own is not None:
            about = [q for q in own.inner if q.number in pipelines]
        else:
            frame = _frames(module, fact.debug)[:1]
            about = [q for q in pipelined if frame[0] in _frames(module, pipelines[q.number])]
        bound += [replace(fact, loop=loop.number) for loop in about]
    return bound


def _frames(module: Module, location: str) -> list[tuple[str, str]]:
    """The calls that a place was inlined through, innermost first: each the function and the place of its call."""
    debug, frames = module.debug, list[tuple[str, str]]()
    while location:
        fields = debug.node(location).fields
        scope, inlined = fields.get("scope", ""), fields.get("inlinedAt", "")
        while scope and debug.node(scope).kind != "DISubprogram":
            scope = debug.field(scope, "scope")
        frames.append((scope, inlined))
        location = inlined
    return frames or [("", "")]


def note_gone(found: Facts) -> None:
    """Notes the pipelined loops that are gone; the program was built by now."""
    used = {fact.loc for fact in found.facts if fact.used}
    for fact in found.facts:
        if isinstance(fact.pragma, Pipeline) and fact.loop and fact.loc not in used:
            found.note(
                fact.loc,
                "the pragma HLS PIPELINE is not used: its loop runs at most once, or nothing comes of it.",
            )
