# SPDX-License-Identifier: Apache-2.0
"""Macros in pragmas are expanded by clang's own preprocessor, where a value stands and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgemoe.compiler import CompileError
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.frontend.source.macros import expand_pragmas
from edgemoe.compiler.ir import Channel, Pipeline, Program
from edgemoe.compiler.native import NativeKernel, build_native

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"
SOURCE = """#include <hls_stream.h>
#define MY_II 2
#define F 2
#define II 3
#define DEPTH (F << 2)
#define MUL(a, b) ((a) * (b))
#define TEXT(x) _Pragma(#x)
#define PRAGMA(x) TEXT(x)
#define BUFFER w
#define cyclic nonsense
#define factor nonsense
static void loops(hls::stream<int>& in, hls::stream<int>& out) {
  int w[16];
#pragma HLS ARRAY_PARTITION variable=BUFFER cyclic factor=F*2
  for (int i = 0; i < 16; i++) {
#pragma HLS PIPELINE II=MY_II
    w[i] = in.read();
  }
  for (int i = 0; i < 16; i++) {
#pragma HLS PIPELINE II = II
    out.write(w[15 - i]);
  }
#undef MY_II
#define MY_II 5
#undef II
  for (int i = 0; i < 16; i++) {
    PRAGMA(HLS PIPELINE II=MUL(F, 2))
    out.write(w[i]);
  }
  for (int i = 0; i < 16; i++) {
    _Pragma("HLS PIPELINE II=MY_II") out.write(w[i]);
  }
}
static void copy(hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < 48; i++) out.write(in.read());
}
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<int> between;
#pragma HLS STREAM variable=between depth=DEPTH
  loops(in, between);
  copy(between, out);
}
"""


def compiled(folder: Path, text: str) -> Program:
    source = folder / "kernel.cpp"
    source.write_text(text)
    return compile_source(source, "top", [SHIM], folder / "work")


def test_values_are_expanded_by_the_definitions_at_their_place(tmp_path: Path) -> None:
    program = compiled(tmp_path, SOURCE)
    loops = [r for r in program.functions["loops"].regions if isinstance(r, Pipeline)]
    assert [loop.ii for loop in loops] == [2, 3, 4, 5]
    assert program.functions["loops"].memories["w"].banks == 4
    (channel,) = program.functions["top"].channels.values()
    assert isinstance(channel, Channel) and channel.depth == 8


def test_the_native_build_expands_them_too(tmp_path: Path) -> None:
    source = tmp_path / "kernel.cpp"
    source.write_text(SOURCE)
    kernel = NativeKernel(build_native(source, "top", include=[SHIM], out=tmp_path / "native"))
    values = list(range(16))
    assert kernel.run({"in": values}).streams["out"] == [*values[::-1], *values, *values]


def test_a_faulty_macro_is_told_at_the_pragma(tmp_path: Path) -> None:
    text = SOURCE.replace("II=MY_II\n    w", "II=MUL(1\n    w")
    with pytest.raises(CompileError, match="unterminated function-like macro") as caught:
        compiled(tmp_path, text)
    assert (Path(caught.value.file).name, caught.value.line) == ("kernel.cpp", 16)


def test_a_text_without_macros_in_pragmas_is_read_once_and_keeps_its_places() -> None:
    text = '# 1 "k.cpp"\n#define A 1\nvoid f() {\n#pragma HLS PIPELINE II=2\n}\n'

    def never(_: str) -> str:
        raise AssertionError("there is nothing to expand")

    kept, structure = expand_pragmas(text, never)
    assert len(kept) == len(text) and "define" not in kept
    assert [d.token.text for d in structure.directives] == ['# 1 "k.cpp"', "#pragma HLS PIPELINE II=2"]
