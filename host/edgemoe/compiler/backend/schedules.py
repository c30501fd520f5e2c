# SPDX-License-Identifier: Apache-2.0
"""The schedules of all regions of a function; a loop that misses its initiation interval gets a second try."""

from __future__ import annotations

from edgemoe.compiler.backend.issue import busiest
from edgemoe.compiler.backend.plan import Planner, RegionPlan
from edgemoe.compiler.ir import Opcode, Pipeline
from edgemoe.compiler.passes.exits import register_exit_tests


def plan_all(planner: Planner) -> list[RegionPlan]:
    """One plan a region, in the function's order.

    Registers for exit tests cost a cycle where a loop starts and a few flip-flops, so only a loop that is late without
    them gets them.
    """
    function = planner.function
    plans = [planner.plan(region) for region in function.regions]
    late = [
        plan.region for plan in plans if isinstance(plan.region, Pipeline) and _is_late(plan, plan.region)
    ]
    if not any([register_exit_tests(function, loop) for loop in late if isinstance(loop, Pipeline)]):
        return plans
    return [planner.plan(region) for region in function.regions]


def _is_late(plan: RegionPlan, loop: Pipeline) -> bool:
    """Whether anything but the number of its reads and writes keeps a loop from its initiation interval."""
    writes = busiest(loop, Opcode.FIFO_WRITE)
    return plan.ii != max(loop.ii, plan.head + 1, len(writes.ops) if writes else 0)
