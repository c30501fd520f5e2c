# SPDX-License-Identifier: Apache-2.0
"""What the compiler tells about a design: loops, modules, clock, registers. Plain data, ready for JSON."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

from edgemoe.compiler.backend.axis import streams
from edgemoe.compiler.backend.plan import ModuleTiming, RegionPlan
from edgemoe.compiler.backend.process import Emitted
from edgemoe.compiler.backend.registers import CONTROL, bundle_bits, register_map
from edgemoe.compiler.backend.text import safe, source
from edgemoe.compiler.frontend.cfg import Graph, natural_loops
from edgemoe.compiler.ir import Function, Kind, Opcode, Pipeline, Program, Storage, edges
from edgemoe.compiler.operators import OperatorTable, is_multiplier


def build_report(
    program: Program, emitted: dict[str, Emitted], table: OperatorTable, clock_ns: float, sources: list[str]
) -> dict[str, Any]:
    """The report of a compiled program; ``emitted`` is keyed by function name."""
    timings = {name: e.timing for name, e in emitted.items() if e.timing is not None}
    functions = [program.functions[name] for name in emitted]
    loops = [
        _loop(function, plan, timings)
        for function in functions
        for plan in emitted[function.name].plans
        if isinstance(plan.region, Pipeline)
    ]
    loops += [
        loop
        for function in functions
        if function.kind is Kind.PROCESS
        for loop in plain_loops(function, emitted[function.name].plans, timings)
    ]
    longest = (
        max((plan.longest_path for e in emitted.values() for plan in e.plans), default=0) + table.overhead
    )
    top = program.functions[program.top]
    return {
        "top": program.top,
        "module": safe(program.top),
        "sources": sources,
        "clock": {
            "target_ns": clock_ns,
            "estimated_ns": round(longest / 1000, 3),
            "model": "operator table",
            "family": table.fabric.name,
        },
        "notes": _notes(program, warnings=False),
        "warnings": _notes(program, warnings=True),
        "loops": loops,
        "modules": [_module(function, emitted[function.name], timings) for function in functions],
        "control": [dataclasses.asdict(register) for register in CONTROL],
        "registers": [
            {"name": r.name, "offset": r.offset, "width": r.width, "writable": r.writable}
            for r in register_map(top)
        ],
        "masters": [{"name": name, "bits": bits} for name, bits in bundle_bits(top).items()],
        "streams": [dataclasses.asdict(stream) for stream in streams(top)],
    }


def _notes(program: Program, *, warnings: bool) -> list[dict[str, str]]:
    return [{"source": source(n.loc), "text": n.text} for n in program.notes if n.warning is warnings]


def _loop(function: Function, plan: RegionPlan, modules: dict[str, ModuleTiming]) -> dict[str, Any]:
    region = plan.region
    assert isinstance(region, Pipeline)
    return {
        "function": function.name,
        "label": region.label,
        "source": source(region.loc),
        "ii_asked": region.ii,
        "ii": plan.ii if plan.pipelined else plan.depth,
        "pipelined": plan.pipelined,
        "limited_by": plan.limited_by,
        "depth": plan.depth,
        "states": 1,
        "trip_count": region.trip,
        "operations": len(region.ops),
        "multipliers": multipliers(plan, modules),
        "multiplier_shapes": _shapes(plan),
        "slices": slices(plan, modules),
        "in_fabric": sum(op.fabric for op in region.ops),
    }


def _shapes(plan: RegionPlan) -> dict[str, int]:
    """How many multipliers of each size the loop itself has: ``{"16x16": 256}`` is one array of 256."""
    sizes = [
        sorted((o.width for o in op.operands[:2]), reverse=True)
        for op in plan.region.ops
        if is_multiplier(op)
    ]
    return dict(sorted(Counter(f"{wide}x{narrow}" for wide, narrow in sizes).items()))


def plain_loops(
    function: Function, plans: list[RegionPlan], modules: dict[str, ModuleTiming]
) -> list[dict[str, Any]]:
    """Loops that run state by state: ``depth`` is the cycles of an iteration that takes every state once."""
    by_name = {plan.region.name: plan for plan in plans}
    after = {name: [edge.target for edge in edges(p.region.terminator)] for name, p in by_name.items()}
    found: list[dict[str, Any]] = []
    for loop in natural_loops(Graph(function.regions[0].name, after)):
        inside = [by_name[name] for name in by_name if name in loop.blocks]
        if len(inside) == 1 and isinstance(inside[0].region, Pipeline):
            continue
        pipelines = [plan for plan in inside if isinstance(plan.region, Pipeline)]
        cycles = sum(plan.depth for plan in inside if plan not in pipelines)
        ops = [op for plan in inside for op in plan.region.ops]
        places = [op.loc for op in ops if op.loc.line]
        found.append(
            {
                "function": function.name,
                "label": "",
                "source": source(min(places, key=lambda at: at.line, default=inside[0].region.loc)),
                "ii_asked": None,
                "ii": cycles,
                "pipelined": False,
                "limited_by": "it holds a pipelined loop" if pipelines else "no PIPELINE pragma; add one",
                "depth": cycles,
                "states": len(inside),
                "trip_count": None,
                "operations": len(ops),
                "multipliers": sum(multipliers(plan, modules) for plan in inside),
                "multiplier_shapes": {},
                "in_fabric": sum(op.fabric for op in ops),
                "slices": sum(slices(plan, modules) for plan in inside),
            }
        )
    return found


def multipliers(plan: RegionPlan, modules: dict[str, ModuleTiming]) -> int:
    """Multipliers of one region, those inside its modules included."""
    own = sum(is_multiplier(op) for op in plan.region.ops)
    return own + sum(modules[op.callee].multipliers for op in plan.region.ops if op.opcode is Opcode.CALL)


def slices(plan: RegionPlan, modules: dict[str, ModuleTiming]) -> int:
    """Of `multipliers`, those that are a whole DSP slice with their addition."""
    own = sum(op.opcode is Opcode.MUL_ADD for op in plan.region.ops)
    return own + sum(modules[op.callee].slices for op in plan.region.ops if op.opcode is Opcode.CALL)


def _module(function: Function, emitted: Emitted, modules: dict[str, ModuleTiming]) -> dict[str, Any]:
    memories = [
        {
            "name": memory.name,
            "kind": memory.describe(),
            "banks": memory.banks,
            "depth": memory.depth,
            "width": memory.width,
            "source": source(memory.loc),
        }
        for memory in function.memories.values()
    ]
    return {
        "name": emitted.name,
        "kind": function.kind.value,
        "states": len(function.regions),
        "operations": sum(len(region.ops) for region in function.regions),
        "registers": emitted.register_bits,
        "memories": memories,
        "memory_bits": sum(
            m.banks * m.depth * m.width
            for m in function.memories.values()
            if m.storage is not Storage.REGISTERS
        ),
        "multipliers": _count(multipliers, function, emitted, modules),
        "in_fabric": sum(op.fabric for region in function.regions for op in region.ops),
        "slices": _count(slices, function, emitted, modules),
        "latency": emitted.timing.latency if emitted.timing and function.kind is Kind.MODULE else None,
        "lines": emitted.text.count("\n"),
    }


def _count(
    of: Callable[[RegionPlan, dict[str, ModuleTiming]], int],
    function: Function,
    emitted: Emitted,
    modules: dict[str, ModuleTiming],
) -> int:
    if function.kind is Kind.DATAFLOW:
        return 0
    return sum(of(plan, modules) for plan in emitted.plans)
