# SPDX-License-Identifier: Apache-2.0
"""Removes operations and phis whose values nothing needs."""

from __future__ import annotations

from dataclasses import replace

from edgemoe.compiler.ir import (
    EFFECTS,
    Branch,
    Function,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Place,
    Return,
    Value,
    edges,
)


def remove_dead(function: Function) -> None:
    """In place; loads, calls and counters whose result is unused go too, and memories that nothing needed reads."""
    live: set[Op | Phi] = set()
    sources: dict[Phi, list[Value]] = {phi: [] for region in function.regions for phi in region.phis}
    heads = {region.name: region for region in function.regions}
    work: list[Value] = []
    stores: dict[str, list[Op]] = {}
    for region in function.regions:
        for op in region.ops:
            if op.opcode is Opcode.STORE:
                stores.setdefault(op.memory, []).append(op)
    for memory in function.memories.values():
        if memory.place is Place.BLOCK:
            work += stores.pop(memory.name, [])
    for region in function.regions:
        for edge in edges(region.terminator):
            for phi, value in zip(heads[edge.target].phis, edge.values, strict=True):
                sources[phi].append(value)
        if isinstance(region.terminator, Branch):
            work.append(region.terminator.condition)
        elif isinstance(region.terminator, Return) and region.terminator.value is not None:
            work.append(region.terminator.value)
        work += [op for op in region.ops if op.opcode in EFFECTS and op.opcode is not Opcode.STORE]
    while work:
        value = work.pop()
        if not isinstance(value, (Op, Phi)) or value in live:
            continue
        live.add(value)
        if isinstance(value, Op) and value.opcode is Opcode.LOAD:
            work += stores.pop(value.memory, [])
        work += sources[value] if isinstance(value, Phi) else list(value.uses())
    for region in function.regions:
        for edge in edges(region.terminator):
            phis = heads[edge.target].phis
            edge.values = [value for phi, value in zip(phis, edge.values, strict=True) if phi in live]
    for region in function.regions:
        region.phis = [phi for phi in region.phis if phi in live]
        region.ops = [op for op in region.ops if op in live]
        region.depends = [d for d in region.depends if d.source in live and d.target in live]
    used = {op.memory for region in function.regions for op in region.ops if op.memory}
    function.memories = {name: memory for name, memory in function.memories.items() if name in used}
    for region in function.regions:
        if isinstance(region, Pipeline):
            about = [replace(p, memories=p.memories & used) for p in region.promises]
            region.promises = [promise for promise in about if promise.memories]
