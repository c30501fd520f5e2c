# SPDX-License-Identifier: Apache-2.0
"""Which operations do not fit the clock: a warning for each function that has some."""

from __future__ import annotations

from collections.abc import Mapping

from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.backend.process import Emitted
from edgemoe.compiler.ir import Function, Note, Op, Opcode, Program
from edgemoe.compiler.operators import OperatorTable


def clock_warnings(
    program: Program, emitted: Mapping[str, Emitted], table: OperatorTable, period: int
) -> list[Note]:
    """Warnings for operations that take longer than ``period`` (picoseconds) in the table, or for paths that do."""
    notes = []
    for name, item in emitted.items():
        function = program.functions[name]
        slow = _slow(function, table, period)
        if slow:
            delay, op = slow[0]
            more = (
                f" {len(slow) - 1} other operations of '{name}' are too slow, too." if len(slow) > 1 else ""
            )
            notes.append(
                Note(
                    op.loc,
                    f"the clock of {period / 1000:g} ns is not met: {_what(op)} takes {delay / 1000:g} ns, "
                    f"{(delay - period) / 1000:g} ns too long, by the table of operators.{more} Give --clock-ns "
                    f"{delay / 1000:g} or more, or split the operation.",
                    warning=True,
                )
            )
        elif longest := max(
            (_whole(plan, table) for plan in item.plans if _whole(plan, table) > period), default=0
        ):
            plan = next(plan for plan in item.plans if _whole(plan, table) == longest)
            notes.append(
                Note(
                    plan.region.loc,
                    f"the clock of {period / 1000:g} ns is not met: a path here takes {longest / 1000:g} ns by the "
                    f"table of operators. Give --clock-ns {longest / 1000:g} or more.",
                    warning=True,
                )
            )
    return notes


def _whole(plan: RegionPlan, table: OperatorTable) -> int:
    """The longest path of a region with what every clock cycle loses, in picoseconds."""
    return plan.longest_path + table.overhead


def _slow(function: Function, table: OperatorTable, period: int) -> list[tuple[int, Op]]:
    """Operations slower than the clock, the slowest first."""
    found = [
        (delay, op)
        for region in function.regions
        for op in region.ops
        if op.opcode is not Opcode.CALL
        and (delay := table.timing(op, function.memories.get(op.memory)).delay + table.overhead) > period
    ]
    return sorted(found, key=lambda item: (-item[0], item[1].loc.file, item[1].loc.line, item[1].id))


def _what(op: Op) -> str:
    width = max([op.width, *(operand.width for operand in op.operands)])
    named = f" of '{op.name}'" if op.name else f" of '{op.memory}'" if op.memory else ""
    return f"the {op.opcode.value}{named} ({width} bits)"
