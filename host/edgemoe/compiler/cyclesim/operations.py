# SPDX-License-Identifier: Apache-2.0
"""What the operations of a cycle do: values from what was there at its beginning, then effects, stores last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.cyclesim.channels import Blocks, Fifo, Source
from edgemoe.compiler.cyclesim.checks import Key, Order, describe, promises_of
from edgemoe.compiler.cyclesim.code import Cycle
from edgemoe.compiler.ir import BlockArg, Direction, Edge, Function, Op, Opcode, Phi, Place, Value

_Get = Callable[..., int]
_IN_ORDER = (Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL, Opcode.OUTPUT)


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
    tested: set[str] = field(default_factory=set)  #: channels that a pipeline asks whether they are full
    #: of each such test, by operation: when the writes before it in its iteration happen
    earlier: dict[int, list[Value | None]] = field(default_factory=dict)
    decided: dict[int, list[Op]] = field(
        default_factory=dict
    )  #: conditional writes of these channels, by cycle


class Operations:
    """The state of a process and the effects of its operations; `Process` says which cycle runs."""

    code: Code
    _now: int
    _visit: int

    def __init__(self, function: Function, memories: dict[str, list[list[int]]], name: str) -> None:
        self.function, self.name, self.memories = function, name, memories
        self.ends: dict[str, Fifo | Source] = {}
        self.blocks: dict[str, Blocks] = {}
        self.args: dict[str, int] = {}
        self.outputs: dict[str, int] = {}
        self.order = Order(name)
        self.writes_block = {
            arg.name: arg.direction is Direction.WRITE for arg in function.args if isinstance(arg, BlockArg)
        }
        self.phis: dict[int, int] = {}
        self.old: dict[int, int] = {}
        self._of_iteration: dict[int, int] = {}
        self._stores: list[tuple[Op, Token]] = []

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
            elif part.opcode is Opcode.FIFO_FULL:
                it[part.id] = self._full(part, token)
            elif part.opcode is Opcode.CYCLE:
                it[part.id] = self._now & ((1 << part.width) - 1)

    def _full(self, op: Op, token: Token) -> int:
        """Whether the user's places are taken, those of earlier writes of the same iteration included."""
        fifo = self.ends[op.channel]
        assert isinstance(fifo, Fifo)
        earlier = [p is None or bool(self._get(p, token)) for p in self.code.earlier.get(op.id, [])]
        return int(fifo.full(sum(earlier)))

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
            early = op.channel in self.code.tested and not self._holds(op, token)
            if op.opcode is Opcode.FIFO_WRITE and plan.pipelined and not early:
                self._give_back(op)
        for op in self.code.decided.get(token.cycle, []):
            if not self._holds(op, token):
                self._give_back(op)

    def _give_back(self, op: Op) -> None:
        """A place that was promised is used, or not needed."""
        fifo = self.ends[op.channel]
        assert isinstance(fifo, Fifo)
        fifo.taken -= 1

    def _is_carried(self, phi: Phi) -> bool:
        return any(phi is other for items in self.code.carried.values() for other, _ in items)

    def _key(self, op: Op, token: Token) -> Key:
        return self._visit, token.number, self.code.position[op.id]

    def _effect(self, op: Op, token: Token) -> None:
        key = self._key(op, token)
        if op.opcode in _IN_ORDER and not (op.opcode is Opcode.FIFO_FULL and self.code.plan.pipelined):
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
