# SPDX-License-Identifier: Apache-2.0
"""A program as a tree of lines, of which any part can be left out: what the shrinker works on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Node:
    """Lines ``head``, the children, and a line ``tail``; without a tail the children stand alone.

    ``simpler`` are texts that may stand for ``head``, simplest first. A ``fixed`` node stays.
    """

    head: str = ""
    children: list[Node] = field(default_factory=list)
    tail: str = ""
    simpler: tuple[str, ...] = ()
    fixed: bool = False

    def add(self, head: str, *, tail: str = "", simpler: tuple[str, ...] = (), fixed: bool = False) -> Node:
        """Appends a child and returns it."""
        child = Node(head, tail=tail, simpler=simpler, fixed=fixed)
        self.children.append(child)
        return child

    def lines(self, depth: int = 0) -> Iterator[str]:
        if self.head:
            yield self.head if self.head.startswith("#") else "  " * depth + self.head
        for child in self.children:
            yield from child.lines(depth + bool(self.head and self.tail))
        if self.tail:
            yield "  " * depth + self.tail

    def text(self) -> str:
        return "\n".join(self.lines()) + "\n"

    def size(self) -> int:
        return sum(1 for _ in self.lines())

    def copy(self) -> Node:
        return Node(self.head, [c.copy() for c in self.children], self.tail, self.simpler, self.fixed)


def walk(root: Node) -> Iterator[Node]:
    """Every node with children, outermost first."""
    yield root
    for child in root.children:
        yield from walk(child)
