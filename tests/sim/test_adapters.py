# SPDX-License-Identifier: Apache-2.0
"""FIFO ports to AXI4-Stream: the adapters alone, at many widths, under random stalls on both sides."""

import re
from pathlib import Path

import pytest

from edgemoe.compiler.driver import LIBRARY
from edgemoe.errors import DeviceError
from edgemoe.sim.arena import Arena
from edgemoe.sim.verilate import verilate
from edgemoe.sim.verilated import VerilatedDesign

BENCH = Path(__file__).parent / "fixtures" / "adapter_bench.sv"
ADAPTERS = LIBRARY / "axis" / "hls_axis.sv"


def packets(adapters: Path, arena: Arena, cycles: int, optimise: str = "-O1") -> int:
    """The packets that each width has sent at least after some cycles; `DeviceError` if a rule was broken."""
    library = verilate([adapters, BENCH], "adapter_bench", optimise=optimise)
    with VerilatedDesign(library.path, arena) as design:
        design.run(cycles)
        return design.read(0)


def test_packets_under_stalls(arena: Arena) -> None:
    """Empty runs, runs of one element, runs end to end: every element once, in order, TLAST at the ends of runs."""
    assert packets(ADAPTERS, arena, 200_000) > 5_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("write | ended", "1'b1"),  # nothing is held back
        ("ready & ~ended", "ready"),  # a new run overtakes the end of the old one
        ("| (done & (take", "| (1'b0 & (take"),  # a run never ends
        ("assign tkeep = '1", "assign tkeep = '0"),
        ("assign tdata = T'(element)", "assign tdata = T'(element + 1'b1)"),
        ("if (in_ready) spare <= in_data", "if (in_valid) spare <= in_data"),  # the spare word is overwritten
        ("assign in_ready = ~spare_valid", "assign in_ready = 1'b1"),  # a word is lost
    ],
)
def test_the_bench_sees_faults(tmp_path: Path, arena: Arena, words: str, instead: str) -> None:
    """Each of these makes the bench stop."""
    broken = tmp_path / "hls_axis.sv"
    text = ADAPTERS.read_text()
    assert text.count(words) >= 1
    broken.write_text(text.replace(words, instead))
    try:
        sent = packets(broken, arena, 50_000, "-O0")
    except DeviceError as failure:
        assert "sender" in str(failure) or "receive" in str(failure)
    else:
        assert sent == 0


def test_what_is_ready_follows_from_registers() -> None:
    """No combinational path from the ready of one side to the ready of the other, nor from valid to ready."""
    assigned = dict(re.findall(r"assign (\w+) = ([^;]+);", ADAPTERS.read_text()))
    assert assigned["in_ready"] == "~spare_valid" and assigned["full_n"] == "ready & ~ended"
    assert set(assigned) == {"in_ready", "full_n", "take", "give", "tdata", "tkeep"}
