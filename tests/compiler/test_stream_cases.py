# SPDX-License-Identifier: Apache-2.0
"""Programs of `cases/` about streams, stalls and initial values: native build, IR and RTL give equal results."""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
from front.test_interpreter import interpret
from hardware import Rtl
from initial_values import check_initial_values
from natives import fresh_native
from stimuli import Call, bits

from edgemoe.compiler.cyclesim import CycleSimulator
from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter, Run
from edgemoe.compiler.native import NativeResult, build_native
from edgemoe.compiler.planning import schedule_program
from edgemoe.errors import DeviceError

ROOT = Path(__file__).resolve().parents[2]
SHIM = [ROOT / "hls" / "shim"]
BUILD = ROOT / "build" / "cache" / "programs"
CASES = Path(__file__).parent / "cases"
Streams = dict[str, list[int]]


def _polled(rng: random.Random) -> Streams:
    ends = [4095]
    return {
        "reads": [rng.randrange(1024) for _ in range(rng.randrange(60))] + ends,
        "extra": [rng.randrange(4095) for _ in range(rng.randrange(60))] + ends,
    }


def _ints(count: int, width: int) -> Callable[[random.Random], Streams]:
    return lambda rng: {"in": bits(rng, width, count)}


STIMULI = {
    "static_init": _ints(1, 32),
    "static_tables": _ints(8, 32),
    "undriven_static": _ints(1, 32),
    "static_zeros": _ints(8, 32),
    "pipeline_ii2_stall": _ints(16, 64),
    "polled": _polled,
    "filled": _ints(32, 32),
    "several_reads": _ints(32, 32),
    "block_banks": _ints(46, 32),
    "taken": _ints(40, 32),
    "read_together": _ints(8, 32),
    "answered": _ints(8, 32),
}
STALLS = (0, 20, 50, 80, 30, 60)
KEPT = "static_tables"


def calls(case: str) -> list[tuple[Call, NativeResult]]:
    """Calls one after another and what a fresh native build makes of them."""
    kernel = fresh_native(build_native(CASES / f"{case}.cpp", "top", include=SHIM, out=BUILD / "native"))
    made = [Call(STIMULI[case](random.Random(seed))) for seed in range(len(STALLS))]
    return [(call, kernel.run(call.streams, {})) for call in made]


@pytest.fixture(scope="module")
def wanted() -> dict[str, list[tuple[Call, NativeResult]]]:
    return {case: calls(case) for case in STIMULI}


def test_each_native_build_has_its_own_statics() -> None:
    """Parallel runs of tests may make a module's fixtures more than once in a process."""
    assert calls(KEPT) == calls(KEPT)


@pytest.mark.parametrize("case", STIMULI)
def test_interpreter_equals_native(
    case: str, wanted: dict[str, list[tuple[Call, NativeResult]]], tmp_path: Path
) -> None:
    interpreter = Interpreter(compile_source(CASES / f"{case}.cpp", "top", SHIM, tmp_path))
    for call, result in wanted[case]:
        assert interpret(interpreter, call)[0] == result.streams


@pytest.mark.parametrize("case", ["read_together", "answered", "several_reads"])
def test_schedule_equals_native(
    case: str, wanted: dict[str, list[tuple[Call, NativeResult]]], tmp_path: Path
) -> None:
    """What the native build finishes with the depths of the channels, the hardware finishes too."""
    program = compile_source(CASES / f"{case}.cpp", "top", SHIM, tmp_path)
    schedules = schedule_program(program, 5.0)
    for number, (call, result) in enumerate(wanted[case]):
        data = Run({name: deque(values) for name, values in call.streams.items()})
        CycleSimulator(program, schedules).run(data, STALLS[number] / 100, number)
        assert {"out": list(data.streams["out"])} == result.streams


def test_an_iteration_that_reads_its_own_answer_is_not_pipelined(tmp_path: Path) -> None:
    result = compile_file(CASES / "answered.cpp", "top", include=SHIM, out=tmp_path / "answered")
    asks, answers = result.report["loops"]
    assert not asks["pipelined"] and answers["ii"] == 1
    assert "what is read of resp at answered.cpp:8 may be an answer" in asks["limited_by"]
    assert "writes to req at answered.cpp:7" in asks["limited_by"]


@pytest.mark.slow
@pytest.mark.parametrize("case", STIMULI)
def test_rtl_equals_native(
    case: str, wanted: dict[str, list[tuple[Call, NativeResult]]], tmp_path: Path
) -> None:
    """Registers start with noise, so what has no initial value in the SystemVerilog shows."""
    result = compile_file(CASES / f"{case}.cpp", "top", include=SHIM, out=tmp_path / case)
    check_initial_values(result)
    for noise in (1, 2):
        rtl = Rtl.build([result], tmp_path, cache=BUILD, seed=noise)
        for number, (call, expected) in enumerate(wanted[case]):
            got = rtl.run("top", call.streams, stall=STALLS[number], seed=number)
            assert got.streams == expected.streams, f"noise {noise}, call {number}"


