# SPDX-License-Identifier: Apache-2.0
"""Reads the pragma markers out of the IR, once everything is inlined and before any optimisation.

A marker that names a variable would keep that variable in memory, so all markers are deleted here. What they said
becomes :class:`Fact` objects. A pipelined loop keeps ``__hls_mark_pipeline(loop number, II)`` in its body, which
survives to the end; unrolling is asked for by LLVM's loop metadata, one fresh node a loop.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.frontend.loops import SourceLoop, annotate, innermost, source_loops
from edgemoe.compiler.frontend.prepare import MARKER, MODULE_BODY, pragma_kind, string
from edgemoe.compiler.ir import NOWHERE, Loc
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record
from edgemoe.compiler.llvmir.types import VOID, IntType

PIPELINE_MARK = "__hls_mark_pipeline"

_LOOP_PRAGMAS = frozenset({"pipeline", "unroll"})
_BOUND_TO_PIPELINES = frozenset({"dependence", "loop_tripcount"})


@dataclass(slots=True)
class Fact:
    """One pragma: ``variable`` is the LLVM value it names ("" for none), ``loop`` the pipelined loop it stands in."""

    function: str
    kind: str
    words: list[str]
    variable: str
    numbers: dict[str, int]
    block: str
    loc: Loc = NOWHERE
    loop: int = 0
    objects: tuple[
        str, ...
    ] = ()  #: the arrays and variables that ``variable`` stands for, once it was resolved

    def option(self, key: str) -> str:
        """The text of the word ``key=text``, or ""."""
        return next((w.split("=", 1)[1] for w in self.words if w.startswith(key + "=")), "")


def collect(module: Module) -> list[Fact]:
    """Takes the markers out, in program order; ``variable`` is the value that the marker names."""
    facts = []
    for function in module.functions.values():
        for label, block in function.blocks.items():
            kept: list[Inst | Record] = []
            for item in block:
                if isinstance(item, Inst) and item.callee == MARKER:
                    fact = _fact(module, function, label, item)
                    facts.append(fact)
                    if fact.kind == "pipeline" and "off" not in fact.words:
                        kept.append(_mark(fact, item))
                    continue
                kept.append(item)
            block[:] = kept
    module.declarations.append(
        f"declare void @{PIPELINE_MARK}(i32, i32) nounwind willreturn memory(inaccessiblemem: readwrite)"
    )
    return facts


def _fact(module: Module, function: Function, block: str, call: Inst) -> Fact:
    kind, words = pragma_kind(module, call), string(module, call.operands[1])
    variable = call.operands[2]
    pairs = zip(call.operands[3::2], call.operands[4::2], strict=True)
    numbers = {string(module, key): int(value) for key, value in pairs if value.lstrip("-").isdigit()}
    return Fact(
        function.name,
        kind,
        words.split(),
        "" if variable == "null" else variable,
        numbers,
        block,
        module.debug.loc(call.debug),
    )


def _mark(fact: Fact, call: Inst) -> Inst:
    """The mark that stays in the loop; its number is filled in by :func:`bind`."""
    i32 = IntType(32)
    interval = str(fact.numbers.get("ii", 1))
    return Inst(
        "call",
        "",
        VOID,
        ["0", interval],
        [i32, i32],
        callee=PIPELINE_MARK,
        attributes=["", ""],
        debug=call.debug,
    )


def bind(module: Module, facts: list[Fact]) -> None:
    """Finds the loop of each pragma that stands in one, and tells LLVM which loops to unroll."""
    number = 1
    for function in module.functions.values():
        loops = source_loops(function, number)
        number += len(loops)
        own = [fact for fact in facts if fact.function == function.name]
        _bind_loops(function, own, loops)
        _bind_dependences(own, loops)
        if function.name.endswith(MODULE_BODY):  # a module has no control: its loops must go
            for loop in loops:
                if not loop.unroll:
                    loop.unroll_fully()
        for loop in loops:
            annotate(module, loop)


def _bind_loops(function: Function, facts: list[Fact], loops: list[SourceLoop]) -> None:
    for fact in facts:
        loop = innermost(loops, fact.block)
        if fact.kind not in _LOOP_PRAGMAS or loop is None:
            continue
        if fact.kind == "unroll":
            factor = fact.numbers.get("factor")
            if factor:
                loop.unroll_by(factor)
            else:
                loop.unroll_fully()
        elif "off" not in fact.words:
            fact.loop = loop.number
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


def _bind_dependences(facts: list[Fact], loops: list[SourceLoop]) -> None:
    """A DEPENDENCE or trip count in a pipelined loop's body belongs to that loop (0: to the whole function)."""
    pipelined = {fact.loop for fact in facts if fact.kind == "pipeline" and fact.loop}
    for fact in facts:
        if fact.kind in _BOUND_TO_PIPELINES:
            around = [q for q in loops if fact.block in q.blocks and q.number in pipelined]
            nearest = min(around, key=lambda q: len(q.blocks), default=None)
            fact.loop = nearest.number if nearest is not None else 0
