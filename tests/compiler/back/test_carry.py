# SPDX-License-Identifier: Apache-2.0
"""Sets of operators that move together: closures against all subsets, schedules against all that are later."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from edgemoe.compiler.carry import Carry
from edgemoe.compiler.closure import best_closure
from edgemoe.compiler.constraints import Edge, EdgeKind, Node, Phi, Problem, Schedule, violations
from edgemoe.compiler.recurrences import Graph
from edgemoe.compiler.schedule import Solver, solve

PERIOD = 5000


@pytest.mark.parametrize("seed", range(200))
def test_the_best_closure_of_all(seed: int) -> None:
    rng = random.Random(seed)
    size = rng.randint(1, 9)
    gains = [rng.randint(-6, 6) for _ in range(size)]
    needs = [(rng.randrange(size), rng.randrange(size)) for _ in range(rng.randint(0, 14))]

    def closed(chosen: set[int]) -> bool:
        return all(needed in chosen for item, needed in needs if item in chosen)

    subsets = [set(itertools.compress(range(size), bits)) for bits in itertools.product((0, 1), repeat=size)]
    best = max(sum(gains[k] for k in chosen) for chosen in subsets if closed(chosen))
    equal = [chosen for chosen in subsets if closed(chosen) and sum(gains[k] for k in chosen) == best]
    found = best_closure(gains, needs)
    assert found in equal and all(found <= other for other in equal)


def lifetimes(problem: Problem, start: Sequence[int]) -> int:
    """Bits x cycles between each value and its last use."""
    total = 0
    for src, node in enumerate(problem.nodes):
        uses = [
            start[e.dst] // PERIOD + e.cycles
            for e in problem.edges
            if e.src == src and e.kind is not EdgeKind.ORDER
        ]
        if uses:
            total += node.width * (max(uses) - start[src] // PERIOD - node.latency)
    return total


def small_problem(rng: random.Random) -> Problem:
    """A few operators, two of them around a register that an iteration hands to the next."""
    size = 5
    nodes = [
        Node(f"n{k}", rng.choice([0, 300, 2500]), rng.choice([0, 0, 1, 3]), rng.choice([0, 1, 8, 16]))
        for k in range(size)
    ]
    edges = [
        Edge(src, dst, rng.choice([EdgeKind.DATA, EdgeKind.DATA, EdgeKind.SAMPLE]), rng.randint(0, 2))
        for dst in range(1, size)
        for src in rng.sample(range(min(dst, 3)), min(dst, rng.randint(1, 2)))
    ]
    edges.append(Edge(2, 1, EdgeKind.ORDER, 1, 1, "register"))
    return Problem(nodes, edges)


@pytest.mark.parametrize("seed", range(40))
def test_no_later_schedule_has_fewer_registers(seed: int) -> None:
    rng = random.Random(seed)
    problem = small_problem(rng)
    solver = Solver(Graph(problem, PERIOD), 8)
    solver.push(range(len(problem.nodes)))
    before = [*solver.start]
    depth = max(s // PERIOD + n.latency for s, n in zip(before, problem.nodes, strict=True)) + 1
    carry = Carry(solver, [False] * len(problem.nodes), depth)
    carry.run()
    assert violations(problem, Schedule(8, PERIOD, solver.start)) == []
    groups = sorted(carry.members)
    best = None
    for shifts in itertools.product(range(depth + 1), repeat=len(groups)):
        later = dict(zip(groups, shifts, strict=True))
        if any(later[group] for group in carry.fixed):
            continue
        start = [s + PERIOD * later[carry.group[k]] for k, s in enumerate(before)]
        ends = (s // PERIOD + n.latency for s, n in zip(start, problem.nodes, strict=True))
        if max(ends) <= depth and not violations(problem, Schedule(8, PERIOD, start)):
            bits = lifetimes(problem, start)
            best = bits if best is None else min(best, bits)
    assert lifetimes(problem, solver.start) == best


def test_a_register_of_words_runs_where_it_is_used() -> None:
    """`if (swap) active = shadow` eight cycles before a slice uses `active`: the bit waits, and no word does."""
    slices = [Node(f"slice {k}", 400, 3, 48) for k in range(9)]
    nodes = [Node("swap", 0, 0, 1, latest=0), Node("active", 0, 0, 16), Node("next", 200, 0, 16), *slices]
    wires = [Edge(3 + k, 4 + k, EdgeKind.DATA, 2) for k in range(8)]
    edges = [Edge(0, 2), Edge(1, 2), Edge(2, 11), *wires]
    schedule = solve(Problem(nodes, edges, [Phi(1, 2)]), PERIOD, 1)
    assert [schedule.cycle(3 + k) for k in range(9)] == [*range(9)], "a cycle behind each other"
    assert schedule.cycle(1) == schedule.cycle(2) == 8
    assert violations(Problem(nodes, edges, [Phi(1, 2)]), schedule) == []


def test_a_word_that_is_new_in_each_iteration_stays() -> None:
    """Where the register's word comes from outside, nothing is saved by moving it."""
    nodes = [Node("word", 0, 0, 16, latest=0), Node("kept", 0, 0, 16), Node("next", 200, 0, 16)]
    nodes += [Node("first", 400, 3, 48), Node("second", 400, 3, 48), Node("early", 100, 0, 0, latest=0)]
    edges = [Edge(0, 2), Edge(1, 2), Edge(2, 4), Edge(3, 4, EdgeKind.DATA, 2), Edge(1, 5)]
    problem = Problem(nodes, edges, [Phi(1, 2)])
    schedule = solve(problem, PERIOD, 1)
    assert schedule.cycle(1) == schedule.cycle(2) == 0
    assert violations(problem, replace(schedule)) == []


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize(("wide", "cycle"), [(8, 0), (16, 0), (17, 1)])
def test_a_word_is_paid_for_by_who_moves(wide: int, cycle: int, late: int) -> None:
    """Two registers are made of a word of 16 bits; one of them, of `wide` bits, is used a cycle later."""
    nodes = [Node("word", 0, 0, 16, latest=0)]
    for _ in range(2):
        nodes += [Node("kept", 0, 0, wide), Node("next", 200, 0, wide)]
    nodes += [Node("first", 400, 3, 48), Node("second", 400, 3, 48)]
    edges = [Edge(0, 2), Edge(1, 2), Edge(0, 4), Edge(3, 4), Edge(5, 6, EdgeKind.DATA, 2)]
    problem = Problem(nodes, [*edges, Edge(2 + 2 * late, 6)], [Phi(1, 2), Phi(3, 4)])
    schedule = solve(problem, PERIOD, 1)
    cycles = [schedule.cycle(k) for k in range(1, 5)]
    assert cycles == ([0, 0, cycle, cycle] if late else [cycle, cycle, 0, 0])
    assert violations(problem, schedule) == []
