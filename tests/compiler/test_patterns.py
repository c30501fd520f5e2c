# SPDX-License-Identifier: Apache-2.0
"""Streams read and written several times in an iteration: native build, IR, schedule and RTL under stalls are equal."""

from __future__ import annotations

import copy
import random
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import pytest
from hardware import Rtl
from natives import fresh_native
from patterns import Pattern
from stimuli import bits

from edgemoe.compiler.cyclesim import CycleSimulator
from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Run
from edgemoe.compiler.interp import run as interpret
from edgemoe.compiler.native import build_native
from edgemoe.compiler.planning import schedule_program

ROOT = Path(__file__).resolve().parents[2]
SHIM = [ROOT / "hls" / "shim"]
BUILD = ROOT / "build" / "cache" / "programs" / "native"
#: Most loops of these are pipelined; among the seeds are II below, at and above the number of reads.
SEEDS = range(4)
MORE_SEEDS = range(4, 10)
PLENTY = 400
STALLS = (0.0, 0.2, 0.5, 0.8)


def written(seed: int, folder: Path) -> Path:
    pattern = Pattern(seed)
    source = folder / f"{pattern.name}.cpp"
    source.write_text(pattern.text())
    return source


@dataclass
class Case:
    """One call: what it reads, no more, and what the native build writes."""

    streams: dict[str, list[int]]
    out: list[int]


def cases(source: Path) -> list[Case]:
    kernel = fresh_native(build_native(source, source.stem, include=SHIM, out=BUILD))
    made = []
    for seed in range(len(STALLS)):
        rng = random.Random(seed)
        streams = {
            name: [v if rng.random() < 0.6 else v & 7 for v in bits(rng, 32, PLENTY)]
            for name in ("in", "more")
        }
        result = kernel.run(copy.deepcopy(streams), {})
        used = {name: values[: PLENTY - result.unread[name]] for name, values in streams.items()}
        made.append(Case(used, result.streams["out"]))
    return made


def data(case: Case) -> Run:
    return Run({name: deque(values) for name, values in case.streams.items()})


@pytest.mark.parametrize("seed", SEEDS)
def test_schedule_and_interpreter_equal_native(seed: int, tmp_path: Path) -> None:
    source = written(seed, tmp_path)
    program = compile_source(source, source.stem, SHIM, tmp_path)
    schedules = schedule_program(program, 5.0)
    for number, case in enumerate(cases(source)):
        meant, timed = data(case), data(case)
        interpret(program, meant)
        CycleSimulator(program, schedules).run(timed, STALLS[number], number)
        for run in (meant, timed):
            assert list(run.streams["out"]) == case.out, f"call {number}"
            assert not run.streams["in"] and not run.streams["more"], "elements that nobody read"


@pytest.mark.slow
def test_rtl_equals_native(tmp_path: Path) -> None:
    """All programs in one model; other seeds than above besides."""
    compiled, found = {}, {}
    for seed in (*SEEDS, *MORE_SEEDS):
        source = written(seed, tmp_path)
        name, found[source.stem] = source.stem, cases(source)
        compiled[name] = compile_file(source, name, include=SHIM, out=tmp_path / name)
    loops = [loop for made in compiled.values() for loop in made.report["loops"] if loop["ii_asked"]]
    assert sum(loop["pipelined"] for loop in loops) > 0.8 * len(loops)
    assert any("in an iteration" in loop["limited_by"] and loop["ii"] > loop["ii_asked"] for loop in loops)
    for number, stall in enumerate((0, 30, 60, 90)):
        rtl = Rtl.build(list(compiled.values()), tmp_path, cache=BUILD.parent, seed=1 + number)
        for name, items in found.items():
            for turn, case in enumerate(items):
                got = rtl.run(name, case.streams, stall=stall, bursts=True, seed=10 * number + turn)
                where = f"{name}, stalls up to {stall} %, call {turn}"
                assert got.streams == {"out": case.out}, where
                assert not any(got.unread.values()), where
