# SPDX-License-Identifier: Apache-2.0
"""Loops of a function, and LLVM's notes on them: the number by which a loop is known, and whether it is unrolled."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.cfg import Graph, natural_loops
from edgemoe.compiler.limits import UNROLLED_ITERATIONS
from edgemoe.compiler.llvmir.debug import DebugInfo
from edgemoe.compiler.llvmir.objects import Function, Inst, Module

#: The note that says which loop of the source it is: a loop that runs once disappears, its mark does not.
LOOP_NUMBER = "hls.loop"
#: Our note that a loop is to be unrolled; LLVM drops its own when it gives up.
_WANTED = "hls.unroll"
_FULL = "llvm.loop.unroll.full"
#: Beside it, for a loop whose exits LLVM made one condition: it knows the most iterations only, and not their number.
_BOUNDED = "llvm.loop.unroll.enable"
_DISABLE = "llvm.loop.unroll.disable"
_COUNT = "llvm.loop.unroll.count"


@dataclass(slots=True, eq=False)
class SourceLoop:
    """A loop before any optimisation."""

    number: int
    header: str
    blocks: set[str]
    latches: list[Inst]
    inner: list[SourceLoop] = field(default_factory=list)
    unroll: str = ""  #: the note, "" if nobody asked

    def unroll_fully(self) -> None:
        self.unroll = f'!{{!"{_FULL}"}}'

    def unroll_by(self, factor: int) -> None:
        self.unroll = f'!{{!"{_COUNT}", i32 {factor}}}'

    def keep(self) -> None:
        """Not unrolled."""
        self.unroll = f'!{{!"{_DISABLE}"}}'


def successors(function: Function) -> dict[str, list[str]]:
    """The blocks that follow each block."""
    result: dict[str, list[str]] = {}
    for label, block in function.blocks.items():
        last = block[-1] if block else None
        follows = last.targets if isinstance(last, Inst) and last.opcode in ("br", "switch") else []
        result[label] = list(dict.fromkeys(follows))
    return result


def source_loops(function: Function, first: int) -> list[SourceLoop]:
    """The function's loops, outer before inner, numbered from ``first`` on."""
    graph = Graph(next(iter(function.blocks)), successors(function))
    loops = []
    for number, loop in enumerate(natural_loops(graph), first):
        latches = [
            last
            for label in function.blocks
            if label in loop.blocks
            and isinstance(last := function.blocks[label][-1], Inst)
            and loop.header in last.targets
        ]
        loops.append(SourceLoop(number, loop.header, loop.blocks, latches))
    for outer in loops:
        outer.inner = [other for other in loops if other.blocks < outer.blocks]
    return loops


def innermost(loops: list[SourceLoop], block: str) -> SourceLoop | None:
    """The smallest loop around a block."""
    return min((q for q in loops if block in q.blocks), key=lambda q: len(q.blocks), default=None)


def loop_notes(module: Module, inst: Inst) -> tuple[bool, set[int]]:
    """Of a branch back: whether it is yet to be unrolled by a factor, and the numbers of the source's loops it is."""
    wish, numbers = False, set()
    for item in module.debug.node(inst.loop).items if inst.loop else []:
        note = module.debug.node(item).items
        wish |= note[:1] == [_COUNT]
        if note[:1] == [LOOP_NUMBER]:
            numbers.add(int(note[1].split()[-1]))
    return wish, numbers


def refuse_left_over(loops: list[Inst], debug: DebugInfo) -> None:
    """Refuse loops that were to be unrolled and are still there; ``loops`` are the branches back.

    Other branches may bear such a note, too: those that a loop is left by in its copies.

    Raises: CompileError that names the limits.
    """
    for latch in (inst for inst in loops if inst.loop):
        notes = debug.node(latch.loop).items
        if _WANTED in {(debug.node(item).items or [""])[0] for item in notes}:
            places = [item for item in notes if debug.node(item).kind == "DILocation"]
            loc = debug.loc(places[0] if places else latch.debug)  # the first is the loop's keyword
            raise CompileError(
                loc.file,
                loc.line,
                "unrolling this loop is not possible: the number of its iterations is not a constant, or it is beyond "
                f"the limit of {UNROLLED_ITERATIONS:,}. Make the bound a constant and leave the loop by a condition in "
                "it; or unroll it by a factor, or pipeline it, outside of pipelined loops and of functions with "
                "INLINE off, in which all loops are unrolled.",
            )


def annotate(module: Module, loop: SourceLoop) -> None:
    """Gives the loop a metadata node of its own."""
    debug = module.debug
    kept = []
    for latch in loop.latches:
        for item in debug.node(latch.loop).items if latch.loop else []:
            words = debug.node(item).items
            if item != latch.loop and not (words and words[0].startswith("llvm.loop.unroll") and loop.unroll):
                kept.append(item)
    own = any("unroll" in (debug.node(item).items or [""])[0] for item in kept)
    notes = [f'!{{!"{LOOP_NUMBER}", i32 {loop.number}}}']
    if loop.unroll or not own:
        # Without a note LLVM would unroll as it sees fit.
        notes.append(loop.unroll or f'!{{!"{_DISABLE}"}}')
    if _FULL in loop.unroll:
        notes += [f'!{{!"{_BOUNDED}"}}', f'!{{!"{_WANTED}"}}']
    numbers = [*dict.fromkeys(kept), *(debug.add(note) for note in notes)]
    itself = debug.next_number()
    debug.add(f"distinct !{{{', '.join(f'!{number}' for number in (itself, *numbers))}}}")
    for latch in loop.latches:
        latch.loop = itself
        latch.text = ""
