# SPDX-License-Identifier: Apache-2.0
"""Counts the iterations of pipelined loops whose bounds are constants, for the report."""

from __future__ import annotations

from edgemoe.compiler.emitter import FALSE, TRUE
from edgemoe.compiler.ir import (
    Branch,
    Const,
    Function,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Region,
    Value,
    edges,
)

_LONGEST = 1 << 20


def count_trips(function: Function) -> None:
    """Sets ``Pipeline.trip`` where it is known."""
    for region in function.regions:
        if isinstance(region, Pipeline):
            region.trip = iterations(function, region)


def iterations(function: Function, loop: Region) -> int | None:
    """How often a region that goes back to itself runs each time, None if that is not known."""
    branch = loop.terminator
    if not isinstance(branch, Branch) or branch.taken.target != loop.name:
        return None
    if branch.condition == FALSE:
        return 1
    if not isinstance(branch.condition, Op):
        return None
    test = branch.condition
    inverted = test.opcode is Opcode.XOR and test.operands[1] == TRUE
    if inverted and isinstance(test.operands[0], Op):
        test = test.operands[0]
    how = test.compare
    if test.opcode is not Opcode.ICMP or how is None:
        return None
    bound = test.operands[1]
    if not isinstance(bound, Const):
        return None
    back = dict(zip(loop.phis, branch.taken.values, strict=True))
    counter, ahead = _counter(test.operands[0], back)
    if counter is None:
        return None
    step = back[counter]
    if not isinstance(step, Op) or step.opcode is not Opcode.ADD or step.operands[0] is not counter:
        return None
    start = {
        edge.values[loop.phis.index(counter)]
        for region in function.regions
        if region is not loop
        for edge in edges(region.terminator)
        if edge.target == loop.name
    }
    amount = step.operands[1]
    if len(start) != 1 or not isinstance(amount, Const):
        return None
    first = start.pop()
    if not isinstance(first, Const):
        return None
    mask = (1 << counter.width) - 1
    value = first.value
    for count in range(1, _LONGEST):
        following = (value + amount.value) & mask
        if how.holds(following if ahead else value, bound.value, bound.width) == inverted:
            return count
        value = following
        if value == first.value:
            return None  # round and round
    return None


def _counter(value: Value, back: dict[Phi, Value]) -> tuple[Phi | None, bool]:
    """The phi that a condition tests, and whether it tests the phi's next value."""
    if isinstance(value, Phi) and value in back:
        return value, False
    return next(((phi, True) for phi, step in back.items() if step is value), (None, False))
