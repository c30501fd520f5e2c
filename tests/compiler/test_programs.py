# SPDX-License-Identifier: Apache-2.0
"""Small classic kernels, unlike the project's own: native build, IR interpreter and RTL give equal results."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from initial_values import check_initial_values
from natives import fresh_native
from stimuli import CLOCK_NS, PROGRAMS, STIMULI, Call

import kernels
import simulate
from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.native import NativeKernel, NativeResult, build_native
from model_of_many import side_by_side

ROOT = Path(__file__).resolve().parents[2]
SHIM = ROOT / "hls" / "shim"
BUILD = ROOT / "build" / "cache" / "programs"
#: AXI masters: argument -> bundle
BUNDLES = {"offload": {"from": "gmem0", "to": "gmem1"}}
SEEDS = range(4)


def native(program: str, *, checks: bool) -> NativeKernel:
    return fresh_native(
        build_native(
            PROGRAMS / f"{program}.cpp", program, include=[SHIM], out=BUILD / "native", checks=checks
        )
    )


def expected(program: str, call: Call, *, checks: bool = False) -> tuple[NativeResult, Call]:
    """The native result and the call with the memories as the kernel left them."""
    call = call.copy()
    result = native(program, checks=checks).run(call.streams, call.scalars, call.memories)
    assert not any(result.unread.values()), f"{program}: the stimulus has elements that nobody reads"
    return result, call


@pytest.mark.parametrize("program", STIMULI)
def test_native_does_not_depend_on_uninitialised_memory(program: str) -> None:
    """With checks on, variables start with a pattern instead of what was there."""
    for seed in SEEDS:
        call = STIMULI[program](random.Random(seed))
        plain, checked = expected(program, call)[0], expected(program, call, checks=True)[0]
        assert plain == checked, f"{program}, seed {seed}"


def build_all(folder: Path, programs: list[str]) -> list[Path]:
    """Every program compiled, in one top."""
    compiled = {
        program: compile_file(
            PROGRAMS / f"{program}.cpp",
            program,
            include=[SHIM],
            out=folder / program,
            ports="ap_ctrl_hs",
            clock_ns=CLOCK_NS.get(program, 5.0),
        )
        for program in programs
    }
    for made in compiled.values():
        check_initial_values(made)
    return side_by_side(folder, compiled)


def job(program: str, seed: int, stalls: float) -> dict[str, Any]:
    """Calls without a reset between them and their results, in the form that the simulation reads."""
    rng = random.Random(seed)
    calls = [STIMULI[program](rng) for _ in range(1 + seed % 2)]
    bundles = BUNDLES.get(program, {})
    ready = []
    for call in calls:
        result, after = expected(program, call)
        ready.append(
            kernels.Call(
                call.streams,
                call.scalars | dict.fromkeys(bundles, 0),
                {name: list(values) for name, values in result.streams.items()},
                {bundles[name]: data.tobytes() for name, data in call.memories.items()},
                {bundles[name]: data.tobytes() for name, data in after.memories.items()},
                result.outputs,
            )
        )
    widths = {port.name: port.width for port in native(program, checks=False).ports}
    return kernels.job(program, seed, stalls, ready, widths, prefix=f"{program}_")


@pytest.mark.slow
def test_rtl_as_native(tmp_path: Path) -> None:
    executable = simulate.build(build_all(tmp_path, list(STIMULI)), "programs")
    jobs = [
        job(program, seed, stalls)
        for program in STIMULI
        for seed, stalls in zip(SEEDS, kernels.STALLS, strict=True)
    ]
    outcome = simulate.run(executable, kernels.REPLAY, parameters=jobs)
    simulate.check(outcome)
    assert all(empty for _, empty in outcome.fifos.values()), f"a FIFO never ran empty: {outcome.fifos}"
    assert any(full for full, _ in outcome.fifos.values()), f"no FIFO was ever full: {outcome.fifos}"
