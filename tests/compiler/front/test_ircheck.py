# SPDX-License-Identifier: Apache-2.0
"""The verifier sees every rule that is broken on purpose, and says where."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from edgemoe.compiler.banks import BankLayout, Dimension, Split
from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.ir import (
    Affine,
    AxiArg,
    Block,
    BlockArg,
    BlockChannel,
    Branch,
    Channel,
    Compare,
    Const,
    Depend,
    Dependence,
    Direction,
    Edge,
    Function,
    Hazard,
    Instance,
    Jump,
    Kind,
    Memory,
    ModuleArg,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Place,
    Program,
    Return,
    ScalarArg,
    Storage,
    StreamArg,
    Value,
)
from edgemoe.compiler.ircheck import IRError, check_program, problems_of
from edgemoe.compiler.passes.depends import find_dependences


@dataclass
class Parts:
    """A sound program and handles to what the mutations below break."""

    program: Program
    top: Function
    work: Function
    module: Function
    loop: Pipeline
    ops: dict[str, Op]


def sound() -> Parts:
    """A dataflow top with a process that has one of everything, and a module."""
    ids = itertools.count(1)
    module = Function("square", Kind.MODULE, [ModuleArg("a0", 8)], result_width=16)
    square = Block("body")
    emit = Emitter(ids, square.ops)
    leaf = module.args[0]
    assert isinstance(leaf, ModuleArg)
    square.terminator = Return(emit.pure(Opcode.MUL, 16, [leaf, leaf], signs=(True, False)))
    module.regions = [square]

    work = Function("work", Kind.PROCESS)
    work.args = [
        StreamArg("x", 8, Direction.READ),
        StreamArg("y", 16, Direction.WRITE),
        ScalarArg("n", 8, Direction.READ),
        ScalarArg("last", 16, Direction.WRITE),
        BlockArg("tile", 8, (2, 2), Direction.WRITE),
        AxiArg("port", 32, "gmem", {"ar": 64, "r": 32}),
    ]
    grid = BankLayout((Dimension(2), Dimension(8)))
    work.memories = {
        "m": Memory("m", 8, grid),
        "t": Memory("t", 4, BankLayout((Dimension(2),)), constant=True, init=[[1, 15]]),
        "r": Memory("r", 8, BankLayout((Dimension.of(4, Split.COMPLETE, 0),)), Storage.REGISTERS),
        "tile": Memory(
            "tile",
            8,
            BankLayout((Dimension.of(2, Split.COMPLETE, 0), Dimension.of(2, Split.COMPLETE, 0))),
            Storage.REGISTERS,
            Place.BLOCK,
        ),
    }
    entry, loop, end = Block("entry"), Pipeline("loop"), Block("end")
    ids = itertools.count(1)
    start = Emitter(ids, entry.ops)
    ops: dict[str, Op] = {}
    n = work.args[2]
    assert isinstance(n, ScalarArg)
    ops["request"] = start.effect(Opcode.FIFO_WRITE, 0, [Const(1 << 32, 64)], channel="port.ar")
    ops["first"] = start.effect(Opcode.FIFO_READ, 32, [], channel="port.r")
    entry.terminator = Jump(Edge("loop", [Const(0, 8)]))
    loop.phis = [Phi(next(ids), 8, "i")]
    body = Emitter(ids, loop.ops)
    i = loop.phis[0]
    ops["read"] = body.effect(Opcode.FIFO_READ, 8, [], channel="x")
    ops["empty"] = body.effect(Opcode.FIFO_EMPTY, 1, [], channel="x")
    ops["low"] = body.pure(Opcode.EXTRACT, 4, [i], lo=2)
    element = Affine(0, ((1, i),), 20)
    ops["load"] = body.effect(Opcode.LOAD, 8, [ops["low"]], memory="m", banks=(0,), element=element)
    ops["sum"] = body.pure(Opcode.ADD, 8, [ops["load"], ops["read"]])
    ops["less"] = body.pure(Opcode.ICMP, 1, [ops["sum"], Const(3, 8)], compare=Compare.ULT)
    ops["store"] = body.effect(
        Opcode.STORE,
        0,
        [ops["low"], ops["sum"]],
        memory="m",
        banks=(0,),
        element=element,
        predicate=ops["less"],
    )
    bank = body.pure(Opcode.TRUNC, 2, [i])
    ops["choose"] = body.effect(
        Opcode.LOAD, 8, [Const(0, 1), bank], memory="r", banks=(0, 1, 2, 3), element=Affine(0, ((1, i),), 20)
    )
    table = body.effect(Opcode.LOAD, 4, [Const(1, 1)], memory="t", banks=(0,), element=Affine(1, (), 20))
    ops["call"] = body.effect(Opcode.CALL, 16, [ops["sum"]], callee="square")
    ops["pick"] = body.pure(Opcode.SELECT, 8, [ops["less"], ops["choose"], ops["sum"]])
    ops["wide"] = body.pure(Opcode.ZEXT, 8, [table])
    ops["acquire"] = body.effect(Opcode.ACQUIRE, 0, [], channel="tile")
    ops["fill"] = body.effect(
        Opcode.STORE, 0, [Const(0, 1), ops["pick"]], memory="tile", banks=(2,), element=Affine(2, (), 20)
    )
    ops["release"] = body.effect(Opcode.RELEASE, 0, [], channel="tile")
    ops["join"] = body.pure(Opcode.CONCAT, 16, [ops["wide"], ops["pick"]])
    ops["write"] = body.effect(Opcode.FIFO_WRITE, 0, [ops["join"]], channel="y")
    ops["still"] = body.pure(Opcode.XOR, 8, [n, Const(1, 8)])
    ops["still"].invariant = True
    ops["next"] = body.pure(Opcode.ADD, 8, [i, Const(1, 8)])
    ops["go"] = body.pure(Opcode.ICMP, 1, [ops["next"], ops["still"]], compare=Compare.NE)
    loop.terminator = Branch(ops["go"], Edge("loop", [ops["next"]]), Edge("end"))
    loop.promises = [Dependence(frozenset({"m"}), True, False, 2)]
    last = Emitter(ids, end.ops)
    ops["output"] = last.effect(Opcode.OUTPUT, 0, [ops["call"]], channel="last")
    work.regions = [entry, loop, end]
    find_dependences(work)

    top = Function("top", Kind.DATAFLOW)
    top.args = [
        StreamArg("in", 8, Direction.READ),
        ScalarArg("last", 16, Direction.WRITE),
        AxiArg("memory", 32, "gmem", {"ar": 64, "r": 32}),
    ]
    top.channels = {"c": Channel("c", 16, 2), "b": BlockChannel("b", 8, (2, 2))}
    sink = Function("sink", Kind.PROCESS)
    sink.args = [StreamArg("z", 16, Direction.READ), BlockArg("tile", 8, (2, 2), Direction.READ)]
    sink.regions = [Block("only")]
    tied = [top.args[0], top.channels["c"], Const(5, 8), top.args[1], top.channels["b"], top.args[2]]
    top.instances = [
        Instance("u_work", "work", dict(zip([a.name for a in work.args], tied, strict=True))),  # type: ignore[arg-type]
        Instance("u_sink", "sink", {"z": top.channels["c"], "tile": top.channels["b"]}),
    ]
    functions = {f.name: f for f in (module, work, sink, top)}
    return Parts(Program("p", "top", functions), top, work, module, loop, ops)


def set_(thing: str, field: str, value: object) -> Callable[[Parts], None]:
    """A mutation that sets a field of an operation."""
    return lambda parts: setattr(parts.ops[thing], field, value)


def operand(thing: str, number: int, value: Value | str) -> Callable[[Parts], None]:
    """A mutation that replaces an operand, by a value or by another operation's."""

    def mutate(parts: Parts) -> None:
        parts.ops[thing].operands[number] = parts.ops[value] if isinstance(value, str) else value

    return mutate


