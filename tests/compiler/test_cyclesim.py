# SPDX-License-Identifier: Apache-2.0
"""The schedule's interpreter agrees with the IR's, and finds schedules that are wrong on purpose."""

from __future__ import annotations

import copy
import dataclasses
import random
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
from front.test_interpreter import elements
from stimuli import PROGRAMS, STIMULI, Call

from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.cyclesim import CycleSimulator, Outcome, ScheduleFault, run
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter, InterpreterError, Run
from edgemoe.compiler.interp import run as interpret
from edgemoe.compiler.ir import AxiArg, Direction, Hazard, Pipeline, Program, ScalarArg, StreamArg
from edgemoe.compiler.planning import Schedules, schedule_program
from edgemoe.compiler.schedtext import schedules_text

SHIM = Path(__file__).resolve().parents[2] / "hls" / "shim"
CLOCK_NS = {"wide": 8.0}
STALLS = (0.0, 0.2, 0.5, 0.8)
SOURCE = """#include <ap_int.h>
#include <hls_stream.h>
"""


def inputs(program: Program, call: Call) -> Run:
    """A call in the form that the interpreters take."""
    data = Run()
    for arg in program.functions[program.top].args:
        if isinstance(arg, StreamArg) and arg.direction is Direction.READ:
            data.streams[arg.name] = deque(v & ((1 << arg.width) - 1) for v in call.streams.get(arg.name, []))
        elif isinstance(arg, AxiArg):
            data.memories[arg.name] = elements(call.memories[arg.name], arg.width)
        elif isinstance(arg, ScalarArg) and arg.direction is Direction.READ:
            data.scalars[arg.name] = call.scalars[arg.name]
    return data


def build(name: str, folder: Path) -> Program:
    return compile_source(PROGRAMS / f"{name}.cpp", name, [SHIM], folder)


def written(body: str, folder: Path) -> Program:
    source = folder / "top.cpp"
    source.write_text(SOURCE + body)
    return compile_source(source, "top", [SHIM], folder)


@pytest.mark.parametrize("name", STIMULI)
def test_schedule_gives_what_the_program_means(name: str, tmp_path: Path) -> None:
    """Several calls one after the other: memories keep their contents."""
    program = build(name, tmp_path)
    simulator = CycleSimulator(program, schedule_program(program, CLOCK_NS.get(name, 5.0)))
    interpreter = Interpreter(program)
    for seed, stalls in enumerate(STALLS):
        call = STIMULI[name](random.Random(seed))
        expected, got = inputs(program, call), inputs(program, call)
        interpreter.run(expected)
        simulator.run(got, stalls, seed)
        assert got == expected, f"seed {seed}, stalls {stalls}"


FAULTY = ("histogram", "wrapping", "partitions", "shared_port", "softmax_lanes")


def outcome(program: Program, schedules: Schedules, name: str) -> str:
    """``fault``, ``right`` or ``wrong`` for a schedule that may be broken."""
    for seed in range(6):
        stalls = STALLS[seed % 2]
        call = STIMULI[name](random.Random(seed))
        expected, got = inputs(program, call), inputs(program, call)
        interpret(program, expected)
        try:
            run(program, schedules, got, stalls, seed, limit=50_000)
        except (ScheduleFault, InterpreterError):
            return "fault"
        if got != expected:
            return "wrong"
    return "right"


def without(program: Program, hazard: Hazard) -> Program:
    """All order edges of one kind taken away."""
    for function in program.functions.values():
        for region in function.regions:
            region.depends = [d for d in region.depends if d.hazard is not hazard]
    return program


@pytest.mark.parametrize("name", FAULTY)
def test_a_lost_dependence_is_found(name: str, tmp_path: Path) -> None:
    program = without(build(name, tmp_path), Hazard.RAW)
    assert outcome(program, schedule_program(program, 5.0), name) == "fault"


TWO_STORES = """void top(hls::stream<int>& in, hls::stream<int>& out, hls::stream<int>& more) {
  int m[8];
#pragma HLS ARRAY_PARTITION variable=m complete
  for (int i = 0; i < 8; i++) m[i] = 0;
  for (int i = 0; i < 60; i++) {
#pragma HLS PIPELINE II=2
    int x = in.read();
    m[x & 7] = x * x * x;
    m[(x >> 3) & 7] = i;
    if (x & 1) out.write(x * i * x);
    out.write(x);
  }
  for (int i = 0; i < 8; i++) more.write(m[i]);
}
"""


