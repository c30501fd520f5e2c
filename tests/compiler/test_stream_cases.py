# SPDX-License-Identifier: Apache-2.0
"""Programs of `cases/` about streams, stalls and initial values: native build, IR and RTL give equal results."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from front.test_interpreter import interpret
from stimuli import Call, bits

from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter
from edgemoe.compiler.native import NativeKernel, NativeResult, build_native
from edgemoe.compiler.verify import Rtl

ROOT = Path(__file__).resolve().parents[2]
SHIM = [ROOT / "hls" / "shim"]
BUILD = ROOT / "build" / "cache" / "programs"
CASES = Path(__file__).parent / "cases"
#: Elements of ``in`` that one call reads, and their width.
INPUT = {
    "static_init": (1, 32),
    "static_tables": (8, 32),
    "undriven_static": (1, 32),
    "pipeline_ii2_stall": (16, 64),
}
STALLS = (0, 20, 50, 80, 30, 60)
KEPT = "static_tables"


def calls(case: str) -> list[tuple[Call, NativeResult]]:
    """Calls one after another and what a fresh native build makes of them."""
    count, width = INPUT[case]
    kernel = NativeKernel(build_native(CASES / f"{case}.cpp", "top", include=SHIM, out=BUILD / "native"))
    made = [Call({"in": bits(random.Random(seed), width, count)}) for seed in range(len(STALLS))]
    return [(call, kernel.run(call.streams, {})) for call in made]


@pytest.fixture(scope="module")
def wanted() -> dict[str, list[tuple[Call, NativeResult]]]:
    """Once a module: the statics of a native build keep their values."""
    return {case: calls(case) for case in INPUT}


@pytest.mark.parametrize("case", INPUT)
def test_interpreter_equals_native(
    case: str, wanted: dict[str, list[tuple[Call, NativeResult]]], tmp_path: Path
) -> None:
    interpreter = Interpreter(compile_source(CASES / f"{case}.cpp", "top", SHIM, tmp_path))
    for call, result in wanted[case]:
        assert interpret(interpreter, call)[0] == result.streams


@pytest.mark.slow
@pytest.mark.parametrize("case", INPUT)
def test_rtl_equals_native(
    case: str, wanted: dict[str, list[tuple[Call, NativeResult]]], tmp_path: Path
) -> None:
    """Registers start with noise, so what has no initial value in the SystemVerilog shows."""
    result = compile_file(CASES / f"{case}.cpp", "top", include=SHIM, out=tmp_path / case)
    rtl = Rtl.build([result], tmp_path, cache=BUILD)
    for number, (call, expected) in enumerate(wanted[case]):
        got = rtl.run("top", call.streams, stall=STALLS[number], seed=number)
        assert got.streams == expected.streams, f"call {number}"


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
