# SPDX-License-Identifier: Apache-2.0
"""Dependences of random loops against the elements that the loops really touch."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from edgemoe.compiler.banks import BankLayout, Dimension
from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.interp_source import expression, name_of
from edgemoe.compiler.ir import (
    Affine,
    Block,
    Branch,
    Compare,
    Const,
    Depend,
    Dependence,
    Direction,
    Edge,
    Function,
    Hazard,
    Jump,
    Kind,
    Memory,
    Op,
    Opcode,
    Phi,
    Pipeline,
    ScalarArg,
    Value,
)
from edgemoe.compiler.passes.depends import find_dependences

ROUNDS = 80
SIZE = 64


def loop_of(rng: random.Random, index: Callable[[Emitter, list[Phi], Value], Affine]) -> Function:
    """A loop of ``ROUNDS`` iterations with two counters, a store and a load at the elements of ``index``."""
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS, [ScalarArg("base", 6), ScalarArg("odd", 8)])
    function.memories["m"] = Memory("m", 8, BankLayout((Dimension(SIZE),)))
    loop = Pipeline("loop")
    loop.phis = [Phi(next(ids), rng.choice([2, 3, 5, 8, 32])) for _ in range(2)] + [Phi(next(ids), 16)]
    emit = Emitter(ids, loop.ops)
    back: list[Value] = []
    for phi in loop.phis[:2]:
        after = emit.add(phi, Const.of(rng.randint(-3, 5), phi.width))
        bits = rng.randint(1, phi.width)
        back.append(emit.resize(emit.extract(after, 0, bits), phi.width))  # wraps before its width, perhaps
    back.append(emit.add(loop.phis[2], Const(1, 16)))
    starts = [function.args[1] if rng.random() < 0.3 else Const.of(rng.randint(0, 9), 8) for _ in range(2)]
    first = Block("first")
    start = Emitter(ids, first.ops)
    entry: list[Value] = [
        start.resize(s, phi.width)
        for s, phi in zip(starts, loop.phis, strict=False)
        if not isinstance(s, list)
    ]
    first.terminator = Jump(Edge("loop", [*entry, Const(0, 16)]))
    for opcode in rng.sample([Opcode.STORE, Opcode.LOAD], 2):
        element = index(emit, loop.phis, function.args[0])  # type: ignore[arg-type]
        operands: list[Value] = [Const(0, 6), *([Const(0, 8)] if opcode is Opcode.STORE else [])]
        width = 0 if opcode is Opcode.STORE else 8
        emit.effect(opcode, width, operands, memory="m", banks=(0,), element=element)
    go = emit.compare(Compare.ULT, back[2], Const(ROUNDS, 16))
    loop.terminator = Branch(go, Edge("loop", back), Edge("end"))
    function.regions = [first, loop, Block("end")]
    return function


def arithmetic(rng: random.Random, emit: Emitter, value: Value) -> Value:
    """One of the operations that keep a linear value linear."""
    width = value.width
    constant = Const.of(rng.randint(-2, 4), width)
    kind = rng.randrange(6)
    if kind == 0:
        return emit.pure(Opcode.SHL, width, [value, Const.of(rng.randint(0, 2), width)])
    if kind == 1:
        return emit.pure(Opcode.MUL, width, [value, constant])
    if kind == 2:
        return emit.pure(Opcode.SUB, width, [constant, value])
    if kind == 3:
        return emit.concat([value, Const(rng.randint(0, 1), 1)])
    return emit.add(value, constant)


def linear(rng: random.Random) -> Callable[[Emitter, list[Phi], Value], Affine]:
    mixed = rng.random() < 0.3

    def index(emit: Emitter, phis: list[Phi], base: Value) -> Affine:
        terms: list[tuple[int, Value]] = []
        for phi in phis[: rng.randint(1, 2)]:
            value: Value = phi
            for _ in range(rng.randint(0, 2)):
                value = arithmetic(rng, emit, value)
            terms.append((rng.choice([1, 2, -1, 4]), emit.resize(value, 32, rng.random() < 0.5)))
        if rng.random() < 0.3:
            terms.append((1, base))
        if mixed:  # the same for both accesses of an iteration, and another number in the next
            noise = emit.pure(Opcode.XOR, 16, [phis[2], emit.times(phis[2], 5)])
            terms.append((4, emit.resize(noise, 32)))
        return Affine(rng.randint(0, 5), tuple(terms), 32)

    return index


def touched(function: Function, seed: int) -> dict[Op, list[int]]:
    """The elements of every access, iteration by iteration."""
    rng = random.Random(seed)
    scope: dict[str, int] = {f"a_{arg.name}": rng.getrandbits(6) for arg in function.args}
    loop = function.regions[1]
    assert isinstance(function.regions[0].terminator, Jump) and isinstance(loop.terminator, Branch)
    for op in function.regions[0].ops:
        scope[name_of(op)] = eval(expression(op), {}, scope)  # text made from our own IR
    values = function.regions[0].terminator.edge.values
    found: dict[Op, list[int]] = {}
    for _ in range(ROUNDS):
        new = {name_of(p): eval(name_of(v), {}, scope) for p, v in zip(loop.phis, values, strict=True)}
        scope |= new
        for op in loop.ops:
            if op.element is not None:
                total = op.element.constant
                for coefficient, value in op.element.terms:
                    number = eval(name_of(value), {}, scope)
                    total += coefficient * (number - ((number >> (value.width - 1)) << value.width))
                found.setdefault(op, []).append(total % (1 << op.element.bits))
            else:
                scope[name_of(op)] = eval(expression(op), {}, scope)
        values = loop.terminator.taken.values
    return found


def distance_between(first: list[int], second: list[int], least: int) -> int | None:
    """The least distance of two accesses that meet."""
    return next(
        (
            d
            for d in range(least, len(first))
            if any(first[n] == second[n + d] for n in range(len(first) - d))
        ),
        None,
    )


def distances(depends: list[Depend], source: Op, target: Op) -> list[int]:
    return [d.distance for d in depends if d.source is source and d.target is target]


def test_no_dependence_is_denied() -> None:
    exact = 0
    for seed in range(150):
        rng = random.Random(seed)
        function = loop_of(rng, linear(rng))
        find_dependences(function)
        loop = function.regions[1]
        elements = touched(function, seed)
        for source, target in itertools.permutations(elements, 2):
            inside = [op for op in loop.ops if op in elements]
            found = distances(loop.depends, source, target)
            wanted = distance_between(elements[source], elements[target], 1)
            given = [d for d in found if d]
            assert wanted is None or (given and min(given) <= wanted), f"seed {seed}: {given}, {wanted}"
            exact += min(given, default=None) == wanted
            if inside.index(source) < inside.index(target) and 0 not in found:
                assert all(a != b for a, b in zip(elements[source], elements[target], strict=True)), f"{seed}"
    assert exact > 50  # not by always answering 1


def carried(width: int, step: int, source: int, target: int, trip: int | None = None) -> int | None:
    """The distance from ``m[i + source] = ...`` to ``... = m[i + target]`` for a counter that wraps around."""
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS)
    function.memories["m"] = Memory("m", 8, BankLayout((Dimension(SIZE),)))
    loop = Pipeline("loop", [Phi(next(ids), width)], trip=trip)
    emit = Emitter(ids, loop.ops)
    index = emit.resize(loop.phis[0], 32)
    load = emit.effect(
        Opcode.LOAD, 8, [Const(0, 6)], memory="m", banks=(0,), element=Affine(target, ((1, index),), 30)
    )
    store = emit.effect(
        Opcode.STORE,
        0,
        [Const(0, 6), load],
        memory="m",
        banks=(0,),
        element=Affine(source, ((1, index),), 30),
    )
    loop.terminator = Jump(Edge("loop", [emit.add(loop.phis[0], Const.of(step, width))]))
    function.regions = [Block("first", terminator=Jump(Edge("loop", [Const(0, width)]))), loop]
    find_dependences(function)
    return next(iter(distances(loop.depends, store, load)), None)


@pytest.mark.parametrize(
    ("width", "step", "source", "target", "distance"),
    [
        (32, 1, 0, 0, None),  # the same element in no other iteration
        (32, 1, 4, 0, 4),
        (32, 1, 0, 4, None),
        (32, 2, 3, 0, None),
        (32, -1, 0, 4, 4),
        (8, 64, 0, 0, 4),  # 0, 64, 128, 192, 0
        (2, 1, 0, 0, 4),
        (2, 1, 1, 0, 1),
        (3, 3, 0, 0, 8),
        (3, 6, 0, 4, 2),
        (16, 1, 0, 1, (1 << 16) - 1),
        (8, 2, 1, 0, None),
    ],
)
def test_distance_of_a_counter(width: int, step: int, source: int, target: int, distance: int | None) -> None:
    assert carried(width, step, source, target) == distance


@pytest.mark.parametrize(("trip", "distance"), [(4, None), (5, 4), (None, 4)])
def test_what_is_as_far_apart_as_the_loop_is_long_never_meets(trip: int | None, distance: int | None) -> None:
    assert carried(32, 1, 4, 0, trip) == distance


def read_and_written(promise: Dependence | None) -> list[Depend]:
    """The edges of ``x = in.read(); m[x + 1] = m[x];`` in a loop."""
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS)
    function.memories["m"] = Memory("m", 8, BankLayout((Dimension(SIZE),)))
    loop = Pipeline("loop", promises=[promise] if promise else [])
    emit = Emitter(ids, loop.ops)
    index = emit.effect(Opcode.FIFO_READ, 6, [], channel="in")
    where = {"memory": "m", "banks": (0,)}
    load = emit.effect(Opcode.LOAD, 8, [index], **where, element=Affine(0, ((1, index),), 30))
    after = emit.add(index, Const(1, 6))
    emit.effect(Opcode.STORE, 0, [after, load], **where, element=Affine(1, ((1, index),), 30))
    loop.terminator = Jump(Edge("loop"))
    function.regions = [Block("first", terminator=Jump(Edge("loop"))), loop]
    find_dependences(function)
    return loop.depends


def test_an_unknown_index_may_be_equal_in_the_next_iteration() -> None:
    """Different elements in an iteration, since it is the same unknown; any in two."""
    found = {(d.distance, d.hazard) for d in read_and_written(None)}
    assert found == {(1, Hazard.RAW), (1, Hazard.WAR)}


@pytest.mark.parametrize("false", [True, False])
@pytest.mark.parametrize(
    ("memory", "hazards", "changed"),
    [
        ("m", set(), {Hazard.RAW, Hazard.WAR}),
        ("m", {Hazard.RAW}, {Hazard.RAW}),
        ("m", {Hazard.WAR}, {Hazard.WAR}),
        ("m", {Hazard.WAW}, set()),
        ("other", set(), set()),
    ],
)
def test_a_promise_speaks_of_what_it_names(
    memory: str, hazards: set[Hazard], changed: set[Hazard], false: bool
) -> None:
    promise = Dependence(frozenset({memory}), True, false, None if false else 7, frozenset(hazards))
    distance_of = {d.hazard: d.distance for d in read_and_written(promise)}
    kept = {Hazard.RAW, Hazard.WAR} - changed
    assert distance_of == dict.fromkeys(kept, 1) | ({} if false else dict.fromkeys(changed, 7))


@pytest.mark.parametrize("false", [True, False])
def test_a_promise_within_an_iteration_says_nothing_of_the_next(false: bool) -> None:
    promise = Dependence(frozenset({"m"}), False, false, None if false else 7)
    assert {d.distance for d in read_and_written(promise)} == {1}


def test_a_promise_lengthens_and_never_shortens() -> None:
    rng = random.Random(0)
    for given, expected in ((3, 4), (9, 9)):
        function = loop_of(rng, lambda emit, phis, base: Affine(0, ((1, emit.resize(Const(0, 2), 2)),)))
        loop = function.regions[1]
        assert isinstance(loop, Pipeline)
        step = Op(900, Opcode.ADD, 2, [loop.phis[0], Const(1, 2)])
        loop.phis[0].width = 2
        loop.ops.insert(0, step)
        assert isinstance(loop.terminator, Branch)
        loop.terminator.taken.values[0] = step
        for op in loop.ops:
            if op.memory:
                op.element = Affine(0, ((1, loop.phis[0]),), 30)
        loop.promises = [Dependence(frozenset({"m"}), True, False, given)]
        find_dependences(function)
        raw = [d.distance for d in loop.depends if d.hazard is Hazard.RAW and d.distance]
        assert raw == [expected]


def test_order_survives_operations_that_exclude_each_other() -> None:
    """write if p; write if not p; write: the scheduler drops the first edge, so the first and the third need one."""
    function = Function("f", Kind.PROCESS, [ScalarArg("p", 1, Direction.READ)])
    loop = Pipeline("loop")
    emit = Emitter(itertools.count(1), loop.ops)
    guard = function.args[0]
    assert isinstance(guard, ScalarArg)
    first = emit.effect(Opcode.FIFO_WRITE, 0, [Const(1, 8)], channel="y", predicate=guard)
    emit.effect(Opcode.FIFO_WRITE, 0, [Const(2, 8)], channel="y", predicate=emit.invert(guard))
    third = emit.effect(Opcode.FIFO_WRITE, 0, [Const(3, 8)], channel="y")
    loop.terminator = Jump(Edge("loop"))
    function.regions = [loop]
    find_dependences(function)
    assert 0 in distances(loop.depends, first, third)


@pytest.mark.parametrize("loop", [False, True])
def test_very_many_accesses_keep_their_order(loop: bool) -> None:
    """Every pair that may meet is ordered by a path of edges, over iterations too."""
    rng = random.Random(1)
    function = Function("f", Kind.PROCESS, [ScalarArg("at", 6)])
    function.memories["m"] = Memory("m", 8, BankLayout((Dimension(SIZE),)))
    region: Block = Pipeline("loop") if loop else Block("block")
    emit = Emitter(itertools.count(1), region.ops)
    at = function.args[0]
    assert isinstance(at, ScalarArg)
    for _ in range(600):
        store = rng.random() < 0.5
        operands: list[Value] = [at, Const(0, 8)] if store else [at]
        opcode = Opcode.STORE if store else Opcode.LOAD
        element = Affine(rng.randint(0, 3), ((1, at),), 32)
        emit.effect(opcode, 0 if store else 8, operands, memory="m", banks=(0,), element=element)
    if loop:
        region.terminator = Jump(Edge("loop"))
    function.regions = [region]
    find_dependences(function)
    copies = 2 if loop else 1
    nodes = [(op, number) for number in range(copies) for op in region.ops]
    edges: dict[tuple[Op, int], list[tuple[Op, int]]] = {}
    for d in region.depends:
        for number in range(copies - d.distance):
            edges.setdefault((d.source, number), []).append((d.target, number + d.distance))
    for start in rng.sample(range(len(nodes)), 20):
        reached, work = {nodes[start]}, [nodes[start]]
        while work:
            for other in edges.get(work.pop(), []):
                if other not in reached:
                    reached.add(other)
                    work.append(other)
        for other in nodes[start + 1 :]:
            if Opcode.STORE in (nodes[start][0].opcode, other[0].opcode):
                assert other in reached
