# SPDX-License-Identifier: Apache-2.0
"""`edgemoe synth` on a file that has nothing to do with the accelerator."""

import json
from pathlib import Path

import pytest

from edgemoe import cli

SOURCE = """
#include <ap_int.h>
#include <hls_stream.h>

void scale(hls::stream<ap_int<16>>& in, hls::stream<ap_int<32>>& out, ap_uint<8> count, ap_int<16> factor) {
  for (int i = 0; i < count; ++i) {
#pragma HLS PIPELINE II=1
    out.write(in.read() * factor);
  }
}
"""


def synth(tmp_path: Path, text: str, *options: str) -> tuple[int, Path]:
    (tmp_path / "scale.cpp").write_text(text)
    out = tmp_path / "out"
    return cli.run(["synth", str(tmp_path / "scale.cpp"), "--top", "scale", "--out", str(out), *options]), out


@pytest.mark.parametrize(("options", "port"), [([], "s_axi_control_awaddr"), (["--ports"], "ap_start")])
def test_a_file_of_ones_own(
    options: list[str], port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = synth(tmp_path, SOURCE, *options)
    assert status == 0
    report = json.loads((out / "report.json").read_text())
    (loop,) = report["loops"]
    assert loop["function"] == "scale" and loop["source"].endswith("scale.cpp:7")  # its pragma
    assert loop["ii"] == loop["ii_asked"] == 1
    assert report["clock"]["target_ns"] == 5.0
    verilog = "".join(path.read_text() for path in out.glob("*.sv"))
    assert "module scale" in verilog and port in verilog.lower()
    assert "scale.cpp:7" in capsys.readouterr().out


def test_plain_c_with_a_pragma_needs_no_header(tmp_path: Path) -> None:
    text = """
void scale(int count, int& sum) {
  int total = 0;
  for (int i = 0; i < count; ++i) {
#pragma HLS PIPELINE
    total += i * i;
  }
  sum = total;
}
"""
    status, out = synth(tmp_path, text)
    assert status == 0
    assert json.loads((out / "report.json").read_text())["loops"][0]["ii"] == 1


def test_what_cannot_be_compiled_has_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = synth(tmp_path, SOURCE.replace("in.read()", "in.peek_nothing()"))
    assert status == 2
    message = capsys.readouterr().err
    assert "scale.cpp:8" in message and "Traceback" not in message
