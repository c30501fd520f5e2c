# SPDX-License-Identifier: Apache-2.0
"""BIND_STORAGE: what keeps an array, from the pragma to the attribute that synthesis reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgemoe.compiler import CompileError, compile_into
from edgemoe.compiler.delays import ZYNQ7, ZYNQMP
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.ir import Storage
from edgemoe.compiler.irparse import parse_program
from edgemoe.compiler.irtext import program_text
from edgemoe.compiler.operators import OperatorTable
from edgemoe.compiler.planning import schedule_program

SHIM = [Path(__file__).resolve().parents[3] / "hls" / "shim"]
SOURCE = """
struct Pair { int near[32]; short far[32]; };
void top(int n, int& y) {
  int cyclic[64];
  Pair pair;
  static const unsigned char squares[8] = {3, 1, 4, 1, 5, 9, 2, 6};
#pragma HLS ARRAY_PARTITION variable=cyclic cyclic factor=2
#pragma HLS BIND_STORAGE variable=cyclic impl=lutram
#pragma HLS BIND_STORAGE variable=pair.far impl=uram
#pragma HLS BIND_STORAGE variable=squares impl=bram
  for (int i = 0; i < 64; i++)
    cyclic[i] = i * n;
  for (int i = 0; i < 32; i++)
    pair.near[i] = pair.far[i] = i - n;
  y = cyclic[n & 63] + pair.near[(n >> 6) & 31] + pair.far[(n >> 12) & 31] + squares[(n >> 18) & 7];
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "top.cpp"
    path.write_text(SOURCE)
    return path


def test_every_bank_and_no_other_member_has_the_attribute(source: Path, tmp_path: Path) -> None:
    made = compile_into(source, "top", include=SHIM, folder=tmp_path / "out", clock_ns=5, ports="axi")
    lines = [line for file in made.files for line in file.read_text().split("\n") if " [0:" in line]
    found = {line.split(" [0:")[0].split()[-1]: line.split("(* ")[1].split(" *)")[0]
             for line in lines if "(* " in line}  # fmt: skip
    assert found == {
        "cyclic_0": 'ram_style = "distributed"',
        "cyclic_1": 'ram_style = "distributed"',
        "pair_far": 'ram_style = "ultra"',
        "squares": 'rom_style = "block"',
    }
    assert made.program.notes == []


def test_the_text_of_the_ir_keeps_it(source: Path, tmp_path: Path) -> None:
    program = compile_source(source, "top", SHIM, tmp_path)
    again = parse_program(program_text(program))
    for kept in (program, again):
        storages = {m.name: m.storage for m in kept.functions["top"].memories.values()}
        assert storages["pair_far"] is Storage.URAM and storages["pair_near"] is Storage.RAM


def test_a_family_without_ultra_ram_refuses_it(source: Path, tmp_path: Path) -> None:
    schedule_program(compile_source(source, "top", SHIM, tmp_path), 5.0, OperatorTable(ZYNQMP))
    with pytest.raises(CompileError, match="'pair_far' in UltraRAM, which no part of the family Zynq-7000"):
        schedule_program(compile_source(source, "top", SHIM, tmp_path), 5.0, OperatorTable(ZYNQ7))
