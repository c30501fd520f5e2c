# SPDX-License-Identifier: Apache-2.0
"""FIFOs with credits, ping-pong blocks, and the random world outside."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from edgemoe.compiler.interp import Axi


@dataclass
class Fifo:
    """The output buffer of a writer: ``depth`` places for the user, ``extra`` for what a pipeline has under way."""

    name: str
    depth: int
    extra: int = 0
    data: deque[int] = field(default_factory=deque)
    taken: int = 0  #: places promised to iterations under way
    writer: str = ""
    reader: str = ""
    most: int = 0  #: elements that were in it at once
    _arriving: list[int] = field(default_factory=list)
    _leaving: int = 0

    def room(self, count: int) -> bool:
        """Whether ``count`` writes are certain to find a place."""
        return len(self.data) + len(self._arriving) + self._leaving + self.taken + count <= (
            self.depth + self.extra
        )

    def full(self, more: int = 0) -> bool:
        """Whether the user's ``depth`` places are taken, ``more`` of them by writes to come."""
        return len(self.data) + len(self._arriving) + self._leaving + self.taken + more >= self.depth

    def push(self, value: int) -> None:
        self._arriving.append(value)

    def ready(self) -> bool:
        return bool(self.data)

    def head(self) -> int:
        return self.data[0] if self.data else 0

    def pop(self) -> int:
        self._leaving += 1  # its place is free from the next cycle on
        return self.data.popleft()

    def tick(self) -> None:
        self.data += self._arriving
        self._arriving.clear()
        self._leaving = 0
        self.most = max(self.most, len(self.data))


@dataclass
class Source:
    """An input from outside: tokens that are not there in some cycles."""

    name: str
    data: deque[int]
    open: bool = True

    def ready(self) -> bool:
        return self.open and bool(self.data)

    def head(self) -> int:
        return self.data[0] if self.data else 0

    def pop(self) -> int:
        return self.data.popleft()


@dataclass
class Blocks:
    """A ping-pong channel: the writer's copy, finished ones, and the reader's copy."""

    name: str
    size: int
    depth: int
    shadow: list[int]
    active: list[int]
    full: deque[list[int]] = field(default_factory=deque)
    held: bool = False
    _events: list[str] = field(default_factory=list)

    def may_acquire(self, writes: bool) -> bool:
        return (len(self.full) < self.depth - 1 and not self.held) if writes else bool(self.full)

    def event(self, what: str) -> None:
        """``write``, ``done`` or ``read``; seen from the next cycle on."""
        self._events.append(what)

    def tick(self) -> None:
        for what in self._events:
            if what == "read":
                self.active = self.full.popleft()
            elif what == "done":
                self.full.append(list(self.shadow))
        if "write" in self._events:
            self.held = True
        elif "done" in self._events:
            self.held = False
        self._events.clear()


@dataclass
class Outside:
    """Streams and memory buses of the top: each moves, or not, by chance."""

    random: random.Random
    stalls: float
    sources: list[Source] = field(default_factory=list)
    sinks: list[tuple[Fifo, deque[int]]] = field(default_factory=list)
    buses: list[Axi] = field(default_factory=list)

    def _moves(self) -> bool:
        return self.random.random() >= self.stalls

    def before(self) -> None:
        """Decides what can be read in this cycle."""
        for source in self.sources:
            source.open = self._moves()

    def after(self) -> bool:
        """Takes what was written; True if anything moved."""
        moved = False
        for fifo, out in self.sinks:
            if fifo.ready() and self._moves():
                out.append(fifo.pop())
                moved = True
        return any([bus.serve() for bus in self.buses]) or moved
