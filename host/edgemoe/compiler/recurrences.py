# SPDX-License-Identifier: Apache-2.0
"""The scheduler's view of a problem: its constraints as links between nodes, the same at every initiation interval."""

from __future__ import annotations

from typing import TypeAlias

from edgemoe.compiler.constraints import Edge, EdgeKind, Infeasible, Node, Problem

#: The other node, the kind, the cycles less II * distance, the edge's number.
Link: TypeAlias = tuple[int, EdgeKind, int, int]


class Graph:
    """The edges of a problem, those of its loop-carried values among them, and what follows from them alone."""

    def __init__(self, problem: Problem, period: int) -> None:
        """Raises `Infeasible` if an operator is slower than the clock."""
        self.problem, self.period = problem, period
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
        for node in nodes:
            if node.delay > period:
                raise Infeasible(f"{named(node)} takes {node.delay} ps; the clock period is {period} ps")
        successors: list[list[int]] = [[] for _ in nodes]
        for edge in self.edges:
            successors[edge.src].append(edge.dst)
        self.rank = _component_ranks(successors)
        self.depth = self._depth()

    def links(self, ii: int) -> tuple[list[list[Link]], list[list[Link]]]:
        """The successors and the predecessors of each node at an initiation interval."""
        successors: list[list[Link]] = [[] for _ in self.problem.nodes]
        predecessors: list[list[Link]] = [[] for _ in self.problem.nodes]
        for index, edge in enumerate(self.edges):
            src, dst, kind, cycles = edge.src, edge.dst, edge.kind, edge.cycles - ii * edge.distance
            successors[src].append((dst, kind, cycles, index))
            predecessors[dst].append((src, kind, cycles, index))
        return successors, predecessors

    def _depth(self) -> int:
        """Cycles that no schedule of one iteration needs more of, where nothing waits for a port."""
        nodes = self.problem.nodes
        depth, waiting = [0] * len(nodes), [0] * len(nodes)
        steps: list[list[tuple[int, int]]] = [[] for _ in nodes]
        for edge in self.edges:
            if edge.distance == 0 and edge.cycles >= 0:
                step = nodes[edge.src].latency if edge.kind is not EdgeKind.ORDER else edge.cycles
                steps[edge.src].append((edge.dst, step + 1))
                waiting[edge.dst] += 1
        ready = [n for n, count in enumerate(waiting) if count == 0]
        while ready:
            node = ready.pop()
            for dst, step in steps[node]:
                depth[dst] = max(depth[dst], depth[node] + step)
                waiting[dst] -= 1
                if waiting[dst] == 0:
                    ready.append(dst)
        return max(depth, default=0)

    def blame(self, index: int) -> str:
        """Names the constraint that failed, or the loop-carried edge of the recurrence that it stands in."""
        edge = self.edges[index]
        nodes, rank = self.problem.nodes, self.rank
        if nodes[edge.dst].latest is None and rank[edge.src] == rank[edge.dst]:
            inside = (e for e in self.edges if e.distance and rank[e.src] == rank[e.dst] == rank[edge.dst])
            carried = next(inside, edge)
            if carried.distance:
                gap = "one iteration" if carried.distance == 1 else f"{carried.distance} iterations"
                reason = carried.reason or "loop-carried order"
                return f"{named(nodes[carried.src])} feeds {named(nodes[carried.dst])} {gap} later ({reason})"
        src, dst = nodes[edge.src], nodes[edge.dst]
        bound = "" if dst.latest is None else f", which must start by cycle {dst.latest}"
        return f"{named(src)} must precede {named(dst)}{bound} ({edge.reason or edge.kind.value})"


def named(node: Node) -> str:
    """A node as messages call it."""
    return f"{node.label} at {node.where}" if node.where else node.label


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
