# SPDX-License-Identifier: Apache-2.0
"""Ports of a straight block: accesses take turns, so that there is always a schedule."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING

from edgemoe.compiler.constraints import Port

if TYPE_CHECKING:
    from edgemoe.compiler.schedule import Solver


def take_turns(solver: Solver) -> None:
    """Places the users of ports cycle by cycle, each in the first one that its ports have free.

    What is placed stays: all that it waits for stands before it in the block and was placed before. Where an access
    waits, each cycle has another access of its port, so no start passes the depth and the number of accesses.
    """
    start, period, problem = solver.start, solver.period, solver.problem
    assert all(edge.src < edge.dst for edge in problem.edges), "an edge of a block leads backwards"
    ports: dict[int, list[Port]] = defaultdict(list)
    for port in problem.ports:
        for user in port.users if len(port.users) > 1 else ():
            ports[user].append(port)
    taken: dict[tuple[int, int], list[int]] = defaultdict(list)  # by port and cycle
    heap = [(start[user] // period, user) for user in ports]
    heapq.heapify(heap)
    while heap:
        known, user = heapq.heappop(heap)
        cycle = start[user] // period
        if cycle != known:  # what stands before it has moved since
            heapq.heappush(heap, (cycle, user))
            continue
        while not all(_fits(user, taken[id(port), cycle], port) for port in ports[user]):
            cycle += 1
        for port in ports[user]:
            taken[id(port), cycle].append(user)
        if cycle != known:
            start[user] = cycle * period
            solver.push([user])


def _fits(user: int, others: list[int], port: Port) -> bool:
    return all(frozenset((user, other)) in port.exclusive for other in others)
