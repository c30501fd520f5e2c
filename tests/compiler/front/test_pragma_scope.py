# SPDX-License-Identifier: Apache-2.0
"""A pragma holds where it stands and nowhere else; one that nothing comes of is noted, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.ir import Pipeline, Program

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"
STREAMS = "hls::stream<int>& x, hls::stream<int>& y"
COUNT = "int k = x.read() & 15; m[k] = m[k] * 3 + 1;"
PROMISE = "#pragma HLS DEPENDENCE variable=m inter false // here"


def build(tmp_path: Path, source: str) -> Program:
    path = tmp_path / "kernel.cpp"
    path.write_text(f"#include <hls_stream.h>\n{source}")
    return compile_source(path, "top", [SHIM], tmp_path)


def here(tmp_path: Path) -> int:
    """The line of the source that says so."""
    lines = (tmp_path / "kernel.cpp").read_text().split("\n")
    return next(k for k, line in enumerate(lines, 1) if "// here" in line)


def notes(program: Program) -> list[tuple[int, str]]:
    return [(note.loc.line, note.text) for note in program.notes]


def promises(program: Program) -> list[bool]:
    """Whether each pipelined loop of the top was promised anything, in its order."""
    return [bool(r.promises) for r in program.functions["top"].regions if isinstance(r, Pipeline)]


def loop(body: str, pragmas: str = "#pragma HLS PIPELINE II=4") -> str:
    return f"for (int i = 0; i < 16; i++) {{\n{pragmas}\n{body}\n}}\n"


#: A function's body, functions before it, and which of its pipelined loops the promise holds in.
SCOPES = {
    "own_loop": ("", loop(COUNT, f"#pragma HLS PIPELINE II=4\n{PROMISE}") + loop(COUNT), [True, False]),
    "function": ("", f"{PROMISE}\n" + loop(COUNT) + loop(COUNT), [True, True]),
    "loop_around": ("", loop(loop(COUNT), PROMISE) + loop(COUNT), [True, False]),
    "loop_that_is_not_pipelined": ("", loop(COUNT, PROMISE) + loop(COUNT), [False]),
    "function_that_is_called": (
        f"static void count(hls::stream<int>& x, int m[16]) {{\n{PROMISE}\n{loop(COUNT)}}}\n",
        "count(x, m);\n" + loop(COUNT),
        [True, False],
    ),
    "one_of_two_calls_each": (
        f"static void count(hls::stream<int>& x, int m[16]) {{\n{PROMISE}\n{loop(COUNT)}}}\n",
        "count(x, m);\n" + loop(COUNT) + "count(x, m);\n",
        [True, False, True],
    ),
    "function_called_in_a_pipeline": (
        f"static void count(hls::stream<int>& x, int m[16]) {{\n{PROMISE}\n{COUNT}\n}}\n",
        loop("count(x, m);") + loop(COUNT),
        [True, False],
    ),
    "lambda_of_the_function": (
        "",
        f"{PROMISE}\nauto count = [&] {{\n{loop(COUNT)}}};\ncount();\n",
        [True],
    ),
    "in_a_lambda": (
        "",
        f"auto count = [&] {{\n{PROMISE}\n{loop(COUNT)}}};\ncount();\n" + loop(COUNT),
        [True, False],
    ),
}


@pytest.mark.parametrize("name", SCOPES)
def test_dependence_holds_where_it_stands(tmp_path: Path, name: str) -> None:
    functions, body, expected = SCOPES[name]
    show = "for (int i = 0; i < 16; i++) y.write(m[i]);"
    program = build(tmp_path, f"{functions}void top({STREAMS}) {{\nstatic int m[16];\n{body}{show}\n}}\n")
    assert promises(program) == expected
    unused = [line for line, text in notes(program) if "DEPENDENCE is not used" in text]
    assert unused == ([] if any(expected) else [here(tmp_path)])


READ = "y.write(x.read() + i);"
#: Loops whose pragma is not used, and words of the note.
UNUSED = {
    "factor_of_a_run_time_loop": ("for (int i = 0; i < n; i++) {\n#pragma HLS UNROLL factor=4 // here\n" + READ + "\n}",
        "number of the loop's iterations is not a constant"),
    "factor_that_does_not_divide": (loop(READ, "#pragma HLS UNROLL factor=3 // here"), "that its factor divides"),
    "factor_above_the_count": (loop(READ, "#pragma HLS UNROLL factor=100 // here"), "that its factor divides"),
    "runs_once": ("for (int i = 0; i < 1; i++) {\n#pragma HLS PIPELINE // here\n" + READ + "\n}", "runs at most once"),
    "unroll_off_in_a_pipeline": (
        loop("for (int k = 0; k < 4; k++) {\n#pragma HLS UNROLL off // here\n" + READ + "\n}"), "where every loop"),
    "factor_in_a_pipeline": (
        loop("for (int k = 0; k < 4; k++) {\n#pragma HLS UNROLL factor=2 // here\n" + READ + "\n}"),
        "where every loop"),
    "pipeline_in_a_pipeline": (
        loop("for (int k = 0; k < 4; k++) {\n#pragma HLS PIPELINE II=2 // here\n" + READ + "\n}"), "where every loop"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSED)
def test_loop_pragma_that_is_not_used_is_noted(tmp_path: Path, name: str) -> None:
    body, words = UNUSED[name]
    program = build(tmp_path, f"void top({STREAMS}, int n) {{\n{body}\nif (n < 0) y.write(0);\n}}\n")
    [(line, text)] = [note for note in notes(program) if " is not used: " in note[1]]
    assert (line, words in text) == (here(tmp_path), True)


@pytest.mark.parametrize("unroll", ["UNROLL", "UNROLL factor=2"])
def test_unrolled_loop_has_no_note(tmp_path: Path, unroll: str) -> None:
    program = build(tmp_path, f"void top({STREAMS}) {{\n{loop(READ, f'#pragma HLS {unroll}')}}}\n")
    assert program.notes == []


#: Bodies whose pragma clang would drop or take for a statement of its own, and words of the refusal.
REFUSED = {
    "behind_continue": (loop(f"{READ} continue;\n#pragma HLS PIPELINE // here", ""), "behind 'continue'"),
    "behind_break": (loop(f"{READ} break;\n#pragma HLS PIPELINE // here", ""), "behind 'break'"),
    "behind_return": ("int t[4]; return;\n#pragma HLS ARRAY_PARTITION variable=t // here", "behind 'return'"),
    "behind_goto": (loop(f"{READ} goto end;\n#pragma HLS PIPELINE // here\nend: ;", ""), "behind 'goto'"),
    "behind_a_case": (
        loop("switch (x.read()) {\ncase 0: break;\n#pragma HLS PIPELINE // here\ndefault: y.write(0); }", ""),
        "behind 'break'"),
    "start_of_switch": (
        loop("switch (x.read()) {\n#pragma HLS PIPELINE // here\ndefault: y.write(0); }", ""), "behind 'switch'"),
    "label_of_an_if": (loop("if (i) again:\n#pragma HLS PIPELINE // here\ny.write(0);", ""), "has no braces"),
    "label_of_an_else": (
        loop("if (i) {} else again:\n#pragma HLS PIPELINE // here\ny.write(0);", ""), "has no braces"),
    "two_labels_of_an_if": (loop("if (i) a: b:\n#pragma HLS PIPELINE // here\ny.write(0);", ""), "has no braces"),
    "switch_without_braces": (
        loop("switch (i) case 1 + (2):\n#pragma HLS PIPELINE // here\ny.write(0);", ""), "has no braces"),
    "whole_run_time_loop": (
        "int n = x.read();\nfor (int i = 0; i < n; i++) {  // here\n#pragma HLS UNROLL\n" + READ + "\n}",
        "unrolling this loop is not possible"),
    "fraction": (loop(READ, "#pragma HLS PIPELINE II=1.5 // here"), "cannot be narrowed"),
    "more_than_32_bits": (loop(READ, "#pragma HLS PIPELINE II=1LL<<32 // here"), "is more than 2147483647"),
    "factor_of_more_than_32_bits": (loop(READ, "#pragma HLS UNROLL factor=4294967298 // here"), "is more than"),
    "old_name": (loop(READ, "#pragma AP PIPELINE // here"), "old name"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_pragma_that_would_be_lost_is_refused(tmp_path: Path, name: str) -> None:
    body, words = REFUSED[name]
    with pytest.raises(CompileError) as caught:
        build(tmp_path, f"void top({STREAMS}) {{\n{body}\n}}\n")
    assert words in caught.value.message
    assert (Path(caught.value.file).name, caught.value.line) == ("kernel.cpp", here(tmp_path))


@pytest.mark.parametrize(
    "before",
    [
        "if (i > 3) continue;",
        "if (i > 3) { continue; }",
        "if (i) {} else continue;",
        "again:",
        "int c = i ? 1 : 2;",
    ],
)
def test_pragma_behind_what_may_go_on_is_taken(tmp_path: Path, before: str) -> None:
    body = loop(f"{before}\n#pragma HLS PIPELINE II=3\n{READ}", "")
    program = build(tmp_path, f"void top({STREAMS}) {{\n{body}}}\n")
    assert [r.ii for r in program.functions["top"].regions if isinstance(r, Pipeline)] == [3]
