# SPDX-License-Identifier: Apache-2.0
"""Every IR pass keeps what a program computes: random functions, interpreted before and after."""

from __future__ import annotations

import copy
import itertools
import random
from collections import deque
from collections.abc import Callable

import pytest

from edgemoe.compiler.banks import BankLayout, Dimension, Split, index_bits
from edgemoe.compiler.cyclesim import CycleSimulator
from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.interp import Run, run
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
    Op,
    Opcode,
    Phi,
    Pipeline,
    Program,
    Return,
    Storage,
    StreamArg,
    Value,
)
from edgemoe.compiler.ircheck import IRError, check_program
from edgemoe.compiler.irtext import function_text
from edgemoe.compiler.passes import pipeline
from edgemoe.compiler.passes.dead import remove_dead
from edgemoe.compiler.passes.depends import find_dependences
from edgemoe.compiler.passes.facts import Ranges, constant_range
from edgemoe.compiler.passes.invariant import mark_invariants
from edgemoe.compiler.passes.masked import narrow_masked_compares
from edgemoe.compiler.passes.narrow import narrow
from edgemoe.compiler.passes.pipeline import optimise
from edgemoe.compiler.passes.reassociate import reassociate
from edgemoe.compiler.planning import schedule_program

WIDTHS = (1, 2, 7, 8, 16, 24, 32, 33, 48, 64, 100)
SAME_WIDTH = (Opcode.ADD, Opcode.ADD, Opcode.SUB, Opcode.MUL, Opcode.AND, Opcode.OR, Opcode.XOR)
DIVISIONS = (Opcode.UDIV, Opcode.SDIV, Opcode.UREM, Opcode.SREM)
PASSES: dict[str, Callable[[Function], None]] = {
    "dead": remove_dead,
    "masked": narrow_masked_compares,
    "reassociate": reassociate,
    "narrow": narrow,
    "invariant": mark_invariants,
}


class Generator:
    """Random operations on a pool of values."""

    def __init__(self, rng: random.Random, emit: Emitter, pool: list[Value]) -> None:
        self.rng, self.emit, self.pool = rng, emit, pool

    def value(self, width: int | None = None) -> Value:
        rng = self.rng
        if rng.random() < 0.2:
            width = width or rng.choice(WIDTHS)
            return Const.of(
                rng.choice([0, 1, -1, 3, rng.getrandbits(width), 1 << rng.randrange(width)]), width
            )
        value = rng.choice(self.pool[-12:] if rng.random() < 0.7 else self.pool)
        return self.emit.resize(value, width, rng.random() < 0.5) if width else value

    def step(self) -> None:
        rng, emit = self.rng, self.emit
        kind = rng.randrange(11)
        width = rng.choice(WIDTHS)
        if kind < 3:
            op = rng.choice(SAME_WIDTH)
            result: Value = emit.pure(op, width, [self.value(width), self.value(width)])
        elif kind == 3:
            inner = self.value(width)
            result = emit.compare(rng.choice(list(Compare)), inner, self.value(width))
        elif kind == 4:
            result = emit.select(self.value(1), self.value(width), self.value(width))
        elif kind == 5:
            shift = Const.of(rng.randrange(width), width)
            op = rng.choice((Opcode.SHL, Opcode.LSHR, Opcode.ASHR))
            result = emit.pure(op, width, [self.value(width), shift])
        elif kind == 6:
            few = emit.resize(self.value(2), width) if width > 2 else Const(0, width)
            op = rng.choice((Opcode.SHL, Opcode.LSHR, Opcode.ASHR))
            result = emit.pure(op, width, [self.value(width), few])
        elif kind == 7:
            whole = self.value()
            lo = rng.randrange(whole.width)
            result = emit.extract(whole, lo, rng.randint(1, whole.width - lo))
        elif kind == 8:
            result = emit.concat([self.value(), self.value()])
        elif kind == 9:
            divisor = emit.pure(Opcode.OR, width, [self.value(width), Const(1, width)])
            result = emit.pure(rng.choice(DIVISIONS), width, [self.value(width), divisor])
        else:
            masked = emit.pure(Opcode.AND, width, [self.value(width), Const(self.mask(width), width)])
            limit = Const.of(self.mask(width) + rng.choice((0, 0, 1, -1)), width)
            result = emit.compare(rng.choice(list(Compare)), *rng.sample([masked, limit], 2))
        if result.width <= 200:
            self.pool.append(result)

    def mask(self, width: int) -> int:
        """A few ones side by side, perhaps with a gap."""
        low = self.rng.randrange(width)
        return (self.rng.choice((1, 3, 5, 15)) << low) & ((1 << width) - 1)

    def access(self) -> None:
        """A load or a store of one of `memories`, at an index that is linear in a counter, or at any."""
        rng, emit = self.rng, self.emit
        name = rng.choice(list(memories()))
        memory = memories()[name]
        (dim,) = memory.layout.dims
        bits = index_bits(dim.extent)
        index = emit.add(self.value(bits), Const.of(rng.randrange(4), bits))
        element = Affine(0, ((1, emit.resize(index, 32)),), 32)
        operands: list[Value] = [Const(0, 1)]
        banks = tuple(range(memory.banks))
        if dim.split is Split.CYCLIC:
            operands = [emit.extract(index, 1, bits - 1)]
            if rng.random() < 0.5:  # only odd or only even elements: one bank
                bank = rng.randrange(2)
                element = Affine(bank, ((2, emit.resize(operands[0], 32)),), 32)
                banks = (bank,)
        elif dim.split is Split.NONE:
            operands = [index]
        select = [emit.extract(index, 0, index_bits(len(banks)))] if len(banks) > 1 else []
        where = {"memory": name, "banks": banks, "element": element}
        if memory.constant or rng.random() < 0.5:
            self.pool.append(emit.effect(Opcode.LOAD, memory.width, [*operands, *select], **where))
            return
        data = self.value(memory.width)
        guard = self.value(1) if rng.random() < 0.5 else None
        emit.effect(Opcode.STORE, 0, [*operands, data, *select], predicate=guard, **where)


