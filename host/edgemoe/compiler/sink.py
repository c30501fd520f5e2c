# SPDX-License-Identifier: Apache-2.0
"""The scheduler's last step: operators move towards their uses where that saves pipeline registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgemoe.compiler.carry import Carry
from edgemoe.compiler.constraints import EdgeKind

if TYPE_CHECKING:
    from edgemoe.compiler.schedule import Solver


class Sink:
    """Moves operators later where that shortens the total lifetime of values, measured in bits x cycles.

    Never lengthens the schedule and keeps every constraint. A move pays when the registers it saves
    after the operator are at least those it costs before it; the cost of keeping an operand alive is
    the operand's bits, or less if the operand's own single-use cone could follow.
    """

    ROUNDS = 4
    CONE_DEPTH = 4

    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self.start, self.period, self.nodes = solver.start, solver.period, solver.problem.nodes
        ported = {user for port in solver.problem.ports if len(port.users) > 1 for user in port.users}
        self.fixed = [n in ported or node.latest is not None for n, node in enumerate(self.nodes)]
        order = EdgeKind.ORDER
        self.uses = [[(d, c) for d, kind, c, _ in links if kind is not order] for links in solver.successors]
        self.operands = [
            list(dict.fromkeys((s, c) for s, kind, c, _ in links if kind is not order))
            for links in solver.predecessors
        ]
        self.movable = [
            not self.fixed[n]
            and all(kind is not order for _, kind, _, _ in solver.successors[n] + solver.predecessors[n])
            for n in range(len(self.nodes))
        ]
        self.depth = max(
            (self.start[n] // self.period + node.latency for n, node in enumerate(self.nodes)), default=0
        )

    def run(self) -> None:
        nodes = sorted(range(len(self.nodes)), key=lambda n: -self.start[n])
        for _ in range(self.ROUNDS):
            if not any([self._try(node) for node in nodes]):
                break
        if self.solver.ii and any(
            edge.kind is EdgeKind.DATA and edge.cycles for edge in self.solver.graph.edges
        ):
            # Operators that take an operand late stand in chains that start one after the other.
            Carry(self.solver, self.fixed, self.depth).run()

    def _try(self, node: int) -> bool:
        if self.fixed[node] or not self.uses[node] or not self.nodes[node].width:
            return False
        target, now = self._latest(node) // self.period, self.start[node] // self.period
        if target <= now:
            return False
        cost = 0
        for operand, sample in self.operands[node]:
            others = [self.start[u] // self.period + c for u, c in self.uses[operand] if u != node]
            alive = max([now + sample, *others])
            cost += self._cone(operand, max(0, target + sample - alive), self.CONE_DEPTH)
        if self.nodes[node].width * (target - now) < cost:
            return False
        self.start[node] = self._latest(node)
        return True

    def _cone(self, node: int, cycles: int, depth: int) -> int:
        cost = self.nodes[node].width * cycles
        if cost and depth and self.movable[node] and len(self.uses[node]) == 1:
            cost = min(cost, sum(self._cone(o, cycles, depth - 1) for o, _ in self.operands[node]))
        return cost

    def _latest(self, node: int) -> int:
        """The last start time that every successor, the bound and the depth allow."""
        item, period = self.nodes[node], self.period
        last_offset = period - max(1, item.delay)
        time = min((self.depth - item.latency) * period + last_offset, self.solver.bound[node])
        for dst, kind, cycles, _ in self.solver.successors[node]:
            if kind is EdgeKind.ORDER:
                limit = (self.start[dst] // period - cycles) * period + last_offset
            else:
                began = self.start[dst] if kind is EdgeKind.DATA else self.start[dst] // period * period
                needed = began + cycles * period
                limit = needed - item.delay
                if item.latency:
                    limit = (limit // period - item.latency) * period + last_offset
            time = min(time, limit)
        if time % period > last_offset:
            time = time // period * period + last_offset
        return time
