# SPDX-License-Identifier: Apache-2.0
"""Blocks of LLVM's IR that run only where a value equals a constant.

LLVM puts the constant in the value's place there, so that a constant in such a block need not be one of the program:
in ``if (i == -1) x = m[i];`` stands `m[-1]`, though `i` may never be -1.
"""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.cfg import Graph, dominates
from edgemoe.compiler.frontend.loops import successors
from edgemoe.compiler.ir import Loc, Note
from edgemoe.compiler.llvmir.objects import Function, Inst


class OutsideError(CompileError):
    """An access that is always outside its array."""


def left_out(error: CompileError) -> Note:
    """What is said of an access that only a comparison made one outside, in place of an error."""
    text = f"where the comparison before it leads here, {error.message.rstrip('.')}: nothing is built for it."
    return Note(Loc(error.file, error.line), text, warning=True)


_FALSE, _TRUE = ("false", "0"), ("true", "1")


class Guards:
    """Of one function."""

    def __init__(self, function: Function) -> None:
        self._definitions = function.definitions()
        graph = Graph(next(iter(function.blocks)), successors(function))
        self._idom = graph.idom
        #: Blocks that only one way leads to, which an equality opens.
        self._opened = {
            label
            for label, before in graph.predecessors.items()
            if len(before) == 1 and self._opens(function, before[0], label)
        }

    def equal(self, label: str) -> bool:
        """Whether a block runs only where a value equals a constant."""
        return any(label in self._idom and dominates(self._idom, opened, label) for opened in self._opened)

    def _opens(self, function: Function, before: str, label: str) -> bool:
        last = function.blocks[before][-1]
        if not isinstance(last, Inst) or last.targets.count(label) != 1:
            return False
        if last.opcode == "switch":
            return last.targets[0] != label
        return len(last.targets) == 2 and self._tells(last.operands[0], last.targets[0] == label)

    def _tells(self, token: str, holds: bool) -> bool:
        """Whether a value equals a constant where a condition holds, or where it does not."""
        inst = self._definitions.get(token)
        if inst is None:
            return False
        if inst.opcode == "icmp":
            constant = any(operand[:1] not in "%@" for operand in inst.operands)
            return constant and inst.compare == ("eq" if holds else "ne")
        if inst.opcode == "xor" and inst.operands[1] in _TRUE:
            return self._tells(inst.operands[0], not holds)
        parts: list[str] = []
        if inst.opcode == ("and" if holds else "or"):
            parts = inst.operands
        elif inst.opcode == "select" and holds and inst.operands[2] in _FALSE:
            parts = inst.operands[:2]
        elif inst.opcode == "select" and not holds and inst.operands[1] in _TRUE:
            parts = [inst.operands[0], inst.operands[2]]
        return any(self._tells(part, holds) for part in parts)
