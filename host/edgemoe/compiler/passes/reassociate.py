# SPDX-License-Identifier: Apache-2.0
"""Turns chains of additions into balanced trees.

C++ adds from left to right; modulo 2**n the order does not matter. Operands that come late (loads, products) or that
carry a recurrence (phis) join near the root, so that a loop-carried sum costs one addition an iteration.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter

from edgemoe.compiler.ir import Branch, Function, ModuleArg, Op, Opcode, Phi, Region, Return, Value, edges

_FEWEST = 4  #: leaves below which a chain stays
_LOOK_BACK = 3  #: operations through which a leaf's kind is seen
_LATE = 1000


def reassociate(function: Function) -> None:
    """In place."""
    users = _count_uses(function)
    top = max((op.id for region in function.regions for op in region.ops), default=0)
    top = max([top, *(phi.id for region in function.regions for phi in region.phis)])
    ids = itertools.count(top + 1)
    for region in function.regions:
        _region(region, users, ids)


def _count_uses(function: Function) -> Counter[Value]:
    users: Counter[Value] = Counter()
    for region in function.regions:
        for op in region.ops:
            users.update(value for value in op.uses() if isinstance(value, (Op, Phi)))
        for edge in edges(region.terminator):
            users.update(value for value in edge.values if isinstance(value, (Op, Phi)))
        if isinstance(region.terminator, Branch) and isinstance(region.terminator.condition, Op):
            users[region.terminator.condition] += 1
        if isinstance(region.terminator, Return) and isinstance(region.terminator.value, Op):
            users[region.terminator.value] += 1
    return users


def _region(region: Region, users: Counter[Value], ids: itertools.count[int]) -> None:
    here = set(region.ops)
    inner: set[Op] = set()  # additions used once, by an addition of the same width in this region
    for op in region.ops:
        if op.opcode is Opcode.ADD:
            inner.update(
                v
                for v in op.operands
                if isinstance(v, Op)
                and v in here
                and v.opcode is Opcode.ADD
                and v.width == op.width
                and users[v] == 1
            )
    result: list[Op] = []
    for op in region.ops:
        if op in inner:
            continue
        if op.opcode is Opcode.ADD:
            leaves = _leaves(op, inner)
            if len(leaves) >= _FEWEST:
                result += _tree(op, leaves, ids)
                continue
            result += _chain(op, inner)
            continue
        result.append(op)
    region.ops = result


def _leaves(root: Op, inner: set[Op]) -> list[Value]:
    leaves: list[Value] = []
    stack = list(reversed(root.operands))
    while stack:
        value = stack.pop()
        if isinstance(value, Op) and value in inner:
            stack += reversed(value.operands)
        else:
            leaves.append(value)
    return leaves


def _chain(root: Op, inner: set[Op]) -> list[Op]:
    """The additions below ``root``, unchanged, operands first."""
    order: list[Op] = []

    def visit(op: Op) -> None:
        for value in op.operands:
            if isinstance(value, Op) and value in inner:
                visit(value)
        order.append(op)

    visit(root)
    return order


def _tree(root: Op, leaves: list[Value], ids: itertools.count[int]) -> list[Op]:
    """Additions that join the two earliest terms until ``root`` joins the last two."""
    heap = [(_lateness(value), k, value) for k, value in enumerate(leaves)]
    heapq.heapify(heap)
    number = len(leaves)
    made: list[Op] = []
    while len(heap) > 2:
        first, second = heapq.heappop(heap), heapq.heappop(heap)
        op = Op(next(ids), Opcode.ADD, root.width, [first[2], second[2]], loc=root.loc)
        made.append(op)
        heapq.heappush(heap, (max(first[0], second[0]) + 1, number, op))
        number += 1
    root.operands = [heap[0][2], heap[1][2]]
    return [*made, root]


def _lateness(value: Value, depth: int = 0) -> int:
    if isinstance(value, (Phi, ModuleArg)):
        return _LATE
    if not isinstance(value, Op) or depth > _LOOK_BACK:
        return 0
    if value.opcode is Opcode.LOAD:
        return _LATE
    if value.opcode in (Opcode.SELECT, Opcode.ZEXT, Opcode.SEXT, Opcode.TRUNC, Opcode.EXTRACT):
        return max(_lateness(operand, depth + 1) for operand in value.operands)
    return 2 if value.opcode in (Opcode.MUL, Opcode.MUL_ADD) else 0
