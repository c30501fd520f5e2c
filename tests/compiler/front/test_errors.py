# SPDX-License-Identifier: Apache-2.0
"""What cannot be compiled is refused with the user's file and line, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.build import compile_source

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"


@dataclass(frozen=True)
class Case:
    """A source, the line of the error (where the source says ``// here``; 0: no line) and words of the message."""

    source: str
    words: str

    def line(self) -> int:
        lines = self.source.split("\n")
        return next((k for k, line in enumerate(lines, 1) if "// here" in line), 0)


CASES = {
    "masked_argument": Case(
        """static void gen(hls::stream<int>& c, unsigned n) {
  for (unsigned i = 0; i < n; i++) c.write(i);
}
static void take(hls::stream<int>& c, hls::stream<int>& out, unsigned n) {
  for (unsigned i = 0; i < n; i++) out.write(c.read());
}
void top(hls::stream<int>& out, unsigned n) {
#pragma HLS DATAFLOW
  hls::stream<int> c;
  gen(c, n & 3);  // here
  take(c, out, n);
}
""",
        "gets 'n' in another width or with a mask",
    ),
    "two_widths_of_an_argument": Case(
        """static void gen(hls::stream<int>& c, unsigned n) {
  for (unsigned i = 0; i < n; i++) c.write(i);
}
static void take(hls::stream<int>& c, hls::stream<int>& out, unsigned char n) {
  for (unsigned i = 0; i < n; i++) out.write(c.read());
}
void top(hls::stream<int>& out, unsigned n) {
#pragma HLS DATAFLOW
  hls::stream<int> c;
  gen(c, n);
  take(c, out, n);  // here
}
""",
        "gets 'n' in another width or with a mask",
    ),
    "syntax": Case(
        "void top(hls::stream<ap_int<8>>& x) {\n  x.write(y);  // here\n}\n", "undeclared identifier 'y'"
    ),
    "missing_top": Case(
        "void other(hls::stream<ap_int<8>>& x) { x.write(1); }\n", "the functions are: other"
    ),
    "unknown_pragma": Case("void top() {\n#pragma HLS FROBNICATE // here\n}\n", "FROBNICATE is not known"),
    "pragma_without_variable": Case(
        "void top() {\n#pragma HLS STREAM depth=3 // here\n}\n", "needs variable="
    ),
    "unused_stream": Case(
        "void top(hls::stream<int>& x, hls::stream<int>& spare, hls::stream<int>& y) {  // here\n"
        "  y.write(x.read());\n}\n",
        "'spare' of top is neither read nor written",
    ),
    "unused_output": Case(
        "void top(hls::stream<int>& x, int& sum) {  // here\n  x.read();\n}\n",
        "'sum' of top is neither read nor written",
    ),
    "inner_loop": Case(
        """void top(hls::stream<int>& x, hls::stream<int>& y, int n) {
  for (int i = 0; i < 9; i++) {
#pragma HLS PIPELINE II=1
    int s = x.read();
    for (int k = 0; k < n; k++)  // here
      s = s * 3 + k * s;
    y.write(s);
  }
}
""",
        "the number of its iterations is not a constant",
    ),
    "output_read": Case(
        """void top(hls::stream<int>& x, int& total) {
  total = 0;
  for (int i = 0; i < 9; i++)
    total += x.read();  // here
}
""",
        "output scalars can only be written",
    ),
    "stream_in_process": Case(
        """void top(hls::stream<int>& x) {
  hls::stream<int> inner;
  inner.write(3);  // here
  x.write(inner.read());
}
""",
        "no other end",
    ),
    "read_and_write": Case(
        "void top(hls::stream<int>& x) {\n  int a = x.read();\n  x.write(a);  // here\n}\n",
        "both read and written",
    ),
    "float": Case(
        "void top(hls::stream<int>& x, hls::stream<int>& y) {\n  float f = x.read();\n  y.write(int(f * 2.5f));\n}\n",
        "floating point",
    ),
    "recursion": Case(
        """static int __attribute__((noinline)) f(int n) { return n < 2 ? n : f(n - 1) * f(n - 2); }
void top(hls::stream<int>& x, hls::stream<int>& y) {
  y.write(f(x.read()));
}
""",
        "calls itself",
    ),
    "heap": Case(
        "void top(hls::stream<int>& x) {\n  int* p = new int[x.read()];  // here\n  x.read();\n  p[1] = 2;\n}\n",
        "needs a heap",
    ),
    "dataflow_computes": Case(
        """static void a(hls::stream<int>& x, int n) { x.write(n); }
void top(hls::stream<int>& x, int n) {
#pragma HLS DATAFLOW
  a(x, n * n);  // here
}
""",
        "must be an argument of the DATAFLOW function",
    ),
    "channel_never_read": Case(
        """static void a(hls::stream<int>& x) { x.write(4); }
void top() {  // here
#pragma HLS DATAFLOW
  hls::stream<int> c;
  a(c);
}
""",
        "the channel 'c' is never read",
    ),
    "two_writers": Case(
        """static void a(hls::stream<int>& x) { x.write(4); }
static void b(hls::stream<int>& x, hls::stream<int>& y) { y.write(x.read()); }
void top(hls::stream<int>& y) {
#pragma HLS DATAFLOW
  hls::stream<int> c;
  a(c);
  a(c);  // here
  b(c, y);
}
""",
        "has a second writer",
    ),
    "module_with_control_flow": Case(
        """static int f(int a) {
#pragma HLS INLINE off
  int s = 1;
  for (int i = 0; i < a; i++) s = s * a + i * s;  // here
  return s;
}
void top(hls::stream<int>& x, hls::stream<int>& y) { y.write(f(x.read())); }
""",
        "the number of its iterations is not a constant",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_error_has_file_line_and_reason(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    source = tmp_path / "kernel.cpp"
    body = case.source
    source.write_text(
        '#include <ap_int.h>\n#include <hls_stream.h>\n#include <hls_module.h>\n# 1 "kernel.cpp"\n' + body
    )
    with pytest.raises(CompileError) as caught:
        compile_source(source, "top", [SHIM], tmp_path / "work")
    error = caught.value
    assert case.words in error.message
    assert error.message.endswith(".")
    if case.line():
        assert (Path(error.file).name, error.line) == ("kernel.cpp", case.line()), str(error)
