# SPDX-License-Identifier: Apache-2.0
"""Finds loads of elements that nothing has written yet, and accesses outside an array; before any pass changes indices.

Only what is certain is told: an array that is read before anything was stored to it, an element that no store of the
function reaches, a store in a counted loop that goes past the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import (
    Const,
    Function,
    Memory,
    Note,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Place,
    Region,
    edges,
)
from edgemoe.compiler.passes.trip import iterations

EARLY = (
    "'{}' is read here before anything was written to it; give it initial values, or write it first. What the memory "
    "then holds is not defined."
)
_NEVER = "element {} of '{}' is read here, and nothing ever writes it; what it holds is not defined."


def unwritten(function: Function) -> list[Note]:
    """Warnings of loads of what was never written.

    Raises: CompileError for a store outside its array.
    """
    walk = _Walk(function)
    notes: list[Note] = []
    for memory in function.memories.values():
        if memory.place is Place.BLOCK:
            continue
        for region, op in walk.accesses(memory):
            # A pipeline loads in every iteration, also where the source would not.
            if op.opcode is Opcode.STORE or not isinstance(region, Pipeline):
                walk.check_inside(memory, region, op)
        if memory.init is None and not memory.constant:
            notes += walk.notes(memory)
    return list(dict.fromkeys(notes))


class _Walk:
    """One function's regions, and who follows whom."""

    def __init__(self, function: Function) -> None:
        self._regions = {region.name: region for region in function.regions}
        self._entry = function.regions[0].name if function.regions else ""
        self._follow = {r.name: [edge.target for edge in edges(r.terminator)] for r in function.regions}
        self._function = function

    def accesses(self, memory: Memory) -> Iterator[tuple[Region, Op]]:
        for region in self._regions.values():
            for op in region.ops:
                if op.memory == memory.name:
                    yield region, op

    def notes(self, memory: Memory) -> Iterator[Note]:
        """At most one for each place."""
        stores = {
            region.name: [
                k for k, op in enumerate(region.ops) if op.memory == memory.name and op.opcode is Opcode.STORE
            ]
            for region in self._regions.values()
        }
        written = self._written(memory)
        for region, op in self.accesses(memory):
            if op.opcode is not Opcode.LOAD:
                continue
            at = region.ops.index(op)
            # In a pipeline a load that the source guards is made all the same: a store of an earlier iteration counts.
            first = len(region.ops) if isinstance(region, Pipeline) else at
            early = not any(k < first for k in stores[region.name]) and not any(
                stores[name] for name in self._before(region.name)
            )
            if early:
                yield Note(op.loc, EARLY.format(memory.name), warning=True)
            elif isinstance(region, Pipeline) and op.element is not None and op.element.terms:
                continue
            elif written is not None and (missing := self._missing(memory, region, op, written)) is not None:
                yield Note(op.loc, _NEVER.format(missing, memory.name), warning=True)

    def _before(self, name: str) -> set[str]:
        """Regions on ways from the entry to the first time that a region is entered."""
        seen, waiting = set[str](), [self._entry] if self._entry != name else []
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += [other for other in self._follow[one] if other != name]
        return seen

    # ---- elements ------------------------------------------------------------------------------------------

    def _written(self, memory: Memory) -> set[int] | None:
        """The elements that stores may reach, None if that may be any."""
        found: set[int] = set()
        for region, op in self.accesses(memory):
            if op.opcode is Opcode.STORE:
                reached = self._elements(region, op)
                if reached is None:
                    return None
                found |= reached
        return found

    def _missing(self, memory: Memory, region: Region, op: Op, written: set[int]) -> int | None:
        reached = self._elements(region, op)
        inside = (k for k in reached or () if 0 <= k < memory.layout.elements)
        return next((k for k in sorted(inside) if k not in written), None)

    def _elements(self, region: Region, op: Op) -> set[int] | None:
        """The elements that an access goes to, None if that is not known."""
        if op.element is None:
            return None
        if not op.element.terms:
            return {op.element.constant}
        ((factor, value), *others) = op.element.terms
        if others or not isinstance(value, Phi) or value not in region.phis:
            return None
        known = self._values(region, value)
        return None if known is None else {op.element.constant + factor * v for v in known}

    def _values(self, region: Region, phi: Phi) -> range | None:
        """What a counter of a loop of one region runs through."""
        counted = iterations(self._function, region)
        if counted is None:
            return None
        at = region.phis.index(phi)
        starts, steps = set[int](), set[int]()
        for name, other in self._regions.items():
            for edge in edges(other.terminator):
                if edge.target != region.name:
                    continue
                value = edge.values[at]
                if name != region.name and isinstance(value, Const):
                    starts.add(_signed(value))
                elif name == region.name and isinstance(value, Op) and value.opcode is Opcode.ADD:
                    if value.operands[0] is not phi or not isinstance(value.operands[1], Const):
                        return None
                    steps.add(_signed(value.operands[1]))
                else:
                    return None
        if len(starts) != 1 or len(steps) != 1 or 0 in steps:
            return None
        start, step = starts.pop(), steps.pop()
        last = start + step * (counted - 1)
        limit = 1 << (phi.width - 1)
        if not -limit <= min(start, last) <= max(start, last) < limit:
            return None
        return range(start, start + step * counted, step)

    def check_inside(self, memory: Memory, region: Region, op: Op) -> None:
        """Refuse an access that always happens and leaves the array in some iteration."""
        reached = self._elements(region, op) if op.predicate is None else None
        outside = [k for k in reached or () if not 0 <= k < memory.layout.elements]
        if outside:
            raise CompileError(
                op.loc.file,
                op.loc.line,
                f"this reaches element {outside[0]} of '{memory.name}', which has {memory.layout.elements}: an access "
                "outside an array has no place in hardware.",
            )


def _signed(value: Const) -> int:
    half = 1 << (value.width - 1)
    return (value.value ^ half) - half
