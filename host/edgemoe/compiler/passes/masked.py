# SPDX-License-Identifier: Apache-2.0
"""Comparisons of a masked value become comparisons of the bits that the mask leaves.

LLVM turns "this field of a wide word equals 3" into ``(word & mask) == (3 << position)`` in the width of the word. A
comparator of 512 bits is slow and large; the field itself has a handful.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from edgemoe.compiler.ir import Compare, Const, Function, Op, Opcode, Value


def narrow_masked_compares(function: Function) -> None:
    """Rewrites ``icmp (x & mask), constant`` of every region in place."""
    phis = [phi.id for region in function.regions for phi in region.phis]
    ids = count(max([0, *phis, *(op.id for region in function.regions for op in region.ops)]) + 1)
    for region in function.regions:
        ops: list[Op] = []
        for op in region.ops:
            if op.opcode is Opcode.ICMP:
                ops += _narrow(op, ids)
            ops.append(op)
        region.ops[:] = ops


def _narrow(op: Op, ids: Iterator[int]) -> list[Op]:
    """Narrows ``op`` in place; returns the operations that it needs before it."""
    left, right = op.operands
    compare = op.compare
    if isinstance(left, Const):
        left, right = right, left
        compare = compare.swapped if compare else None
    masked = _masked(left)
    if masked is None or not isinstance(right, Const) or compare is None or compare.signed:
        return []
    value, mask = masked
    low, width = (mask & -mask).bit_length() - 1, mask.bit_length()
    limit = _limit(compare, right.value, low)
    kept = width - low
    if kept == op.operands[0].width or limit >= 1 << kept:
        return []
    if compare in (Compare.EQ, Compare.NE) and right.value & ~mask:
        return []
    new = [_op(next(ids), op, Opcode.EXTRACT, kept, [value], lo=low)]
    if mask >> low != (1 << kept) - 1:
        new.append(_op(next(ids), op, Opcode.AND, kept, [new[0], Const(mask >> low, kept)]))
    op.compare = compare
    op.operands = [new[-1], Const(limit, kept)]
    return new


def _masked(value: Value) -> tuple[Value, int] | None:
    """(x, mask) if ``value`` is x & mask with a constant mask that isn't 0, or a zero-extended x."""
    if not isinstance(value, Op):
        return None
    if value.opcode is Opcode.ZEXT:
        return value.operands[0], (1 << value.operands[0].width) - 1
    if value.opcode is not Opcode.AND:
        return None
    a, b = value.operands
    if isinstance(a, Const):
        a, b = b, a
    return (a, b.value) if isinstance(b, Const) and b.value else None


def _limit(compare: Compare, constant: int, low: int) -> int:
    """The constant for the field: multiples of 2^low below c are those below ceil(c / 2^low)."""
    round_up = compare in (Compare.ULT, Compare.UGE)
    return -(-constant >> low) if round_up else constant >> low


def _op(number: int, at: Op, opcode: Opcode, width: int, operands: list[Value], lo: int = 0) -> Op:
    return Op(number, opcode, width, operands, lo=lo, invariant=at.invariant, name=at.name, loc=at.loc)
