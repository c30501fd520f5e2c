# SPDX-License-Identifier: Apache-2.0
"""`edgemoe synth --overlay` for a real board: its script for Vivado, from C++ to the recorded block design."""

from pathlib import Path

import pytest

from edgemoe import cli
from edgemoe.blockdesign import Design, module_ports
from edgemoe.sim.description import read_description
from edgemoe.sim.verilate import VerilatedLibrary
from edgemoe.synth import overlay as under_test

from .conftest import BOARDS, ROOT, Recorder
from .record import Record, problems

SOURCE = """
#include <hls_stream.h>
#include <ap_int.h>
void twice(hls::stream<ap_uint<12>>& in, hls::stream<ap_uint<32>>& out, int count) {
  for (int i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    out.write(in.read() * 2);
  }
}
"""


@pytest.fixture
def designs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Design]:
    """Without Verilator; the designs that were laid out."""
    seen: list[Design] = []
    library = tmp_path / "library.so"
    library.write_text("none")
    monkeypatch.setattr(under_test, "verilate", lambda *_, **__: VerilatedLibrary(library, "", (), 0.0))
    made = under_test.lay_out

    def noted(*arguments, **options):
        seen.append(made(*arguments, **options))
        return seen[-1]

    monkeypatch.setattr(under_test, "lay_out", noted)
    return seen


@pytest.mark.parametrize("board", BOARDS)
def test_from_cpp_to_the_block_design(
    board: str, designs: list[Design], run_script: Recorder, tmp_path: Path
) -> None:
    """One kernel twice, with streams, and one with memory ports."""
    source, out = tmp_path / "twice.cpp", tmp_path / "out"
    source.write_text(SOURCE)
    widen = str(ROOT / "tests" / "overlay" / "kernels.cpp")
    arguments = [str(source), widen, str(source), "--top", "twice", "--top", "widen", "--top", "twice"]
    assert cli.run(["synth", *arguments, "--overlay", str(out), "--board", board]) == 0
    run = run_script("vivado.tcl", out / "build.tcl")
    assert run.status == 0, run.said
    files = {"twice": "twice_axis", "widen": "widen"}
    ports = {
        kind: module_ports((out / "rtl" / kind / f"{top}.sv").read_text(), top) for kind, top in files.items()
    }
    hwh = out / "twice.hwh"
    assert problems(Record.read(run.record), designs[0], ports, hwh, read_description(hwh)) == []
    assert len(designs[0].dmas) == 2


def test_the_simulated_board_gets_no_script(designs: list[Design], tmp_path: Path) -> None:
    source, out = tmp_path / "twice.cpp", tmp_path / "out"
    source.write_text(SOURCE)
    assert cli.run(["synth", str(source), "--top", "twice", "--overlay", str(out)]) == 0
    assert (out / "twice.hwh").is_file() and not (out / "build.tcl").exists()
