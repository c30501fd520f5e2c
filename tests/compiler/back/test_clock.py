# SPDX-License-Identifier: Apache-2.0
"""Delays of the families, and loops that reach their initiation interval at the clocks that people build for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edgemoe.blockdesign import BOARDS
from edgemoe.compiler.delays import DEFAULT, FABRICS, figures
from edgemoe.compiler.driver import CompileResult, compile_file
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import Compare, Const, Op, Opcode, ScalarArg
from edgemoe.compiler.operators import OperatorTable

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ROOT / "tests" / "compiler" / "programs"


def compiled(tmp_path: Path, name: str, clock_ns: float, text: str = "", **options: Any) -> CompileResult:
    """``text`` stands before the program."""
    source = tmp_path / f"{name}.cpp"
    source.write_text(f'{text}\n#include "{PROGRAMS / name}.cpp"\n')
    shim = ROOT / "hls" / "shim"
    return compile_file(source, name, include=[shim], out=tmp_path / "out", clock_ns=clock_ns, **options)


def loops(result: CompileResult) -> dict[str, int]:
    """Initiation intervals by label."""
    return {loop["label"]: loop["ii"] for loop in result.report["loops"] if loop["pipelined"]}


def test_exit_tests_of_a_flattened_loop_do_not_cost_the_ii(tmp_path: Path) -> None:
    result = compiled(tmp_path, "array_vectors", 2.0)
    assert loops(result) == {"ARRAY": 1}
    assert result.report["clock"]["estimated_ns"] <= 2.0


def test_wide_counters_do_not_cost_the_ii(tmp_path: Path) -> None:
    assert loops(compiled(tmp_path, "countdown", 1.7)) == {"UP": 1, "DOWN": 1}


@pytest.mark.slow
def test_a_thousand_multipliers_run_at_300_mhz(tmp_path: Path) -> None:
    result = compiled(tmp_path, "array_vectors", 3.333, "#define ROWS 64\n#define COLUMNS 16")
    assert loops(result) == {"ARRAY": 1}
    assert result.report["clock"]["estimated_ns"] <= 3.333


def test_a_block_ram_has_its_output_register_where_the_clock_needs_it(tmp_path: Path) -> None:
    """And only there."""
    registers = {}
    for clock_ns in (1.6, 5.0):
        compiled(tmp_path, "banks", clock_ns)
        registers[clock_ns] = re.findall(
            r"_word\w* <= \w+_q;", (tmp_path / "out" / "banks_core.sv").read_text()
        )
    assert registers[1.6] and not registers[5.0]


def test_the_family_decides_the_schedule(tmp_path: Path) -> None:
    fast = compiled(tmp_path, "biquad", 3.0, family="zynqmp").report
    slow = compiled(tmp_path, "biquad", 3.0, family="zynq7").report
    assert (fast["clock"]["family"], slow["clock"]["family"]) == ("zynqmp", "zynq7")
    assert sum(loop["depth"] for loop in slow["loops"]) > sum(loop["depth"] for loop in fast["loops"])
    with pytest.raises(CompileError, match="family='versal' is not one of zynqmp, zynq7"):
        compiled(tmp_path, "biquad", 3.0, family="versal")


def test_every_board_has_a_fabric_and_every_figure_a_source() -> None:
    assert {board.family.name for board in BOARDS.values()} == set(FABRICS)
    assert DEFAULT in FABRICS
    for fabric in FABRICS.values():
        for name, figure in figures(fabric).items():
            assert figure.ps > 0 and len(figure.source) > 15, f"{fabric.name} {name}"


def delay(family: str, opcode: Opcode, width: int, amount: int = 0) -> float:
    """Nanoseconds of an operator on two variables of ``width`` bits (a shift: by ``amount`` bits of amount)."""
    a, b = ScalarArg("a", width), ScalarArg("b", amount or width)
    compare = Compare.EQ if opcode is Opcode.ICMP else None
    op = Op(1, opcode, 1 if compare else width, [a, b], compare=compare)
    return OperatorTable(FABRICS[family]).timing(op).delay / 1000


@pytest.mark.parametrize(
    ("opcode", "measured"),
    [
        (Opcode.ADD, {8: 0.43, 16: 0.54, 32: 0.75, 64: 1.18}),
        (Opcode.ICMP, {8: 0.47, 16: 0.34, 32: 0.43, 64: 0.56}),
        (Opcode.LSHR, {8: 0.8, 16: 1.4, 32: 1.6, 64: 2.5}),
    ],
)
def test_delays_are_of_the_size_of_what_was_measured(opcode: Opcode, measured: dict[int, float]) -> None:
    """Against an operator's own share of a placed and routed path in Kintex-7 (Dynamatic, data/components.json), in
    which the net before it is not counted."""
    for width, share in measured.items():
        amount = width.bit_length() - 1 if opcode is Opcode.LSHR else 0
        ours = {family: delay(family, opcode, width, amount) for family in FABRICS}
        assert share * 0.9 < ours["zynq7"] < 3 * share + FABRICS["zynq7"].net.ps / 1000, width
        assert ours["zynqmp"] < ours["zynq7"], width


def test_a_shift_by_a_constant_is_wires() -> None:
    op = Op(1, Opcode.SHL, 32, [ScalarArg("a", 32), Const(3, 32)])
    assert OperatorTable().timing(op).delay == 0
