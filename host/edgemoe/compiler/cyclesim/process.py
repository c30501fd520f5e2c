# SPDX-License-Identifier: Apache-2.0
"""One process: the region that runs, its tokens, and what they do in a cycle.

A pipeline issues an iteration under the rule of the hardware: the streams that it reads have data, every output has
room for all that the iteration may write, and the initiation interval has passed. In the cycles before the issue, its
head, one iteration may wait for what it reads. A block has one token, which waits where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgemoe.compiler.backend.issue import earlier_writes, tested
from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.cyclesim.channels import Fifo
from edgemoe.compiler.cyclesim.checks import check_plan, count_by
from edgemoe.compiler.cyclesim.code import Coder
from edgemoe.compiler.cyclesim.operations import Code, Operations, Token
from edgemoe.compiler.ir import (
    Branch,
    Function,
    Op,
    Opcode,
    Phi,
    Region,
    Return,
    Value,
    edges,
)
from edgemoe.compiler.planning import Schedules

_Get = Callable[..., int]


class Process(Operations):
    """A function that runs by its schedule. ``memories`` and the ends of streams belong to the caller."""

    def __init__(
        self,
        function: Function,
        schedules: Schedules,
        scope: dict[str, Any],
        memories: dict[str, list[list[int]]],
        name: str,
    ) -> None:
        super().__init__(function, memories, name)
        plans = schedules.plans[function.name]
        for plan in plans.values():
            check_plan(function, plan, schedules)
        coder = Coder(function, plans, scope, schedules.modules)
        self.codes = {
            region.name: self._code(coder, region, plans[region.name]) for region in function.regions
        }
        self.done = False
        self.waits_for: Op | None = None
        self._visit = -1
        self._enter(self.codes[function.regions[0].name], [])

    @staticmethod
    def extra_places(function: Function, plans: dict[str, RegionPlan]) -> dict[str, int]:
        """Places that each output needs for what pipelines have under way, as the back end counts them."""
        extra: dict[str, int] = {}
        for region in function.regions:
            plan = plans[region.name]
            for channel, count in count_by(region.ops).items():
                if plan.pipelined:
                    last = max(plan.cycle(op) for op in region.ops if op.channel == channel)
                    rounds = -(-(last - plan.head + 3) // plan.ii)
                    extra[channel] = max(extra.get(channel, 0), count * rounds)
        return extra

    def _code(self, coder: Coder, region: Region, plan: RegionPlan) -> Code:
        local = {op.id for op in region.ops} | {phi.id for phi in region.phis}
        cycles = coder.cycles(plan)
        inputs = {
            value: coder.getter(value, local)
            for cycle in cycles
            for op in cycle.effects
            for value in op.inputs()
        }
        leaving = [
            (edge, [coder.getter(value, set()) for value in edge.values]) for edge in edges(region.terminator)
        ]
        code = Code(plan, cycles, inputs, leaving, {op.id: number for number, op in enumerate(region.ops)})
        end = region.terminator
        if isinstance(end, Branch):
            code.condition = 0, coder.getter(end.condition, set())
        if not plan.pipelined:
            return code
        code.writes = count_by(region.ops)
        code.earlier = {
            op.id: [write.predicate for write in earlier_writes(region, op)]
            for op in region.ops
            if op.opcode is Opcode.FIFO_FULL
        }
        code.tested = tested(region)
        for op in region.ops:
            if op.opcode is Opcode.FIFO_WRITE and op.channel in code.tested and op.predicate is not None:
                code.decided.setdefault(plan.decided(op), []).append(op)
        if isinstance(end, Branch):
            code.condition = _born(plan, end.condition, 0), coder.getter(end.condition, local)
        back = edges(end)[0]
        for phi, value in zip(region.phis, back.values, strict=True):
            if value is not phi:
                cycle = _born(plan, value, plan.cycle(phi))
                code.carried.setdefault(cycle, []).append((phi, coder.getter(value, local)))
        return code

    # ---- a cycle -------------------------------------------------------------------------------------------

    def tick(self, now: int) -> bool:
        """Runs one cycle; True if anything moved."""
        if self.done:
            return False
        self.order.tick(now)
        self._now = now
        self._stores = []
        self._moved = False
        self.waits_for = None
        if self.code.plan.pipelined:
            self._pipeline()
        else:
            self._block()
        return self._moved

    def _enter(self, code: Code, values: list[int]) -> None:
        self.code = code
        self._visit += 1
        for phi, value in zip(code.plan.region.phis, values, strict=True):
            self.phis[phi.id] = value
            self._of_iteration[phi.id] = 0
        self._token = Token(0)
        self._flight: list[Token] = []
        self._young: Token | None = None  # in the head of a pipeline
        self._run, self._wait, self._begun, self._decided = True, 0, 0, -1

    def _leave(self, taken: bool) -> None:
        """Hands over to the next region; its phis take their values at once."""
        end = self.code.plan.region.terminator
        if isinstance(end, Return):
            self.done = True
            return
        edge, getters = self.code.edges[0 if taken else -1]
        values = [get({}, self.old, self.phis, self.args) for get in getters]
        self._enter(self.codes[edge.target], values)

    def _block(self) -> None:
        token, code = self._token, self.code
        cycle = code.cycles[token.cycle]
        self._evaluate(cycle, token)
        self.waits_for = self._waiting(cycle, token, issue=False)
        if self.waits_for is not None:
            return
        self._commit(cycle, token)
        self._store_all()
        token.cycle += 1
        self._moved = True
        if token.cycle == code.plan.depth:
            self.old.update(token.it)
            get = code.condition[1] if code.condition else None
            self._leave(get is None or bool(get({}, self.old, self.phis, self.args)))

    def _pipeline(self) -> None:
        plan, under_way = self.code.plan, bool(self._flight)
        run, waiting, moving = self._run, self._young is not None, list(self._flight)
        for token in moving:
            self._evaluate(self.code.cycles[token.cycle], token)
        young = self._advance(run)
        issued = young is not None and young.cycle == plan.head
        if young is not None:
            moving.append(young)
        for token in moving:
            self._commit(self.code.cycles[token.cycle], token)
        self._store_all()
        carried = [item for token in moving for item in self._carry(token)]
        for phi, value, number in carried:
            self.phis[phi.id], self._of_iteration[phi.id] = value, number
        for token in moving:
            token.cycle += 1
            if token.cycle == plan.depth:
                self.old.update(token.it)
        if young is not None:
            self._young = None if issued else young
        self._flight = [t for t in moving if t.cycle < plan.depth and t is not self._young]
        if self._wait == 0 and not issued and not under_way:
            self._wait = 0  # idle: any cycle will do
        else:
            # Ports are shared by cycle modulo II, so iterations keep to one phase for as long as one is under way.
            self._wait = plan.ii - 1 if self._wait == 0 else self._wait - 1
        self._moved = bool(moving)
        if not run and not under_way and not waiting:
            self._moved = True
            self._leave(False)

    def _advance(self, run: bool) -> Token | None:
        """The iteration that leaves a cycle of the head, or is issued, if nothing is missing for it."""
        code, token = self.code, self._young
        head = code.plan.head
        if token is None:
            if not run or self._wait > head:
                return None
            token = Token(self._begun)
        cycle, issue = code.cycles[token.cycle], token.cycle == head
        if issue and self._wait:
            return None
        self._evaluate(cycle, token)
        self.waits_for = self._waiting(cycle, token, issue)
        if self.waits_for is not None:
            return None
        if token.cycle == 0:
            if code.condition is not None and self._decided != token.number - 1:
                raise self.order.fault(
                    f"an iteration of {code.plan.region.name} begins before it is known to run"
                )
            self._begun += 1
        for channel, count in code.writes.items() if issue else ():
            fifo = self.ends[channel]
            assert isinstance(fifo, Fifo)
            fifo.taken += count
        return token

    def _carry(self, token: Token) -> list[tuple[Phi, int, int]]:
        """What the token's cycle writes to phis, and the end of the loop if it is known now."""
        code, it = self.code, token.it
        if code.condition is not None and code.condition[0] == token.cycle:
            self._decided = token.number
            if not code.condition[1](it, self.old, self.phis, self.args):
                self._run = False
        return [
            (phi, get(it, self.old, self.phis, self.args), token.number + 1)
            for phi, get in code.carried.get(token.cycle, [])
        ]


def _born(plan: RegionPlan, value: Value, otherwise: int) -> int:
    """The cycle in which a local value is there; ``otherwise`` for one that comes from outside or never changes."""
    return plan.born(value) if isinstance(value, (Op, Phi)) and value.id in plan.cycles else otherwise
