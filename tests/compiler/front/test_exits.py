# SPDX-License-Identifier: Apache-2.0
"""Exit tests kept in registers: random counted loops compute what they computed before."""

from __future__ import annotations

import copy
import itertools
import random
from collections import deque

import pytest

from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.interp import Interpreter, Run
from edgemoe.compiler.ir import (
    Block,
    Branch,
    Compare,
    Const,
    Direction,
    Edge,
    Function,
    Jump,
    Kind,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Program,
    Return,
    StreamArg,
    Value,
)
from edgemoe.compiler.ircheck import check_program
from edgemoe.compiler.irtext import function_text
from edgemoe.compiler.passes.exits import register_exit_tests
from edgemoe.compiler.passes.invariant import mark_invariants

TOKEN = 16
FUEL = 40  #: no loop here runs longer


class Loop:
    """A random loop of up to three counters whose exit tests them against bounds read before it."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        ids = itertools.count(1)
        self.function = Function("f", Kind.PROCESS)
        self.function.args = [
            StreamArg("x", TOKEN, Direction.READ),
            StreamArg("y", 64, Direction.WRITE),
        ]
        entry, loop, end = Block("entry"), Pipeline("loop"), Block("end")
        before = Emitter(ids, entry.ops)
        self.tokens: list[Value] = [before.effect(Opcode.FIFO_READ, TOKEN, [], channel="x") for _ in range(4)]
        self.body = Emitter(ids, loop.ops)
        self.counters = [
            Phi(next(ids), rng.choice((1, 2, 4, 5, 8, 16)), f"c{k}") for k in range(rng.randint(1, 3))
        ]
        fuel = Phi(next(ids), 8, "fuel")
        loop.phis = [*self.counters, fuel]
        tests = [self.test(self.body, c) for c in self.counters]
        following: list[Value] = []
        for counter in self.counters:
            following.append(self.next(counter, tests, 2))
            # What `while` asks at the loop's end: a test of the next value.
            tests.append(self.test(self.body, following[-1]))
        left = self.body.add(fuel, Const.of(-1, 8))
        go = self.body.compare(Compare.NE, left, Const(0, 8))
        for test in rng.sample(tests, min(len(tests), 2)):
            go = self.body.pure(rng.choice((Opcode.AND, Opcode.AND, Opcode.OR)), 1, [go, test])
        go = self.body.pure(Opcode.AND, 1, [go, self.body.compare(Compare.NE, left, Const(0, 8))])
        told = self.body.resize(self.body.concat([*self.counters, *tests]), 64)
        self.body.effect(Opcode.FIFO_WRITE, 0, [told], channel="y", predicate=None)
        first = [self.start(before, c.width) for c in self.counters]
        entry.terminator = Jump(Edge("loop", [*first, Const(FUEL, 8)]))
        loop.terminator = Branch(go, Edge("loop", [*following, left]), Edge("end", [*following]))
        end.phis = [Phi(next(ids), c.width) for c in self.counters]
        last = Emitter(ids, end.ops)
        last.effect(Opcode.FIFO_WRITE, 0, [last.resize(last.concat(list(end.phis)), 64)], channel="y")
        end.terminator = Return()
        self.function.regions = [entry, loop, end]
        self.loop = loop
        mark_invariants(self.function)

    def start(self, emit: Emitter, width: int) -> Value:
        if self.rng.random() < 0.6:
            return Const.of(self.rng.choice((0, 0, 1, -1, -2, 1 << (width - 1))), width)
        return emit.resize(self.rng.choice(self.tokens), width)

    def next(self, counter: Phi, tests: list[Value], depth: int) -> Value:
        """A choice among constants, tokens, the counter, and the counter plus something."""
        rng, emit = self.rng, self.body
        if depth and rng.random() < 0.5:
            condition = emit.invert(rng.choice(tests)) if rng.random() < 0.2 else rng.choice(tests)
            a, b = self.next(counter, tests, depth - 1), self.next(counter, tests, depth - 1)
            return emit.select(condition, a, b)
        kind = rng.randrange(8)
        if kind == 0:
            return self.start(emit, counter.width)
        if kind == 1:
            return counter
        if kind == 2 and counter.width > 1:
            step = emit.resize(rng.choice(tests), counter.width, rng.random() < 0.5)
            return emit.pure(rng.choice((Opcode.ADD, Opcode.SUB)), counter.width, [counter, step])
        if kind == 3:
            step = Const.of(rng.choice((1, 3, -1)), counter.width)
            return emit.pure(Opcode.SUB, counter.width, [counter, step])
        return emit.add(counter, Const.of(rng.choice((1, 1, 1, 2, 3, -1, -5)), counter.width))

    def test(self, emit: Emitter, value: Value) -> Value:
        """A comparison of a counter, perhaps extended or cut, with a bound that does not change."""
        rng = self.rng
        width = rng.choice((value.width, value.width, value.width + 1, TOKEN, max(1, value.width - 1), 32))
        value = emit.resize(value, width, rng.random() < 0.5)
        bound: Value = Const.of(rng.choice((0, 1, -1, 3, 1 << (width - 1), (1 << (width - 1)) - 1)), width)
        if rng.random() < 0.7:
            bound = emit.resize(rng.choice(self.tokens), width, rng.random() < 0.5)
            if rng.random() < 0.3:
                bound = emit.add(bound, Const(1, width))
        how = rng.choice((Compare.EQ, Compare.EQ, Compare.NE, *Compare))
        return emit.compare(how, *((value, bound) if rng.random() < 0.8 else (bound, value)))


def outputs(function: Function, inputs: list[list[int]]) -> list[list[int]]:
    """What the function writes for each of ``inputs``, the tokens of x."""
    machine = Interpreter(Program("p", "f", {"f": function}))
    return [list(machine.run(Run({"x": deque(tokens)})).streams["y"]) for tokens in inputs]


def stimuli(seed: int) -> list[list[int]]:
    """Small numbers, so that bounds are met, and the ends of the range."""
    rng = random.Random(seed)
    edges = [0, 1, 2, 3, 7, 15, 16, 255, 256, 0x7FFF, 0x8000, 0xFFFF]
    return [[rng.choice(edges) for _ in range(4)] for _ in range(12)]


def compare(seed: int) -> bool:
    before = Loop(seed).function
    after = copy.deepcopy(before)
    loop = after.regions[1]
    assert isinstance(loop, Pipeline)
    changed = register_exit_tests(after, loop)
    check_program(Program("p", "f", {"f": after}), "the pass")
    inputs = stimuli(seed)
    for tokens, is_, was in zip(inputs, outputs(after, inputs), outputs(before, inputs), strict=True):
        assert is_ == was, f"seed {seed}, {tokens}:\n{function_text(before)}\n{function_text(after)}"
    return changed


def test_random_loops_keep_their_results() -> None:
    changed = [compare(seed) for seed in range(150)]
    assert sum(changed) > 100


@pytest.mark.slow
def test_many_random_loops_keep_their_results() -> None:
    for seed in range(1000, 4000):
        compare(seed)


def counted(how: Compare, width: int, first: int, step: int) -> tuple[Function, Pipeline]:
    """``c = first; do { write(c); c += step; } while (c how bound);`` with at most `FUEL` turns."""
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS)
    function.args = [StreamArg("x", width, Direction.READ), StreamArg("y", 64, Direction.WRITE)]
    entry, loop, end = Block("entry"), Pipeline("loop"), Block("end")
    bound = Emitter(ids, entry.ops).effect(Opcode.FIFO_READ, width, [], channel="x")
    loop.phis = [Phi(next(ids), width, "c"), Phi(next(ids), 8, "fuel")]
    entry.terminator = Jump(Edge("loop", [Const.of(first, width), Const(FUEL, 8)]))
    body = Emitter(ids, loop.ops)
    following = body.add(loop.phis[0], Const.of(step, width))
    fuel = body.add(loop.phis[1], Const.of(-1, 8))
    body.effect(Opcode.FIFO_WRITE, 0, [body.resize(loop.phis[0], 64)], channel="y")
    more = body.compare(Compare.NE, fuel, Const(0, 8))
    go = body.pure(Opcode.AND, 1, [body.compare(how, following, bound), more])
    loop.terminator = Branch(go, Edge("loop", [following, fuel]), Edge("end"))
    function.regions = [entry, loop, end]
    mark_invariants(function)
    return function, loop


@pytest.mark.parametrize("how", Compare)
@pytest.mark.parametrize("step", [1, 2, -1, -3])
def test_every_bound_at_the_ends_of_the_range(how: Compare, step: int) -> None:
    """Bounds 0, the least and the greatest, and a counter that wraps around before it meets them."""
    width = 6
    bounds = [[bound] for bound in (0, 1, 2, 3, 29, 30, 31, 32, 33, 61, 62, 63)]
    for first in (0, 1, 30, 31, 32, 60, 63):
        before, _ = counted(how, width, first, step)
        after, loop = counted(how, width, first, step)
        assert register_exit_tests(after, loop)
        assert outputs(after, bounds) == outputs(before, bounds), f"from {first}"


def depth(value: Value, loop: Pipeline) -> int:
    """Comparisons and additions one after the other on the way to ``value``."""
    if not isinstance(value, Op) or value not in loop.ops or value.invariant:
        return 0
    own = value.opcode in (Opcode.ICMP, Opcode.ADD, Opcode.SUB)
    return own + max(depth(v, loop) for v in value.operands)


@pytest.mark.parametrize("how", Compare)
def test_nothing_follows_a_comparison(how: Compare) -> None:
    """The exit is known at the start of a cycle, and every register is one comparison or one addition away."""
    function, loop = counted(how, 32, 0, 1)
    assert isinstance(loop.terminator, Branch)
    assert depth(loop.terminator.condition, loop) == 2
    assert register_exit_tests(function, loop)
    assert depth(loop.terminator.condition, loop) == 0
    assert max(depth(value, loop) for value in loop.terminator.taken.values) == 1


def test_a_loop_behind_a_loop_gets_a_block_before_it() -> None:
    function, loop = counted(Compare.NE, 8, 0, 1)
    first = copy.deepcopy(function).regions[1]
    first.name = "first"
    entry = function.regions[0]
    assert isinstance(entry.terminator, Jump) and isinstance(first.terminator, Branch)
    bound = entry.ops[0]
    for op in first.ops:
        op.operands = [bound if isinstance(v, Op) and v.id == bound.id else v for v in op.operands]
    first.terminator.taken.target = "first"
    first.terminator.otherwise = Edge("loop", entry.terminator.edge.values)
    entry.terminator = Jump(Edge("first", entry.terminator.edge.values))
    # The copies have the numbers of the originals.
    for value in (*first.phis, *first.ops):
        value.id += 1000
    function.regions.insert(1, first)
    before = copy.deepcopy(function)
    assert register_exit_tests(function, loop)
    assert [region.name for region in function.regions] == ["entry", "first", "loop_entry", "loop", "end"]
    check_program(Program("p", "f", {"f": function}), "the pass")
    bounds = [[0], [1], [5], [30], [255]]
    assert outputs(function, bounds) == outputs(before, bounds)


def test_a_test_of_data_stays() -> None:
    function, loop = counted(Compare.NE, 8, 0, 1)
    assert isinstance(loop.terminator, Branch)
    body = Emitter(itertools.count(100), loop.ops)
    token = body.effect(Opcode.FIFO_READ, 8, [], channel="x")
    loop.terminator.condition = body.compare(Compare.NE, token, Const(0, 8))
    mark_invariants(function)
    text = function_text(function)
    assert not register_exit_tests(function, loop)
    assert function_text(function) == text
