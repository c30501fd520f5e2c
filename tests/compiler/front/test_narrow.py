# SPDX-License-Identifier: Apache-2.0
"""Narrowing and its neighbours, operation by operation: every pair of small numbers, interpreted before and after."""

from __future__ import annotations

import copy
import itertools
from collections import deque
from collections.abc import Callable, Iterator

import pytest

from edgemoe.compiler.banks import BankLayout, Dimension
from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.interp import Interpreter, Run
from edgemoe.compiler.ir import (
    Affine,
    Block,
    Branch,
    Compare,
    Const,
    Direction,
    Edge,
    Function,
    Jump,
    Kind,
    Memory,
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
from edgemoe.compiler.passes.dead import remove_dead
from edgemoe.compiler.passes.invariant import mark_invariants
from edgemoe.compiler.passes.masked import narrow_masked_compares
from edgemoe.compiler.passes.narrow import narrow
from edgemoe.compiler.passes.reassociate import reassociate
from edgemoe.compiler.passes.trip import count_trips

INPUT, WIDE = 3, 7
PAIRS = list(itertools.product(range(1 << INPUT), repeat=2))
SIGNS = list(itertools.product((False, True), repeat=2))
DIVISIONS = (Opcode.UDIV, Opcode.SDIV, Opcode.UREM, Opcode.SREM)
SAME_WIDTH = (
    *(Opcode.ADD, Opcode.SUB, Opcode.MUL, Opcode.AND, Opcode.OR, Opcode.XOR),
    *(Opcode.SHL, Opcode.LSHR, Opcode.ASHR, *DIVISIONS),
)


def function_of(make: Callable[[Emitter, Value, Value], list[Value]]) -> Function:
    """A function that reads two numbers of `INPUT` bits and writes what ``make`` makes of them."""
    function = Function("f", Kind.PROCESS)
    function.args = [StreamArg("x", INPUT, Direction.READ), StreamArg("y", 16, Direction.WRITE)]
    block = Block("entry")
    emit = Emitter(itertools.count(1), block.ops)
    a, b = (emit.effect(Opcode.FIFO_READ, INPUT, [], channel="x") for _ in range(2))
    for value in make(emit, a, b):
        emit.effect(Opcode.FIFO_WRITE, 0, [emit.resize(value, 16)], channel="y")
    function.regions = [block]
    return function


def outputs(function: Function, pairs: list[tuple[int, int]]) -> list[list[int]]:
    machine = Interpreter(Program("p", "f", {"f": function}))
    return [list(machine.run(Run({"x": deque(pair)})).streams["y"]) for pair in pairs]


def keeps_results(before: Function, change: Callable[[Function], None], pairs: list[tuple[int, int]]) -> None:
    after = copy.deepcopy(before)
    change(after)
    check_program(Program("p", "f", {"f": after}), "the pass")
    wrong = [
        pair
        for pair, is_, was in zip(pairs, outputs(after, pairs), outputs(before, pairs), strict=True)
        if is_ != was
    ]
    assert not wrong, f"{wrong}:\n{function_text(before)}\n{function_text(after)}"


def operands(emit: Emitter, a: Value, b: Value) -> Iterator[tuple[Value, Value]]:
    """Both extended with zeros or signs, and the second a constant."""
    for first, second in SIGNS:
        yield emit.resize(a, WIDE, first), emit.resize(b, WIDE, second)
    for constant in (1, 3, 0b110, 1 << (WIDE - 1)):
        yield emit.resize(a, WIDE, True), Const(constant, WIDE)


def parts(emit: Emitter, value: Value) -> list[Value]:
    """All bits, and some that demand less of the operands."""
    return [value, emit.extract(value, 0, 2), emit.extract(value, 2, 2), emit.extract(value, WIDE - 1, 1)]


@pytest.mark.parametrize("opcode", SAME_WIDTH)
def test_narrowing_keeps_results(opcode: Opcode) -> None:
    pairs = [pair for pair in PAIRS if pair[1]] if opcode in DIVISIONS else PAIRS

    def make(emit: Emitter, a: Value, b: Value) -> list[Value]:
        results = [emit.pure(opcode, WIDE, [one, other]) for one, other in operands(emit, a, b)]
        return [part for result in results for part in parts(emit, result)]

    keeps_results(function_of(make), narrow, pairs)
    for at in range(4):  # one part alone demands less than all together
        only = function_of(lambda emit, a, b, at=at: make(emit, a, b)[at::4])  # type: ignore[misc]
        keeps_results(only, narrow, pairs)
    for at in range(8):  # and so does one pair of operands
        alone = function_of(lambda emit, a, b, at=at: make(emit, a, b)[4 * at : 4 * at + 1])  # type: ignore[misc]
        remove_dead(alone)
        keeps_results(alone, narrow, pairs)


def meaning(opcode: Opcode, a: int, b: int) -> int:
    """What the operation gives for numbers of `WIDE` bits, by Python's own integers."""
    x, y = (number - (number >> (WIDE - 1) << WIDE) for number in (a, b))
    signed = opcode in (Opcode.SDIV, Opcode.SREM)
    quotient = abs(x) // abs(y) * (-1 if (x < 0) != (y < 0) else 1) if signed and y else 0
    return {
        Opcode.ADD: lambda: a + b,
        Opcode.SUB: lambda: a - b,
        Opcode.MUL: lambda: a * b,
        Opcode.AND: lambda: a & b,
        Opcode.OR: lambda: a | b,
        Opcode.XOR: lambda: a ^ b,
        Opcode.SHL: lambda: a << b,
        Opcode.LSHR: lambda: a >> b,
        Opcode.ASHR: lambda: x >> b,
        Opcode.UDIV: lambda: a // b,
        Opcode.UREM: lambda: a % b,
        Opcode.SDIV: lambda: quotient,
        Opcode.SREM: lambda: x - quotient * y,
    }[opcode]() % (1 << WIDE)


@pytest.mark.parametrize("opcode", SAME_WIDTH)
def test_the_interpreter_computes_as_python_does(opcode: Opcode) -> None:
    pairs = [pair for pair in PAIRS if pair[1]] if opcode in DIVISIONS else PAIRS

    def make(emit: Emitter, a: Value, b: Value) -> list[Value]:
        return [
            emit.pure(opcode, WIDE, [emit.resize(a, WIDE, first), emit.resize(b, WIDE, second)])
            for first, second in SIGNS
        ]

    def extended(number: int, signed: bool) -> int:
        return (number - (signed and number >> (INPUT - 1) << INPUT)) % (1 << WIDE)

    wanted = [
        [meaning(opcode, extended(a, first), extended(b, second)) for first, second in SIGNS]
        for a, b in pairs
    ]
    assert outputs(function_of(make), pairs) == wanted


@pytest.mark.parametrize("how", Compare)
def test_narrowed_comparisons_keep_results(how: Compare) -> None:
    def make(emit: Emitter, a: Value, b: Value) -> list[Value]:
        plain = [emit.compare(how, a, b), emit.compare(how, a, Const(5, INPUT))]
        return plain + [emit.compare(how, one, other) for one, other in operands(emit, a, b)]

    keeps_results(function_of(make), narrow, PAIRS)


def test_partial_sums_that_others_need_stay() -> None:
    def make(emit: Emitter, a: Value, b: Value) -> list[Value]:
        one, other = emit.resize(a, WIDE), emit.resize(b, WIDE, True)
        partial = emit.add(emit.add(emit.add(one, other), one), emit.pure(Opcode.MUL, WIDE, [one, other]))
        whole = emit.add(emit.add(emit.add(partial, other), Const(5, WIDE)), one)
        return [partial, whole, emit.pure(Opcode.XOR, WIDE, [whole, one])]

    keeps_results(function_of(make), reassociate, PAIRS)


@pytest.mark.parametrize("how", Compare)
def test_masked_comparisons_keep_results(how: Compare) -> None:
    """Masks with and without gaps, against every constant, on either side."""

    def make(emit: Emitter, a: Value, b: Value) -> list[Value]:
        whole = emit.concat([a, b])
        results: list[Value] = []
        for mask in (0b000110, 0b001000, 0b101100, 0b110000):
            masked = emit.pure(Opcode.AND, 2 * INPUT, [whole, Const(mask, 2 * INPUT)])
            for constant in range(0, 1 << 2 * INPUT, 1 if how in (Compare.EQ, Compare.ULT) else 3):
                bound = Const(constant, 2 * INPUT)
                results += [emit.compare(how, masked, bound), emit.compare(how, bound, masked)]
        return results

    keeps_results(function_of(make), narrow_masked_compares, PAIRS)


def counted(how: Compare, first: int, step: int, bound: int, ahead: bool) -> tuple[Function, Pipeline]:
    """``c = first; do write(c) while ((c, or its next value) how bound, c += step)``, in 6 bits."""
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS, [StreamArg("y", 16, Direction.WRITE)])
    entry, loop, end = Block("entry"), Pipeline("loop", [Phi(next(ids), 6, "c")]), Block("end")
    entry.terminator = Jump(Edge("loop", [Const.of(first, 6)]))
    emit = Emitter(ids, loop.ops)
    emit.effect(Opcode.FIFO_WRITE, 0, [emit.resize(loop.phis[0], 16)], channel="y")
    following = emit.add(loop.phis[0], Const.of(step, 6))
    go = emit.compare(how, following if ahead else loop.phis[0], Const.of(bound, 6))
    loop.terminator = Branch(go, Edge("loop", [following]), Edge("end"))
    end.terminator = Return()
    function.regions = [entry, loop, end]
    return function, loop