@pytest.mark.parametrize("case", ["serve_requests", "polled"])
def test_a_test_for_an_empty_stream_and_its_read_share_a_cycle(case: str, tmp_path: Path) -> None:
    result = compile_file(CASES / f"{case}.cpp", "top", include=SHIM, out=tmp_path / case)
    assert result.report["loops"][-1]["ii"] == 1


def test_several_reads_of_a_stream_give_the_ii_and_its_reason(tmp_path: Path) -> None:
    result = compile_file(CASES / "several_reads.cpp", "top", include=SHIM, out=tmp_path / "several")
    first, second = result.report["loops"]
    assert (first["ii"], second["ii"]) == (2, 4)
    twice = "stream in is read 2 times in an iteration (several_reads.cpp:7, several_reads.cpp:8)"
    assert twice in first["limited_by"]
    assert "stream in is read 4 times in an iteration" in second["limited_by"]
    assert all("hls::vector" in loop["limited_by"] for loop in (first, second))


@pytest.mark.slow
def test_reset_gives_registers_their_initial_value_and_leaves_memories(tmp_path: Path) -> None:
    """After a reset `total` is 1000 again, `table[0]` is what the first call left there."""
    result = compile_file(CASES / f"{KEPT}.cpp", "top", include=SHIM, out=tmp_path / KEPT)
    rtl = Rtl.build([result], tmp_path, cache=BUILD)
    ones = {"in": [1] * 8}
    first = rtl.run("top", ones).streams["out"]
    assert first == [1001 + k + 10 * (k + 1) for k in range(8)]
    rtl.model.reset()
    assert rtl.run("top", ones).streams["out"] == [1001 + 1008, *first[1:]]


@pytest.mark.slow
def test_a_deadlock_in_hardware_is_told_as_in_the_native_build(tmp_path: Path) -> None:
    """Stream, full or empty, process and place; the depth named works, and one less does not."""
    source = (CASES / "split_join.cpp").read_text()

    def run(text: str, limit: int) -> list[int]:
        path = tmp_path / "split_join.cpp"
        path.write_text(text)
        result = compile_file(path, "split_join", include=SHIM, out=tmp_path / "rtl")
        rtl = Rtl.build([result], tmp_path / "rtl", cache=BUILD)
        return rtl.run("split_join", {"in": list(range(64))}, {"n": 64}, limit=limit).streams["out"]

    with pytest.raises(DeviceError) as told:
        run(source, 5000)
    message = str(told.value)
    assert "process 'split' waits to write to full stream 'q' (depth 2, read by 'join') at" in message
    assert "split_join.cpp:6" in message
    assert "process 'join' waits to read from empty stream 's' (written by 'rowsum') at" in message
    assert "process 'rowsum' waits to read from empty stream 'p'" in message
    found = re.search(r"depth=(\d+) of stream 'q' works", message)
    assert found
    deeper = f"p, q, s;\n#pragma HLS STREAM variable=q depth={found[1]}\n"
    less = f"p, q, s;\n#pragma HLS STREAM variable=q depth={int(found[1]) - 1}\n"
    with pytest.raises(DeviceError, match="waits to write to full stream 'q'"):
        run(source.replace("p, q, s;", less), 5000)
    sums = [sum(range(row, row + 32)) for row in (0, 32)]
    assert run(source.replace("p, q, s;", deeper), 50000) == [sums[k // 32] + k for k in range(64)]


@pytest.mark.parametrize("stalls", [0.0, 0.5])
def test_full_counts_what_pipelines_have_under_way(stalls: float, tmp_path: Path) -> None:
    program = compile_source(CASES / "counted_pipelined.cpp", "top", SHIM, tmp_path)
    data = Run({"in": deque([11])})
    CycleSimulator(program, schedule_program(program, 5.0)).run(data, stalls)
    assert list(data.streams["out"]) == [5, 0, 1, 11, 12, 22]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["counted", "counted_pipelined"])
def test_full_means_the_depth_that_was_asked_for(case: str, tmp_path: Path) -> None:
    source = CASES / f"{case}.cpp"
    kernel = fresh_native(build_native(source, "top", include=SHIM, out=BUILD / "native"))
    streams = {"in": [11, 12, 13, 14, 15][: 5 if case == "counted" else 1]}
    made = compile_file(source, "top", include=SHIM, out=tmp_path / case)
    assert all(loop["pipelined"] for loop in made.report["loops"] if loop["ii_asked"])
    rtl = Rtl.build([made], tmp_path, cache=BUILD)
    wanted = kernel.run(streams, {}).streams
    assert wanted["out"][0] == 5
    for stall in (0, 50):
        assert rtl.run("top", streams, stall=stall, seed=stall, limit=20_000).streams == wanted
