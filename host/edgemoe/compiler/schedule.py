# SPDX-License-Identifier: Apache-2.0
"""Push scheduler: the earliest modulo schedule of a loop body, or the edge that makes it impossible.

A time is one integer, ``period * cycle + offset`` (picoseconds), so that several short operators may
chain inside one clock cycle. Every constraint has the form ``start[dst] >= f(start[src])`` with a
monotone ``f``; starting from zero and pushing until nothing moves therefore yields the least
fixpoint, which is the earliest schedule for that initiation interval (II). If a time passes its
bound there is no schedule, and the constraint that pushed it names the culprit.

Three steps:

1. ``push`` the data, order and loop-carried constraints to their least fixpoint;
2. resolve port conflicts. In a straight block accesses take turns, and there is always a schedule. In a
   loop (two accesses of one memory port in one modulo slot) the later access is raised one cycle and pushed
   again: a heuristic; the caller retries with a longer II;
3. ``sink`` operators towards their uses where that saves pipeline registers.

The scheduler knows nothing of operators, memories or SystemVerilog.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import TypeVar

from edgemoe.compiler.constraints import Edge, EdgeKind, Infeasible, Node, Phi, Port, Problem, Schedule
from edgemoe.compiler.recurrences import Graph, named
from edgemoe.compiler.sink import Sink
from edgemoe.compiler.turns import take_turns

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

_Found = TypeVar("_Found")


def solve(problem: Problem, period: int, ii: int) -> Schedule:
    """Schedules ``problem`` at exactly ``ii`` (0: a straight block) or raises `Infeasible`."""
    return _pushed(Graph(problem, period), ii).finish()


def solve_from(problem: Problem, period: int, ii: int, tries: int = 64) -> tuple[Schedule, str]:
    """The first II at or above ``ii`` that has a schedule, and what ruled out the one below.

    Without ports a longer II only loosens constraints, so a search finds the first one exactly. Where ports are in the
    way, the search is the same from there on: the II found has a schedule, the one below it has none.
    """
    graph = Graph(problem, period)
    if ii == 0:
        return _pushed(graph, 0).finish(), ""
    last = ii + tries - 1
    first, solver, limit = _first(lambda candidate: _pushed(graph, candidate), ii, last)

    def whole(candidate: int) -> Schedule:
        return (solver if candidate == first else _pushed(graph, candidate)).finish()

    _, schedule, reason = _first(whole, first, last)
    return schedule, reason or limit


def _first(attempt: Callable[[int], _Found], low: int, high: int) -> tuple[int, _Found, str]:
    """A number of ``low`` to ``high`` at which ``attempt`` finds something where it finds nothing at the one before;
    what it found, and why not before ("" at ``low``). Steps double until there is one: most often it is near.

    Raises:
        Infeasible: there is nothing at ``high`` either.
    """
    limit, below, at = "", low - 1, low
    while True:
        try:
            found = attempt(at)
            break
        except Infeasible as error:
            if at == high:
                raise
            limit, below, at = error.reason, at, min(high, 2 * at - low + 1)
    while at - below > 1:
        middle = (below + at) // 2
        try:
            found, at = attempt(middle), middle
        except Infeasible as error:
            limit, below = error.reason, middle
    return at, found, limit


def _pushed(graph: Graph, ii: int) -> Solver:
    """A solver whose times keep every constraint but those of ports; raises `Infeasible` if there are no such times,
    or more accesses of a port than cycles.
    """
    solver = Solver(graph, ii)
    solver.push(range(len(solver.start)))
    for port in graph.problem.ports:
        if ii and not port.exclusive and len(port.users) > ii:
            raise Infeasible(f"{port.name}: {len(port.users)} accesses in each iteration")
    return solver


class Solver:
    """The times of one problem at one II."""

    def __init__(self, graph: Graph, ii: int) -> None:
        self.graph, self.problem, self.period, self.ii = graph, graph.problem, graph.period, ii
        nodes, period = self.problem.nodes, self.period
        self.successors, self.predecessors = graph.links(ii)
        self.start = [period * node.earliest for node in nodes]
        self.last_offset = [period - max(1, node.delay) for node in nodes]
        # A bound that any feasible schedule of this size keeps: the straight-line depth with slack.
        horizon = 2 + sum(len(port.users) for port in self.problem.ports) + graph.depth + max(ii, 0) + 64
        self.bound = [
            period * (horizon if node.latest is None else node.latest + 1) - max(1, node.delay)
            for node in nodes
        ]

    def finish(self) -> Schedule:
        """The schedule, once all constraints but those of ports hold."""
        if self.ii:
            self._resolve_ports()
        else:
            take_turns(self)
        Sink(self).run()
        return Schedule(self.ii, self.period, self.start)

    def push(self, work: Iterable[int]) -> None:
        """Raises start times until every constraint holds; raises `Infeasible` past a bound.

        Recurrences (strongly connected components) settle one after the other, so that an impossible
        one is found before its time climbs through everything behind it.
        """
        start, period, nodes, rank = self.start, self.period, self.problem.nodes, self.graph.rank
        successors, bound, last_offset = self.successors, self.bound, self.last_offset
        data, order = EdgeKind.DATA, EdgeKind.ORDER
        queued = set(work)
        heap = [(rank[node], start[node], node) for node in queued]
        heapq.heapify(heap)
        while heap:
            _, _, node = heapq.heappop(heap)
            if node not in queued:
                continue
            queued.discard(node)
            item, began = nodes[node], start[node]
            edge = began - began % period  # the clock edge at which its cycle begins
            ready = (edge + period * item.latency if item.latency else began) + item.delay
            for dst, kind, cycles, index in successors[node]:
                if kind is data:
                    # The first time at which an operator ends inside its cycle.
                    offset = ready % period
                    time = (
                        ready if offset <= last_offset[dst] else ready - offset + period
                    ) - cycles * period
                elif kind is order:
                    time = edge + cycles * period
                else:
                    time = -(-ready // period) * period - cycles * period
                if time > start[dst]:
                    if time > bound[dst]:
                        raise Infeasible(self.graph.blame(index))
                    start[dst] = time
                    queued.add(dst)
                    heapq.heappush(heap, (rank[dst], time, dst))

    def _resolve_ports(self) -> None:
        budget = 500 + 64 * sum(len(port.users) for port in self.problem.ports)
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
                        raise Infeasible(f"{port.name}: no free cycle for {named(self.problem.nodes[late])}")
                    self.start[late] = time
                    self.push([late])

    def _conflict(self, port: Port) -> tuple[int, int] | None:
        """The first two users (by start) that want the port in one slot of a loop."""
        if len(port.users) < 2:
            return None
        slots: dict[int, list[int]] = {}
        for user in sorted(port.users, key=lambda u: (self.start[u], u)):
            cycle = self.start[user] // self.period
            slot = slots.setdefault(cycle % self.ii, [])
            for other in slot:
                if (
                    cycle != self.start[other] // self.period
                    or frozenset((user, other)) not in port.exclusive
                ):
                    return other, user
            slot.append(user)
        return None
