# SPDX-License-Identifier: Apache-2.0
"""Control-flow graphs: order, dominators and natural loops. Nodes are block names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Graph:
    """Successors and predecessors of the nodes reachable from ``entry``, in reverse post-order."""

    entry: str
    successors: dict[str, list[str]]
    order: list[str] = field(default_factory=list)
    predecessors: dict[str, list[str]] = field(default_factory=dict)
    index: dict[str, int] = field(default_factory=dict)
    _idom: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.order = reverse_post_order(self.entry, lambda n: self.successors.get(n, []))
        self.index = {name: k for k, name in enumerate(self.order)}
        self.predecessors = {name: [] for name in self.order}
        for name in self.order:
            for target in self.successors.get(name, []):
                if name not in self.predecessors[target]:
                    self.predecessors[target].append(name)

    @property
    def idom(self) -> dict[str, str]:
        """The immediate dominator of each node; made when it is asked for first."""
        if not self._idom:
            self._idom = immediate_dominators(self.order, lambda n: self.predecessors[n])
        return self._idom


@dataclass(slots=True)
class Loop:
    """A natural loop: its header and all its blocks."""

    header: str
    blocks: set[str]


def reverse_post_order(entry: str, successors: Callable[[str], Iterable[str]]) -> list[str]:
    """Depth-first order in which a node comes before its successors, back edges apart."""
    done: list[str] = []
    seen = {entry}
    stack = [(entry, iter(reversed(list(successors(entry)))))]
    while stack:
        node, rest = stack[-1]
        for target in rest:
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(reversed(list(successors(target))))))
                break
        else:
            done.append(node)
            stack.pop()
    return done[::-1]


def immediate_dominators(order: list[str], predecessors: Callable[[str], Iterable[str]]) -> dict[str, str]:
    """Immediate dominator of each node (the first is its own); ``order`` is a reverse post-order.

    Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".
    """
    index = {name: k for k, name in enumerate(order)}
    idom = {order[0]: order[0]}

    def meet(a: str, b: str) -> str:
        while a != b:
            while index[a] > index[b]:
                a = idom[a]
            while index[b] > index[a]:
                b = idom[b]
        return a

    changed = True
    while changed:
        changed = False
        for name in order[1:]:
            known = [p for p in predecessors(name) if p in idom]
            if not known:
                continue
            new = known[0]
            for other in known[1:]:
                new = meet(new, other)
            if idom.get(name) != new:
                idom[name] = new
                changed = True
    return idom


def dominates(idom: dict[str, str], a: str, b: str) -> bool:
    """Whether every path to ``b`` passes ``a``."""
    while b != a:
        if idom.get(b, b) == b:
            return False
        b = idom[b]
    return True


class DominatorTree:
    """Many questions of one graph's dominators, each answered at once."""

    def __init__(self, idom: dict[str, str]) -> None:
        children: dict[str, list[str]] = {name: [] for name in idom}
        for name, above in idom.items():
            if name != above:
                children[above].append(name)
        self._first: dict[str, int] = {}
        self._last: dict[str, int] = {}
        # Numbered from the root down: what a node dominates has the numbers from its own to its last.
        for root in [name for name, above in idom.items() if name == above]:
            stack = [(root, iter(children[root]))]
            self._first[root] = len(self._first)
            while stack:
                name, rest = stack[-1]
                below = next(rest, None)
                if below is None:
                    self._last[name] = len(self._first) - 1
                    stack.pop()
                else:
                    self._first[below] = len(self._first)
                    stack.append((below, iter(children[below])))

    def dominates(self, a: str, b: str) -> bool:
        """Whether every path to ``b`` passes ``a``; a node that cannot be reached is dominated by itself alone."""
        if a not in self._first or b not in self._first:
            return a == b
        return self._first[a] <= self._first[b] <= self._last[a]


def latches(graph: Graph, loops: list[Loop]) -> list[str]:
    """The blocks that branch back to a loop's header from within it."""
    return [
        name
        for loop in loops
        for name in graph.order
        if name in loop.blocks and loop.header in graph.successors.get(name, [])
    ]


def natural_loops(graph: Graph) -> list[Loop]:
    """One loop a header (several back edges to a header are one loop), outer loops first."""
    loops: dict[str, Loop] = {}
    for name in graph.order:
        for header in graph.successors.get(name, []):
            if graph.index[header] <= graph.index[name] and dominates(graph.idom, header, name):
                loop = loops.setdefault(header, Loop(header, {header}))
                stack = [name]
                while stack:
                    node = stack.pop()
                    if node not in loop.blocks:
                        loop.blocks.add(node)
                        stack += graph.predecessors[node]
    return sorted(loops.values(), key=lambda q: (-len(q.blocks), graph.index[q.header]))