def depend(source: str, target: str, distance: int, hazard: Hazard) -> Callable[[Parts], None]:
    return lambda p: p.loop.depends.append(Depend(p.ops[source], p.ops[target], distance, hazard))


def do(action: Callable[[Parts], object]) -> Callable[[Parts], None]:
    return lambda parts: (action(parts), None)[1]


def end(parts: Parts) -> Branch:
    assert isinstance(parts.loop.terminator, Branch)
    return parts.loop.terminator


MUTATIONS: dict[str, tuple[Callable[[Parts], None], str]] = {
    "no_top": (lambda p: setattr(p.program, "top", "none"), "the top 'none' is no function"),
    "function_name": (lambda p: setattr(p.work, "name", "job"), "function work: is called job"),
    "two_arguments": (lambda p: setattr(p.work.args[1], "name", "x"), "2 arguments are called x"),
    "two_regions": (lambda p: setattr(p.work.regions[2], "name", "loop"), "2 regions are called loop"),
    "no_region": (do(lambda p: p.work.regions.clear()), "function work: has no region"),
    "argument_width": (lambda p: setattr(p.work.args[0], "width", 0), "argument x has 0 bits"),
    "memory_name": (lambda p: setattr(p.work.memories["m"], "name", "k"), "memory m is called k"),
    "registers_deep": (
        lambda p: setattr(p.work.memories["m"], "storage", Storage.REGISTERS),
        "memory m: 16 words in a bank of registers",
    ),
    "table_words": (lambda p: setattr(p.work.memories["t"], "init", None), "memory t: a table has its words"),
    "init_shape": (lambda p: setattr(p.work.memories["m"], "init", [[1]]), "initial words for banks of [1]"),
    "init_width": (
        lambda p: setattr(p.work.memories["t"], "init", [[1, 16]]),
        "an initial word has more than 4 bits",
    ),
    "block_memory": (
        lambda p: setattr(p.work.memories["tile"], "width", 9),
        "no block argument has its name",
    ),
    "entry_phi": (do(lambda p: p.work.regions[0].phis.append(Phi(99, 8))), "the entry entry has phis"),
    "same_number": (set_("sum", "id", 1), "the number 1 is given 2 times"),
    "use_before": (operand("sum", 1, "pick"), "{sum} (add): {pick} (select) is used before it is there"),
    "not_dominated": (
        do(lambda p: p.work.regions[0].ops[0].operands.__setitem__(0, p.ops["call"])),
        "v1 (fifo_write): {call} (call) of region loop does not reach here",
    ),
    "foreign_value": (operand("sum", 1, Op(77, Opcode.ADD, 8, [])), "v77 (add) is not in this function"),
    "foreign_argument": (operand("sum", 1, ScalarArg("q", 8)), "q is no argument of this function"),
    "output_as_value": (
        do(lambda p: p.ops["sum"].operands.__setitem__(1, p.work.args[3])),  # type: ignore[arg-type]
        "the output last is used as a value",
    ),
    "constant": (operand("sum", 1, Const(256, 8)), "the constant 256:8 does not fit"),
    "width_of_sum": (operand("sum", 1, Const(1, 7)), "{sum} (add): operands of 8, 7 bits for a result of 8"),
    "select_width": (operand("pick", 0, "sum"), "operands of 8, 8, 8 bits"),
    "extract_beyond": (set_("low", "lo", 5), "{low} (extract): operands of 8 bits"),
    "zext_same": (set_("wide", "width", 4), "{wide} (zext)"),
    "concat": (set_("join", "width", 17), "operands of 8, 8 bits for a result of 17"),
    "compare_missing": (set_("less", "compare", None), "says how it compares"),
    "compare_widths": (operand("less", 1, Const(3, 7)), "{less} (icmp): operands of 8, 7 bits"),
    "operands": (do(lambda p: p.ops["sum"].operands.pop()), "{sum} (add): 1 operands"),
    "lowest_bit": (set_("sum", "lo", 1), "a lowest bit, but it extracts nothing"),
    "signs": (set_("sum", "signs", (True, False)), "signs, but it multiplies nothing"),
    "product": (lambda p: setattr(p.module.regions[0].ops[0], "width", 7), "function square"),
    "predicate_width": (set_("store", "predicate", Const(1, 2)), "its predicate has 2 bits"),
    "predicate_of_sum": (set_("sum", "predicate", Const(1, 1)), "has a predicate but no effect"),
    "memory": (set_("load", "memory", "none"), "{load} (load): there is no memory none"),
    "bank": (set_("load", "banks", (1,)), "banks (1,) of 1"),
    "no_bank": (set_("load", "banks", ()), "banks () of 1"),
    "select": (do(lambda p: p.ops["choose"].operands.pop()), "operands of [1] bits, not [1, 2]"),
    "address": (operand("load", 0, Const(0, 3)), "operands of [3] bits, not [4]"),
    "load_width": (set_("load", "width", 9), "{load} (load): a result of 9 bits"),
    "stores_table": (
        do(lambda p: setattr(p.ops["store"], "memory", "t")),
        "stores to the table t",
    ),
    "element": (set_("sum", "element", Affine(0)), "a memory, banks or an element"),
    "element_value": (
        set_("load", "element", Affine(0, ((1, Phi(50, 8)),), 20)),
        "{load} (load): p50 is not in this function",
    ),
    "stream": (set_("read", "channel", "none"), "there is no stream none"),
    "direction": (set_("read", "channel", "y"), "the stream y goes the other way"),
    "token": (set_("read", "width", 9), "{read} (fifo_read): a result of 9 bits"),
    "axi_channel": (set_("first", "channel", "port.b"), "there is no stream port.b"),
    "block": (set_("acquire", "channel", "x"), "there is no block x"),
    "output": (set_("output", "channel", "n"), "there is no output n"),
    "callee": (set_("call", "callee", "work"), "there is no module work before this function"),
    "call_width": (set_("call", "width", 15), "operands or a result unlike those of square"),
    "call_without_arguments": (
        do(lambda p: p.ops["call"].operands.pop()),
        "operands or a result unlike those of square",
    ),
    "call_of_another_width": (
        do(lambda p: p.ops["call"].operands.__setitem__(0, Const(1, 9))),
        "operands or a result unlike those of square",
    ),
    "callee_of_sum": (set_("sum", "callee", "square"), "a callee, but it calls nothing"),
    "target": (
        lambda p: setattr(end(p).otherwise, "target", "none"),
        "region loop: its end: there is no region",
    ),
    "back_edge": (lambda p: setattr(end(p), "taken", Edge("end")), "a pipeline's branch is taken to itself"),
    "edge_values": (do(lambda p: end(p).taken.values.clear()), "0 values for 1 phis of loop"),
    "edge_width": (
        do(lambda p: end(p).taken.values.__setitem__(0, Const(0, 9))),
        "0:9 of 9 bits for p3 of 8",
    ),
    "condition": (lambda p: setattr(end(p), "condition", p.ops["sum"]), "the condition has 8 bits"),
    "process_returns": (
        lambda p: setattr(p.work.regions[2], "terminator", Return(Const(0, 1))),
        "a module returns a value, and a process none",
    ),
    "order_of_others": (
        do(lambda p: p.loop.depends.append(Depend(p.ops["output"], p.ops["output"], 0, Hazard.WAW))),
        "joins operations of another region",
    ),
    "order_turned": (depend("store", "load", 0, Hazard.RAW), "turns the order of operations round"),
    "order_negative": (depend("load", "store", -1, Hazard.WAR), "distance -1"),
    "order_in_block": (
        do(
            lambda p: p.work.regions[0].depends.append(
                Depend(p.ops["request"], p.ops["first"], 1, Hazard.FIFO)
            )
        ),
        "region entry: order v1 (fifo_write) -> v2 (fifo_read) (fifo): distance 1",
    ),
    "hazard": (depend("load", "store", 0, Hazard.RAW), "no such hazard between these"),
    "hazard_of_others": (depend("fill", "store", 1, Hazard.WAW), "no such hazard between these"),
    "acquire": (depend("acquire", "store", 0, Hazard.ACQUIRE), "no such hazard between these"),
    "interval": (lambda p: setattr(p.loop, "ii", 0), "II 0"),
    "promise": (
        lambda p: setattr(p.loop, "promises", [Dependence(frozenset({"z"}), True, True, None)]),
        "a promise about z",
    ),
    "module_argument": (lambda p: setattr(p.module, "args", [StreamArg("a0", 8, Direction.READ)]), "no leaf"),
    "module_blocks": (do(lambda p: p.module.regions.append(Block("two"))), "a module is one block"),
    "module_result": (
        lambda p: setattr(p.module, "result_width", 15),
        "a module returns its result of 15 bits",
    ),
    "module_state": (
        do(lambda p: p.module.regions[0].ops.append(Op(90, Opcode.CYCLE, 8, []))),
        "a module has no effects and no state",
    ),
    "order_of_functions": (
        lambda p: setattr(p.program, "functions", dict(reversed(p.program.functions.items()))),
        "there is no process work before this function",
    ),
    "ties": (do(lambda p: p.top.instances[1].connections.pop("z")), "its ties are not the arguments of sink"),
    "tie_width": (lambda p: setattr(p.top.channels["c"], "width", 17), "y is tied to what does not fit"),
    "tie_foreign": (
        do(lambda p: p.top.instances[0].connections.__setitem__("x", StreamArg("in", 8, Direction.READ))),
        "x is tied to what this function does not have",
    ),
    "two_readers": (
        do(lambda p: p.top.instances.append(Instance("again", "sink", dict(p.top.instances[1].connections)))),
        "channel c has 2 ends that read",
    ),
    "no_writer": (do(lambda p: p.top.instances.pop(0)), "channel c has 0 ends that write"),
    "channel_depth": (lambda p: setattr(p.top.channels["c"], "depth", 0), "channel c: c, 16 bits, 0 deep"),
    "dataflow_region": (
        do(lambda p: p.top.regions.append(Block("b"))),
        "a dataflow function has neither regions nor memories",
    ),
}


def test_a_sound_program_has_no_problem() -> None:
    assert list(problems_of(sound().program)) == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_broken_is_seen(name: str) -> None:
    mutate, expected = MUTATIONS[name]
    parts = sound()
    mutate(parts)
    found = [text for text, _ in problems_of(parts.program)]
    for thing, op in parts.ops.items():
        expected = expected.replace(f"{{{thing}}}", f"v{op.id}")
    assert any(expected in text for text in found), found


def test_the_error_says_after_what() -> None:
    parts = sound()
    parts.loop.ii = 0
    with pytest.raises(
        IRError, match=r"the compiler is at fault after a test: function work: region loop: II 0"
    ):
        check_program(parts.program, "a test")