@pytest.mark.parametrize("hazard", [Hazard.WAW, Hazard.FIFO])
def test_lost_order_of_effects_is_found(hazard: Hazard, tmp_path: Path) -> None:
    program = written(TWO_STORES, tmp_path)
    data = Run({"in": deque(random.Random(1).choices(range(64), k=60))})
    expected = copy.deepcopy(data)
    interpret(program, expected)
    got = copy.deepcopy(data)
    run(program, schedule_program(program, 5.0), got, 0.2, 1)
    assert got == expected
    without(program, hazard)
    with pytest.raises(ScheduleFault, match=r"out of order|later in the program|used twice"):
        run(program, schedule_program(program, 5.0), data)


SUMS = """void top(hls::stream<int>& in, hls::stream<int>& out) {
  int m[8];
  for (int i = 0; i < 8; i++) m[i] = i;
  for (int i = 0; i < 40; i++) {
#pragma HLS PIPELINE II=1
    m[in.read() & 7] += 3;
  }
  for (int i = 0; i < 8; i++) out.write(m[i]);
}
"""


def test_the_next_iteration_loads_what_was_stored(tmp_path: Path) -> None:
    """The same element again and again: as many cycles apart as a load, an addition and a store take."""
    program = written(SUMS, tmp_path)
    schedules = schedule_program(program, 5.0)
    for data in ([5] * 40, random.Random(2).choices(range(2), k=40)):
        expected, got = Run({"in": deque(data)}), Run({"in": deque(data)})
        interpret(program, expected)
        run(program, schedules, got, 0.1, 3)
        assert got == expected


BLOCKS = """#include <hls_streamofblocks.h>
using tile_t = ap_uint<8>[2][4];
static void load(hls::stream<ap_uint<8>>& in, hls::stream_of_blocks<tile_t>& blocks) {
  for (int t = 0; t < 6; t++) {
    hls::write_lock<tile_t> tile(blocks);
    for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=1
      ap_uint<8> x = in.read();
      tile[i >> 2][(x * x * 5 + i) & 3] = x;
      tile[i >> 2][i & 3] = x + 1;
    }
  }
}
static void use(hls::stream_of_blocks<tile_t>& blocks, hls::stream<ap_uint<8>>& out) {
  for (int i = 0; i < 192; i++) {
#pragma HLS PIPELINE II=1
    if ((i & 31) == 0) blocks.acquire_read();
    %s
  }
}
void top(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<8>>& out) {
#pragma HLS DATAFLOW
  hls::stream_of_blocks<tile_t> blocks;
  load(in, blocks);
  use(blocks, out);
}
"""


@pytest.mark.parametrize(
    ("hazard", "body"),
    [
        (Hazard.ACQUIRE, "out.write(blocks.block[1][i & 3]);"),
        (
            Hazard.RELEASE,
            "unsigned u = i, k = u * u * u * u >> 9; out.write(blocks.block[0][k & 3] + blocks.block[1][k >> 2 & 3]);",
        ),
    ],
)
def test_lost_order_of_blocks_is_found(hazard: Hazard, body: str, tmp_path: Path) -> None:
    program = written(BLOCKS % body, tmp_path)
    data = Run({"in": deque(random.Random(1).choices(range(256), k=48))})
    expected, got = copy.deepcopy(data), copy.deepcopy(data)
    interpret(program, expected)
    run(program, schedule_program(program, 5.0), got, 0.2, 1)
    assert got == expected
    without(program, hazard)
    with pytest.raises(ScheduleFault, match=r"of blocks|u_use"):
        run(program, schedule_program(program, 5.0), data)


@pytest.mark.parametrize("name", FAULTY)
def test_a_shifted_operation_is_found(name: str, tmp_path: Path) -> None:
    """Most operations have one right cycle; where another is right too, so are the results."""
    program = build(name, tmp_path)
    schedules = schedule_program(program, 5.0)
    rng = random.Random(name)
    found: list[str] = []
    for _ in range(40):
        function = rng.choice(list(schedules.plans))
        plan = rng.choice(list(schedules.plans[function].values()))
        if not plan.cycles:
            continue
        key = rng.choice(sorted(plan.cycles))
        cycle = plan.cycles[key] + rng.choice([-2, -1, 1, 2])
        if not 0 <= cycle < plan.depth:
            continue
        shifted = dataclasses.replace(plan, cycles=plan.cycles | {key: cycle})
        plans = schedules.plans | {function: schedules.plans[function] | {plan.region.name: shifted}}
        found.append(outcome(program, Schedules(plans, schedules.modules), name))
    assert "wrong" not in found
    assert "fault" in found


