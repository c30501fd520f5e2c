# SPDX-License-Identifier: Apache-2.0
"""Loops of clang's first IR whose body is run at least once, for what that says about what is written behind them."""

from __future__ import annotations

from edgemoe.compiler.frontend.cfg import Graph, natural_loops
from edgemoe.compiler.llvmir.objects import Function, Inst
from edgemoe.compiler.llvmir.types import POINTER

_COMPARE = {
    "slt": int.__lt__, "ult": int.__lt__, "sle": int.__le__, "ule": int.__le__, "sgt": int.__gt__, "ugt": int.__gt__,
    "sge": int.__ge__, "uge": int.__ge__, "ne": int.__ne__, "eq": int.__eq__,
}  # fmt: skip


def run_once(function: Function, graph: Graph) -> dict[tuple[str, str], set[str]]:
    """The exits (block, target) that nothing takes which comes from outside the loop, and the blocks it comes from."""
    found: dict[tuple[str, str], set[str]] = {}
    definitions = function.definitions()
    for loop in natural_loops(graph):
        entries = {label for label in graph.predecessors[loop.header] if label not in loop.blocks}
        last = function.blocks[loop.header][-1]
        if not isinstance(last, Inst) or len(last.targets) != 2:
            continue
        outside = [target for target in last.targets if target not in loop.blocks]
        if len(outside) == 1 and _holds(function, definitions, loop.header, entries, last):
            found[loop.header, outside[0]] = entries
    return found


def _holds(
    function: Function, definitions: dict[str, Inst], header: str, entries: set[str], branch: Inst
) -> bool:
    """Whether the condition of a loop holds when it is tested first; of class types, if it is one with a constant."""
    test = definitions.get(branch.operands[0])
    if test is not None and test.opcode == "call":
        given = [i for i in function.blocks[header] if isinstance(i, Inst) and i.opcode == "store"]
        constant = {i.operands[1] for i in given if _number(i.operands[0]) is not None}
        return any(t == POINTER and o in constant for t, o in zip(test.types, test.operands, strict=True))
    if test is None or test.opcode != "icmp" or test.compare not in _COMPARE:
        return False
    values = [_first(function, definitions, entries, token) for token in test.operands]
    if values[0] is None or values[1] is None:
        return False
    return _COMPARE[test.compare](values[0], values[1])


def _first(function: Function, definitions: dict[str, Inst], entries: set[str], token: str) -> int | None:
    """A number, or what a counter starts from; None if that is not known."""
    if (number := _number(token)) is not None:
        return number
    inst = definitions.get(token)
    if inst is not None and inst.opcode in ("sext", "zext"):
        return _first(function, definitions, entries, inst.operands[0])
    if inst is None or inst.opcode != "load":
        return None
    starts = set()
    for label in entries:
        stores = [
            i
            for i in function.blocks[label]
            if isinstance(i, Inst) and i.opcode == "store" and i.operands[1] == inst.operands[0]
        ]
        starts.add(_number(stores[-1].operands[0]) if stores else None)
    return starts.pop() if len(starts) == 1 else None


def _number(token: str) -> int | None:
    return int(token) if token.lstrip("-").isdigit() else None
