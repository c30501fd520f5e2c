# SPDX-License-Identifier: Apache-2.0
"""Which objects of a simulation a change of one module leaves right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgemoe import verilator
from edgemoe.sim import parts

TOP = """module top (input logic ap_clk, input logic [31:0] x, output logic [31:0] y);
  logic [31:0] between;
  first u_first (.clk(ap_clk), .x(x), .y(between));
  second u_second (.clk(ap_clk), .x(between), .y(y));
endmodule
"""
PART = """module NAME (input logic clk, input logic [31:0] x, output logic [31:0] y);
  logic [31:0] kept [0:7];
  logic [2:0] at;
  always_ff @(posedge clk) begin
    at <= at + 3'd1;
    kept[at] <= x;
    y <= kept[at] + 32'dVALUE;
  end
endmodule
"""
LONGER = (
    PART.replace("logic [2:0] at;", "logic [2:0] at; logic [95:0] more;")
    .replace("at <= at + 3'd1;", "at <= at + 3'd1; more <= {more[63:0], x};")
    .replace("kept[at] +", "kept[at] + more[95:64] +")
)


def model(folder: Path, monkeypatch: pytest.MonkeyPatch, **texts: str) -> parts.Model:
    """The design, with other modules in the place of some."""
    monkeypatch.setattr(parts, "LARGE", 100)
    modules = {"first": PART, "second": PART, "top": TOP}
    folder.mkdir()
    sources = []
    for name, text in (modules | texts).items():
        sources.append(folder / f"{name}.sv")
        sources[-1].write_text(text.replace("NAME", name).replace("VALUE", "5"))
    work = folder / "work"
    work.mkdir()
    verilator.translate(
        parts.separate(sources, "top", work), "top", work, [*verilator.LENIENT, "--no-timing"]
    )
    return parts.Model(work)


def keys(made: parts.Model) -> dict[str, str]:
    return {unit.name: made.key(unit, "-O2") for unit in sorted(made.work.glob("*.cpp"))}


def of(name: str, found: dict[str, str]) -> dict[str, str]:
    chosen = {unit: key for unit, key in found.items() if unit.startswith(f"Vtop_{name}__")}
    assert chosen
    return chosen


def test_the_large_modules_are_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = model(tmp_path / "a", monkeypatch)
    assert list(made.instances.values()) == ["Vtop___024root", "Vtop_first", "Vtop_second"]
    assert "kept" in made.members("TOP__top__DOT__u_first")


def test_a_small_design_is_one(tmp_path: Path) -> None:
    source = tmp_path / "first.sv"
    source.write_text(PART)
    assert parts.separate([source], "top", tmp_path) == [source]
    assert not (tmp_path / parts.RULES).exists()


def test_what_did_not_change_keeps_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(model(tmp_path / "a", monkeypatch))
    assert keys(model(tmp_path / "b", monkeypatch)) == before
    after = keys(model(tmp_path / "c", monkeypatch, second=PART.replace("VALUE", "6")))
    assert of("first", after) == of("first", before)
    assert of("second", after) != of("second", before)


def test_a_members_place_is_part_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`second` lies behind `first`, which has become larger: what names members of `second` from outside is other."""
    small, large = model(tmp_path / "a", monkeypatch), model(tmp_path / "b", monkeypatch, first=LONGER)
    before, after = keys(small), keys(large)
    assert of("first", before) != of("first", after)
    for unit in sorted(small.work.glob("Vtop_*.cpp")):
        text, other = unit.read_text(), large.work / unit.name
        named = re.search(r"vlSymsp->TOP__top__DOT__u_second\b", text)
        if named and other.exists() and other.read_text() == text:
            assert before[unit.name] != after[unit.name], unit.name
    assert small.layout(small.work / "Vtop.cpp") != large.layout(large.work / "Vtop.cpp")


def test_how_it_is_compiled_is_part_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = model(tmp_path / "a", monkeypatch)
    unit = next(made.work.glob("Vtop_first__*.cpp"))
    assert made.key(unit, "-O2") != made.key(unit, "-O0")


@pytest.mark.parametrize("text", ["vlSymsp->name();", "other->x = 1;", "vlSymsp->TOP__unknown.x = 1;"])
def test_what_is_not_understood_depends_on_all(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = model(tmp_path / "a", monkeypatch)
    unit = made.work / "Vtop_first__0.cpp"
    unit.write_text(unit.read_text() + text)
    assert made.layout(unit) == [header.read_text() for header in sorted(made.work.glob("*.h"))]
