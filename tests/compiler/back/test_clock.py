# SPDX-License-Identifier: Apache-2.0
"""Loops that reach their initiation interval at the clocks that people build for."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgemoe.compiler.driver import compile_file

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ROOT / "tests" / "compiler" / "programs"


def loops(tmp_path: Path, name: str, clock_ns: float, text: str = "") -> dict[str, int]:
    """Initiation intervals by label; ``text`` stands before the program."""
    source = tmp_path / f"{name}.cpp"
    source.write_text(f'{text}\n#include "{PROGRAMS / name}.cpp"\n')
    result = compile_file(
        source, name, include=[ROOT / "hls" / "shim"], out=tmp_path / "out", clock_ns=clock_ns
    )
    return {loop["label"]: loop["ii"] for loop in result.report["loops"] if loop["pipelined"]}


def test_exit_tests_of_a_flattened_loop_do_not_cost_the_ii(tmp_path: Path) -> None:
    assert loops(tmp_path, "array_vectors", 3.333) == {"ARRAY": 1}


def test_wide_counters_do_not_cost_the_ii(tmp_path: Path) -> None:
    assert loops(tmp_path, "countdown", 2.5) == {"UP": 1, "DOWN": 1}


@pytest.mark.slow
def test_a_thousand_multipliers_run_at_300_mhz(tmp_path: Path) -> None:
    assert loops(tmp_path, "array_vectors", 3.333, "#define ROWS 64\n#define COLUMNS 16") == {"ARRAY": 1}
