# SPDX-License-Identifier: Apache-2.0
"""A region's schedule: the cycle of every operation, the initiation interval and the depth.

Rules that the control scheme asks for (see `edgemoe.compiler.backend.region`):

* in a pipeline every FIFO read stands at or before the cycle of issue, so that an iteration, once issued, never waits;
  a test for an empty or full FIFO stands there too, and may guard the read. That cycle is 0 unless a stream is read
  several times in an iteration, or the condition of a read takes its time (see `edgemoe.compiler.backend.issue`);
* what has an effect, and what has registers of its own, starts no earlier than the issue;
* the condition of the loop is known before the next iteration begins;
* in a block at most one operation of a cycle may wait, so FIFO accesses follow each other in program order.

A loop that cannot be pipelined under these rules runs as a block that jumps to itself; the report says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, pairwise

from edgemoe.compiler.backend.cascades import BY_PORT_C, BY_WIRE, KEPT, adjacent, below, refuse_too_wide
from edgemoe.compiler.backend.exclusive import exclusive
from edgemoe.compiler.backend.issue import (
    MORE_CYCLES,
    busiest,
    earlier_writes,
    refuse_waiting_for_itself,
)
from edgemoe.compiler.backend.text import source
from edgemoe.compiler.delays import ZYNQ7
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import (
    EFFECTS,
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
    Storage,
    Value,
)
from edgemoe.compiler.operators import OperatorTable, Timing
from edgemoe.compiler.schedule import (
    Edge,
    EdgeKind,
    Infeasible,
    Node,
    Port,
    Problem,
    Schedule,
    solve,
    solve_from,
)
from edgemoe.compiler.schedule import Phi as Carried

_HAZARD_CYCLES = {
    Hazard.RAW: 1,
    Hazard.WAR: 0,
    Hazard.WAW: 1,
    Hazard.FIFO: 1,
    Hazard.ACQUIRE: 1,
    Hazard.RELEASE: 0,
}
_BEFORE_ISSUE = (Opcode.FIFO_READ, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL, Opcode.ACQUIRE)
_FROM_ISSUE_ON = EFFECTS - {Opcode.FIFO_READ} | {Opcode.CALL, Opcode.CYCLE}
_IN_PROGRAM_ORDER = (*_BEFORE_ISSUE, Opcode.FIFO_WRITE, Opcode.RELEASE, Opcode.CYCLE)
_MAX_II_TRIES = 64
_NO_HURRY = 4096  #: an II at which iterations do not meet


@dataclass(frozen=True)
class ModuleTiming:
    """What a caller must know of a fixed-latency module: argument k is read ``samples[k]`` cycles after its start."""

    name: str
    latency: int
    delay: int
    samples: tuple[int, ...]
    multipliers: int = 0
    slices: int = 0  #: of the multipliers, those that are a whole DSP slice


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
    head: int = 0  #: in a pipeline, the cycle of issue: a token of the cycles before it may wait
    #: multiply-adds whose sum comes from the slice below, and that one
    cascades: dict[int, int] = field(default_factory=dict)
    series7: bool = False  #: whether its slices are DSP48E1

    def cycle(self, value: Op | Phi) -> int:
        """The cycle in which the operation starts (a phi: is read)."""
        return self.cycles[value.id]

    def born(self, value: Op | Phi) -> int:
        """The cycle in which the result is there."""
        return self.cycles[value.id] + self.latencies.get(value.id, 0)

    def leaves(self, cycle: int) -> bool:
        """Whether a token may wait in this cycle of a pipeline although it is not yet issued."""
        return self.pipelined and cycle < self.head

    def decided(self, op: Op) -> int:
        """The first cycle from the issue on in which it is known whether ``op`` takes effect."""
        when = op.predicate
        if not isinstance(when, Op | Phi) or when.id not in self.cycles:
            return self.head
        return max(self.born(when), self.head)

    def latency(self, value: Op) -> int:
        return self.latencies[value.id]

    def added(self, op: Op) -> int:
        """The cycle in which a multiply-add takes what it adds."""
        return self.cycle(op) + (BY_WIRE if op.id in self.cascades else BY_PORT_C)


@dataclass
class Planner:
    """Schedules regions of one function at one clock."""

    function: Function
    table: OperatorTable
    period: int  #: picoseconds of a clock cycle that operators may fill
    modules: dict[str, ModuleTiming]
    slowest: int = 0  #: an operator slower than the clock gets a cycle of its own, and shows in the report

    def __post_init__(self) -> None:
        for memory in self.function.memories.values():
            if memory.storage is Storage.URAM and not self.table.fabric.ultra_ram:
                raise CompileError(
                    memory.loc.file,
                    memory.loc.line,
                    f"the pragma HLS BIND_STORAGE keeps '{memory.name}' in UltraRAM, which no part of the family "
                    f"{self.table.fabric.title} has; use impl=bram.",
                )
        refuse_too_wide(self.function, self.table)

    def plan(self, region: Region) -> RegionPlan:
        """The schedule of ``region``; a loop that cannot be pipelined becomes a block."""
        if not isinstance(region, Pipeline):
            return self._plan_block(region, "")
        try:
            refuse_waiting_for_itself(self.function, region)
            return self._plan_pipeline(region)
        except Infeasible as error:
            return self._plan_block(region, error.reason)

    def _plan_pipeline(self, region: Pipeline) -> RegionPlan:
        """The schedule with the shortest head that has one; a longer one helps where a condition comes too late."""
        reads = busiest(region, Opcode.FIFO_READ)
        least = len(reads.ops) - 1 if reads else 0
        try:
            return self._plan_head(region, least, reads.reason() if reads else "")
        except Infeasible as error:
            first = error
        for head in range(least, least + MORE_CYCLES + 1):
            try:
                solve(_Builder(self, region, True, head).problem, self.period, _NO_HURRY)
            except Infeasible:
                continue
            if head == least:
                break  # it is the II that no head helps
            late = f"what an iteration reads is known {head} cycles after its beginning only: {first.reason}"
            return self._plan_head(region, head, late)
        raise first

    def _plan_head(self, region: Pipeline, head: int, reason: str) -> RegionPlan:
        """The first II at which an iteration has ``head`` cycles before its issue; ``reason``: why it has them."""
        builder, first = _Builder(self, region, True, head), max(region.ii, head + 1)
        writes = busiest(region, Opcode.FIFO_WRITE)
        if writes and len(writes.ops) > first:
            first, reason = len(writes.ops), writes.reason()
        schedule, limit = solve_from(builder.problem, self.period, first, _MAX_II_TRIES)
        if not limit and schedule.ii > region.ii:
            limit = reason
        return builder.result(schedule, limit)

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


class _Builder:
    """Turns one region into a scheduling problem and the solution into a plan."""

    def __init__(self, planner: Planner, region: Region, pipelined: bool, head: int = 0) -> None:
        self.planner, self.region, self.pipelined, self.head = planner, region, pipelined, head
        self.free = self._find_free() if pipelined else set()
        self.ops = [op for op in region.ops if op.id not in self.free]
        self.index = {op.id: number for number, op in enumerate(self.ops)}
        self.below = below(self.ops) if pipelined else {}
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
            self._places_left()
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
        cycles = {key: schedule.cycle(n) for key, n in self.index.items()}
        return RegionPlan(
            self.region,
            self.pipelined,
            schedule.ii,
            max([self.head, *ends]) + 1,
            max([self.planner.slowest, *full]),
            limit,
            cycles,
            {key: nodes[n].latency for key, n in self.index.items()},
            self.free,
            self.head,
            adjacent(self.below, cycles),
            self.planner.table.fabric is ZYNQ7,
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
        latest = self.head if self.pipelined and op.opcode in _BEFORE_ISSUE else None
        if op.opcode is Opcode.MUL_ADD and not self.pipelined:
            timing = Timing(timing.delay, timing.latency + KEPT)
        earliest = self.head if timing.latency or op.opcode in _FROM_ISSUE_ON else 0
        return Node(_label(op), timing.delay, timing.latency, op.width, source(op.loc), latest, earliest)

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
            elif op.opcode is Opcode.MUL_ADD and number == 2:
                self._add(src, node, EdgeKind.DATA, BY_WIRE if op.id in self.below else BY_PORT_C)
            else:
                self._add(src, node, EdgeKind.DATA)

    def _order_edge(self, depend: Depend) -> None:
        if depend.distance and not self.pipelined:
            return
        never_both = depend.distance == 0 and depend.hazard in (Hazard.WAW, Hazard.FIFO)
        if never_both and exclusive(depend.source.predicate, depend.target.predicate):
            return
        if self.pipelined and Opcode.FIFO_FULL in (depend.source.opcode, depend.target.opcode):
            return  # it counts places, whenever they are used
        src, dst = self.index[depend.source.id], self.index[depend.target.id]
        if src == dst:
            return  # one access per iteration, iterations are at least a cycle apart
        reason = depend.source.memory or depend.source.channel
        cycles = 0 if self._sees_what_it_takes(depend) else _HAZARD_CYCLES[depend.hazard]
        self._add(src, dst, EdgeKind.ORDER, cycles, depend.distance, reason)

    def _sees_what_it_takes(self, depend: Depend) -> bool:
        """A test of a stream and the read after it may share the cycle of issue: both see the same head."""
        return self.pipelined and depend.distance == 0 and depend.source.opcode is Opcode.FIFO_EMPTY

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

    def _places_left(self) -> None:
        """A test for a full stream knows which earlier writes of its iteration, and which of all before, happen."""
        for full in self.ops:
            if full.opcode is not Opcode.FIFO_FULL:
                continue
            before = {op.id for op in earlier_writes(self.region, full)}
            for op in self.ops:
                condition = self._local(op.predicate)
                if op.opcode is not Opcode.FIFO_WRITE or op.channel != full.channel or condition is None:
                    continue
                if op.id in before:
                    self._add(condition, self.index[full.id], EdgeKind.DATA)
                latency = self.problem.nodes[condition].latency
                reason = f"whether {full.channel} is full"
                self._add(condition, self.index[full.id], EdgeKind.ORDER, latency + 1, 1, reason)

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
