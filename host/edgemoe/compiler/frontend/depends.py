# SPDX-License-Identifier: Apache-2.0
"""Order that data edges do not show: memory hazards, stream order and block hand-overs."""

from __future__ import annotations

import itertools
from collections.abc import Set
from dataclasses import dataclass

from edgemoe.compiler.frontend.memories import Access
from edgemoe.compiler.ir import (
    Block,
    Const,
    Depend,
    Edge,
    Hazard,
    MemoryKind,
    Op,
    Opcode,
    Pipeline,
    Value,
    edges,
)

_STREAM = frozenset({Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY})
#: Above this many accesses of a bank in one region, order is a chain instead of all pairs.
_ALL_PAIRS = 64


@dataclass(frozen=True, slots=True)
class Pragma:
    """``#pragma HLS DEPENDENCE``: memories, intra or inter, false or a distance, and the hazards it speaks of."""

    memories: frozenset[str]
    intra: bool
    false: bool
    distance: int | None
    hazards: Set[str]

    def covers(self, memory: str, hazard: Hazard) -> bool:
        """Whether it speaks of this hazard of this memory."""
        return memory in self.memories and (not self.hazards or hazard.value in self.hazards)


def order_block(region: Block, accesses: dict[Op, Access]) -> None:
    """Program order of a straight-line region: memories by address, all streams and cycle counts one after another."""
    for group in _by_bank(region, accesses):
        for first, second in _pairs(group):
            if not _disjoint(accesses[first], accesses[second]):
                _add(region, first, second, 0, _hazard(first, second))
    streams = [op for op in region.ops if op.opcode in _STREAM or op.opcode in (Opcode.CYCLE, Opcode.ACQUIRE)]
    for first, second in itertools.pairwise(streams):
        _add(region, first, second, 0, Hazard.FIFO)
    _order_outputs(region)
    _order_blocks(region, accesses, False)


def order_pipeline(region: Pipeline, accesses: dict[Op, Access], pragmas: list[Pragma]) -> None:
    """Order within an iteration and between iterations."""
    steps = _induction(region)
    local = set(region.ops) | set(region.phis)
    for group in _by_bank(region, accesses):
        memory = accesses[group[0]].memory.name
        for first, second in _pairs(group):
            hazard = _hazard(first, second)
            free = any(p.intra and p.false and p.covers(memory, hazard) for p in pragmas)
            if not free and not _disjoint(accesses[first], accesses[second]):
                _add(region, first, second, 0, hazard)
            for a, b in ((first, second), (second, first)):
                _carry(region, a, b, accesses, pragmas, steps, local)
    for channel in dict.fromkeys(op.channel for op in region.ops if op.opcode in _STREAM):
        users = [op for op in region.ops if op.opcode in _STREAM and op.channel == channel]
        for first, second in itertools.pairwise(users):
            _add(region, first, second, 0, Hazard.FIFO)
        if len(users) > 1:
            _add(region, users[-1], users[0], 1, Hazard.FIFO)
    _order_outputs(region)
    _order_blocks(region, accesses, True)


def _carry(
    region: Pipeline,
    source: Op,
    target: Op,
    accesses: dict[Op, Access],
    pragmas: list[Pragma],
    steps: dict[Value, int],
    local: Set[object],
) -> None:
    """Edge from ``source`` of an iteration to ``target`` of a later one, unless their addresses never meet."""
    hazard = _hazard(source, target)
    memory = accesses[source].memory.name
    inter = [p for p in pragmas if not p.intra and p.covers(memory, hazard)]
    if any(p.false for p in inter):
        return
    given = [p.distance for p in inter if p.distance is not None]
    distance = max(given) if given else _distance(accesses[source], accesses[target], steps, local)
    if distance is not None:
        _add(region, source, target, distance, hazard)


def _distance(source: Access, target: Access, steps: dict[Value, int], local: Set[object]) -> int | None:
    """The least distance at which ``target`` can touch the word of ``source``; None: never; 1 if unknown.

    With equal terms, of which those that vary are induction variables, the byte positions differ by a constant and a
    multiple of the distance.
    """
    if sorted((s, id(v)) for s, v in source.terms) != sorted((s, id(v)) for s, v in target.terms):
        return 1
    speed = 0
    for stride, value in source.terms:
        base, step = _step_of(value, steps)
        if base is not None:
            speed += stride * step
        elif not _fixed(value, local):
            return 1
    difference = source.offset - target.offset
    if speed == 0:
        return 1 if difference == 0 else None
    if difference % speed or difference // speed < 1:
        return None
    return difference // speed


