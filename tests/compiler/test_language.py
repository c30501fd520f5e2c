# SPDX-License-Identifier: Apache-2.0
"""C++ as people write it: the native build, the IR and the RTL of each program in `language/` give equal results."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from front.test_interpreter import interpret
from hardware import Rtl
from initial_values import check_initial_values
from natives import fresh_native
from stimuli import Call, bits

from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter
from edgemoe.compiler.native import NativeResult, build_native

ROOT = Path(__file__).resolve().parents[2]
SHIM = [ROOT / "hls" / "shim"]
BUILD = ROOT / "build" / "cache" / "programs" / "native"
PROGRAMS = sorted((Path(__file__).parent / "language").glob("*.cpp"))
PLENTY = 1000
SEEDS = range(4)
#: Percent of stalled cycles of a stream at most; a model each.
STALLS = (0, 30, 60, 90)


def calls(source: Path, seeds: range) -> list[tuple[Call, NativeResult]]:
    """Calls one after another without a reset, and what the native build makes of them; it reads what it needs."""
    kernels_of = [
        fresh_native(build_native(source, source.stem, include=SHIM, out=BUILD, checks=checks))
        for checks in (False, True)
    ]
    made = []
    for seed in seeds:
        values = bits(random.Random(seed), 32, PLENTY)
        if seed == 1:
            values = [
                random.Random(k).choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]) for k in range(PLENTY)
            ]
        results = [kernel.run({"in": list(values)}, {}) for kernel in kernels_of]
        assert results[0] == results[1], f"{source.stem}: depends on uninitialised memory"
        used = PLENTY - results[0].unread["in"]
        made.append((Call({"in": values[:used]}, {}), results[0]))
    return made


@pytest.mark.parametrize("source", PROGRAMS, ids=lambda path: path.stem)
def test_interpreter_equals_native(source: Path, tmp_path: Path) -> None:
    interpreter = Interpreter(compile_source(source, source.stem, SHIM, tmp_path))
    for call, result in calls(source, SEEDS):
        assert interpret(interpreter, call)[0] == result.streams


@pytest.mark.slow
def test_rtl_as_native(tmp_path: Path) -> None:
    """All programs in one model of Verilator, which starts anew for each rate of stalls: a RAM outlives a reset."""
    compiled, calls_of = {}, {}
    for source in PROGRAMS:
        name = source.stem
        made = compile_file(source, name, include=SHIM, out=tmp_path / name)
        check_initial_values(made)
        # Static variables of the native build outlive a test; the interpreter starts fresh and is as the native build.
        interpreter, compiled[name] = Interpreter(made.program), made
        calls_of[name] = [(call, interpret(interpreter, call)[0]) for call, _ in calls(source, SEEDS)]
    for number, stall in enumerate(STALLS):
        rtl = Rtl.build(list(compiled.values()), tmp_path, cache=BUILD.parent, seed=1 + number)
        for name, wanted in calls_of.items():
            for turn, (call, streams) in enumerate(wanted):
                got = rtl.run(name, call.streams, stall=stall, bursts=True, seed=10 * number + turn)
                where = f"{name}, stalls up to {stall} %, call {turn}"
                assert got.streams == streams, where
                assert not any(got.unread.values()), where