def memories() -> dict[str, Memory]:
    """One of each kind; all have initial words."""
    rng = random.Random(0)
    shapes = {
        "plain": Memory("plain", 12, BankLayout((Dimension(8),))),
        "banks": Memory("banks", 33, BankLayout((Dimension(16, Split.CYCLIC, 2),))),
        "regs": Memory("regs", 8, BankLayout((Dimension(4, Split.COMPLETE, 4),)), Storage.REGISTERS),
        "table": Memory("table", 9, BankLayout((Dimension(8),)), constant=True),
    }
    for memory in shapes.values():
        words = [rng.getrandbits(memory.width) for _ in range(memory.layout.elements)]
        memory.init = memory.layout.spread(words)
    return shapes


def random_function(seed: int, accesses: int = 0) -> Function:
    """Reads four tokens, loops a few times over random operations with random state, writes the state.

    With ``accesses`` of memories, what they hold in the end is written too.
    """
    rng = random.Random(seed)
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS)
    if accesses:
        function.memories = memories()
    function.args = [StreamArg("x", 40, Direction.READ), StreamArg("y", 256, Direction.WRITE)]
    entry = Block("entry")
    emit = Emitter(ids, entry.ops)
    inputs: list[Value] = [emit.effect(Opcode.FIFO_READ, 40, [], channel="x") for _ in range(4)]
    loop = Pipeline("loop")
    widths = [rng.choice(WIDTHS) for _ in range(3)]
    loop.phis = [Phi(next(ids), 32, "i"), *(Phi(next(ids), width) for width in widths)]
    entry.terminator = Jump(
        Edge(
            "loop", [Const(0, 32), *(emit.resize(rng.choice(inputs), w, rng.random() < 0.5) for w in widths)]
        )
    )
    body = Emitter(ids, loop.ops)
    generator = Generator(rng, body, [*inputs, *loop.phis])
    steps = [generator.step] * rng.randint(5, 40) + [generator.access] * accesses
    rng.shuffle(steps)
    for step in steps:
        step()
    back = [generator.value(width) for width in widths]
    count = body.add(loop.phis[0], Const(1, 32))
    go = body.compare(Compare.ULT, loop.phis[0], Const(5, 32))
    out = body.resize(body.concat(back), 256)
    body.effect(Opcode.FIFO_WRITE, 0, [out], channel="y", predicate=generator.value(1))
    body.effect(Opcode.FIFO_WRITE, 0, [body.resize(loop.phis[0], 256)], channel="y")
    loop.terminator = Branch(go, Edge("loop", [count, *back]), Edge("end", [count, *back]))
    end = Block("end", [Phi(next(ids), 32), *(Phi(next(ids), width) for width in widths)])
    last = Emitter(ids, end.ops)
    last.effect(Opcode.FIFO_WRITE, 0, [last.resize(last.concat(list(end.phis)), 256)], channel="y")
    for memory in function.memories.values():
        for position in memory.layout.positions():
            bank, row = memory.layout.place(position)
            where = {"memory": memory.name, "banks": (bank,), "element": Affine(position[0], (), 32)}
            word = last.effect(Opcode.LOAD, memory.width, [Const(row, memory.address_bits)], **where)
            last.effect(Opcode.FIFO_WRITE, 0, [last.resize(word, 256)], channel="y")
    end.terminator = Return()
    function.regions = [entry, loop, end]
    return function


def tokens(seed: int) -> list[int]:
    """Four inputs with extremes among them."""
    rng = random.Random(seed)
    return [
        rng.choice([0, 1, (1 << 40) - 1, 1 << 39, rng.getrandbits(40), rng.getrandbits(8)]) for _ in range(4)
    ]


def outputs(function: Function, seed: int) -> list[int]:
    """What the function writes for `tokens`."""
    program = Program("p", "f", {"f": copy.deepcopy(function)})
    return list(run(program, Run({"x": deque(tokens(seed))})).streams["y"])


