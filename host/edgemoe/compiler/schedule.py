# SPDX-License-Identifier: Apache-2.0
"""Push scheduler: the earliest modulo schedule of a loop body, or the edge that makes it impossible.

A time is one integer, ``period * cycle + offset`` (picoseconds), so that several short operators may
chain inside one clock cycle. Every constraint has the form ``start[dst] >= f(start[src])`` with a
monotone ``f``; starting from zero and pushing until nothing moves therefore yields the least
fixpoint, which is the earliest schedule for that initiation interval (II). If a time passes its
bound there is no schedule, and the constraint that pushed it names the culprit.

Three steps:

1. ``push`` the data, order and loop-carried constraints to their least fixpoint;
2. resolve port conflicts (two accesses of one memory port in one modulo slot) by raising the later
   access one cycle and pushing again. This is a heuristic; the caller retries with II + 1;
3. ``sink`` operators towards their uses where that saves pipeline registers.

The scheduler knows nothing of operators, memories or SystemVerilog.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from edgemoe.compiler.constraints import Edge, EdgeKind, Infeasible, Node, Phi, Port, Problem, Schedule
from edgemoe.compiler.sink import Sink

__all__ = [
    "Edge",
    "EdgeKind",
    "Infeasible",
    "Node",
    "Phi",
    "Port",
    "Problem",
    "Schedule",
    "solve",
    "solve_from",
]


def solve(problem: Problem, period: int, ii: int) -> Schedule:
    """Schedules ``problem`` at exactly ``ii`` (0: a straight block) or raises `Infeasible`."""
    return Solver(problem, period, ii).run()


def solve_from(problem: Problem, period: int, ii: int, tries: int = 64) -> tuple[Schedule, str]:
    """The first II at or above ``ii`` that has a schedule, and what ruled out the one below."""
    limit = ""
    for candidate in range(ii, ii + tries):
        try:
            return solve(problem, period, candidate), limit
        except Infeasible as error:
            limit = error.reason
            if ii == 0:
                break
    raise Infeasible(limit)


# Adjacency: (other node, kind, cycles already reduced by II * distance, index of the edge)
_Link = tuple[int, EdgeKind, int, int]


class Solver:
    def __init__(self, problem: Problem, period: int, ii: int) -> None:
        self.problem, self.period, self.ii = problem, period, ii
        nodes = problem.nodes
        self.edges = list(problem.edges)
        for pair in problem.phis:
            if pair.phi == pair.back:
                continue
            latency = nodes[pair.back].latency
            # Written when `back` is ready: not before this iteration has read it ...
            self.edges.append(Edge(pair.phi, pair.back, EdgeKind.ORDER, -latency, 0, "loop-carried value"))
            # ... and in time for the next one.
            self.edges.append(Edge(pair.back, pair.phi, EdgeKind.ORDER, latency + 1, 1, "loop-carried value"))
        self.successors: list[list[_Link]] = [[] for _ in nodes]
        self.predecessors: list[list[_Link]] = [[] for _ in nodes]
        for index, edge in enumerate(self.edges):
            cycles = edge.cycles - ii * edge.distance
            self.successors[edge.src].append((edge.dst, edge.kind, cycles, index))
            self.predecessors[edge.dst].append((edge.src, edge.kind, cycles, index))
        self.start = [period * node.earliest for node in nodes]
        self.rank = _component_ranks([[dst for dst, *_ in links] for links in self.successors])
        for node in nodes:
            if node.delay > period:
                raise Infeasible(f"{_name(node)} takes {node.delay} ps; the clock period is {period} ps")
        horizon = self._horizon()
        self.bound = [
            period * (horizon if node.latest is None else node.latest + 1) - max(1, node.delay)
            for node in nodes
        ]

    def run(self) -> Schedule:
        self._push(range(len(self.start)))
        self._resolve_ports()
        Sink(self).run()
        return Schedule(self.ii, self.period, self.start)

    def _horizon(self) -> int:
        """A bound that any feasible schedule of this size keeps: the straight-line depth with slack."""
        cycles = 2 + sum(len(port.users) for port in self.problem.ports)
        depth = [0] * len(self.start)
        waiting = [0] * len(self.start)
        for edge in self.edges:
            if edge.distance == 0 and edge.cycles >= 0:
                waiting[edge.dst] += 1
        ready = [n for n, count in enumerate(waiting) if count == 0]
        while ready:
            node = ready.pop()
            for dst, kind, _, index in self.successors[node]:
                edge = self.edges[index]
                if edge.distance or edge.cycles < 0:
                    continue
                step = self.problem.nodes[node].latency if kind is not EdgeKind.ORDER else edge.cycles
                depth[dst] = max(depth[dst], depth[node] + step + 1)
                waiting[dst] -= 1
                if waiting[dst] == 0:
                    ready.append(dst)
        return cycles + max(depth, default=0) + max(self.ii, 0) + 64

    def snap(self, time: int, delay: int) -> int:
        """The first time at or after ``time`` at which an operator of ``delay`` ends inside its cycle."""
        if time % self.period <= self.period - max(1, delay):
            return time
        return (time // self.period + 1) * self.period

    def ready(self, node: int) -> int:
        """When the result of ``node`` is there."""
        item, time = self.problem.nodes[node], self.start[node]
        if item.latency == 0:
            return time + item.delay
        return self.period * (time // self.period + item.latency) + item.delay

    def _push(self, work: Iterable[int]) -> None:
        """Raises start times until every constraint holds; raises `Infeasible` past a bound.

        Recurrences (strongly connected components) settle one after the other, so that an impossible
        one is found before its time climbs through everything behind it.
        """
        start, period, nodes, rank = self.start, self.period, self.problem.nodes, self.rank
        queued = set(work)
        heap = [(rank[node], start[node], node) for node in queued]
        heapq.heapify(heap)
        while heap:
            _, _, node = heapq.heappop(heap)
            if node not in queued:
                continue
            queued.discard(node)
            cycle, ready = start[node] // period, self.ready(node)
            for dst, kind, cycles, index in self.successors[node]:
                if kind is EdgeKind.DATA:
                    time = self.snap(ready, nodes[dst].delay)
                elif kind is EdgeKind.ORDER:
                    time = (cycle + cycles) * period
                else:
                    time = -(-ready // period) * period - cycles * period
                if time > start[dst]:
                    if time > self.bound[dst]:
                        raise Infeasible(self._blame(index))
                    start[dst] = self.snap(time, nodes[dst].delay)
                    queued.add(dst)
                    heapq.heappush(heap, (rank[dst], start[dst], dst))

    def _blame(self, index: int) -> str:
        """Names the constraint that failed, or the loop-carried edge of the recurrence that it stands in."""
        edge = self.edges[index]
        nodes, rank = self.problem.nodes, self.rank
        if nodes[edge.dst].latest is None and rank[edge.src] == rank[edge.dst]:
            inside = (e for e in self.edges if e.distance and rank[e.src] == rank[e.dst] == rank[edge.dst])
            carried = next(inside, edge)
            if carried.distance:
                gap = "one iteration" if carried.distance == 1 else f"{carried.distance} iterations"
                reason = carried.reason or "loop-carried order"
                return f"{_name(nodes[carried.src])} feeds {_name(nodes[carried.dst])} {gap} later ({reason})"
        src, dst = nodes[edge.src], nodes[edge.dst]
        bound = "" if dst.latest is None else f", which must start by cycle {dst.latest}"
        return f"{_name(src)} must precede {_name(dst)}{bound} ({edge.reason or edge.kind.value})"

    def _resolve_ports(self) -> None:
        budget = 500 + 64 * sum(len(port.users) for port in self.problem.ports)
        for port in self.problem.ports:
            if self.ii and not port.exclusive and len(port.users) > self.ii:
                raise Infeasible(f"{port.name}: {len(port.users)} accesses in each iteration")
        clean = False
        while not clean:
            clean = True
            for port in self.problem.ports:
                while (pair := self._conflict(port)) is not None:
                    clean = False
                    budget -= 1
                    early, late = pair
                    if frozenset(pair) in port.exclusive:
                        early, late = late, early
                        time = self.start[early] // self.period * self.period
                    else:
                        time = (self.start[late] // self.period + 1) * self.period
                    if budget < 0 or time > self.bound[late]:
                        raise Infeasible(f"{port.name}: no free cycle for {_name(self.problem.nodes[late])}")
                    self.start[late] = time
                    self._push([late])

    def _conflict(self, port: Port) -> tuple[int, int] | None:
        """The first two users (by start) that want the port in one slot."""
        if len(port.users) < 2:
            return None
        slots: dict[int, list[int]] = {}
        for user in sorted(port.users, key=lambda u: (self.start[u], u)):
            cycle = self.start[user] // self.period
            slot = slots.setdefault(cycle % self.ii if self.ii else cycle, [])
            for other in slot:
                if (
                    cycle != self.start[other] // self.period
                    or frozenset((user, other)) not in port.exclusive
                ):
                    return other, user
            slot.append(user)
        return None


def _component_ranks(successors: list[list[int]]) -> list[int]:
    """Numbers the strongly connected components in topological order (Tarjan's algorithm, iterative)."""
    count = len(successors)
    index, low, component = [-1] * count, [0] * count, [-1] * count
    stack: list[int] = []
    visited = finished = 0
    for root in range(count):
        work = [(root, 0)] if index[root] < 0 else []
        while work:
            node, at = work.pop()
            if at == 0:
                index[node] = low[node] = visited
                visited += 1
                stack.append(node)
            else:
                low[node] = min(low[node], low[successors[node][at - 1]])
            while at < len(successors[node]):
                child = successors[node][at]
                at += 1
                if index[child] < 0:
                    work += [(node, at), (child, 0)]
                    break
                if component[child] < 0:
                    low[node] = min(low[node], index[child])
            else:
                if low[node] == index[node]:
                    while component[node] < 0:
                        component[stack.pop()] = finished
                    finished += 1
    return [finished - 1 - number for number in component]


def _name(node: Node) -> str:
    return f"{node.label} at {node.where}" if node.where else node.label