def changed(schedules: Schedules, change: Callable[[RegionPlan], RegionPlan]) -> Schedules:
    """Every pipeline's plan changed."""
    return Schedules(
        {
            name: {
                region: change(plan) if plan.pipelined and isinstance(plan.region, Pipeline) else plan
                for region, plan in plans.items()
            }
            for name, plans in schedules.plans.items()
        },
        schedules.modules,
    )


@pytest.mark.parametrize("name", ["wrapping", "biquad", "histogram"])
def test_too_short_an_interval_is_found(name: str, tmp_path: Path) -> None:
    program = build(name, tmp_path)
    schedules = schedule_program(program, 5.0)
    assert any(plan.ii > 1 for plans in schedules.plans.values() for plan in plans.values())
    faster = changed(schedules, lambda plan: dataclasses.replace(plan, ii=max(1, plan.ii - 1)))
    assert outcome(program, faster, name) == "fault"


SPLIT_JOIN = """static void split(hls::stream<int>& in, hls::stream<int>& a, hls::stream<int>& b) {
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    int x = in.read();
    if (i < 32) a.write(x); else b.write(x);
  }
}
static void join(hls::stream<int>& a, hls::stream<int>& b, hls::stream<int>& out) {
  for (int i = 0; i < 32; i++) {
#pragma HLS PIPELINE II=1
    out.write(a.read() + b.read());
  }
}
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<int> a, b;
#pragma HLS STREAM variable=a depth=%d
  split(in, a, b);
  join(a, b, out);
}
"""


def test_a_deadlock_says_who_waits_for_what(tmp_path: Path) -> None:
    program = written(SPLIT_JOIN % 4, tmp_path)
    with pytest.raises(InterpreterError) as caught:
        run(program, schedule_program(program, 5.0), Run({"in": deque(range(64))}))
    text = str(caught.value)
    assert "process 'split' waits to write to full stream 'a' (depth 4, read by 'join') at" in text
    assert "process 'join' waits to read from empty stream 'b' (written by 'split') at" in text


def test_a_deep_enough_channel_has_no_deadlock(tmp_path: Path) -> None:
    program = written(SPLIT_JOIN % 32, tmp_path)
    outcome: Outcome = run(program, schedule_program(program, 5.0), Run({"in": deque(range(64))}), 0.3, 1)
    assert list(outcome.data.streams["out"]) == [k + k + 32 for k in range(32)]


def test_a_pipeline_takes_its_cycles(tmp_path: Path) -> None:
    """depth + II * (iterations - 1), and the hand-over."""
    body = """void top(hls::stream<int>& in, hls::stream<int>& out) {
  int m[16];
  for (int i = 0; i < 16; i++) m[i] = i;
  for (int i = 0; i < 40; i++) {
#pragma HLS PIPELINE II=3
    out.write(m[in.read() & 15] * 5);
  }
}
"""
    program = written(body, tmp_path)
    schedules = schedule_program(program, 5.0)
    (plan,) = [p for p in schedules.plans["top"].values() if p.pipelined and p.ii == 3]
    whole = run(program, schedules, Run({"in": deque(range(40))})).cycles
    rest = sum(p.depth for p in schedules.plans["top"].values() if not p.pipelined)
    assert plan.depth + 3 * 39 <= whole - rest <= plan.depth + 3 * 39 + 16 * 6


def test_a_schedule_prints_its_cycles_and_ports(tmp_path: Path) -> None:
    program = build("histogram", tmp_path)
    text = schedules_text(schedule_program(program, 5.0), program.functions)
    (loop,) = [part for part in text.split("\n\n") if "II 2" in part]
    assert "limited by: load of bins" in loop
    cycles = [line.split()[1] for line in loop.splitlines() if line.startswith("    cycle")]
    assert cycles == sorted(cycles)
    (load,) = [line for line in loop.splitlines() if " = load " in line]
    assert load.endswith("[there in cycle 1; read port of bins 0 slot 0]")