@pytest.mark.parametrize("accesses", [0, 6])
@pytest.mark.parametrize("name", PASSES)
def test_pass_keeps_results(name: str, accesses: int) -> None:
    for seed in range(8 if accesses else 16):
        before = random_function(seed, accesses)
        find_dependences(before)
        after = copy.deepcopy(before)
        PASSES[name](after)
        check_program(Program("p", "f", {"f": after}), name)
        for stimulus in range(3):
            assert outputs(after, stimulus) == outputs(before, stimulus), (
                f"seed {seed}:\n{function_text(after)}"
            )


@pytest.mark.parametrize("accesses", [0, 3, 12])
def test_all_passes_in_order(accesses: int) -> None:
    for seed in range(200, 212):
        before = random_function(seed, accesses)
        program = Program("p", "f", {"f": copy.deepcopy(before)})
        optimise(program)
        after = program.functions["f"]
        for stimulus in range(3):
            assert outputs(after, stimulus) == outputs(before, stimulus), f"seed {seed}"


@pytest.mark.parametrize("clock_ns", [3.0, 9.0])
def test_dependences_are_enough(clock_ns: float) -> None:
    """The schedule of random accesses keeps every hazard, whatever stalls."""
    for seed in range(300, 312):
        program = Program("p", "f", {"f": random_function(seed, accesses=8)})
        optimise(program)
        simulator = CycleSimulator(program, schedule_program(program, clock_ns))
        for stimulus in range(2):
            data = Run({"x": deque(tokens(stimulus))})
            expected = outputs(program.functions["f"], stimulus) if stimulus == 0 else None
            simulator.run(data, 0.3 * stimulus, seed)
            assert expected is None or list(data.streams["y"]) == expected, f"seed {seed}"


def test_a_pass_says_what_it_needs() -> None:
    program = Program("p", "f", {"f": random_function(1, accesses=3)})
    with pytest.raises(ValueError, match=r"narrow needs that hazards are in depends"):
        optimise(program, [pipeline.MASKED, pipeline.NARROW])
    with pytest.raises(ValueError, match=r"the scheduler needs that invariant operations"):
        optimise(program, pipeline.PASSES[:-1])


def test_a_pass_that_breaks_a_rule_is_found() -> None:
    """What a pass says that it leaves is looked at, and so is every rule of the IR."""

    def lose(function: Function) -> None:
        function.regions[1].ops[3].width = 0

    def mark(function: Function) -> None:
        for op in function.regions[1].ops:
            op.invariant = True

    for broken, message in ((lose, "at fault after lose"), (mark, "wrongly marked")):
        program = Program("p", "f", {"f": random_function(1, accesses=3)})
        item = pipeline.Pass(broken, leaves=frozenset({pipeline.State.MARKED}))
        with pytest.raises((IRError, ValueError), match=message):
            optimise(program, [item])


def test_counter_takes_the_bits_of_its_bound() -> None:
    function = random_function(1)
    narrow(function)
    assert function.regions[1].phis[0].width == 3  # 0 .. 5


def test_chain_of_sums_becomes_a_tree() -> None:
    ids = itertools.count(1)
    function = Function("f", Kind.PROCESS)
    function.args = [StreamArg("x", 16, Direction.READ), StreamArg("y", 16, Direction.WRITE)]
    block = Block("entry")
    emit = Emitter(ids, block.ops)
    leaves = [emit.effect(Opcode.FIFO_READ, 16, [], channel="x") for _ in range(16)]
    total: Value = leaves[0]
    for leaf in leaves[1:]:
        total = emit.add(total, leaf)
    emit.effect(Opcode.FIFO_WRITE, 0, [total], channel="y")
    function.regions = [block]
    reassociate(function)
    depth: dict[Value, int] = {}
    for op in block.ops:
        if op.opcode is Opcode.ADD:
            depth[op] = 1 + max(depth.get(v, 0) for v in op.operands)
    assert len(depth) == 15
    assert max(depth.values()) == 4


def test_ranges_contain_the_values() -> None:
    """Interpreting with every operation written out finds no value outside its range."""
    for seed in range(60):
        function = random_function(seed)
        ranges = Ranges(function)
        loop = function.regions[1]
        watched = [op for op in loop.ops if op.width]
        emit = Emitter(itertools.count(100_000), loop.ops)
        loop.ops[:] = [op for op in loop.ops if op.opcode is not Opcode.FIFO_WRITE]
        for op in watched:
            emit.effect(Opcode.FIFO_WRITE, 0, [op], channel="y")
        for stimulus in range(3):
            written = outputs(function, stimulus)
            for k, value in enumerate(written[: 6 * len(watched)]):
                op: Op = watched[k % len(watched)]
                actual, claimed = constant_range(value, op.width), ranges.of(op)
                assert actual.unsigned <= claimed.unsigned, f"seed {seed}, v{op.id}"
                assert actual.signed <= claimed.signed, f"seed {seed}, v{op.id}"
