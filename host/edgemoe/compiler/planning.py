# SPDX-License-Identifier: Apache-2.0
"""The schedules of a whole program, as the back end makes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.backend.module import emit_module
from edgemoe.compiler.backend.plan import ModuleTiming, Planner, RegionPlan
from edgemoe.compiler.backend.schedules import plan_all
from edgemoe.compiler.ir import Kind, Program
from edgemoe.compiler.ircheck import check_program
from edgemoe.compiler.operators import OperatorTable


@dataclass
class Schedules:
    """``plans[function][region]``, and the timing of every module."""

    plans: dict[str, dict[str, RegionPlan]] = field(default_factory=dict)
    modules: dict[str, ModuleTiming] = field(default_factory=dict)


def schedule_program(program: Program, clock_ns: float, table: OperatorTable | None = None) -> Schedules:
    """Schedules every process and module for a clock of ``clock_ns`` nanoseconds."""
    table, period, result = table or OperatorTable(), round(clock_ns * 1000), Schedules()
    for name, function in program.functions.items():
        if function.kind is Kind.MODULE:
            emitted = emit_module(function, table, period, result.modules)
            result.plans[name] = {plan.region.name: plan for plan in emitted.plans}
            if emitted.timing is not None:
                result.modules[name] = emitted.timing
        elif function.kind is Kind.PROCESS:
            plans = plan_all(Planner(function, table, period, result.modules))
            result.plans[name] = {plan.region.name: plan for plan in plans}
    check_program(program, "planning")  # which may have rewritten loops that were late
    return result