def reached(how: Compare, first: int, step: int, bound: int, ahead: bool) -> list[int]:
    """The values of the counter; [] for a loop without end."""
    value, values = first % 64, list[int]()
    signed = how.value.startswith("s")
    limit = (bound + 32) % 64 - 32 if signed else bound % 64
    while len(values) <= 64:
        values.append(value)
        following = (value + step) % 64
        tested = following if ahead else value
        tested = (tested + 32) % 64 - 32 if signed else tested
        go = {
            "eq": tested == limit, "ne": tested != limit, "lt": tested < limit, "le": tested <= limit,
            "gt": tested > limit, "ge": tested >= limit,
        }[how.value[-2:]]  # fmt: skip
        if not go:
            return values
        value = following
    return []


LOOPS = list(itertools.product(Compare, (0, 5, -3), (1, 3, -1), (0, 7, 8, 15, -1, -8, 31), (False, True)))


def test_trips_are_counted() -> None:
    for case in LOOPS:
        function, loop = counted(*case)
        count_trips(function)
        assert loop.trip == (len(reached(*case)) or None), case


def test_counters_reach_their_bounds() -> None:
    """A narrowed counter holds every value that it takes; one that wraps around keeps its width."""
    narrower = 0
    for case in LOOPS:
        function, loop = counted(*case)
        narrow(function)
        width, values = loop.phis[0].width, reached(*case)
        narrower += width < 6
        fits = all(value < 1 << width for value in values)
        half = 1 << (width - 1)
        assert fits or all(-half <= (value + 32) % 64 - 32 < half for value in values), case
    assert narrower > 40


def test_what_a_memory_holds_varies() -> None:
    """A load of the same element in each iteration is not the same value: a store changes it."""
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS)
    function.memories["m"] = Memory("m", 8, BankLayout((Dimension(4),)))
    loop = Pipeline("loop")
    emit = Emitter(ids, loop.ops)
    where = {"memory": "m", "banks": (0,), "element": Affine(1, (), 32)}
    load = emit.effect(Opcode.LOAD, 8, [Const(1, 2)], **where)
    total = emit.pure(Opcode.XOR, 8, [load, Const(5, 8)])
    fixed = emit.pure(Opcode.XOR, 8, [Const(3, 8), Const(5, 8)])
    emit.effect(Opcode.STORE, 0, [Const(1, 2), total], **where)
    loop.terminator = Jump(Edge("loop"))
    function.regions = [Block("entry", terminator=Jump(Edge("loop"))), loop]
    mark_invariants(function)
    assert [load.invariant, total.invariant, fixed.invariant] == [False, False, True]
