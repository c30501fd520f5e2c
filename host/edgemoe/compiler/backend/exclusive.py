# SPDX-License-Identifier: Apache-2.0
"""Predicates that can never hold together, so that the operations they guard may share a port."""

from __future__ import annotations

from edgemoe.compiler.ir import Compare, Const, Op, Opcode, Value

# A literal: the value's identity, what it is compared with (None: the bit itself), and whether that holds.
_Literal = tuple[int, "int | None", bool]


def exclusive(first: Value | None, second: Value | None) -> bool:
    """Whether the conjunctions ``first`` and ``second`` contradict each other."""
    if first is None or second is None:
        return False
    return any(_contradict(a, b) for a in _literals(first, True) for b in _literals(second, True))


def _contradict(a: _Literal, b: _Literal) -> bool:
    if a[0] != b[0]:
        return False
    if a[1] == b[1]:
        return a[2] != b[2]
    # x == 1 and x == 2
    return a[1] is not None and b[1] is not None and a[2] and b[2]


def _literals(value: Value, holds: bool) -> set[_Literal]:
    """Facts that follow from ``value`` being ``holds``."""
    facts: set[_Literal] = {(id(value), None, holds)}
    if not isinstance(value, Op):
        return facts
    operands = value.operands
    if value.opcode is Opcode.XOR and value.width == 1 and operands[1] == Const(1, 1):
        return facts | _literals(operands[0], not holds)
    if value.width == 1 and value.opcode is (Opcode.AND if holds else Opcode.OR):
        return facts | _literals(operands[0], holds) | _literals(operands[1], holds)
    if value.width == 1 and value.opcode is Opcode.SELECT:
        # The front end writes a & b as a ? b : 0, and a | b as a ? 1 : b.
        if holds and operands[2] == Const(0, 1):
            return facts | _literals(operands[0], True) | _literals(operands[1], True)
        if not holds and operands[1] == Const(1, 1):
            return facts | _literals(operands[0], False) | _literals(operands[2], False)
    if value.opcode is Opcode.ICMP and isinstance(operands[1], Const):
        if value.compare is Compare.EQ:
            facts.add((id(operands[0]), operands[1].value, holds))
        elif value.compare is Compare.NE:
            facts.add((id(operands[0]), operands[1].value, not holds))
    return facts
