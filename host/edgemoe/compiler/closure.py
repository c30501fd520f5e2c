# SPDX-License-Identifier: Apache-2.0
"""The best closed set: which projects pay when each asks for others, some of which only cost (a minimum cut)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence


def best_closure(gains: Sequence[int], needs: Iterable[tuple[int, int]]) -> set[int]:
    """The least set of the largest sum of ``gains`` that holds with each of its members what that one ``needs``.

    ``gains`` may be negative; items are numbers from 0 on; ``needs`` are pairs (item, what it asks for).
    """
    flow = _Flow(len(gains) + 2)
    source, sink = len(gains), len(gains) + 1
    limit = 1 + sum(gain for gain in gains if gain > 0)
    for item, gain in enumerate(gains):
        if gain > 0:
            flow.edge(source, item, gain)
        elif gain < 0:
            flow.edge(item, sink, -gain)
    for item, needed in needs:
        flow.edge(item, needed, limit)
    flow.fill(source, sink)
    return flow.reached(source) - {source}


class _Flow:
    """Dinic's algorithm: as much as can flow, along shortest paths first."""

    def __init__(self, nodes: int) -> None:
        self.ends: list[int] = []  # of edges; edge n ^ 1 leads back
        self.room: list[int] = []
        self.edges: list[list[int]] = [[] for _ in range(nodes)]
        self.level: list[int] = []
        self.next: list[int] = []

    def edge(self, start: int, end: int, room: int) -> None:
        for at, to, free in ((start, end, room), (end, start, 0)):
            self.edges[at].append(len(self.ends))
            self.ends.append(to)
            self.room.append(free)

    def fill(self, source: int, sink: int) -> None:
        while self._levels(source)[sink] >= 0:
            self.next = [0] * len(self.edges)
            while self._augment(source, sink):
                pass

    def reached(self, source: int) -> set[int]:
        """What room still leads to."""
        return {node for node, level in enumerate(self._levels(source)) if level >= 0}

    def _levels(self, source: int) -> list[int]:
        level = self.level = [-1] * len(self.edges)
        level[source] = 0
        queue = deque([source])
        while queue:
            node = queue.popleft()
            for edge in self.edges[node]:
                end = self.ends[edge]
                if self.room[edge] and level[end] < 0:
                    level[end] = level[node] + 1
                    queue.append(end)
        return level

    def _augment(self, source: int, sink: int) -> bool:
        """Fills one path of the levels; False if there is none."""
        path: list[int] = []
        node = source
        while node != sink:
            edges = self.edges[node]
            while self.next[node] < len(edges):
                edge = edges[self.next[node]]
                end = self.ends[edge]
                if self.room[edge] and self.level[end] == self.level[node] + 1:
                    path.append(edge)
                    node = end
                    break
                self.next[node] += 1
            else:
                if not path:
                    return False
                node = self.ends[path.pop() ^ 1]
                self.next[node] += 1
        free = min(self.room[edge] for edge in path)
        for edge in path:
            self.room[edge] -= free
            self.room[edge ^ 1] += free
        return True
