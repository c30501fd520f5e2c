# SPDX-License-Identifier: Apache-2.0
"""The push scheduler on plain graphs: known answers, then random graphs against every constraint."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest

from edgemoe.compiler.constraints import violations
from edgemoe.compiler.recurrences import Graph
from edgemoe.compiler.schedule import (
    Edge,
    EdgeKind,
    Infeasible,
    Node,
    Phi,
    Port,
    Problem,
    solve,
    solve_from,
)

PERIOD = 5000  # picoseconds


def adder(label: str = "add", delay: int = 1200, latency: int = 0) -> Node:
    return Node(label, delay, latency, width=32, where=f"k.cpp:{len(label)}")


def test_adders_chain_until_the_clock_edge() -> None:
    problem = Problem([adder() for _ in range(9)], [Edge(k, k + 1) for k in range(8)])
    schedule = solve(problem, PERIOD, 0)
    assert [schedule.cycle(n) for n in range(9)] == [0, 0, 0, 0, 1, 1, 1, 1, 2]
    assert violations(problem, schedule) == []


def test_a_value_of_a_registered_operator_arrives_after_its_latency() -> None:
    problem = Problem([adder("mul", 1500, 2), adder()], [Edge(0, 1)])
    schedule = solve(problem, PERIOD, 1)
    assert schedule.start[1] == 2 * PERIOD + 1500


def test_a_recurrence_sets_the_ii_and_is_blamed() -> None:
    # phi -> mul (2 cycles) -> add -> phi: three cycles around.
    nodes = [Node("acc", 200, 0, 32), adder("mul", 1500, 2), adder("sum", 4000)]
    problem = Problem(nodes, [Edge(0, 1), Edge(1, 2)], [Phi(0, 2)])
    schedule, limit = solve_from(problem, PERIOD, 1)
    assert schedule.ii == 4  # two cycles of product, one of sum (4.0 ns do not fit behind 1.5), one register
    assert limit == "sum at k.cpp:3 feeds acc one iteration later (loop-carried value)"
    assert violations(problem, schedule) == []


def test_a_memory_port_bounds_the_ii() -> None:
    problem = Problem([Node("load", 2000, 1) for _ in range(3)], [], [], [Port("m bank 0, read", [0, 1, 2])])
    schedule, limit = solve_from(problem, PERIOD, 1)
    assert schedule.ii == 3
    assert limit == "m bank 0, read: 3 accesses in each iteration"
    assert violations(problem, schedule) == []


def test_exclusive_accesses_share_a_port() -> None:
    port = Port("m", [0, 1], {frozenset((0, 1))})
    # b cannot start before cycle 2; a must join it, or iterations would meet on the port.
    nodes = [Node("a"), Node("b"), Node("slow", 100, 2)]
    problem = Problem(nodes, [Edge(2, 1)], [], [port])
    schedule = solve(problem, PERIOD, 1)
    assert schedule.cycle(0) == schedule.cycle(1) == 2
    assert violations(problem, schedule) == []


@pytest.mark.parametrize("number", [2, 300, 1500])
def test_a_block_has_a_schedule_however_many_accesses_a_port_has(number: int) -> None:
    """Each in a cycle of its own and none left free; what waits for the last one comes behind it."""
    users, began = range(number), time.process_time()
    problem = Problem(
        [*(Node("store") for _ in users), adder()], [Edge(number - 1, number)], [], [Port("m", [*users])]
    )
    schedule = solve(problem, PERIOD, 0)
    assert [schedule.cycle(user) for user in users] == [*users] and schedule.cycle(number) >= number - 1
    assert time.process_time() - began < 5


def test_an_access_of_two_ports_waits_for_both() -> None:
    problem = Problem([Node("load") for _ in range(5)], [], [], [Port("p", [0, 1, 2, 4]), Port("q", [3, 4])])
    schedule = solve(problem, PERIOD, 0)
    assert [schedule.cycle(n) for n in range(5)] == [0, 1, 2, 0, 3]


def test_a_dependence_distance_relaxes_a_memory_recurrence() -> None:
    nodes = [Node("load", 2000, 1), adder("mul", 1500, 2), Node("store")]
    for distance, ii in ((1, 4), (2, 2), (4, 1)):
        edges = [Edge(0, 1), Edge(1, 2), Edge(2, 0, EdgeKind.ORDER, 1, distance, "memory m")]
        assert solve_from(Problem(nodes, edges), PERIOD, 1)[0].ii == ii


def test_a_pinned_node_that_cannot_be_early_is_named() -> None:
    nodes = [adder("mul", 1500, 2), Node("read x", 0, 0, 8, "k.cpp:7", latest=0)]
    with pytest.raises(Infeasible, match=r"read x at k\.cpp:7, which must start by cycle 0"):
        solve(Problem(nodes, [Edge(0, 1)]), PERIOD, 1)


@pytest.mark.parametrize(("latency", "latest", "possible"), [(1, 0, False), (1, 1, True), (2, 1, False)])
def test_a_pinned_node_is_not_a_cycle_late(latency: int, latest: int, possible: bool) -> None:
    problem = Problem([adder("mul", 100, latency), Node("read x", 0, 0, 8, latest=latest)], [Edge(0, 1)])
    if possible:
        assert solve(problem, PERIOD, 1).cycle(1) == latest
        return
    with pytest.raises(Infeasible, match=f"must start by cycle {latest}"):
        solve(problem, PERIOD, 1)


def test_an_operator_slower_than_the_clock_is_refused() -> None:
    with pytest.raises(Infeasible, match="divide takes 9000 ps"):
        solve(Problem([Node("divide", 9000)]), PERIOD, 0)


def test_module_arguments_sink_to_their_sample_time() -> None:
    # A narrow value is only needed three cycles into the call: its producer moves there.
    nodes = [Node("arg", 0, 0, 16), adder("widen", 100), Node("call", 1000, 4, 32)]
    problem = Problem(nodes, [Edge(0, 1), Edge(1, 2, EdgeKind.SAMPLE, 3)])
    schedule = solve(problem, PERIOD, 1)
    assert schedule.cycle(2) == 0 and schedule.cycle(1) == 2
    assert violations(problem, schedule) == []


def random_problem(rng: random.Random, size: int) -> Problem:
    nodes = [
        Node(
            f"n{k}",
            rng.choice([0, 300, 1200, 2500, 4900]),
            rng.choice([0, 0, 0, 1, 2, 3]),
            rng.randint(0, 64),
        )
        for k in range(size)
    ]
    edges: list[Edge] = []
    for dst in range(1, size):
        for src in rng.sample(range(dst), min(dst, rng.randint(0, 3))):
            kind = rng.choice([EdgeKind.DATA, EdgeKind.DATA, EdgeKind.ORDER, EdgeKind.SAMPLE])
            edges.append(Edge(src, dst, kind, rng.randint(0, 2)))
    carried = rng.sample(range(size), min(size, 6))
    for first, second in zip(carried[:3], carried[3:], strict=False):
        low, high = sorted((first, second))
        edges.append(Edge(high, low, EdgeKind.ORDER, 1, rng.randint(1, 3)))
    roots = [k for k in range(size) if not any(edge.dst == k for edge in edges)]
    phis = [Phi(root, rng.randrange(size)) for root in roots[:2]]
    others = [k for k in range(size) if all(k != pair.phi for pair in phis)]
    users = rng.sample(others, min(len(others), 7))
    ports = [Port("p", users[:4], {frozenset(users[:2])}), Port("q", users[4:])]
    return Problem(nodes, edges, phis, ports)


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_keep_every_constraint(seed: int) -> None:
    rng = random.Random(seed)
    problem = random_problem(rng, rng.choice([3, 8, 20, 60, 150]))
    for ii in (0, 1, 3):
        if ii == 0:
            straight = Problem(problem.nodes, [e for e in problem.edges if not e.distance], [], problem.ports)
            assert violations(straight, solve(straight, PERIOD, 0)) == [], f"seed {seed}"
        else:
            schedule, _ = solve_from(problem, PERIOD, ii, tries=400)
            assert violations(problem, schedule) == [], f"seed {seed}, II {schedule.ii}"


@pytest.mark.parametrize("seed", range(40))
def test_the_search_finds_the_first_ii_that_a_walk_finds(seed: int) -> None:
    """Without ports a schedule at one II means one at every longer II; the reason is that of the II below."""
    rng = random.Random(seed)
    problem = replace(random_problem(rng, rng.choice([3, 8, 20, 60])), ports=[])
    reasons = [""]
    for ii in range(1, 100):
        try:
            walked = solve(problem, PERIOD, ii)
            break
        except Infeasible as error:
            reasons.append(error.reason)
    assert solve_from(problem, PERIOD, 1, tries=100) == (walked, reasons[-1])


def test_a_long_recurrence_is_found_in_few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    links = Graph.links

    def counted(graph: Graph, ii: int) -> object:
        tried.append(ii)
        return links(graph, ii)

    monkeypatch.setattr(Graph, "links", counted)
    nodes = [Node("store"), *(adder(delay=4000) for _ in range(44)), Node("load")]
    edges = [Edge(k, k + 1) for k in range(45)]
    problem = Problem(nodes, [*edges, Edge(45, 0, EdgeKind.ORDER, 1, 1, "m")])
    schedule, limit = solve_from(problem, PERIOD, 1)
    assert (schedule.ii, limit) == (44, "load feeds store one iteration later (m)")
    assert len(tried) < 15
    with pytest.raises(Infeasible, match="load feeds store one iteration later"):
        solve_from(problem, PERIOD, 1, tries=43)


def test_what_breaks_a_constraint_is_seen() -> None:
    """An earliest schedule with one start moved: too early for an operand, too late for the next iteration."""
    nodes = [Node("phi"), adder("mul", 1500, 2), adder("sum"), Node("load", 2000, 1), Node("other", 2000, 1)]
    edges = [Edge(0, 1), Edge(1, 2), Edge(3, 2), Edge(2, 4, EdgeKind.ORDER, 1, 1, "memory m")]
    problem = Problem(nodes, edges, [Phi(0, 2)], [Port("p", [3, 4])])
    right = solve(problem, PERIOD, 3)
    assert violations(problem, right) == []

    def broken(node: int, cycle: int) -> list[str]:
        start = [*right.start]
        start[node] = cycle * PERIOD
        return violations(problem, replace(right, start=start))

    cycle = right.cycle
    assert broken(2, 1) == ["data 1 -> 2", "data 3 -> 2"]
    assert broken(3, 2) == ["data 3 -> 2"]
    assert broken(4, cycle(3) + 3) == ["p: 3 and 4"]
    assert "phi 0" in broken(2, cycle(2) + 1)  # too late for the next iteration
    late = replace(right, start=[*right.start[:2], right.start[2] + 9 * PERIOD, *right.start[3:]])
    assert "order 2 -> 4" in violations(problem, late)


def test_six_thousand_operations_take_seconds_at_most() -> None:
    rng = random.Random(1)
    nodes = [adder(f"n{k}", rng.choice([300, 1200, 2000]), rng.choice([0, 0, 0, 2])) for k in range(6000)]
    edges = [Edge(rng.randint(max(0, dst - 400), dst - 1), dst) for dst in range(1, 6000) for _ in range(2)]
    began = time.process_time()
    problem = Problem(nodes, edges, [Phi(0, 40)])
    schedule, _ = solve_from(problem, PERIOD, 1)
    assert violations(problem, schedule) == []
    assert time.process_time() - began < 10
