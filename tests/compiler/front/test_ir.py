# SPDX-License-Identifier: Apache-2.0
"""The typed IR of small programs, as text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.ir import Hazard, Opcode, Pipeline, Program
from edgemoe.compiler.irtext import function_text, program_text

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"
HEADERS = "#include <ap_int.h>\n#include <hls_stream.h>\n#include <hls_burst_maxi.h>\n"


def build(body: str, folder: Path) -> Program:
    """The program of ``top``; line 1 is the body's first."""
    source = folder / "kernel.cpp"
    source.write_text(f'{HEADERS}# 1 "kernel.cpp"\n{body}')
    return compile_source(source, "top", [SHIM], folder / "work")


def loops(program: Program) -> list[Pipeline]:
    """The pipelined loops of the top."""
    return [region for region in program.functions["top"].regions if isinstance(region, Pipeline)]


ACCUMULATE = """void top(hls::stream<ap_int<8>>& in, hls::stream<ap_int<20>>& out) {
  ap_int<20> sum = 0;
  for (int i = 0; i < 100; i++) {
#pragma HLS PIPELINE II=1
    ap_int<8> x = in.read();
    sum += x * x;
  }
  out.write(sum);
}
"""

EXPECTED = """process top  ; kernel.cpp:1
  stream in width=8 direction=read  ; kernel.cpp:5
  stream out width=20 direction=write  ; kernel.cpp:8
  block block_3  ; kernel.cpp:3
    jump loop_4(0:7, 0:20)
  pipeline loop_4 trip=100  ; kernel.cpp:4
    p0:7 = phi name=i
    p1:20 = phi name=sum
    v0:8 = fifo_read channel=in name=x  ; kernel.cpp:5
    v1:16 = mul v0, v0 signs=[true,true]  ; kernel.cpp:6
    v2:20 = zext v1  ; kernel.cpp:6
    v3:20 = add p1, v2  ; kernel.cpp:6
    v4:7 = add p0, 1:7 name=i  ; kernel.cpp:3
    v5:1 = icmp p0, 99:7 compare=ult  ; kernel.cpp:3
    branch v5 ? loop_4(v4, v3) : block_8()
  block block_8  ; kernel.cpp:8
    v6:0 = fifo_write v3 channel=out  ; kernel.cpp:8
    return
"""


def renumbered(text: str) -> str:
    """Values numbered in order of appearance."""
    seen: dict[str, str] = {}
    count = {"v": 0, "p": 0}

    def name(match: re.Match[str]) -> str:
        if match[0] not in seen:
            seen[match[0]] = f"{match[1]}{count[match[1]]}"
            count[match[1]] += 1
        return seen[match[0]]

    return re.sub(r"\b([vp])\d+\b", name, text)


def test_accumulator(tmp_path: Path) -> None:
    program = build(ACCUMULATE, tmp_path)
    assert renumbered(function_text(program.functions["top"])) == EXPECTED


def test_same_source_gives_the_same_ir(tmp_path: Path) -> None:
    texts = {program_text(build(ACCUMULATE, tmp_path)) for _ in range(3)}
    assert len(texts) == 1


def test_memories_and_their_banks(tmp_path: Path) -> None:
    body = """void top(hls::stream<ap_uint<12>>& in, hls::stream<ap_uint<12>>& out) {
  static const ap_uint<12> table[4] = {5, 9, 4000, 1};
  ap_uint<12> rows[16][4], cyclic[64], regs[4], plain[32];
#pragma HLS ARRAY_PARTITION variable=rows complete dim=2
#pragma HLS ARRAY_PARTITION variable=cyclic cyclic factor=8
#pragma HLS ARRAY_PARTITION variable=regs complete
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    ap_uint<12> x = in.read();
    rows[i >> 2][i & 3] = x;
    cyclic[i] = x;
    plain[x & 31] = x;
    regs[x & 3] = x;
  }
  for (int i = 0; i < 16; i++) {
#pragma HLS PIPELINE II=1
    out.write(rows[i][1] + cyclic[8 * (i & 7) + 3] + plain[i] + regs[i & 3] + table[i & 3]);
  }
}
"""
    top = build(body, tmp_path).functions["top"]
    shapes = {m.name: (m.describe(), m.width, m.banks, m.depth) for m in top.memories.values()}
    assert shapes == {
        "rows": ("ram", 12, 4, 16),
        "cyclic": ("ram", 12, 8, 8),
        "plain": ("ram", 12, 1, 32),
        "regs": ("registers", 12, 4, 1),
        "table": ("rom", 12, 1, 4),
    }
    assert top.memories["table"].init == [[5, 9, 4000, 1]]
    write, read = (r for r in top.regions if isinstance(r, Pipeline))
    banks = {op.memory: op.banks for op in write.ops if op.opcode is Opcode.STORE}
    assert banks == {"rows": (0, 1, 2, 3), "cyclic": tuple(range(8)), "plain": (0,), "regs": (0, 1, 2, 3)}
    banks = {op.memory: op.banks for op in read.ops if op.opcode is Opcode.LOAD}
    assert banks == {"rows": (1,), "cyclic": (3,), "plain": (0,), "regs": (0, 1, 2, 3), "table": (0,)}


