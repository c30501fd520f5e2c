# SPDX-License-Identifier: Apache-2.0
"""Programs by the way people write them: the IR, interpreted, equals the native build; or the compiler says why not."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from front.test_interpreter import BUILD, SHIM, interpret
from natives import fresh_native
from stimuli import Call, bits

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter
from edgemoe.compiler.ir import Channel, Hazard, Pipeline, Program
from edgemoe.compiler.native import NativeKernel, build_native

CASES = Path(__file__).resolve().parents[1] / "cases"

#: Programs with a stream `in` and a stream `out`, and how many elements of 32 bits they read.
STREAMING = {
    "allocation_latency": 8,
    "call_two_helpers": 32,
    "char_sign": 1,
    "default_argument": 8,
    "dependence_keywords": 64,
    "label_of_loop": 16,
    "lambda": 1,
    "long_width": 1,
    "modules": 8,
    "non_static_helper": 1,
    "overloads": 8,
    "partition_keyword_case": 64,
    "pointer_walk": 16,
    "pragmas_everywhere": 8,
    "shared_multipliers": 8,
    "stream_depth_expression": 8,
    "struct_member_arrays": 48,
    "struct_mixed_widths": 16,
    "struct_of_arrays": 16,
    "struct_partition_rewind": 16,
    "struct_state": 16,
}


def compiled(name: str, work: Path) -> Program:
    return compile_source(CASES / f"{name}.cpp", top_of(name), [SHIM], work)


def top_of(name: str) -> str:
    return name if f"void {name}(" in (CASES / f"{name}.cpp").read_text() else "top"


def native(name: str) -> NativeKernel:
    return fresh_native(
        build_native(CASES / f"{name}.cpp", top_of(name), include=[SHIM], out=BUILD / "native")
    )


def compare(name: str, work: Path, calls: list[Call]) -> None:
    interpreter, kernel = Interpreter(compiled(name, work)), native(name)
    for call in calls:
        streams, scalars, _ = interpret(interpreter, call)
        expected = kernel.run(call.streams, call.scalars, call.memories)
        assert (streams, scalars) == (expected.streams, expected.outputs), call


@pytest.mark.parametrize("name", STREAMING)
def test_interpreter_equals_native(name: str, tmp_path: Path) -> None:
    calls = [Call({"in": bits(random.Random(seed), 32, STREAMING[name])}) for seed in range(8)]
    compare(name, tmp_path, calls)


def test_loop_of_unknown_length(tmp_path: Path) -> None:
    rng = random.Random(3)
    calls = [Call({"in": bits(rng, 32, n)}, {"n": n}) for n in (0, 1, 5, 16)]
    compare("tripcount_expression", tmp_path, calls)


@pytest.mark.parametrize(("name", "width"), [("long_shift", 32), ("long_global", 64)])
def test_long_has_64_bits(name: str, width: int, tmp_path: Path) -> None:
    edges = [0, 1, 1 << (width - 1), (1 << width) - 1, 0x80000000, 0x7FFFFFFF]
    values = [*edges, *bits(random.Random(5), width, 20)]
    compare(name, tmp_path, [Call({"in": values}, {"n": len(values)})])


def test_a_struct_as_an_argument_is_a_scalar_for_each_member(tmp_path: Path) -> None:
    interpreter = Interpreter(compiled("struct_scalar_argument", tmp_path))
    for a, b in ((0, 0), (-5, 7), (2**31 - 1, -(2**15))):
        _, scalars, _ = interpret(interpreter, Call({}, {"p_a": a & 0xFFFFFFFF, "p_b": b & 0xFFFF}))
        assert scalars["y"] == (a + b) & 0xFFFFFFFF


def test_module_in_a_source_without_stream_headers(tmp_path: Path) -> None:
    compare("inline_off_without_header", tmp_path, [Call({}, {"x": x}) for x in (0, 1, 127, 128, 255, 85)])


def loops(program: Program) -> list[Pipeline]:
    return [r for f in program.functions.values() for r in f.regions if isinstance(r, Pipeline)]


def test_only_the_promised_hazard_is_waived(tmp_path: Path) -> None:
    program = compiled("dependence_keywords", tmp_path)
    (promise,) = [p for loop in loops(program) for p in loop.promises]
    assert (promise.hazards, promise.inter, promise.false) == ({Hazard.WAR}, True, True)
    assert any(d.hazard is Hazard.RAW and d.distance == 1 for loop in loops(program) for d in loop.depends)


def test_depth_of_a_stream_is_an_expression(tmp_path: Path) -> None:
    program = compiled("stream_depth_expression", tmp_path)
    (channel,) = program.functions["top"].channels.values()
    assert isinstance(channel, Channel) and channel.depth == 32


def test_words_of_a_partition_in_capitals(tmp_path: Path) -> None:
    (memory,) = compiled("partition_keyword_case", tmp_path).functions["top"].memories.values()
    assert (memory.layout.banks, memory.layout.depth) == (4, 16)


def test_partition_of_one_member(tmp_path: Path) -> None:
    memories = compiled("struct_partition_rewind", tmp_path).functions["top"].memories.values()
    assert sorted(memory.layout.banks for memory in memories) == [1, 8]


def test_pragmas_by_operator_of_members_and_behind_pointers(tmp_path: Path) -> None:
    """`_Pragma` in a macro, a member of `this`, an array behind a pointer parameter."""
    program = compiled("pragmas_everywhere", tmp_path)
    banks = {m.name: m.layout.banks for m in program.functions["pragmas_everywhere"].memories.values()}
    assert sorted(banks.values()) == [2, 2, 4], banks


def test_label_is_the_loop_s_own(tmp_path: Path) -> None:
    assert [loop.label for loop in loops(compiled("label_of_loop", tmp_path))] == [""]
    labels = [loop.label for loop in loops(compiled("pragmas_everywhere", tmp_path))]
    assert labels == ["fill_loop", "copy_loop", ""]


def test_hints_that_are_not_used_are_noted(tmp_path: Path) -> None:
    notes = compiled("allocation_latency", tmp_path).notes
    assert [(Path(n.loc.file).name, n.loc.line, n.warning) for n in notes] == [
        ("allocation_latency.cpp", 5, False),
        ("allocation_latency.cpp", 8, False),
    ]
    assert "ALLOCATION is not used" in notes[0].text and "LATENCY is not used" in notes[1].text
    (rewind,) = compiled("struct_partition_rewind", tmp_path).notes
    assert "rewind" in rewind.text


@dataclass(frozen=True)
class Refused:
    """The body of a source; the error is in the line that says ``// here``."""

    source: str
    words: str


