# SPDX-License-Identifier: Apache-2.0
"""A region's schedule: the cycle of every operation, the initiation interval and the depth.

Rules that the control scheme asks for (see `edgemoe.compiler.backend.region`):

* in a pipeline every FIFO read stands in cycle 0, so that an iteration, once issued, never waits;
* the condition of the loop is known before the next iteration is issued;
* in a block at most one operation of a cycle may wait, so FIFO accesses follow each other in program order.

A loop that cannot be pipelined under these rules runs as a block that jumps to itself; the report says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, pairwise

from edgemoe.compiler.backend.exclusive import exclusive
from edgemoe.compiler.backend.text import source
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import (
    Branch,
    Depend,
    Function,
    Hazard,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Region,
    Return,
    Value,
)
from edgemoe.compiler.operators import OperatorTable, Timing
from edgemoe.compiler.schedule import Edge, EdgeKind, Infeasible, Node, Port, Problem, Schedule, solve_from
from edgemoe.compiler.schedule import Phi as Carried

_HAZARD_CYCLES = {
    Hazard.RAW: 1,
    Hazard.WAR: 0,
    Hazard.WAW: 1,
    Hazard.FIFO: 1,
    Hazard.ACQUIRE: 1,
    Hazard.RELEASE: 0,
}
_READS = (Opcode.FIFO_READ, Opcode.FIFO_EMPTY, Opcode.ACQUIRE)
_IN_PROGRAM_ORDER = (*_READS, Opcode.FIFO_WRITE, Opcode.RELEASE, Opcode.CYCLE)
_MAX_II_TRIES = 64


@dataclass(frozen=True)
class ModuleTiming:
    """What a caller must know of a fixed-latency module: argument k is read ``samples[k]`` cycles after its start."""

    name: str
    latency: int
    delay: int
    samples: tuple[int, ...]
    multipliers: int = 0


@dataclass
class RegionPlan:
    """The schedule of one region; cycles are looked up by operation or phi."""

    region: Region
    pipelined: bool
    ii: int
    depth: int
    longest_path: int  #: picoseconds, the fullest clock cycle
    limited_by: str = ""
    cycles: dict[int, int] = field(default_factory=dict)
    latencies: dict[int, int] = field(default_factory=dict)
    free: set[int] = field(default_factory=set)  #: combinational values that do not change during the loop

    def cycle(self, value: Op | Phi) -> int:
        """The cycle in which the operation starts (a phi: is read)."""
        return self.cycles[value.id]

    def born(self, value: Op | Phi) -> int:
        """The cycle in which the result is there."""
        return self.cycles[value.id] + self.latencies.get(value.id, 0)

    def latency(self, value: Op) -> int:
        return self.latencies[value.id]


@dataclass
class Planner:
    """Schedules regions of one function at one clock."""

    function: Function
    table: OperatorTable
    period: int  #: picoseconds of a clock cycle that operators may fill
    modules: dict[str, ModuleTiming]
    slowest: int = 0  #: an operator slower than the clock gets a cycle of its own, and shows in the report

    def plan(self, region: Region) -> RegionPlan:
        """The schedule of ``region``; a loop that cannot be pipelined becomes a block."""
        if not isinstance(region, Pipeline):
            return self._plan_block(region, "")
        try:
            self._refuse_waiting_for_itself(region)
            problem = _Builder(self, region, True)
            schedule, limit = solve_from(problem.problem, self.period, region.ii, _MAX_II_TRIES)
        except Infeasible as error:
            return self._plan_block(region, error.reason)
        return problem.result(schedule, limit)

    def _plan_block(self, region: Region, limit: str) -> RegionPlan:
        builder = _Builder(self, region, False)
        try:
            schedule, _ = solve_from(builder.problem, self.period, 0)
        except Infeasible as error:
            raise CompileError(region.loc.file, region.loc.line, f"no schedule: {error.reason}") from error
        return builder.result(schedule, limit)

    def timing(self, op: Op, pipelined: bool = False) -> Timing:
        """Delay and latency of ``op``, in the function's memories and modules.

        In a pipeline a block RAM that is too slow for the clock has its output register.
        """
        if op.opcode is Opcode.CALL:
            module = self.modules[op.callee]
            return Timing(module.delay, module.latency)
        memory = self.function.memories.get(op.memory)
        timing = self.table.timing(op, memory)
        if (
            pipelined
            and timing.delay > self.period
            and op.opcode is Opcode.LOAD
            and memory
            and memory.has_ports
        ):
            timing = self.table.registered_load
        self.slowest = max(self.slowest, timing.delay)
        return Timing(min(timing.delay, self.period), timing.latency)

    @staticmethod
    def _refuse_waiting_for_itself(region: Region) -> None:
        """An iteration that reads what it requested itself would wait for ever in cycle 0."""
        asked: dict[str, Op] = {}
        for op in region.ops:
            name, _, kind = op.channel.partition(".")
            if op.opcode is Opcode.FIFO_WRITE and kind in ("ar", "aw"):
                asked.setdefault(name + ("r" if kind == "ar" else "b"), op)
            elif op.opcode is Opcode.FIFO_READ and kind in ("r", "b") and name + kind in asked:
                raise Infeasible(
                    f"{_label(op)} at {source(op.loc)} answers the request at {source(asked[name + kind].loc)} of the "
                    "same iteration"
                )


class _Builder:
    """Turns one region into a scheduling problem and the solution into a plan."""

    def __init__(self, planner: Planner, region: Region, pipelined: bool) -> None:
        self.planner, self.region, self.pipelined = planner, region, pipelined
        self.free = self._find_free() if pipelined else set()
        self.ops = [op for op in region.ops if op.id not in self.free]
        self.index = {op.id: number for number, op in enumerate(self.ops)}
        self.problem = Problem([self._node(op) for op in self.ops])
        if pipelined:
            for phi in region.phis:
                self.index[phi.id] = len(self.problem.nodes)
                self.problem.nodes.append(Node(phi.name or "phi", 0, 0, phi.width, source(phi.loc)))
        for op in self.ops:
            self._data_edges(op)
        for depend in region.depends:
            self._order_edge(depend)
        self._memory_ports()
        if pipelined:
            self._loop_edges()
            self._stream_ports()
        else:
            waiting = [self.index[op.id] for op in self.ops if op.opcode in _IN_PROGRAM_ORDER]
            for first, second in pairwise(waiting):
                self._add(first, second, EdgeKind.ORDER, 1, 0, "program order")

    def result(self, schedule: Schedule, limit: str) -> RegionPlan:
        nodes = self.problem.nodes
        ends = [schedule.cycle(n) + node.latency for n, node in enumerate(nodes)]
        full = [
            node.delay if node.latency else schedule.offset(n) + node.delay for n, node in enumerate(nodes)
        ]
        return RegionPlan(
            self.region,
            self.pipelined,
            schedule.ii,
            max(ends, default=0) + 1,
            max([self.planner.slowest, *full]),
            limit,
            {key: schedule.cycle(n) for key, n in self.index.items()},
            {key: nodes[n].latency for key, n in self.index.items()},
            self.free,
        )

    def _find_free(self) -> set[int]:
        free: set[int] = set()
        inside = {op.id for op in self.region.ops} | {phi.id for phi in self.region.phis}
        for op in self.region.ops:
            if (
                not op.invariant
                or self.planner.timing(op).latency
                or op.opcode in (Opcode.CALL, Opcode.CYCLE)
            ):
                continue
            if all(v.id in free or v.id not in inside for v in op.inputs() if isinstance(v, Op | Phi)):
                free.add(op.id)
        return free

    def _node(self, op: Op) -> Node:
        timing = self.planner.timing(op, self.pipelined)
        latest = 0 if self.pipelined and op.opcode in _READS else None
        return Node(_label(op), timing.delay, timing.latency, op.width, source(op.loc), latest)

    def _local(self, value: Value | None) -> int | None:
        """The node that computes ``value``, if it is computed here."""
        return self.index.get(value.id) if isinstance(value, Op | Phi) else None

    def _add(
        self, src: int, dst: int, kind: EdgeKind, cycles: int = 0, distance: int = 0, reason: str = ""
    ) -> None:
        self.problem.edges.append(Edge(src, dst, kind, cycles, distance, reason))

    def _data_edges(self, op: Op) -> None:
        node = self.index[op.id]
        samples = self.planner.modules[op.callee].samples if op.opcode is Opcode.CALL else ()
        for number, operand in enumerate(op.inputs()):
            src = self._local(operand)
            if src is None:
                continue
            if op.opcode is Opcode.CALL:
                self._add(src, node, EdgeKind.SAMPLE, samples[number])
            else:
                self._add(src, node, EdgeKind.DATA)

    def _order_edge(self, depend: Depend) -> None:
        if depend.distance and not self.pipelined:
            return
        never_both = depend.distance == 0 and depend.hazard in (Hazard.WAW, Hazard.FIFO)
        if never_both and exclusive(depend.source.predicate, depend.target.predicate):
            return
        src, dst = self.index[depend.source.id], self.index[depend.target.id]
        if src == dst:
            return  # one access per iteration, iterations are at least a cycle apart
        reason = depend.source.memory or depend.source.channel
        self._add(src, dst, EdgeKind.ORDER, _HAZARD_CYCLES[depend.hazard], depend.distance, reason)

    def _loop_edges(self) -> None:
        """Loop-carried values, and the condition in time for the next iteration."""
        terminator = self.region.terminator
        if isinstance(terminator, Return):
            raise AssertionError("a pipeline ends in a branch")
        back = terminator.taken if isinstance(terminator, Branch) else terminator.edge
        for phi, value in zip(self.region.phis, back.values, strict=True):
            src = self._local(value)
            if src is not None:
                self.problem.phis.append(Carried(self.index[phi.id], src))
        condition = self._local(terminator.condition) if isinstance(terminator, Branch) else None
        if condition is not None:
            issue = len(self.problem.nodes)
            self.problem.nodes.append(Node("the next iteration", latest=0))
            latency = self.problem.nodes[condition].latency
            self._add(condition, issue, EdgeKind.ORDER, latency + 1, 1, "loop condition")

    def _port(self, name: str, ops: list[Op]) -> None:
        users = [self.index[op.id] for op in ops]
        pairs = combinations(ops, 2)
        shared = {
            frozenset((self.index[a.id], self.index[b.id]))
            for a, b in pairs
            if exclusive(a.predicate, b.predicate)
        }
        self.problem.ports.append(Port(name, users, shared))

    def _memory_ports(self) -> None:
        users: dict[tuple[str, int, Opcode], list[Op]] = {}
        for op in self.ops:
            if op.opcode not in (Opcode.LOAD, Opcode.STORE):
                continue
            if self.planner.function.memories[op.memory].has_ports:
                for bank in op.banks:
                    users.setdefault((op.memory, bank, op.opcode), []).append(op)
        for (memory, bank, opcode), ops in users.items():
            if len(ops) > 1:
                kind = "read" if opcode is Opcode.LOAD else "write"
                self._port(f"memory {memory}, bank {bank}, {kind} port", ops)

    def _stream_ports(self) -> None:
        users: dict[tuple[str, Opcode], list[Op]] = {}
        for op in self.ops:
            if op.opcode in (Opcode.FIFO_READ, Opcode.FIFO_WRITE):
                users.setdefault((op.channel, op.opcode), []).append(op)
        for (channel, opcode), ops in users.items():
            if len(ops) < 2:
                continue
            self._port(f"stream {channel}", ops)
            if opcode is Opcode.FIFO_WRITE:
                # All writes of an iteration precede those of the next.
                for early, late in combinations(ops, 2):
                    self._add(self.index[late.id], self.index[early.id], EdgeKind.ORDER, 1, 1, channel)


def _label(op: Op) -> str:
    target = op.memory or op.channel or op.callee
    if target:
        return f"{op.opcode.value} of {target}"
    return op.name or op.opcode.value
