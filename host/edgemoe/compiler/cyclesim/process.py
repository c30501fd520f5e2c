# SPDX-License-Identifier: Apache-2.0
"""One process: the region that runs, its tokens, and what they do in a cycle.

A pipeline issues an iteration under the rule of the hardware: the streams that its cycle 0 reads have data, every
output has room for all that the iteration may write, and the initiation interval has passed. A block has one token,
which waits where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.cyclesim.channels import Blocks, Fifo, Source
from edgemoe.compiler.cyclesim.checks import Key, Order, check_plan, count_by, describe, promises_of
from edgemoe.compiler.cyclesim.code import Coder, Cycle
from edgemoe.compiler.ir import (
    BlockArg,
    Branch,
    Direction,
    Edge,
    Function,
    Op,
    Opcode,
    Phi,
    Place,
    Region,
    Return,
    Value,
    edges,
)
from edgemoe.compiler.planning import Schedules

_Get = Callable[..., int]


@dataclass
class Token:
    """An iteration, or the one run of a block: its cycle, its number and its values."""

    number: int
    cycle: int = 0
    it: dict[int, int] = field(default_factory=dict)


@dataclass
class Code:
    """A region made ready to run."""

    plan: RegionPlan
    cycles: list[Cycle]
    inputs: dict[Value, _Get]  #: operands and predicates of operations with an effect
    edges: list[tuple[Edge, list[_Get]]]
    position: dict[int, int]  #: of operations in the program
    condition: tuple[int, _Get] | None = None  #: the cycle in which it is there
    carried: dict[int, list[tuple[Phi, _Get]]] = field(default_factory=dict)  #: by cycle
    writes: dict[str, int] = field(default_factory=dict)  #: of an iteration, by channel


class Process:
    """A function that runs by its schedule. ``memories`` and the ends of streams belong to the caller."""

    def __init__(
        self,
        function: Function,
        schedules: Schedules,
        scope: dict[str, Any],
        memories: dict[str, list[list[int]]],
        name: str,
    ) -> None:
        self.function, self.name, self.memories = function, name, memories
        plans = schedules.plans[function.name]
        for plan in plans.values():
            check_plan(function, plan, schedules)
        coder = Coder(function, plans, scope)
        self.codes = {
            region.name: self._code(coder, region, plans[region.name]) for region in function.regions
        }
        self.ends: dict[str, Fifo | Source] = {}
        self.blocks: dict[str, Blocks] = {}
        self.args: dict[str, int] = {}
        self.outputs: dict[str, int] = {}
        self.order = Order(name)
        self.writes_block = {
            arg.name: arg.direction is Direction.WRITE for arg in function.args if isinstance(arg, BlockArg)
        }
        self.done = False
        self.waits_for: Op | None = None
        self.phis: dict[int, int] = {}
        self.old: dict[int, int] = {}
        self._of_iteration: dict[int, int] = {}
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
                    extra[channel] = max(extra.get(channel, 0), count * -(-(last + 3) // plan.ii))
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
        self._stores: list[tuple[Op, Token]] = []
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
        self._run, self._wait, self._issued, self._decided = True, 0, 0, -1

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
        run, moving = self._run, list(self._flight)
        for token in moving:
            self._evaluate(self.code.cycles[token.cycle], token)
        issued = self._issue() if run and self._wait == 0 else None
        if issued is not None:
            moving.append(issued)
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
        self._flight = [token for token in moving if token.cycle < plan.depth]
        if self._wait == 0 and issued is None and not under_way:
            self._wait = 0  # idle: any cycle will do
        else:
            # Ports are shared by cycle modulo II, so iterations keep to one phase for as long as one is under way.
            self._wait = plan.ii - 1 if self._wait == 0 else self._wait - 1
        self._moved = bool(moving)
        if not run and not under_way:
            self._moved = True
            self._leave(False)

    def _issue(self) -> Token | None:
        """The next iteration, if nothing is missing for it."""
        token, code = Token(self._issued), self.code
        cycle = code.cycles[0]
        self._evaluate(cycle, token)
        self.waits_for = self._waiting(cycle, token, issue=True)
        if self.waits_for is not None:
            return None
        if code.condition is not None and self._decided != token.number - 1:
            raise self.order.fault(
                f"an iteration of {code.plan.region.name} begins before it is known to run"
            )
        for channel, count in code.writes.items():
            fifo = self.ends[channel]
            assert isinstance(fifo, Fifo)
            fifo.taken += count
        self._issued += 1
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

    # ---- operations ----------------------------------------------------------------------------------------

    def _get(self, value: Value, token: Token) -> int:
        return self.code.inputs[value](token.it, self.old, self.phis, self.args)

    def _holds(self, op: Op, token: Token) -> bool:
        return op.predicate is None or bool(self._get(op.predicate, token))

    def _evaluate(self, cycle: Cycle, token: Token) -> None:
        """Every value of the cycle, from what was there at its beginning."""
        it = token.it
        for phi in cycle.phis:
            it[phi.id] = self.phis[phi.id]
        for part in cycle.parts:
            if not isinstance(part, Op):
                part(it, self.old, self.phis, self.args)
            elif part.opcode is Opcode.LOAD:
                it[part.id] = self._read(part, token)
            elif part.opcode is Opcode.FIFO_READ:
                it[part.id] = self._source(part).head()
            elif part.opcode is Opcode.FIFO_EMPTY:
                it[part.id] = int(not self._source(part).ready())
            elif part.opcode is Opcode.CYCLE:
                it[part.id] = self._now & ((1 << part.width) - 1)

    def _source(self, op: Op) -> Fifo | Source:
        return self.ends[op.channel]

    def _waiting(self, cycle: Cycle, token: Token, issue: bool) -> Op | None:
        """The operation that keeps the token from moving."""
        if issue:
            for channel, count in self.code.writes.items():
                fifo = self.ends[channel]
                assert isinstance(fifo, Fifo)
                if not fifo.room(count):
                    return next(op for op in self.code.plan.region.ops if op.channel == channel)
        for op in cycle.effects:
            if op.opcode is Opcode.FIFO_READ:
                stuck = not self._source(op).ready()
            elif op.opcode is Opcode.FIFO_WRITE and not issue:
                fifo = self.ends[op.channel]
                stuck = isinstance(fifo, Fifo) and not fifo.room(1)
            elif op.opcode is Opcode.ACQUIRE:
                stuck = not self.blocks[op.channel].may_acquire(self.writes_block[op.channel])
            else:
                continue
            if stuck and self._holds(op, token):
                return op
        return None

    def _commit(self, cycle: Cycle, token: Token) -> None:
        """The effects of the cycle; stores come after the loads of all tokens."""
        plan = self.code.plan
        for phi in cycle.phis:
            if plan.pipelined and self._of_iteration[phi.id] != token.number and self._is_carried(phi):
                raise self.order.fault(
                    f"iteration {token.number} of {plan.region.name} reads p{phi.id} ({phi.name}) of iteration "
                    f"{self._of_iteration[phi.id]}"
                )
        for op in cycle.effects:
            if op.opcode is Opcode.STORE:
                self._stores.append((op, token))
            elif op.opcode is Opcode.LOAD:
                self._check_load(op, token)
            elif self._holds(op, token):
                self._effect(op, token)
            if op.opcode is Opcode.FIFO_WRITE and plan.pipelined:
                fifo = self.ends[op.channel]
                assert isinstance(fifo, Fifo)
                fifo.taken -= 1

    def _is_carried(self, phi: Phi) -> bool:
        return any(phi is other for items in self.code.carried.values() for other, _ in items)

    def _key(self, op: Op, token: Token) -> Key:
        return self._visit, token.number, self.code.position[op.id]

    def _effect(self, op: Op, token: Token) -> None:
        key = self._key(op, token)
        if op.opcode in (Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY, Opcode.OUTPUT):
            self.order.stream(op, key)
        if op.opcode is Opcode.FIFO_READ:
            source = self._source(op)
            if not source.ready():
                raise self.order.fault(f"{describe(op)} finds nothing, in a cycle that cannot wait")
            source.pop()
        elif op.opcode is Opcode.FIFO_WRITE:
            fifo = self.ends[op.channel]
            assert isinstance(fifo, Fifo)
            fifo.push(self._get(op.operands[0], token))
        elif op.opcode is Opcode.OUTPUT:
            self.outputs[op.channel] = self._get(op.operands[0], token)
        elif op.opcode is Opcode.ACQUIRE:
            self.order.acquire(op, key)
            self.blocks[op.channel].event("write" if self.writes_block[op.channel] else "read")
        elif op.opcode is Opcode.RELEASE:
            self.order.release(op, key)
            if self.writes_block[op.channel]:
                self.blocks[op.channel].event("done")

    # ---- memories ------------------------------------------------------------------------------------------

    def _word(self, op: Op, token: Token) -> tuple[str, int, int]:
        """(memory, bank, row); a bank beyond the candidates is the last of them."""
        bank = op.banks[0]
        if len(op.banks) > 1:
            bank = op.banks[min(self._get(op.operands[-1], token), len(op.banks) - 1)]
        return op.memory, bank, self._get(op.operands[0], token)

    def _rows(self, op: Op, bank: int) -> list[int]:
        if self.function.memories[op.memory].place is Place.LOCAL:
            return self.memories[op.memory][bank]
        block = self.blocks[op.memory]
        words = block.shadow if self.writes_block[op.memory] else block.active
        return words[bank : bank + 1]

    def _read(self, op: Op, token: Token) -> int:
        _, bank, row = self._word(op, token)
        rows = self._rows(op, bank)
        return rows[row] if row < len(rows) else 0

    def _check_load(self, op: Op, token: Token) -> None:
        memory = self.function.memories[op.memory]
        if memory.has_ports:
            for bank in op.banks:
                self.order.port(op, bank)
        if memory.constant:
            return
        key = self._key(op, token)
        if memory.place is Place.BLOCK:
            self.order.block(op, key)
        self.order.load(op, self._word(op, token), key, promises_of(self.code.plan))

    def _store_all(self) -> None:
        for op, token in self._stores:
            if not self._holds(op, token):
                continue
            memory, word, key = self.function.memories[op.memory], self._word(op, token), self._key(op, token)
            if memory.has_ports:
                self.order.port(op, word[1])
            if memory.place is Place.BLOCK:
                self.order.block(op, key)
            self.order.store(op, word, key, promises_of(self.code.plan))
            value = self._get(op.operands[1], token)
            if memory.place is Place.BLOCK:
                self.blocks[op.memory].shadow[word[1]] = value
            elif word[2] < memory.depth:
                self.memories[op.memory][word[1]][word[2]] = value


def _born(plan: RegionPlan, value: Value, otherwise: int) -> int:
    """The cycle in which a local value is there; ``otherwise`` for one that comes from outside or never changes."""
    return plan.born(value) if isinstance(value, (Op, Phi)) and value.id in plan.cycles else otherwise
