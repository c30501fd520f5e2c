# SPDX-License-Identifier: Apache-2.0
"""What no schedule may do, checked while it runs.

The order of a program is a *key*: (region visit, iteration, position in the region). Accesses of one word must take
effect in the order of their keys; that is checked on the accesses themselves and knows nothing of ``depends``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.ir import EFFECTS, Dependence, Function, Hazard, Op, Opcode, Phi, Pipeline
from edgemoe.compiler.planning import Schedules

Key: TypeAlias = tuple[int, int, int]
_NEVER: Key = (-1, 0, 0)


class ScheduleFault(Exception):
    """The schedule does what it may not: a fault of the compiler, with function, operation and cycle."""


def describe(op: Op) -> str:
    """``store of m, v12 at k.cpp:7``"""
    of = op.memory or op.channel or op.callee
    return f"{op.opcode.value}{f' of {of}' if of else ''}, v{op.id} at {op.loc}"


def check_plan(function: Function, plan: RegionPlan, schedules: Schedules) -> None:
    """Every operand must be there in the cycle in which it is read."""
    region = plan.region
    local = {op.id for op in region.ops} | {phi.id for phi in region.phis}
    phis = {phi.id for phi in region.phis}

    def born(value: Op | Phi) -> int:
        return 0 if value.id in plan.free or (not plan.pipelined and value.id in phis) else plan.born(value)

    _check_cascades(function, plan)
    for op in region.ops:
        if op.id in plan.free:
            inside = [v for v in op.inputs() if isinstance(v, (Op, Phi)) and v.id in local - plan.free]
            if inside:
                raise ScheduleFault(f"{function.name}: {describe(op)} counts as invariant but is not")
            continue
        if plan.leaves(plan.cycle(op)) and (plan.latency(op) or op.opcode in EFFECTS - {Opcode.FIFO_READ}):
            raise ScheduleFault(
                f"{function.name}: {describe(op)} starts in cycle {plan.cycle(op)}, where its iteration may yet wait"
            )
        samples = schedules.modules[op.callee].samples if op.opcode is Opcode.CALL else ()
        for number, value in enumerate(op.inputs()):
            when = plan.cycle(op) + (samples[number] if number < len(samples) else 0)
            if op.opcode is Opcode.MUL_ADD and number == 2:
                when = plan.added(op)
            if isinstance(value, (Op, Phi)) and value.id in local and born(value) > when:
                raise ScheduleFault(
                    f"{function.name}: {describe(op)} reads v{value.id} in cycle {when}, which is there from cycle "
                    f"{born(value)} on"
                )


def _check_cascades(function: Function, plan: RegionPlan) -> None:
    """The wire from one slice to the next has no register, and one slice only at its end."""
    ops = {op.id: op for op in plan.region.ops}
    for above, under in plan.cascades.items():
        op = ops[above]
        if op.operands[2] is not ops[under] or plan.born(ops[under]) != plan.added(op):
            raise ScheduleFault(f"{function.name}: {describe(op)} is not a cycle behind the slice below it")
    if len(set(plan.cascades.values())) < len(plan.cascades) or (plan.cascades and not plan.pipelined):
        raise ScheduleFault(f"{function.name}: a slice has two others above it, or stands in a block")


@dataclass
class Order:
    """Program order of the accesses of one process to its words, blocks and streams."""

    function: str
    ports: set[tuple[str, int, str]] = field(default_factory=set)  #: memory, bank, side: used in this cycle
    loads: dict[tuple[str, int, int], tuple[Key, Op]] = field(default_factory=dict)
    stores: dict[tuple[str, int, int], tuple[Key, Op]] = field(default_factory=dict)
    streams: dict[str, tuple[Key, Op]] = field(default_factory=dict)
    acquires: dict[str, tuple[Key, Op]] = field(default_factory=dict)
    releases: dict[str, tuple[Key, Op]] = field(default_factory=dict)
    touched: dict[str, tuple[Key, Op]] = field(default_factory=dict)  #: block: the latest access
    cycle: int = 0
    _stored_now: set[tuple[str, int, int]] = field(default_factory=set)
    _channels_now: dict[str, Op] = field(default_factory=dict)
    _acquired_now: set[str] = field(default_factory=set)

    def tick(self, cycle: int) -> None:
        """A new cycle begins."""
        self.cycle = cycle
        self.ports.clear()
        self._stored_now.clear()
        self._channels_now.clear()
        self._acquired_now.clear()

    def fault(self, text: str) -> ScheduleFault:
        return ScheduleFault(f"{self.function}, cycle {self.cycle}: {text}")

    def port(self, op: Op, bank: int) -> None:
        """One read and one write port a bank."""
        key = (op.memory, bank, op.opcode.value)
        if key in self.ports:
            raise self.fault(f"the port of bank {bank} is used twice, now by {describe(op)}")
        self.ports.add(key)

    def load(self, op: Op, word: tuple[str, int, int], key: Key, promises: list[Dependence]) -> None:
        """Call all loads of a cycle before its stores: they see the words of before."""
        late, store = self.stores.get(word, (_NEVER, op))
        if late > key and not _waived(promises, op.memory, Hazard.WAR, late, key):
            raise self.fault(f"{describe(op)} comes after {describe(store)}, which is later in the program")
        if key > self.loads.get(word, (_NEVER, op))[0]:
            self.loads[word] = key, op

    def store(self, op: Op, word: tuple[str, int, int], key: Key, promises: list[Dependence]) -> None:
        late, load = self.loads.get(word, (_NEVER, op))
        if late > key and not _waived(promises, op.memory, Hazard.RAW, late, key):
            raise self.fault(f"{describe(op)} comes too late for {describe(load)}")
        late, other = self.stores.get(word, (_NEVER, op))
        turned = late > key and not _waived(promises, op.memory, Hazard.WAW, late, key)
        if word in self._stored_now or turned:
            raise self.fault(f"{describe(op)} and {describe(other)} store to one word out of order")
        self._stored_now.add(word)
        self.stores[word] = max((key, op), (late, other), key=lambda item: item[0])

    def stream(self, op: Op, key: Key) -> None:
        """Accesses of one stream keep their order; one read or write a cycle."""
        late, other = self.streams.get(op.channel, (_NEVER, op))
        if late > key:
            raise self.fault(f"{describe(op)} comes after {describe(other)}, which is later in the program")
        if op.opcode not in (Opcode.FIFO_EMPTY, Opcode.FIFO_FULL):
            if op.channel in self._channels_now and op.opcode is not Opcode.OUTPUT:
                raise self.fault(f"the stream {op.channel} is used twice, now by {describe(op)}")
            self._channels_now[op.channel] = op
        self.streams[op.channel] = key, op

    def acquire(self, op: Op, key: Key) -> None:
        late, other = self.touched.get(op.channel, (_NEVER, op))
        if late > key:
            raise self.fault(f"{describe(op)} comes too late for {describe(other)}")
        self.acquires[op.channel] = key, op
        self._acquired_now.add(op.channel)

    def release(self, op: Op, key: Key) -> None:
        self.releases[op.channel] = key, op

    def block(self, op: Op, key: Key) -> None:
        """An access of a block: after its acquire, before its release and the next acquire."""
        now = op.memory in self._acquired_now and key > self.acquires[op.memory][0]
        if now and op.opcode is Opcode.LOAD:
            raise self.fault(f"{describe(op)} sees the block of before, in the cycle of its acquire")
        for late, other in (
            self.acquires.get(op.memory, (_NEVER, op)),
            self.releases.get(op.memory, (_NEVER, op)),
        ):
            if late > key:
                raise self.fault(
                    f"{describe(op)} comes after {describe(other)}, which is later in the program"
                )
        if key > self.touched.get(op.memory, (_NEVER, op))[0]:
            self.touched[op.memory] = key, op


def _waived(promises: list[Dependence], memory: str, hazard: Hazard, late: Key, key: Key) -> bool:
    """Whether DEPENDENCE pragmas say that this pair never meets; then its order is the user's word."""
    gap = late[1] - key[1]
    return late[0] == key[0] and any(
        promise.covers(memory, hazard)
        and promise.inter == (gap != 0)
        and (promise.false or (promise.distance is not None and gap < promise.distance))
        for promise in promises
    )


def promises_of(plan: RegionPlan) -> list[Dependence]:
    """The promises that hold in a region."""
    return plan.region.promises if isinstance(plan.region, Pipeline) else []


def count_by(ops: list[Op]) -> dict[str, int]:
    """Writes a channel and iteration."""
    counts: dict[str, int] = defaultdict(int)
    for op in ops:
        if op.opcode is Opcode.FIFO_WRITE:
            counts[op.channel] += 1
    return dict(counts)
