# SPDX-License-Identifier: Apache-2.0
"""Hardware starts with anything: only memories and statics that were given values have them, and that would show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hardware import Rtl
from initial_values import check_initial_values, initialised, without_initial_values

from edgemoe.compiler.driver import CompileResult, compile_file

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
