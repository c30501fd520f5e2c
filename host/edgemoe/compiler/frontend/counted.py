# SPDX-License-Identifier: Apache-2.0
"""Loops of LLVM's IR before it is simplified, and what their counters run through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgemoe.compiler.frontend.cfg import Graph, dominates, natural_loops
from edgemoe.compiler.frontend.loops import successors
from edgemoe.compiler.ir import Compare
from edgemoe.compiler.llvmir.objects import Function, Inst

#: Iterations that are followed one by one, at most.
FOLLOWED = 4096


@dataclass(frozen=True, slots=True)
class Counted:
    """A loop that ends where its header says so, by a comparison, and nowhere else."""

    header: str
    blocks: frozenset[str]
    always: frozenset[str]  #: blocks of the body that each iteration passes
    test: Inst
    stays: bool  #: the loop goes on if the comparison holds
    phis: dict[str, tuple[str, str]]  #: integers: what they start from, and what they get in each iteration


class Values:
    """Integers of one function, as far as they are constants or follow from one that is given."""

    def __init__(self, function: Function) -> None:
        self.definitions = function.definitions()

    def evaluate(self, token: str, width: int, known: dict[str, int]) -> int | None:
        """A value modulo 2^width, given those of ``known``; None if it needs another."""
        if token in known:
            return known[token]
        if token in ("true", "false"):
            return int(token == "true")
        if token.lstrip("-").isdigit():
            return int(token) % (1 << width)
        inst = self.definitions.get(token)
        if inst is None or inst.opcode not in _COMPUTE:
            return None
        values = [self.evaluate(t, w, known) for t, w in zip(inst.operands, inst.widths, strict=True)]
        if any(value is None for value in values):
            return None
        return _COMPUTE[inst.opcode]([v for v in values if v is not None], inst) % (1 << inst.width)

    def leaves(self, token: str) -> Iterator[str]:
        """What a value is computed from: constants left out."""
        inst = self.definitions.get(token)
        if inst is not None and inst.opcode in _COMPUTE:
            for operand in inst.operands:
                yield from self.leaves(operand)
        elif token[:1] in "%@":
            yield token


def signed(value: int, width: int) -> int:
    """Bits as a signed number."""
    half = 1 << (width - 1)
    return (value ^ half) - half


def compare(inst: Inst, values: list[int]) -> bool:
    """The result of an ``icmp``."""
    a, b = values
    return Compare(inst.compare).holds(a, b, inst.widths[0])


def _shift(left: bool, values: list[int], inst: Inst) -> int:
    a, by = values
    if by >= inst.width:
        return 0
    return a << by if left else a >> by


_COMPUTE = {
    "add": lambda v, i: v[0] + v[1],
    "sub": lambda v, i: v[0] - v[1],
    "mul": lambda v, i: v[0] * v[1],
    "and": lambda v, i: v[0] & v[1],
    "or": lambda v, i: v[0] | v[1],
    "xor": lambda v, i: v[0] ^ v[1],
    "shl": lambda v, i: _shift(True, v, i),
    "lshr": lambda v, i: _shift(False, v, i),
    "zext": lambda v, i: v[0],
    "trunc": lambda v, i: v[0],
    "sext": lambda v, i: signed(v[0], i.widths[0]),
    "icmp": lambda v, i: int(compare(i, v)),
}


def counted_loops(function: Function, values: Values) -> list[Counted]:
    """The loops of a function that only their header's comparison ends."""
    graph = Graph(next(iter(function.blocks)), successors(function))
    found = []
    for loop in natural_loops(graph):
        last = function.blocks[loop.header][-1]
        leaving = {b for b in loop.blocks if any(t not in loop.blocks for t in graph.successors.get(b, []))}
        if leaving != {loop.header} or not isinstance(last, Inst) or len(last.targets) != 2:
            continue
        test = values.definitions.get(last.operands[0])
        if test is None or test.opcode != "icmp" or not test.widths[0]:
            continue
        # Nothing but the header enters or leaves: what each iteration passes are the dominators of all latches.
        latches = [b for b in graph.predecessors[loop.header] if b in loop.blocks]
        always = {b for b in loop.blocks if all(dominates(graph.idom, b, latch) for latch in latches)}
        phis = {}
        for inst in function.blocks[loop.header]:
            if isinstance(inst, Inst) and inst.opcode == "phi" and inst.width:
                inner = {o for o, t in zip(inst.operands, inst.targets, strict=True) if t in loop.blocks}
                outer = {o for o, t in zip(inst.operands, inst.targets, strict=True) if t not in loop.blocks}
                if len(inner) == len(outer) == 1:
                    phis[inst.result] = outer.pop(), inner.pop()
        stays = last.targets[0] in loop.blocks
        found.append(
            Counted(loop.header, frozenset(loop.blocks), frozenset(always - {loop.header}), test, stays, phis)
        )
    return found


def rounds(loop: Counted, values: Values) -> list[dict[str, int]] | None:
    """The values of the counters in each iteration, None if they are not known, or too many."""
    widths = {token: values.definitions[token].width for token in loop.phis}
    now = {}
    for token, (start, _) in loop.phis.items():
        value = values.evaluate(start, widths[token], {})
        if value is not None:
            now[token] = value
    found: list[dict[str, int]] = []
    while len(found) <= FOLLOWED:
        sides = [
            values.evaluate(t, w, now) for t, w in zip(loop.test.operands, loop.test.widths, strict=True)
        ]
        if sides[0] is None or sides[1] is None:
            return None
        if compare(loop.test, [sides[0], sides[1]]) != loop.stays:
            return found
        found.append(now)
        following = {t: values.evaluate(loop.phis[t][1], widths[t], now) for t in now}
        now = {t: v for t, v in following.items() if v is not None}
    return None