HISTOGRAM = """void top(hls::stream<ap_uint<4>>& in, hls::stream<int>& out, ap_uint<10> n) {{
  int count[16];
  for (int i = 0; i < 16; i++) count[i] = 0;
  for (ap_uint<10> i = 0; i < n; i++) {{
#pragma HLS PIPELINE II=1
{pragma}
    ap_uint<4> x = in.read();
    count[x] = count[x] + 1;
  }}
  for (int i = 0; i < 16; i++) out.write(count[i]);
}}
"""


@pytest.mark.parametrize(
    ("pragma", "distance"),
    [
        ("", 1),
        ("#pragma HLS DEPENDENCE variable=count inter distance=3", 3),
        ("#pragma HLS DEPENDENCE variable=count inter false", None),
    ],
)
def test_dependence_pragma(pragma: str, distance: int | None, tmp_path: Path) -> None:
    (loop,) = loops(build(HISTOGRAM.format(pragma=pragma), tmp_path))
    carried = [d.distance for d in loop.depends if d.hazard is Hazard.RAW and d.distance]
    assert carried == ([distance] if distance else [])
    assert [d.distance for d in loop.depends if d.hazard is Hazard.WAR and not d.distance] == [0]


def test_distance_from_addresses(tmp_path: Path) -> None:
    body = """void top(hls::stream<int>& in, hls::stream<int>& out) {
  int a[64];
  for (int i = 0; i < 64; i++) a[i] = in.read();
  for (int i = 5; i < 60; i++) {
#pragma HLS PIPELINE II=1
    a[i] = a[i - 4] + 1;
  }
  for (int i = 0; i < 60; i++) {
#pragma HLS PIPELINE II=1
    a[i] = a[i] * 3;
  }
  for (int i = 0; i < 64; i++) out.write(a[i]);
}
"""
    first, second = loops(build(body, tmp_path))
    assert [d.distance for d in first.depends if d.hazard is Hazard.RAW] == [4]
    assert not [d for d in second.depends if d.hazard is Hazard.RAW]


def test_dataflow(tmp_path: Path) -> None:
    body = """static void load(hls::burst_maxi<ap_uint<32>> port, hls::stream<int>& out, ap_uint<9> n) {
  port.read_request(0, n);
  for (ap_uint<9> i = 0; i != n; i++) {
#pragma HLS PIPELINE II=1
    out.write(int(port.read()));
  }
}
static void add(hls::stream<int>& in, ap_int<40>& total, ap_uint<9> n) {
  ap_int<40> sum = 0;
  for (ap_uint<9> i = 0; i != n; i++) {
#pragma HLS PIPELINE II=1
    sum += in.read();
  }
  total = sum;
}
void top(hls::burst_maxi<ap_uint<32>> port, ap_int<40>& total, ap_uint<9> n) {
#pragma HLS INTERFACE m_axi port=port bundle=gmem3 offset=slave
#pragma HLS DATAFLOW
  hls::stream<int> words;
#pragma HLS STREAM variable=words depth=7
  load(port, words, n);
  add(words, total, n);
}
"""
    program = build(body, tmp_path)
    assert list(program.functions) == ["load", "add", "top"]
    assert function_text(program.functions["top"]) == (
        "dataflow top  ; kernel.cpp:16\n"
        '  axi port width=32 bundle=gmem3 channels={"ar":64,"r":32}  ; kernel.cpp:16\n'
        "  scalar total width=40 direction=write signed=true  ; kernel.cpp:16\n"
        "  scalar n width=9  ; kernel.cpp:16\n"
        "  channel words width=32 depth=7  ; kernel.cpp:16\n"
        '  interface mode=m_axi port=port options={"bundle":"gmem3","offset":"slave"}  ; kernel.cpp:17\n'
        "  instance u_load load(port=%port, out=&words, n=%n)  ; kernel.cpp:21\n"
        "  instance u_add add(in=&words, total=%total, n=%n)  ; kernel.cpp:22\n"
    )


@pytest.mark.parametrize(
    ("head", "trips"),
    [
        ("int i = 0; i < 100; i++", 100),
        ("int i = 7; i >= 0; i -= 2", 4),
        ("unsigned i = 3; i != 24; i += 7", 3),
        ("int i = 0; i < int(in.read()); i++", None),
    ],
)
def test_label_and_trip_count(head: str, trips: int | None, tmp_path: Path) -> None:
    body = f"""void top(hls::stream<ap_int<8>>& in, hls::stream<ap_int<8>>& out) {{
COPY:
  for ({head}) {{
#pragma HLS PIPELINE II=1
    out.write(in.read());
  }}
}}
"""
    (loop,) = loops(build(body, tmp_path))
    assert (loop.label, loop.trip) == ("COPY", trips)