PORTS = "hls::stream<int>& in, hls::stream<int>& out"
REFUSED = {
    "interval_0": Refused(
        "void top(hls::stream<int>& in, hls::stream<int>& out) { while (1) {\n"
        "#pragma HLS PIPELINE II=4 - 4 // here\n"
        "out.write(in.read()); } }",
        "ii=0",
    ),
    "depth_0": Refused(
        "template <int D> void f(hls::stream<int>& in, hls::stream<int>& out) {\n"
        "#pragma HLS STREAM variable=in depth=D // here\n"
        "out.write(in.read()); }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { f<0>(in, out); }",
        "depth=0",
    ),
    "dimension": Refused(
        "void top(hls::stream<int>& in, hls::stream<int>& out) { int a[4][2];\n"
        "#pragma HLS ARRAY_PARTITION variable=a dim=3 // here\n"
        "for (int i = 0; i < 8; i++) a[i & 3][i & 1] = in.read(); out.write(a[in.read() & 3][1]); }",
        "'a' has no dimension 3; it has 2 of them",
    ),
    "twice_a_dimension": Refused(
        "void top(hls::stream<int>& in, hls::stream<int>& out) { int a[8];\n"
        "#pragma HLS ARRAY_PARTITION variable=a cyclic factor=2\n"
        "#pragma HLS ARRAY_PARTITION variable=a block factor=2 // here\n"
        "for (int i = 0; i < 8; i++) a[i] = in.read(); out.write(a[in.read() & 7]); }",
        "in another way",
    ),
    "element": Refused(
        f"struct S {{ int x[4]; int y; }};\nvoid top({PORTS}) {{ S a[2] = {{}};\n"
        "#pragma HLS ARRAY_PARTITION variable=a[1].x complete // here\n"
        "for (int i = 0; i < 8; i++) a[i & 1].x[i & 3] += in.read(); out.write(a[1].x[2] + a[0].y); }",
        "not an element of an array",
    ),
    "unknown_variable": Refused(
        "void top(hls::stream<int>& in, hls::stream<int>& out) {\n"
        "#pragma HLS STREAM variable=on depth=2 // here\n"
        "out.write(in.read()); }",
        "'on'",
    ),
    "unknown_hint_variable": Refused(
        "void top(hls::stream<int>& in, hls::stream<int>& out) {\n"
        "#pragma HLS BIND_STORAGE variable=on type=ram // here\n"
        "out.write(in.read()); }",
        "'on'",
    ),
    "not_constant": Refused(
        "void top(hls::stream<int>& in, hls::stream<int>& out, int n) { for (int i = 0; i < n; i++) {\n"
        "#pragma HLS UNROLL factor=n // here\n"
        "out.write(in.read()); } }",
        "factor= of the pragma HLS UNROLL is not a constant expression",
    ),
    "aggregate_of_argument": Refused(
        "struct s { int a; short b; };\n"
        "void top(hls::stream<s>& in, hls::stream<int>& out) {\n"
        "#pragma HLS AGGREGATE variable=in // here\n"
        "out.write(in.read().a); }",
        "changes the interface",
    ),
    "void_module": Refused(
        "static void f(hls::stream<int>& in, hls::stream<int>& out) {\n"
        "#pragma HLS INLINE off // here\n"
        "out.write(in.read()); }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { f(in, out); }",
        "'f' cannot be a module of fixed latency, which the pragma HLS INLINE off asks for: it returns nothing",
    ),
    "stream_module": Refused(
        "static int f(hls::stream<int>& in) {\n"
        "#pragma HLS INLINE off // here\n"
        "return in.read(); }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { out.write(f(in)); }",
        "its parameter 'in' is a port",
    ),
    "reference_module": Refused(
        "static int f(int& a) {\n"
        "#pragma HLS INLINE off // here\n"
        "return a++; }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { int x = in.read(); out.write(f(x)); out.write(x); }",
        "its parameter 'a' is a reference",
    ),
    "pointer_module": Refused(
        "static int f(const int a[4]) {\n"
        "#pragma HLS INLINE off // here\n"
        "return a[1]; }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { int x[4] = {in.read()}; out.write(f(x)); }",
        "its parameter 'a' is a pointer or an array",
    ),
    "method_module": Refused(
        "struct s { int k; int f(int a) const {\n"
        "#pragma HLS INLINE off // here\n"
        "return a * k; } };\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { s x{3}; out.write(x.f(in.read())); }",
        "'f' .*works on an object",
    ),
    "lambda_module": Refused(
        "void top(hls::stream<int>& in, hls::stream<int>& out) { auto f = [](int a) {\n"
        "#pragma HLS INLINE off // here\n"
        "return a * 3; }; out.write(f(in.read())); }",
        "it is a lambda",
    ),
    "operator_module": Refused(
        "struct s { int k; };\n"
        "static int operator+(s a, int b) {\n"
        "#pragma HLS INLINE off // here\n"
        "return a.k * b; }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { out.write(s{in.read()} + 3); }",
        "it is an operator",
    ),
    "abbreviated_template_module": Refused(
        "static int f(auto a) {\n"
        "#pragma HLS INLINE off // here\n"
        "return a * 3; }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { out.write(f(in.read())); }",
        "template <class T>",
    ),
    "module_defined_elsewhere": Refused(
        "namespace n { int f(int a); }\n"
        "int n::f(int a) {\n"
        "#pragma HLS INLINE off // here\n"
        "return a * 3; }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) { out.write(n::f(in.read())); }",
        "define it inside",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_file_line_and_reason(name: str, tmp_path: Path) -> None:
    case = REFUSED[name]
    source = tmp_path / "kernel.cpp"
    source.write_text(f'#include <ap_int.h>\n#include <hls_stream.h>\n# 1 "kernel.cpp"\n{case.source}\n')
    with pytest.raises(CompileError, match=case.words) as caught:
        compile_source(source, "top", [SHIM], tmp_path / "work")
    line = next(k for k, content in enumerate(case.source.split("\n"), 1) if "// here" in content)
    assert (Path(caught.value.file).name, caught.value.line) == ("kernel.cpp", line), str(caught.value)


def test_nonsense_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="'m' has no dimension 3") as caught:
        compiled("nonsense_options", tmp_path)
    assert caught.value.line == 7


UNROLLED = """#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int i = 0; i < n; i++) {
#pragma HLS UNROLL factor=4
    out.write(in.read());
  }
  for (int i = 0; i < 8; i++) {
#pragma HLS UNROLL factor=4
    out.write(in.read() * 3);
  }
}
"""


def test_loop_that_cannot_be_unrolled_is_noted(tmp_path: Path) -> None:
    source = tmp_path / "kernel.cpp"
    source.write_text(UNROLLED)
    notes = compile_source(source, "top", [SHIM], tmp_path / "work").notes
    assert [note.loc.line for note in notes] == [4]
    assert all("UNROLL is not used" in note.text for note in notes)


def test_pragmas_that_nothing_comes_of_are_noted(tmp_path: Path) -> None:
    source = tmp_path / "kernel.cpp"
    source.write_text(
        "#include <hls_stream.h>\nstatic void f(hls::stream<int>& in, hls::stream<int>& out) {\n"
        "#pragma HLS INTERFACE axis port=in\n#pragma HLS STREAM variable=out depth=4\nout.write(in.read()); }\n"
        "void top(hls::stream<int>& in, hls::stream<int>& out) {\n#pragma HLS DATAFLOW\nhls::stream<int> m;\n"
        "#pragma HLS STREAM variable=m depth=3\nf(in, m);\nf(m, out); }\n"
    )
    program = compile_source(source, "top", [SHIM], tmp_path / "work")
    assert sorted((note.loc.line, note.text.split()[3]) for note in program.notes) == [
        (3, "INTERFACE"),
        (4, "STREAM"),
    ]
    assert [c.depth for c in program.functions["top"].channels.values()] == [3]


def test_instances_of_a_template_are_modules_of_their_own(tmp_path: Path) -> None:
    """Equal types of arguments and results: only the body tells them apart."""
    functions = compiled("modules", tmp_path).functions
    assert [name for name in functions if name.startswith("power")] == ["power", "power_2", "power_3"]


def test_process_may_say_that_it_is_not_inlined(tmp_path: Path) -> None:
    """A process of a dataflow function, and the top, are not inlined anyway."""
    source = tmp_path / "kernel.cpp"
    source.write_text(
        f"#include <hls_stream.h>\nstatic void f({PORTS}) {{\n#pragma HLS INLINE off\nout.write(in.read()); }}\n"
        f"void top({PORTS}) {{\n#pragma HLS INLINE off\n#pragma HLS DATAFLOW\nf(in, out); }}\n"
    )
    assert list(compile_source(source, "top", [SHIM], tmp_path / "work").functions) == ["f", "top"]


def test_pragmas_of_arrays_on_single_values_are_noted(tmp_path: Path) -> None:
    source = tmp_path / "kernel.cpp"
    source.write_text(
        """#include <hls_stream.h>
struct P { int n; int a[4]; };
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int s = 0;
  P p = {};
#pragma HLS ARRAY_PARTITION variable=s complete
#pragma HLS ARRAY_PARTITION variable=p.n complete
#pragma HLS ARRAY_PARTITION variable=p.a complete
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=1
#pragma HLS DEPENDENCE variable=s inter false
    s += in.read();
    p.a[i & 3] += s;
    p.n++;
    out.write(p.a[s & 3] + p.n);
  }
}
"""
    )
    notes = [(n.loc.line, n.text) for n in compile_source(source, "top", [SHIM], tmp_path / "work").notes]
    assert [line for line, text in notes if "no array" in text] == [6, 7, 11]
