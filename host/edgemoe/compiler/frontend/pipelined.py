# SPDX-License-Identifier: Apache-2.0
"""Finds the pipelined loops of a function after LLVM's passes, by the marks that they kept."""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.cfg import Graph, Loop
from edgemoe.compiler.frontend.loops import loop_notes
from edgemoe.compiler.frontend.markers import PIPELINE_MARK
from edgemoe.compiler.frontend.parse import Function, Inst, Module
from edgemoe.compiler.ir import Loc


def pipelined_loops(
    module: Module, source: Function, graph: Graph, loops: list[Loop], around: Loc
) -> dict[str, tuple[Loop, Inst]]:
    """Header -> pipelined loop and its mark. ``around`` is the place of the function.

    Raises: CompileError for a loop within one that could not be unrolled.
    """
    found: dict[str, tuple[Loop, Inst]] = {}
    for name in graph.order:
        for inst in source.blocks[name]:
            if inst.opcode != "call" or inst.callee != PIPELINE_MARK:
                continue
            holding = [loop for loop in loops if name in loop.blocks]
            if not holding:
                continue  # the loop runs once and is gone
            loop = min(holding, key=lambda q: len(q.blocks))
            numbers = _loop_numbers(module, source, loop)
            if numbers and int(inst.operands[0]) not in numbers:
                continue  # the same, and its mark was left in the loop around it
            found.setdefault(loop.header, (loop, inst))
    for header, (loop, mark) in found.items():
        for other in loops:
            if other.header in loop.blocks and other.header != header:
                block = source.blocks[other.header]
                locs = [loc for inst in block if (loc := module.loc(inst)).line]
                loc = min(locs, key=lambda at: at.line, default=around)
                at = module.loc(mark)
                raise CompileError(
                    loc.file,
                    loc.line,
                    f"this loop stands in the pipelined loop of line {at.line} and cannot be unrolled, because the "
                    "number of its iterations is not a constant.",
                )
    return found


def _loop_numbers(module: Module, source: Function, loop: Loop) -> set[int]:
    """Which loops of the source this one is, as far as its metadata still say."""
    numbers = set()
    for name in loop.blocks:
        last = source.blocks[name][-1]
        if last.opcode != "br" or loop.header not in last.targets:
            continue
        numbers |= loop_notes(module.source, last)[1]
    return numbers
