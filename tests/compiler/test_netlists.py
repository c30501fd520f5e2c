# SPDX-License-Identifier: Apache-2.0
"""What synthesis sees is what was verified: netlists of some programs here, of all by `make netlists`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hardware import Rtl
from netlists.__main__ import PAGE, rows_of
from netlists.check import check, compare, compiled
from netlists.subjects import CACHE, UNITS, subjects
from netlists.synthesis import digest_of, netlist

from edgemoe.compiler.driver import CompileResult
from edgemoe.errors import DeviceError

#: Whose netlists Yosys makes within seconds: loops, a division, arrays, statics, a unit of the accelerator.
QUICK = ("programs/biquad", "programs/collatz", "programs/histogram", "language/statics", "kernels/gelu")
#: What is changed in the netlist of `collatz`, every time that the pattern is there.
DAMAGE = {
    "a gate of the sum n + 1": (r"(assign \\hls_core\.n_plus_1 \[1\] = .*) \^ ", r"\1 | "),
    "a multiplexer at the output": (r"(assign steps_din\[0\] = .*) \? (.*) : (.*);", r"\1 ? \3 : \2;"),
    "the enable of flip-flops": (r"else if \((\\hls_core\.block_n_to_steps )\)", r"else if (!\1)"),
    "the value after a reset": (
        r"(if \(!ap_rst_n\) \\hls_core\.steps_buffer\.credits \[1\] <=) 1'h1",
        r"\1 1'h0",
    ),
    "no reset, so that it starts with noise": (
        r"if \(!ap_rst_n\)( \\hls_core\.steps_buffer\.credits )",
        r"if (1'h0)\1",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_netlists_as_native(name: str, tmp_path: Path) -> None:
    subject = subjects()[name]
    made = check(subject, compiled(subject, tmp_path))
    assert made.gates > 500 and made.flip_flops > 200, "synthesis leaves something"
    if name == "kernels/gelu":
        assert made.memories == 1, "a table stays one"
        assert made.multipliers == 2, "as wide multipliers do"


@pytest.mark.slow
@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_netlist_is_found(what: str, tmp_path: Path) -> None:
    subject = subjects()["programs/collatz"]
    result = compiled(subject, tmp_path)
    text, times = re.subn(*DAMAGE[what], netlist(result, CACHE, abc=subject.abc).path.read_text())
    assert times, "the netlist has nothing of that kind"
    (tmp_path / "damaged.v").write_text(text)
    with pytest.raises((AssertionError, DeviceError), match=r"programs/collatz, stall|is not done"):
        compare(subject, result, tmp_path / "damaged.v", tmp_path)


@pytest.mark.slow
def test_a_reset_does_to_a_netlist_what_it_does_to_the_program(tmp_path: Path) -> None:
    """Initial values survive synthesis; `total` has its own after a reset, `table[0]` what was stored there."""
    case = subjects()["cases/static_tables"]
    result = compiled(case, tmp_path)
    made = netlist(result, CACHE)
    rtl = Rtl.build([result], CACHE / "models", cache=CACHE, seed=5, netlists={case.top: made.path})
    ones = {"in": [1] * 8}
    first = rtl.run(case.top, ones).streams["out"]
    assert first == [1001 + k + 10 * (k + 1) for k in range(8)]
    rtl.model.reset()
    assert rtl.run(case.top, ones).streams["out"] == [1001 + 1008, *first[1:]]


def test_a_netlist_is_made_anew_where_the_hardware_changed(tmp_path: Path) -> None:
    """A comment is no hardware; ABC is a part of the recipe."""
    subject = subjects()["programs/collatz"]
    result = compiled(subject, tmp_path)
    before = digest_of(result)
    core = next(path for path in result.files if path.stem == "collatz_core")

    def changed(old: str, new: str) -> CompileResult:
        assert old in core.read_text()
        core.write_text(core.read_text().replace(old, new))
        return result

    assert digest_of(changed("collatz.cpp:9", "collatz.cpp:10")) == before
    assert digest_of(result, abc=True) != before
    assert digest_of(changed("n_plus_1 = n_b23_0 + 24'd1", "n_plus_1 = n_b23_0 + 24'd2")) != before


def test_the_page_has_programs_of_every_kind_and_all_units() -> None:
    """`make netlists` adds a row for each program that it ran, and takes it out where results differ."""
    rows = set(rows_of(PAGE.read_text()))
    assert rows <= set(subjects())
    units = {f"kernels/{name}" for name in UNITS}
    assert units <= rows
    assert len(rows - units) >= 40
    assert {row.partition("/")[0] for row in rows} == {"programs", "language", "cases", "found", "kernels"}
