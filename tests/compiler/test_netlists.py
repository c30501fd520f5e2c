# SPDX-License-Identifier: Apache-2.0
"""What synthesis sees is what was verified: netlists of the test programs, simulated, equal the native build."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from netlist import netlists
from stimuli import PROGRAMS, STIMULI
from test_programs import CLOCK_NS, SHIM, expected

from edgemoe.compiler.driver import CompileResult, compile_file
from edgemoe.compiler.verify import Rtl

pytestmark = pytest.mark.slow
CACHE = Path(__file__).resolve().parents[2] / "build" / "cache" / "netlists"
STALLS = (0, 30, 75)
#: Programs whose netlist Yosys makes within seconds; larger ones take it many minutes.
SMALL = ("biquad", "collatz", "histogram")
GROUPS = [list(SMALL)]


def compiled(programs: list[str], folder: Path) -> Mapping[str, CompileResult]:
    return {
        name: compile_file(
            PROGRAMS / f"{name}.cpp",
            name,
            include=[SHIM],
            out=folder / name,
            clock_ns=CLOCK_NS.get(name, 5.0),
        )
        for name in programs
    }


@pytest.mark.parametrize("programs", GROUPS, ids=lambda names: names[0])
def test_netlists_as_native(programs: list[str], tmp_path: Path) -> None:
    """Registers start with noise of another seed in each model."""
    results = compiled(programs, tmp_path)
    files = netlists(results, CACHE)
    rtl = Rtl.build(
        list(results.values()), tmp_path, cache=CACHE, seed=GROUPS.index(programs) + 7, netlists=files
    )
    for name in programs:
        for seed, stall in enumerate(STALLS):
            call = STIMULI[name](random.Random(seed))
            result, after = expected(name, call)
            got = rtl.run(name, call.streams, call.scalars, call.memories, stall=stall, seed=seed)
            where = f"{name}, stall {stall} %, seed {seed}"
            assert got.streams == result.streams, where
            assert got.unread == result.unread, where
            assert got.outputs == result.outputs, where
            for argument, data in after.memories.items():
                assert bytes(call.memories[argument]) == bytes(data), f"{where}, memory {argument}"
