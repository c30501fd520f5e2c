# SPDX-License-Identifier: Apache-2.0
"""The verifier's rules for regions: values reach their uses, edges fit, order is kept."""

from __future__ import annotations

from collections.abc import Iterator

from edgemoe.compiler.ir import (
    EFFECTS,
    Branch,
    Depend,
    Edge,
    Hazard,
    Jump,
    Kind,
    Op,
    Opcode,
    Pipeline,
    Region,
    Return,
    edges,
)
from edgemoe.compiler.ircheck.operation import operation_problems
from edgemoe.compiler.ircheck.scope import Problem, Scope, label

_STREAMS = (Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL)


def region_problems(scope: Scope, region: Region) -> Iterator[Problem]:
    """Every broken rule of one region."""
    for phi in region.phis:
        if phi.width < 1:
            yield f"{label(phi)} has no bits", phi.loc
    for number, op in enumerate(region.ops):
        for text in _op_problems(scope, region, number, op):
            yield f"{label(op)}: {text}", op.loc
    for text in _terminator_problems(scope, region):
        yield f"its end: {text}", region.loc
    position = {op: number for number, op in enumerate(region.ops)}
    for depend in region.depends:
        for text in _depend_problems(region, depend, position):
            yield (
                f"order {label(depend.source)} -> {label(depend.target)} ({depend.hazard.value}): {text}",
                depend.target.loc,
            )
    if isinstance(region, Pipeline):
        yield from _pipeline_problems(scope, region)


def _op_problems(scope: Scope, region: Region, number: int, op: Op) -> Iterator[str]:
    for value in op.uses():
        yield from scope.value_problems(value, region, number)
    if op.predicate is not None:
        if op.predicate.width != 1:
            yield f"its predicate has {op.predicate.width} bits"
        if op.opcode not in EFFECTS:
            yield "has a predicate but no effect"
    yield from operation_problems(scope, op)


def _terminator_problems(scope: Scope, region: Region) -> Iterator[str]:
    end = region.terminator
    for edge in edges(end):
        yield from _edge_problems(scope, region, edge)
    last = len(region.ops)
    if isinstance(end, Branch):
        yield from scope.value_problems(end.condition, region, last)
        if end.condition.width != 1:
            yield f"the condition has {end.condition.width} bits"
    if isinstance(end, Return):
        if end.value is not None:
            yield from scope.value_problems(end.value, region, last)
        if (end.value is None) == (scope.function.kind is Kind.MODULE):
            yield "a module returns a value, and a process none"
    if isinstance(region, Pipeline):
        if isinstance(end, Branch):
            fits = end.taken.target == region.name != end.otherwise.target
        else:
            fits = isinstance(end, Jump) and end.edge.target == region.name
        if not fits:
            yield "a pipeline's branch is taken to itself and leaves otherwise; without an exit it jumps to itself"


def _edge_problems(scope: Scope, region: Region, edge: Edge) -> Iterator[str]:
    target = scope.regions.get(edge.target)
    if target is None:
        yield f"there is no region {edge.target}"
        return
    if len(edge.values) != len(target.phis):
        yield f"{len(edge.values)} values for {len(target.phis)} phis of {edge.target}"
        return
    for phi, value in zip(target.phis, edge.values, strict=True):
        yield from scope.value_problems(value, region, len(region.ops))
        if value.width != phi.width:
            yield f"{label(value)} of {value.width} bits for {label(phi)} of {phi.width}"


def _depend_problems(region: Region, depend: Depend, position: dict[Op, int]) -> Iterator[str]:
    source, target = depend.source, depend.target
    if source not in position or target not in position:
        yield "joins operations of another region"
        return
    if depend.distance < 0 or (depend.distance and not isinstance(region, Pipeline)):
        yield f"distance {depend.distance}"
    if depend.distance == 0 and position[source] >= position[target]:
        yield "turns the order of operations round"
    if not _hazard_fits(depend):
        yield "no such hazard between these"


def _hazard_fits(depend: Depend) -> bool:
    source, target, hazard = depend.source, depend.target, depend.hazard
    kinds = source.opcode, target.opcode
    access = (Opcode.LOAD, Opcode.STORE)
    if hazard is Hazard.FIFO:
        ordered = (*_STREAMS, Opcode.CYCLE, Opcode.ACQUIRE)
        return kinds[0] in ordered and kinds[1] in ordered
    if hazard is Hazard.ACQUIRE:
        return kinds[0] is Opcode.ACQUIRE and kinds[1] in access and source.channel == target.memory
    if hazard is Hazard.RELEASE:
        after = (Opcode.RELEASE,) if depend.distance == 0 else (Opcode.RELEASE, Opcode.ACQUIRE)
        return kinds[0] in access and kinds[1] in after and source.memory == target.channel
    if kinds == (Opcode.OUTPUT, Opcode.OUTPUT):
        return hazard is Hazard.WAW and source.channel == target.channel
    wanted = {
        Hazard.RAW: (Opcode.STORE, Opcode.LOAD),
        Hazard.WAR: (Opcode.LOAD, Opcode.STORE),
        Hazard.WAW: (Opcode.STORE, Opcode.STORE),
    }
    return kinds == wanted[hazard] and source.memory == target.memory


def _pipeline_problems(scope: Scope, region: Pipeline) -> Iterator[Problem]:
    if region.ii < 1 or (region.trip is not None and region.trip < 1):
        yield f"II {region.ii}, {region.trip} iterations", region.loc
    for promise in region.promises:
        for name in promise.memories - scope.function.memories.keys():
            yield f"a promise about {name}, which is no memory", region.loc
