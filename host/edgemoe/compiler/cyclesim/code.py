# SPDX-License-Identifier: Apache-2.0
"""The pure operations of one cycle as one Python function.

A step works on ``it``, the values of one iteration by id, and looks values of other regions up in ``old`` (operations,
and phis of pipelines) or ``phis`` (the registers of blocks' phis).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from edgemoe.compiler.backend.plan import ModuleTiming, RegionPlan
from edgemoe.compiler.interp_source import HELPERS, expression, name_of
from edgemoe.compiler.ir import Const, Function, Op, Opcode, Phi, Value

_IMPURE = frozenset(
    {
        Opcode.LOAD, Opcode.STORE, Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL,
        Opcode.ACQUIRE, Opcode.RELEASE, Opcode.OUTPUT, Opcode.CYCLE,
    }
)  # fmt: skip

Step = Callable[[dict[int, int], dict[int, int], dict[int, int], dict[str, int]], None]


@dataclass
class Cycle:
    """What starts in one cycle of a region, in program order: pure steps, and operations with an effect."""

    phis: list[Phi] = field(default_factory=list)
    parts: list[Step | Op] = field(default_factory=list)
    effects: list[Op] = field(default_factory=list)


class Coder:
    """Makes the cycles of the regions of one function. ``scope`` has the functions of ``modules``."""

    def __init__(
        self,
        function: Function,
        plans: dict[str, RegionPlan],
        scope: dict[str, Any],
        modules: dict[str, ModuleTiming],
    ) -> None:
        self.scope, self.modules = {**scope}, modules
        exec(HELPERS, self.scope)  # a constant of our own
        #: phis of blocks are registers that other regions see at once
        self.block_phis = {
            phi.id for region in function.regions if not plans[region.name].pipelined for phi in region.phis
        }

    def lookup(self, value: Value, local: set[int]) -> str:
        """A Python expression for a value from outside a step."""
        if isinstance(value, Const):
            return str(value.value)
        if isinstance(value, (Op, Phi)):
            if value.id in local:
                return f"it[{value.id}]"
            return f"phis[{value.id}]" if value.id in self.block_phis else f"old[{value.id}]"
        return f"args[{value.name!r}]"

    def getter(self, value: Value, local: set[int]) -> Callable[..., int]:
        """``get(it, old, phis, args)`` of one value."""
        text = f"lambda it, old, phis, args: {self.lookup(value, local)}"
        return eval(text, self.scope)  # text made from our own IR

    def cycles(self, plan: RegionPlan) -> list[Cycle]:
        """All cycles of a region."""
        region = plan.region
        local = {op.id for op in region.ops} | {phi.id for phi in region.phis}
        result = [Cycle() for _ in range(plan.depth)]
        for phi in region.phis:
            result[plan.cycle(phi) if plan.pipelined else 0].phis.append(phi)
        groups: list[list[Op]] = [[] for _ in range(plan.depth)]
        for op in region.ops:  # what does not change in a loop is there before the first cycle
            if op.id in plan.free:
                groups[0].append(op)
        for op in region.ops:
            if op.id not in plan.free:
                groups[self._evaluated(plan, op)].append(op)
        for cycle, group in zip(result, groups, strict=True):
            cycle.effects = [op for op in group if op.opcode in _IMPURE]
            pure: list[Op] = []
            for op in group:
                if op.opcode in _IMPURE:
                    self._flush(pure, cycle, local)
                    cycle.parts.append(op)
                else:
                    pure.append(op)
            self._flush(pure, cycle, local)
        return result

    def _evaluated(self, plan: RegionPlan, op: Op) -> int:
        """The cycle in which all operands are there: a module reads some of its arguments after its start, a slice
        what it adds.
        """
        if op.opcode is Opcode.MUL_ADD:
            return plan.added(op)
        if op.opcode is not Opcode.CALL:
            return plan.cycle(op)
        return plan.cycle(op) + max(self.modules[op.callee].samples, default=0)

    def _flush(self, pure: list[Op], cycle: Cycle, local: set[int]) -> None:
        if pure:
            cycle.parts.append(self._step(pure, local))
            pure.clear()

    def _step(self, ops: Iterable[Op], local: set[int]) -> Step:
        made: set[Value] = set()
        lines: list[str] = []
        for op in ops:
            for value in op.operands:
                if not isinstance(value, Const) and value not in made:
                    lines.append(f"    {name_of(value)} = {self.lookup(value, local)}")
                    made.add(value)
            lines.append(f"    {name_of(op)} = it[{op.id}] = {expression(op)}")
            made.add(op)
        scope = dict(self.scope)
        exec("def step(it, old, phis, args):\n" + "\n".join(lines), scope)  # text made from our own IR
        return scope["step"]
