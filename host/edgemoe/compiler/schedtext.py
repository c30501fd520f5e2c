# SPDX-License-Identifier: Apache-2.0
"""Schedules as text: what happens in which cycle, and which port it takes."""

from __future__ import annotations

from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.ir import Function, Op, Opcode
from edgemoe.compiler.irtext import op_text, value_text
from edgemoe.compiler.planning import Schedules


def schedules_text(schedules: Schedules, functions: dict[str, Function]) -> str:
    """Every region of every function."""
    parts = [
        f"{function.kind.value} {name}\n"
        + "\n".join(schedule_text(plan, function) for plan in plans.values())
        for name, plans in schedules.plans.items()
        if (function := functions.get(name)) is not None
    ]
    return "\n".join(parts)


def schedule_text(plan: RegionPlan, function: Function) -> str:
    """One region: a line for each operation, by cycle; its port and, in a pipeline, the slot of it."""
    region = plan.region
    kind = f"pipeline, II {plan.ii}" if plan.pipelined else "one token"
    kind += f", issued in cycle {plan.head}" if plan.head else ""
    lines = [f"  {region.name}: {kind}, depth {plan.depth}, fullest cycle {plan.longest_path} ps"]
    if plan.limited_by:
        lines.append(f"    limited by: {plan.limited_by}")
    for op in region.ops:
        if op.id in plan.free:
            lines.append(f"    always      {op_text(op)}")
    placed: list[tuple[int, str]] = [
        (plan.cycles[phi.id], f"{value_text(phi)}:{phi.width} = phi {phi.name}".rstrip())
        for phi in region.phis
        if phi.id in plan.cycles
    ]
    placed += [
        (plan.cycles[op.id], op_text(op) + _ports(plan, op, function))
        for op in region.ops
        if op.id in plan.cycles
    ]
    for cycle, text in sorted(placed, key=lambda item: item[0]):
        lines.append(f"    cycle {cycle:4}  {text}")
    return "\n".join(lines) + "\n"


def _ports(plan: RegionPlan, op: Op, function: Function) -> str:
    """Which port an operation takes, when its result is there."""
    notes = []
    cycle, latency = plan.cycles[op.id], plan.latencies.get(op.id, 0)
    if latency:
        notes.append(f"there in cycle {cycle + latency}")
    slot = f" slot {cycle % plan.ii}" if plan.pipelined else ""
    memory = function.memories.get(op.memory)
    if memory is not None and memory.has_ports:
        side = "read" if op.opcode is Opcode.LOAD else "write"
        notes.append(f"{side} port of {op.memory} {','.join(map(str, op.banks))}{slot}")
    elif op.channel:
        notes.append(f"{op.channel}{slot}")
    return f"  [{'; '.join(notes)}]" if notes else ""
