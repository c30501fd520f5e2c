# SPDX-License-Identifier: Apache-2.0
"""Random programs: interpreter and RTL equal the native build."""

from __future__ import annotations

import random
from pathlib import Path

import fuzz
import pytest
from front.test_interpreter import interpret
from stimuli import Call, bits

import kernels
import simulate
from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.interp import Interpreter
from edgemoe.compiler.native import NativeKernel, NativeResult, build_native
from model_of_many import side_by_side

ROUNDS = 12
SEEDS = range(8)
SHIM = [simulate.ROOT / "hls" / "shim"]


def reference(source: Path, seed: int, folder: Path) -> tuple[Call, NativeResult]:
    """A call and its native result, which must not depend on what memory holds at the start."""
    call = Call({"in": bits(random.Random(seed), fuzz.WORD, ROUNDS)}, {"count": ROUNDS})
    results = [
        NativeKernel(build_native(source, source.stem, include=SHIM, out=folder, checks=checks)).run(
            call.streams, call.scalars
        )
        for checks in (False, True)
    ]
    assert results[0] == results[1], f"seed {seed}: the program depends on uninitialised memory"
    return call, results[0]


@pytest.mark.slow
def test_random_programs(tmp_path: Path) -> None:
    """All seeds in one model of Verilator."""
    sources, compiled, jobs = {}, {}, []
    for seed in SEEDS:
        name = f"fuzz_{seed}"
        source = tmp_path / f"{name}.cpp"
        source.write_text(fuzz.program(name, seed))
        call, result = reference(source, seed, tmp_path)
        made = compile_file(source, name, include=SHIM, out=tmp_path / name, ports="ap_ctrl_hs")
        streams = interpret(Interpreter(made.program), call)[0]
        assert streams == result.streams, f"seed {seed}: the interpreter differs from the native build"
        sources[name], compiled[name] = source, made
        want = kernels.Call(call.streams, call.scalars, {"out": list(result.streams["out"])})
        stalls = kernels.STALLS[seed % len(kernels.STALLS)]
        jobs.append(kernels.job(name, seed, stalls, [want], {"out": fuzz.WORD}, prefix=f"{name}_"))
    files = side_by_side(tmp_path, compiled)
    outcome = simulate.run(simulate.build(files, "programs"), kernels.REPLAY, parameters=jobs)
    simulate.check(outcome)
