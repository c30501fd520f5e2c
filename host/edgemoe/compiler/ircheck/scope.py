# SPDX-License-Identifier: Apache-2.0
"""What the verifier knows of a function: where values are defined, and which regions dominate which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from edgemoe.compiler.ir import (
    Const,
    Direction,
    Function,
    Loc,
    ModuleArg,
    Op,
    Phi,
    Region,
    ScalarArg,
    Value,
    edges,
)

#: What is wrong, and the place in the user's source.
Problem: TypeAlias = tuple[str, Loc]


def label(value: Value) -> str:
    """``v7 (add)``"""
    if isinstance(value, Op):
        return f"v{value.id} ({value.opcode.value})"
    if isinstance(value, Phi):
        return f"p{value.id}"
    return f"{value.value}:{value.width}" if isinstance(value, Const) else value.name


class Scope:
    """Definitions and dominators of one function."""

    def __init__(self, function: Function, callees: dict[str, Function]) -> None:
        self.function, self.callees = function, callees
        self.regions = {region.name: region for region in function.regions}
        #: region and position of every op and phi (a phi stands before all operations)
        self.place: dict[Value, tuple[str, int]] = {}
        for region in function.regions:
            for phi in region.phis:
                self.place[phi] = region.name, -1
            for number, op in enumerate(region.ops):
                self.place[op] = region.name, number
        self.dominators = _dominators(function)
        self._arguments = {id(arg) for arg in function.args}

    def value_problems(self, value: Value, region: Region, position: int) -> Iterator[str]:
        """Whether ``value`` may be used in ``region`` before its operation number ``position``."""
        if value.width < 1:
            yield f"{label(value)} has no bits"
        if isinstance(value, Const):
            if not 0 <= value.value < 1 << value.width:
                yield f"the constant {label(value)} does not fit"
        elif isinstance(value, (ScalarArg, ModuleArg)):
            if id(value) not in self._arguments:
                yield f"{value.name} is no argument of this function"
            if isinstance(value, ScalarArg) and value.direction is not Direction.READ:
                yield f"the output {value.name} is used as a value"
        elif isinstance(value, (Op, Phi)):
            home = self.place.get(value)
            if home is None:
                yield f"{label(value)} is not in this function"
            elif home[0] == region.name:
                if home[1] >= position:
                    yield f"{label(value)} is used before it is there"
            elif home[0] not in self.dominators[region.name]:
                yield f"{label(value)} of region {home[0]} does not reach here on every path"
        else:
            yield f"{type(value).__name__} is no value"


def _dominators(function: Function) -> dict[str, set[str]]:
    """For each region, those through which every path to it goes; all of them for one that nothing reaches."""
    names = [region.name for region in function.regions]
    before: dict[str, list[str]] = {name: [] for name in names}
    for region in function.regions:
        for edge in edges(region.terminator):
            if edge.target in before:
                before[edge.target].append(region.name)
    bit = {name: 1 << number for number, name in enumerate(names)}
    everything = (1 << len(names)) - 1
    found = dict.fromkeys(names, everything)
    if names:
        found[names[0]] = bit[names[0]]
    changed = True
    while changed:
        changed = False
        for name in names[1:]:
            common = everything
            for other in before[name]:
                common &= found[other]
            common |= bit[name]
            if common != found[name]:
                found[name], changed = common, True
    return {name: {other for other in names if found[name] & bit[other]} for name in names}
