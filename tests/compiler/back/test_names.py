# SPDX-License-Identifier: Apache-2.0
"""What things are called in the SystemVerilog."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from naming import declared, generated

from edgemoe.compiler import compile_file
from edgemoe.compiler.backend.naming import shortened
from edgemoe.config import board
from edgemoe.kernels import include_folders, kernel_source
from edgemoe.registers import IP_NAME

ROOT = Path(__file__).parents[3]
SHIM = ROOT / "hls" / "shim"
PROGRAMS = Path(__file__).parent / "names"


def names_of(source: Path, out: Path) -> list[str]:
    made = compile_file(source, "top", include=[SHIM], out=out)
    return declared(next(path for path in made.files if path.stem == "top_core").read_text())


EXPECTED = {
    # Elements of members, their later values, what an unrolled loop has once for each iteration.
    "lanes": """
        tile_shadow_0_0 tile_shadow_3_1 tile_active_3_1 tile_active_3_1_next tile_active_0_1_next word x_token
        product_k0 product_k3 product_k2_b7_0 product_k0_plus_product_k1 sum_k3 step step_next step_lt_15 i i_b2_1
    """,
    # Banks, keywords, names that differ in capitals only or are a port's, what was made from others.
    "words": """
        table_0 table_1 line_0 line_1 reg_ Reg x X__2 in_read__2 reg_plus_x reg_times_Reg X_lt_in_read X_else_x
        table_word line_word table_minus_line X_b2_0 in_read_b0
    """,
}


@pytest.mark.parametrize("program", EXPECTED)
def test_names_are_those_of_the_source(program: str, tmp_path: Path) -> None:
    source = PROGRAMS / f"{program}.cpp"
    names = names_of(source, tmp_path)
    assert set(EXPECTED[program].split()) <= set(names)
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 40
    numbered = generated(names, [source.read_text()])
    assert len(numbered) < 0.35 * len(names), sorted(numbered)  # most are the control of blocks and loops


def test_a_small_change_leaves_other_names(tmp_path: Path) -> None:
    """One line changes, and lines come before all others."""
    source = tmp_path / "lanes.cpp"
    text = (PROGRAMS / "lanes.cpp").read_text()
    before = names_of(PROGRAMS / "lanes.cpp", tmp_path / "before")
    source.write_text(text.replace("word * tile", "(word + 3) * tile"))
    after = names_of(source, tmp_path / "after")
    assert len(set(before) - set(after)) < 0.05 * len(before), sorted(set(before) - set(after))
    assert "word_plus_3" in set(after) - set(before)
    source.write_text(text.replace("struct Tile", "\n\nstruct Tile", 1))
    assert names_of(source, tmp_path / "moved") == before


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("x", "x"),
        ("one_two_three_four_five_six", "one_two_three"),
        ("products_value_12_3", "products_12_3"),
        ("abcdefghijklmnopqrst_n0_k31", "abcdefghi_n0_k31"),
    ],
)
def test_long_names_keep_what_tells_them_apart(name: str, short: str) -> None:
    assert shortened(name, 16) == short


@pytest.mark.slow
def test_the_accelerators_names_come_from_its_source(tmp_path: Path) -> None:
    include = include_folders(board("sim-small"))
    made = compile_file(kernel_source(IP_NAME), IP_NAME, include=include, out=tmp_path)
    text = next(path for path in made.files if path.stem == "compute").read_text()
    sources = [path.read_text() for path in (ROOT / "hls").rglob("*.[hc]pp")]
    names = declared(text)
    assert {"tile_active_3_5", "tile_active_3_5_next", "sum_n5_i1", "value_n5"} <= set(names)
    # A helper that several loops inline has its names in each of them, told apart by a number.
    assert len(generated(names, sources)) < 0.26 * len(names)
    unnumbered = [re.sub(r"__\d+(?=_|$)", "", name) for name in names]
    assert len(generated(unnumbered, sources)) < 0.03 * len(names)
    assert not re.search(r"\b(select|sext|phi|trunc)_\d+\b", text)
    assert max(map(len, names)) <= 48
