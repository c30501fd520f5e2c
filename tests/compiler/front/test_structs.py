# SPDX-License-Identifier: Apache-2.0
"""Structs and constant references as arguments of the top: a scalar for each member."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Run, run
from edgemoe.compiler.ir import ScalarArg

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"
HEADERS = "#include <ap_int.h>\n#include <hls_stream.h>\n"


def build(text: str, folder: Path):  # type: ignore[no-untyped-def]
    source = folder / "kernel.cpp"
    source.write_text(HEADERS + text)
    return compile_source(source, "top", [SHIM], folder / "work")


def test_members_are_scalars_with_their_own_types(tmp_path: Path) -> None:
    program = build(
        """namespace n { struct In { unsigned char u; ap_int<5> s; }; struct P { int a; short b; bool c; In in; }; }
void top(n::P p, const int& k, const n::P& r, ap_uint<9> w, int& y) {
  y = p.a + p.b + p.c + p.in.u + p.in.s + k + r.a * 2 + r.b + r.c + r.in.u + r.in.s + w;
}
""",
        tmp_path,
    )
    scalars = {a.name: (a.width, a.signed) for a in program.functions["top"].args if isinstance(a, ScalarArg)}
    members = {"a": (32, True), "b": (16, True), "c": (1, False), "in_u": (8, False), "in_s": (5, True)}
    wanted = {f"p_{name}": kind for name, kind in members.items()} | {"k": (32, True)}
    wanted |= {f"r_{name}": kind for name, kind in members.items()} | {"w": (9, False), "y": (32, True)}
    assert scalars == wanted
    given = {"p_a": 7, "p_b": -300, "p_c": 1, "p_in_u": 255, "p_in_s": -16, "k": -1}
    given |= {"r_a": 50, "r_b": 3, "r_c": 0, "r_in_u": 9, "r_in_s": 15, "w": 511}
    result = run(program, Run(scalars=dict(given)))
    weights = {"r_a": 2}
    expected = sum(value * weights.get(name, 1) for name, value in given.items())
    assert result.scalars["y"] == expected & 0xFFFFFFFF


def test_a_struct_of_arrays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"'p' of top is a struct with an array, 'p.x'") as caught:
        build("struct P { int n; int x[4]; };\nvoid top(P p, int& y) { y = p.x[p.n & 3]; }\n", tmp_path)
    assert caught.value.line == 4


def test_fixed_point_has_its_own_width_everywhere(tmp_path: Path) -> None:
    """By value, by reference, in a struct and as an output; not the width of its place in memory."""
    program = build(
        """#include <ap_fixed.h>
struct two { ap_fixed<12, 4> a; ap_ufixed<5, 1> b; };
void top(ap_fixed<12, 4> x, const ap_fixed<7, 3>& y, two t, ap_fixed<20, 9>& o, ap_ufixed<5, 1>& p) {
  o = x + y + t.a;
  p = t.b;
}
""",
        tmp_path,
    )
    scalars = {a.name: (a.width, a.signed) for a in program.functions["top"].args if isinstance(a, ScalarArg)}
    signed = {"x": (12, True), "y": (7, True), "t_a": (12, True), "o": (20, True)}
    assert scalars == signed | {"t_b": (5, False), "p": (5, False)}
