# SPDX-License-Identifier: Apache-2.0
"""The scheduler's problem and solution as plain data, and a checker of one against the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


@dataclass
class Node:
    """One operation to be placed.

    ``delay`` is the combinational time in picoseconds: before the result when ``latency`` is 0, and
    after the clock edge that delivers the result otherwise. ``width`` is the number of result bits
    that a register would have to hold. ``earliest`` and ``latest`` are the first and last cycle in which it may start.
    """

    label: str
    delay: int = 0
    latency: int = 0
    width: int = 0
    where: str = ""
    latest: int | None = None
    earliest: int = 0


class EdgeKind(Enum):
    DATA = (
        "data"  # dst uses the value of src `cycles` cycles after its start; the two may chain inside a cycle
    )
    SAMPLE = "sample"  # dst reads the value of src at the start of cycle dst + cycles
    ORDER = "order"  # dst starts at least `cycles` cycles after src


@dataclass(frozen=True)
class Edge:
    """A constraint between two nodes; ``distance`` iterations lie between them (0: the same one)."""

    src: int
    dst: int
    kind: EdgeKind = EdgeKind.DATA
    cycles: int = 0
    distance: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Phi:
    """A loop-carried register: ``phi`` reads what ``back`` computed one iteration before."""

    phi: int
    back: int


@dataclass
class Port:
    """A resource that serves one of its ``users`` a cycle (modulo II).

    Pairs in ``exclusive`` never happen in one iteration; they share a slot if they start in the same cycle.
    """

    name: str
    users: list[int]
    exclusive: set[frozenset[int]] = field(default_factory=set)


@dataclass
class Problem:
    """Everything the scheduler needs of one region; nodes are named by their index."""

    nodes: list[Node]
    edges: list[Edge] = field(default_factory=list)
    phis: list[Phi] = field(default_factory=list)
    ports: list[Port] = field(default_factory=list)


@dataclass(frozen=True)
class Schedule:
    """Start times (``period * cycle + offset``) and the initiation interval (0: not pipelined)."""

    ii: int
    period: int
    start: list[int]

    def cycle(self, node: int) -> int:
        return self.start[node] // self.period

    def offset(self, node: int) -> int:
        return self.start[node] % self.period


class Infeasible(Exception):
    """No schedule at this II; ``reason`` says which constraint or port is in the way."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def violations(problem: Problem, schedule: Schedule) -> list[str]:
    """Every constraint that ``schedule`` breaks (an independent check, for tests and for debugging)."""
    found: list[str] = []
    period, ii = schedule.period, schedule.ii

    def end(node: int) -> int:
        item = problem.nodes[node]
        if item.latency:
            return period * (schedule.cycle(node) + item.latency) + item.delay
        return schedule.start[node] + item.delay

    for index, node in enumerate(problem.nodes):
        if schedule.start[index] < 0 or schedule.offset(index) + max(1, node.delay) > period:
            found.append(f"{node.label} crosses a clock edge")
        if node.latest is not None and schedule.cycle(index) > node.latest:
            found.append(f"{node.label} starts after cycle {node.latest}")
        if schedule.cycle(index) < node.earliest:
            found.append(f"{node.label} starts before cycle {node.earliest}")
    for edge in problem.edges:
        gap = schedule.cycle(edge.dst) + ii * edge.distance - schedule.cycle(edge.src)
        broken = {
            EdgeKind.DATA: schedule.start[edge.dst] + edge.cycles * period < end(edge.src),
            EdgeKind.SAMPLE: (schedule.cycle(edge.dst) + edge.cycles) * period < end(edge.src),
            EdgeKind.ORDER: gap < edge.cycles,
        }[edge.kind]
        if broken:
            found.append(f"{edge.kind.value} {edge.src} -> {edge.dst}")
    for pair in problem.phis:
        ready = schedule.cycle(pair.back) + problem.nodes[pair.back].latency
        if pair.phi != pair.back and not ready + 1 - ii <= schedule.cycle(pair.phi) <= ready:
            found.append(f"phi {pair.phi}")
    for port in problem.ports:
        for at, first in enumerate(port.users):
            for second in port.users[at + 1 :]:
                gap = schedule.cycle(first) - schedule.cycle(second)
                shared = gap == 0 and frozenset((first, second)) in port.exclusive
                if not shared and (gap % ii if ii else gap) == 0:
                    found.append(f"{port.name}: {first} and {second}")
    return found
