# SPDX-License-Identifier: Apache-2.0
"""Hardware starts with anything: only memories and statics that were given values have them, and that would show."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hardware import Outcome, Rtl
from initial_values import check_initial_values, initialised, without_initial_values
from stimuli import PROGRAMS, STIMULI

from edgemoe.compiler.driver import CompileResult, compile_file
from edgemoe.errors import DeviceError

HERE = Path(__file__).parent
SHIM = HERE.parents[1] / "hls" / "shim"
CACHE = HERE.parents[1] / "build" / "cache" / "programs"


def compiled(case: str, folder: Path) -> CompileResult:
    return compile_file(HERE / "cases" / f"{case}.cpp", "top", include=[SHIM], out=folder / case)


@pytest.mark.parametrize(
    "case", ["static_init", "static_tables", "static_zeros", "struct_state", "undriven_static"]
)
def test_what_was_given_values_has_them(case: str, tmp_path: Path) -> None:
    top = "top" if "void top(" in (HERE / "cases" / f"{case}.cpp").read_text() else case
    result = compile_file(HERE / "cases" / f"{case}.cpp", top, include=[SHIM], out=tmp_path)
    check_initial_values(result)
    assert any(initialised(path.read_text()) for path in result.files) or case == "struct_state"


def test_a_value_that_nobody_gave_is_found(tmp_path: Path) -> None:
    result = compiled("pipeline_ii2_stall", tmp_path)
    check_initial_values(result)
    core = next(path for path in result.files if path.stem == "top_core")
    text = core.read_text()
    core.write_text(text.replace("endmodule", "initial m_q = '0;\nendmodule"))
    with pytest.raises(AssertionError, match="m_q"):
        check_initial_values(result)
    core.write_text(re.sub(r"^(\s*logic )(\w+);", r"\1\2 = 1'b0;", text, count=1, flags=re.MULTILINE))
    with pytest.raises(AssertionError, match="a declaration with a value"):
        check_initial_values(result)


@pytest.mark.slow
def test_a_lost_initial_value_shows(tmp_path: Path) -> None:
    """Noise of another seed in memories and registers: without its initial words the table is wrong each time."""
    result = compiled("static_tables", tmp_path)
    stripped = tmp_path / "stripped.sv"
    stripped.write_text(without_initial_values([f for f in result.files if not f.stem.endswith("_axis")]))
    ones = {"in": [1] * 8}
    wanted = [1001 + k + 10 * (k + 1) for k in range(8)]
    assert Rtl.build([result], tmp_path, cache=CACHE).run("top", ones).streams["out"] == wanted
    seen = [
        Rtl.build([result], tmp_path, cache=CACHE, seed=seed, netlists={"top": stripped})
        .run("top", ones)
        .streams["out"]
        for seed in (1, 2)
    ]
    assert seen[0] != wanted != seen[1] != seen[0]


def without(reset: str, file: str, result: CompileResult, folder: Path) -> Path:
    """All SystemVerilog in one file, with nothing in the place of the assignment ``reset`` in the module ``file``."""
    whole = "\n".join(path.read_text() for path in result.files if not path.stem.endswith("_axis"))
    text = next(path for path in result.files if path.name == file).read_text()
    assert text.count(reset) == 1 and text in whole
    lost = folder / "lost.sv"
    lost.write_text(whole.replace(text, text.replace(reset, ";")))
    return lost


@pytest.mark.slow
def test_a_lost_reset_shows(tmp_path: Path) -> None:
    """What every start gives alike in spite of its noise, some start gives otherwise if one register has no reset."""
    result = compile_file(PROGRAMS / "collatz.cpp", "collatz", include=[SHIM], out=tmp_path / "out")
    call = STIMULI["collatz"](random.Random(0))

    def runs(netlists: dict[str, Path]) -> list[Outcome]:
        models = [
            Rtl.build([result], CACHE, seed=seed, netlists=netlists, optimise="-O0") for seed in range(1, 5)
        ]
        return [rtl.run("collatz", call.streams, call.scalars, stall=30, limit=50_000) for rtl in models]

    wanted = runs({})
    assert wanted[1:] == wanted[:-1]
    lost = without("credits <= C'(D);", "hls_output.sv", result, tmp_path)
    with pytest.raises((AssertionError, DeviceError), match=r"other results|is not done|without a free slot"):
        assert runs({"collatz": lost}) == wanted, "other results"


@pytest.mark.slow
def test_a_master_that_asks_in_reset_is_told(tmp_path: Path) -> None:
    result = compile_file(PROGRAMS / "offload.cpp", "offload", include=[SHIM], out=tmp_path / "out")
    call = STIMULI["offload"](random.Random(0))

    def problems(netlists: dict[str, Path]) -> str:
        told = ""
        for seed in range(1, 5):
            rtl = Rtl.build([result], CACHE, seed=seed, netlists=netlists, optimise="-O0")
            rtl.run("offload", call.streams, call.scalars, call.memories, reset_after=0)
            told += rtl.model.problems()
        return told

    assert not problems({})
    lost = without("valid <= 1'b0;", "hls_axi_split.sv", result, tmp_path)
    assert "ARVALID in reset" in problems({"offload": lost})
