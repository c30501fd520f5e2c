# SPDX-License-Identifier: Apache-2.0
"""Moves of many operators at once, loop-carried registers among them, where that saves pipeline registers.

A register that an iteration changes and the next one reads is a recurrence: its operators keep their distances, so
none of them can move alone (`sink` tries each alone). Where a late operator uses a register, such as a link of a
cascade that starts k cycles after the first, the whole recurrence may run k cycles later: then what it is made from is
delayed, most often a bit that several share, and not the word that it keeps.

In each step some operators start a cycle later. What that saves and costs in bits x cycles is a sum of a term for each
value: its bits, if it comes later, less its bits again, if the last of its users does. The best set to move is then the
best closure (`closure`), and as the whole is convex (L-natural convex, as lifetimes under difference constraints are),
steps that each are the best lead to the best schedule that is nowhere earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgemoe.compiler.closure import best_closure
from edgemoe.compiler.constraints import EdgeKind

if TYPE_CHECKING:
    from edgemoe.compiler.schedule import Solver


class Carry:
    """Moves sets of operators later for as long as that saves registers. Never lengthens the schedule."""

    def __init__(self, solver: Solver, fixed: list[bool], depth: int) -> None:
        self.solver, self.depth = solver, depth
        self.start, self.period, self.nodes = solver.start, solver.period, solver.problem.nodes
        self.group = solver.graph.rank  # those of a recurrence have the same
        members: dict[int, list[int]] = {}
        for node, group in enumerate(self.group):
            members.setdefault(group, []).append(node)
        self.members = members
        # What only has an effect stays where it is, unless it belongs to a recurrence.
        self.fixed = {
            group
            for group, nodes in members.items()
            if any(fixed[n] for n in nodes) or (len(nodes) == 1 and not self.nodes[nodes[0]].width)
        }

    def run(self) -> None:
        for _ in range(self.depth):
            moved = self._step()
            if not moved:
                break
            for group in moved:
                for node in self.members[group]:
                    self.start[node] += self.period

    def _step(self) -> set[int]:
        """The groups that are to start a cycle later."""
        free = self._free()
        number = {group: k for k, group in enumerate(sorted(free))}
        gains = [0] * len(number)
        needs: set[tuple[int, int]] = set()
        for src, node in enumerate(self.nodes):
            mine = number.get(self.group[src])
            last, users = -1, set[int]()
            for dst, kind, cycles, _ in self.solver.successors[src]:
                theirs = number.get(self.group[dst])
                if (
                    mine is not None
                    and theirs not in (None, mine)
                    and not self._slack(src, dst, kind, cycles)
                ):
                    needs.add((mine, theirs))
                if kind is EdgeKind.ORDER:
                    continue
                use = self.start[dst] // self.period + cycles
                if use > last:
                    last, users = use, set()
                if use == last:
                    users.add(self.group[dst])
            if last < 0 or not node.width:
                continue
            if mine is not None:
                gains[mine] += node.width
            # A use of a free group makes the value live longer, all of them once.
            moving = [number[group] for group in sorted(users) if group in number]
            if len(moving) == 1:
                gains[moving[0]] -= node.width
            elif moving:
                needs |= {(user, len(gains)) for user in moving}
                gains.append(-node.width)
        best = best_closure(gains, sorted(needs))
        return {group for group, k in number.items() if k in best}

    def _free(self) -> set[int]:
        """The groups that may start a cycle later, if what they hold up does too."""
        held = set(self.fixed)
        for index, item in enumerate(self.nodes):
            end = self.start[index] // self.period + item.latency
            if end >= self.depth or self.start[index] + self.period > self.solver.bound[index]:
                held.add(self.group[index])
        waiting = list(held)
        while waiting:
            for dst in self.members[waiting.pop()]:
                for src, kind, cycles, _ in self.solver.predecessors[dst]:
                    if self.group[src] not in held and not self._slack(src, dst, kind, cycles):
                        held.add(self.group[src])
                        waiting.append(self.group[src])
        return set(self.members) - held

    def _slack(self, src: int, dst: int, kind: EdgeKind, cycles: int) -> bool:
        """Whether ``src`` may start a cycle later and ``dst`` not."""
        item, period = self.nodes[src], self.period
        began, needed = self.start[src], self.start[dst]
        if kind is EdgeKind.ORDER:
            return needed // period - began // period > cycles
        if item.latency:
            began = (began // period + item.latency) * period
        if kind is EdgeKind.SAMPLE:
            needed = needed // period * period
        return needed + cycles * period >= began + item.delay + period