def _step_of(value: Value, steps: dict[Value, int]) -> tuple[Value | None, int]:
    while isinstance(value, Op) and value.opcode in (Opcode.ZEXT, Opcode.SEXT):
        value = value.operands[0]
    if isinstance(value, Const) or value not in steps:
        return None, 0
    return value, steps[value]


def _fixed(value: Value, local: Set[object]) -> bool:
    """Whether a value is the same in every iteration."""
    if isinstance(value, Const) or value not in local:
        return True
    return isinstance(value, Op) and value.opcode in (
        Opcode.ZEXT, Opcode.SEXT, Opcode.TRUNC, Opcode.ADD, Opcode.SUB, Opcode.AND, Opcode.SHL, Opcode.EXTRACT,
        Opcode.MUL, Opcode.OR, Opcode.XOR,
    ) and all(_fixed(operand, local) for operand in value.operands)  # fmt: skip


def _induction(region: Pipeline) -> dict[Value, int]:
    """Phis that grow by a constant each iteration, and values a constant away from one."""
    back: Edge | None = next((e for e in edges(region.terminator) if e.target == region.name), None)
    steps: dict[Value, int] = {}
    if back is None:
        return steps
    for phi, value in zip(region.phis, back.values, strict=True):
        if isinstance(value, Op) and value.opcode is Opcode.ADD and value.operands[0] is phi:
            constant = value.operands[1]
            if isinstance(constant, Const):
                half = 1 << (constant.width - 1)
                steps[phi] = (constant.value ^ half) - half
                steps[value] = steps[phi]
    return steps


def _hazard(first: Op, second: Op) -> Hazard:
    if first.opcode is Opcode.STORE:
        return Hazard.WAW if second.opcode is Opcode.STORE else Hazard.RAW
    return Hazard.WAR


def _disjoint(a: Access, b: Access) -> bool:
    """Never the same word in one iteration: equal terms and different constants."""
    same = sorted((s, id(v)) for s, v in a.terms) == sorted((s, id(v)) for s, v in b.terms)
    return same and a.offset != b.offset


def _by_bank(region: Block, accesses: dict[Op, Access]) -> list[list[Op]]:
    """Accesses that may meet: by memory, and by bank where every access's bank is known. Read-only groups left out."""
    groups: dict[tuple[str, int], list[Op]] = {}
    for op in region.ops:
        access = accesses.get(op)
        if access is None or access.memory.kind in (MemoryKind.ROM, MemoryKind.BLOCK):
            continue
        for bank in access.banks:
            groups.setdefault((access.memory.name, bank), []).append(op)
    return [group for group in groups.values() if any(op.opcode is Opcode.STORE for op in group)]


def _pairs(group: list[Op]) -> list[tuple[Op, Op]]:
    """Pairs with a store, in program order; for long groups only neighbours around each store."""
    if len(group) <= _ALL_PAIRS:
        return [
            (a, b)
            for k, a in enumerate(group)
            for b in group[k + 1 :]
            if a.opcode is Opcode.STORE or b.opcode is Opcode.STORE
        ]
    result: list[tuple[Op, Op]] = []
    last: Op | None = None
    loads: list[Op] = []
    for op in group:
        if op.opcode is Opcode.STORE:
            result += [(load, op) for load in loads]
            if last is not None:
                result.append((last, op))
            last, loads = op, []
        else:
            if last is not None:
                result.append((last, op))
            loads.append(op)
    return result


def _add(region: Block, source: Op, target: Op, distance: int, hazard: Hazard) -> None:
    if source is target:
        return
    for known in reversed(region.depends[-8:]):
        if (known.source, known.target, known.distance, known.hazard) == (source, target, distance, hazard):
            return
    region.depends.append(Depend(source, target, distance, hazard))


def _order_outputs(region: Block) -> None:
    """Writes of one output scalar keep their order."""
    last: dict[str, Op] = {}
    for op in region.ops:
        if op.opcode is Opcode.OUTPUT:
            if op.channel in last:
                _add(region, last[op.channel], op, 0, Hazard.WAW)
            last[op.channel] = op


def _order_blocks(region: Block, accesses: dict[Op, Access], loop: bool) -> None:
    """Acquire, then accesses, then release; in a loop an acquire also follows the accesses of earlier iterations."""
    order = {op: k for k, op in enumerate(region.ops)}
    for op in region.ops:
        if op.opcode not in (Opcode.ACQUIRE, Opcode.RELEASE):
            continue
        for user, access in accesses.items():
            if access.memory.name != op.channel or user not in order:
                continue
            if op.opcode is Opcode.ACQUIRE:
                if order[user] > order[op]:
                    _add(region, op, user, 0, Hazard.ACQUIRE)
                if loop:
                    _add(region, user, op, 1, Hazard.RELEASE)
            elif order[user] < order[op]:
                _add(region, user, op, 0, Hazard.RELEASE)
