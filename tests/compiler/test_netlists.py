# SPDX-License-Identifier: Apache-2.0
"""What synthesis sees is what was verified: netlists of some programs here, of all by `make netlists`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hardware import Rtl
from netlists.__main__ import PAGE, rows_of
from netlists.check import check
from netlists.subjects import CACHE, subjects
from netlists.synthesis import netlist

from edgemoe.compiler.driver import compile_file

#: Whose netlists Yosys makes within seconds: loops, a division, arrays, statics, a unit of the accelerator.
QUICK = ("programs/biquad", "programs/collatz", "programs/histogram", "language/statics", "kernels/gelu")


@pytest.mark.slow
def test_netlists_as_native(tmp_path: Path) -> None:
    everything = subjects()
    made = check([everything[name] for name in QUICK], tmp_path)
    for net in made.values():
        assert net.gates > 500 and net.flip_flops > 200, "synthesis leaves something"
    assert made["kernels/gelu"].memories == 1, "a table stays one"
    assert made["kernels/gelu"].multipliers == 2, "as wide multipliers do"


@pytest.mark.slow
def test_a_reset_does_to_a_netlist_what_it_does_to_the_program(tmp_path: Path) -> None:
    """Initial values survive synthesis; `total` has its own after a reset, `table[0]` what was stored there."""
    case = subjects()["cases/static_tables"]
    result = compile_file(case.source, case.top, include=list(case.include), out=tmp_path)
    made = netlist(result, CACHE)
    rtl = Rtl.build([result], CACHE / "models", cache=CACHE, seed=5, netlists={case.top: made.path})
    ones = {"in": [1] * 8}
    first = rtl.run(case.top, ones).streams["out"]
    assert first == [1001 + k + 10 * (k + 1) for k in range(8)]
    rtl.model.reset()
    assert rtl.run(case.top, ones).streams["out"] == [1001 + 1008, *first[1:]]


def test_the_page_has_programs_that_there_are() -> None:
    """`make netlists` adds a row for each program that it ran."""
    rows = set(rows_of(PAGE.read_text()))
    assert rows and rows <= set(subjects())
