# SPDX-License-Identifier: Apache-2.0
"""Pragmas as typed records: every spelling, what is refused where, and the markers that clang sees."""

from __future__ import annotations

import pytest

from edgemoe.compiler.banks import Split
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.source.grammar import GRAMMAR
from edgemoe.compiler.frontend.source.options import Value
from edgemoe.compiler.frontend.source.places import Lines
from edgemoe.compiler.frontend.source.pragmas import (
    ArrayPartition,
    BindOp,
    BindStorage,
    Dataflow,
    Dependence,
    Hint,
    Inline,
    Interface,
    InterfaceHint,
    LoopTripcount,
    Pipeline,
    Pragma,
    Stream,
    Unroll,
)
from edgemoe.compiler.frontend.source.reading import Written, read_pragma
from edgemoe.compiler.frontend.source.rewrite import Source, find_pragmas, rewrite_pragmas
from edgemoe.compiler.frontend.source.structure import read_structure
from edgemoe.compiler.ir import Hazard, Loc, Storage

HERE = Loc("kernel.cpp", 7)


def written(text: str) -> Written:
    found = read_pragma(f"#pragma HLS {text}", HERE)
    assert found is not None
    return found


def rewrite(text: str) -> Source:
    structure, lines = read_structure(text), Lines(text)
    return rewrite_pragmas(text, structure, lines, find_pragmas(structure, lines))


#: The pragma, the values that clang gives its numbers in the order of the text, the record.
RECORDS: list[tuple[str, list[int], Pragma]] = [
    ("PIPELINE", [], Pipeline()),
    ("PIPELINE II=3", [3], Pipeline(interval=3)),
    ("pipeline ii = N", [2], Pipeline(interval=2)),
    ("Pipeline off", [], Pipeline(off=True)),
    ("PIPELINE off=true", [], Pipeline(off=True)),
    ("PIPELINE off=false", [], Pipeline()),
    ("PIPELINE off=false II=2", [2], Pipeline(interval=2)),
    ("UNROLL off=0 factor=2", [2], Unroll(factor=2)),
    ("PIPELINE II=1 rewind", [1], Pipeline()),
    ("PIPELINE II=1 rewind=true style=flp", [1], Pipeline()),
    ("PIPELINE enable_flush", [], Pipeline()),
    ("UNROLL", [], Unroll()),
    ("UNROLL factor=4", [4], Unroll(factor=4)),
    ("UNROLL skip_exit_check FACTOR=2", [2], Unroll(factor=2)),
    ("UNROLL off=true", [], Unroll(off=True)),
    ("ARRAY_PARTITION variable=a", [], ArrayPartition()),
    ("ARRAY_PARTITION variable=a complete dim=2", [2], ArrayPartition(dim=2)),
    ("ARRAY_PARTITION dim=0 type=complete variable=a", [0], ArrayPartition(dim=0)),
    ("ARRAY_PARTITION variable=a cyclic factor=4", [4], ArrayPartition(split=Split.CYCLIC, factor=4)),
    ("array_partition VARIABLE=a TYPE=CYCLIC FACTOR=4 DIM=1", [4, 1], ArrayPartition(split=Split.CYCLIC, factor=4)),
    ("ARRAY_PARTITION variable=a Block factor=2 dim=3", [2, 3], ArrayPartition(split=Split.BLOCK, factor=2, dim=3)),
    ("ARRAY_PARTITION variable=a off=true", [], ArrayPartition(off=True)),
    ("DEPENDENCE variable=a inter false", [], Dependence(dependent=False)),
    ("DEPENDENCE variable=a type=inter dependent=false", [], Dependence(dependent=False)),
    ("DEPENDENCE variable=a type=INTER direction=WAR dependent=FALSE", [],
     Dependence(hazard=Hazard.WAR, dependent=False)),
    ("DEPENDENCE variable=a array inter WAR false", [], Dependence(hazard=Hazard.WAR, dependent=False)),
    ("DEPENDENCE variable=a class=array intra RAW false", [],
     Dependence(inter=False, hazard=Hazard.RAW, dependent=False)),
    ("DEPENDENCE variable=a inter waw distance=3", [3], Dependence(hazard=Hazard.WAW, distance=3)),
    ("DEPENDENCE variable=a type=inter distance=3 dependent=true", [3], Dependence(distance=3, dependent=True)),
    ("STREAM variable=s depth=8", [8], Stream(depth=8)),
    ("STREAM variable=s depth=N * 4 type=fifo", [32], Stream(depth=32)),
    ("DATAFLOW", [], Dataflow()),
    ("DATAFLOW disable_start_propagation", [], Dataflow()),
    ("INTERFACE m_axi port=x bundle=gmem0 offset=slave depth=N*2", [64],
     Interface(mode="m_axi", port="x", options=(("bundle", "gmem0"), ("offset", "slave"), ("depth", "64")))),
    ("INTERFACE mode=AXIS port=in register_mode=both register", [],
     Interface(mode="axis", port="in", options=(("register_mode", "both"), ("register", "")))),
    ("INTERFACE s_axilite port=return bundle=control", [],
     Interface(mode="s_axilite", options=(("bundle", "control"),))),
    ("LOOP_TRIPCOUNT min=1 max=8 avg=4", [1, 8, 4], LoopTripcount(least=1, most=8, average=4)),
    ("LOOP_TRIPCOUNT min = c_dim* c_dim max = c_dim * c_dim", [16, 16], LoopTripcount(least=16, most=16)),
    ("INLINE", [], Inline()),
    ("INLINE recursive", [], Inline()),
    ("LOOP_FLATTEN off", [], Hint()),
    ("LOOP_FLATTEN", [], Hint()),
    ("LOOP_MERGE force", [], Hint()),
    ("LATENCY min=4 max=8", [4, 8], Hint()),
    ("BIND_OP variable=a op=mul impl=dsp latency=2", [2], BindOp(operation="mul", implementation="dsp")),
    ("BIND_STORAGE variable=a type=RAM_2P impl=bram", [], BindStorage(storage=Storage.BRAM)),
    ("bind_storage IMPL=URAM variable=a latency=2", [2], BindStorage(storage=Storage.URAM)),
    ("BIND_STORAGE variable=a impl=LutRam", [], BindStorage(storage=Storage.LUTRAM)),
    ("BIND_STORAGE variable=a impl=auto", [], BindStorage()),
    ("RESOURCE variable=a core=RAM_1P_BRAM", [], Hint()),
    ("ALLOCATION instances=mul limit=1 operation", [1], Hint()),
    ("ALLOCATION operation instances=mul limit=1", [1], Hint()),
    ("ALLOCATION type=function instances=f<3> limit=2", [2], Hint()),
    ("EXPRESSION_BALANCE off", [], Hint()),
    ("TOP name=other", [], Hint()),
    ("STABLE variable=a", [], Hint()),
    ("AGGREGATE variable=a compact=bit", [], InterfaceHint()),
    ("DISAGGREGATE variable=a", [], InterfaceHint()),
    ("DATA_PACK variable=a struct_level", [], InterfaceHint()),
    ("ARRAY_RESHAPE variable=a cyclic factor=2 dim=1", [2, 1], InterfaceHint()),
    ("FUNCTION_INSTANTIATE variable=a", [], Hint()),
    ("OCCURRENCE cycle=4", [4], Hint()),
    ("PERFORMANCE target_ti=100 unit=cycle", [100], Hint()),
    ("CACHE port=p lines=1 depth=32", [1, 32], Hint()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "record"), RECORDS, ids=[text for text, _, _ in RECORDS])
def test_record(text: str, values: list[int], record: Pragma) -> None:
    assert written(text).record(values) == record


def test_numbers_are_carried_as_they_were_written() -> None:
    pragma = written("LOOP_TRIPCOUNT min = c_dim* c_dim max=f<2>(a, b)[1] avg=x ? -1 : sizeof(int) * (N + 2)")
    assert pragma.numbers == [
        ("min", "c_dim* c_dim"),
        ("max", "f<2>(a, b)[1]"),
        ("avg", "x ? -1 : sizeof(int) * (N + 2)"),
    ]
    assert written("ARRAY_PARTITION variable=this->x[0].b complete").variable == "this->x[0].b"
    assert written("STREAM variable=ns::s depth=N::value").numbers == [("depth", "N::value")]


#: Pragmas that are not used, and words of the note.
NOTES = {
    "PIPELINE rewind": "starts again",
    "PIPELINE style=frp": "stalls as a whole",
    "UNROLL skip_exit_check factor=2": "checks whether the loop ends",
    "UNROLL region": "UNROLL into the loops within",
    "DATAFLOW disable_start_propagation": "started together",
    "DEPENDENCE variable=a inter": "promises nothing",
    "DEPENDENCE variable=a inter dependent=true": "promises nothing",
    "ARRAY_PARTITION variable=a complete factor=2": "every element is by itself",
    "LOOP_FLATTEN": "not flattened",
    "LATENCY min=1": "the clock allows",
    "ALLOCATION instances=mul limit=1 operation": "not shared",
    "BIND_STORAGE variable=a type=ram_2p": "one port for reads and one for writes",
    "BIND_STORAGE variable=a impl=bram latency=3": "an output register",
    "RESOURCE variable=a core=RAM_1P_BRAM": "BIND_STORAGE chooses",
    "EXPRESSION_BALANCE off": "balanced",
    "AGGREGATE variable=a": "an object of its own",
}
SILENT = (
    "BIND_STORAGE variable=a type=ram_s2p impl=bram",
    "PIPELINE",
    "UNROLL off",
    "LOOP_FLATTEN off",
    "INLINE",
    "EXPRESSION_BALANCE",
    "ARRAY_PARTITION variable=a",
)


@pytest.mark.parametrize("text", NOTES)
def test_what_is_not_used_is_noted(text: str) -> None:
    notes = written(text).notes
    assert len(notes) == 1
    assert NOTES[text] in notes[0] and " is not used" in notes[0] and notes[0].endswith(".")


@pytest.mark.parametrize("text", SILENT)
def test_what_is_done_is_not_noted(text: str) -> None:
    assert written(text).notes == []


#: Pragmas that are refused as they are read, and words of the message.
REFUSED = {
    "FROBNICATE": "FROBNICATE is not known to this compiler; it knows AGGREGATE",
    "PIPELINE III=1": "'III=' is no option of the pragma HLS PIPELINE; it has ii, off",
    "PIPELINE fast": "'fast' is no option of the pragma HLS PIPELINE",
    "PIPELINE II": "'II' of the pragma HLS PIPELINE needs a value: a constant expression",
    "PIPELINE II=": "has no value",
    "PIPELINE II=1 II=2": "'ii' of the pragma HLS PIPELINE is given twice",
    "PIPELINE off II=1": "contradicts",
    "PIPELINE, II=1": "',' in the pragma HLS PIPELINE is no option",
    "PIPELINE II=(1": "is not closed",
    "PIPELINE rewind=maybe": "neither true nor false",
    "UNROLL off factor=2": "contradicts",
    "ARRAY_PARTITION complete": "needs variable=",
    "ARRAY_PARTITION variable=a cyclic": "needs factor=",
    "ARRAY_PARTITION variable=a type=cylic factor=2": "is none of complete, cyclic, block",
    "ARRAY_PARTITION variable=a cyclic block factor=2": "given twice",
    "STREAM depth=3": "needs variable=",
    "STREAM variable=s type=pipo": "type=pipo is not built",
    "STREAM variable=s off": "off is not built",
    "DEPENDENCE variable=a inter intra false": "given twice",
    "DEPENDENCE variable=a inter RWA false": "'RWA' is no option",
    "DEPENDENCE variable=a inter false distance=2": "keep one of them",
    "DEPENDENCE variable=a intra distance=2": "a distance counts iterations",
    "INLINE off recursive": "contradicts",
    "PROTOCOL fixed": "is not built",
    "BIND_STORAGE variable=a impl=uram_ecc": "impl=uram has no check bits",
    "BIND_STORAGE variable=a impl=flash": "is none of",
    "RESET variable=a": "is not built",
    "SHARED variable=a": "is not built",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        written(text)
    assert REFUSED[text] in caught.value.message and caught.value.message.endswith(".")
    assert (caught.value.file, caught.value.line) == (HERE.file, HERE.line)


NONSENSE = {
    ("PIPELINE II=K", 0): "ii=0 of the pragma HLS PIPELINE is less than 1",
    ("PIPELINE II=K", -1): "less than 1",
    ("UNROLL factor=K", 0): "less than 1",
    ("ARRAY_PARTITION variable=a cyclic factor=K", 0): "less than 1",
    ("ARRAY_PARTITION variable=a dim=K", -1): "less than 0",
    ("STREAM variable=s depth=K", 0): "less than 1",
    ("DEPENDENCE variable=a distance=K", 0): "less than 1",
    ("LOOP_TRIPCOUNT max=K", -1): "less than 0",
}


@pytest.mark.parametrize(("text", "value"), NONSENSE)
def test_numbers_that_make_no_sense_are_refused(text: str, value: int) -> None:
    with pytest.raises(CompileError, match=NONSENSE[text, value]):
        written(text).record([value])


@pytest.mark.parametrize("kind", ["LOOP_TRIPCOUNT", "LATENCY"])
def test_least_is_not_more_than_most(kind: str) -> None:
    with pytest.raises(CompileError, match=r"min=5 .* is more than max=4"):
        written(f"{kind} min=A max=B").record([5, 4])


def test_options_and_words_are_known_in_any_case() -> None:
    """Every option of the table is read in lower case, in upper case, and with blanks around the equals sign."""
    samples = {Value.NUMBER: "3", Value.VARIABLE: "v", Value.TEXT: "word", Value.FLAG: "true"}
    for kind, grammar in GRAMMAR.items():
        for key, option in grammar.options.items():
            if option.refused or grammar.refused:
                continue
            needs = " ".join(f"{need}=v" for need in grammar.needs if need != key)
            for value in option.words or [samples[option.value]]:
                more = " factor=2" if value in ("cyclic", "block") else ""
                for text in (f"{key}={value}", f"{key.upper()} = {value.upper()}"):
                    if option.value is Value.NUMBER and key == "factor":
                        more = " cyclic" if "type" in grammar.options else ""
                    if kind == "dependence" and key == "distance":
                        more = " inter"
                    written(f"{kind} {needs} {text}{more}")


MARKERS = {
    "#pragma HLS DATAFLOW": "__hls_pragma(1, (const void*)0);",
    "  #  pragma hls stream variable=s depth = N * (K + 1)": (
        "  __hls_pragma(1, __hls_place(s), long{(N * (K + 1))}, "
        "(long)(sizeof(s) * !__is_pointer(__typeof__(s))));"
    ),
    "#pragma HLS RESOURCE variable=a latency=2": "__hls_pragma(1, (const void*)0, long{(2)}, (long)sizeof(a));",
    "#pragma HLS INLINE": "",
    "#pragma omp parallel": "#pragma omp parallel",
}


@pytest.mark.parametrize("pragma", MARKERS)
def test_marker(pragma: str) -> None:
    assert rewrite(f"void f() {{\n{pragma}\n}}").text == f"void f() {{\n{MARKERS[pragma]}\n}}"


def test_lines_in_strings_and_comments_are_no_pragmas() -> None:
    text = 'void f() {\n/*\n#pragma HLS NONSENSE\n*/\nauto s = R"x(\n#pragma HLS NONSENSE\n)x";\n}'
    assert rewrite(text).text == text


#: Sources whose pragma in the line "here" is refused, and words of the message.
MISPLACED = {
    "outside": ("int a;\n#pragma HLS PIPELINE // here\n", "stands outside any function"),
    "in_class": ("struct s {\n#pragma HLS DATAFLOW // here\nint a; };\n", "stands outside any function"),
    "in_namespace": ("namespace n {\n#pragma HLS DATAFLOW // here\n}\n", "stands outside any function"),
    "before_body": ("void f()\n#pragma HLS DATAFLOW // here\n{\n}\n", "amid a statement|outside any function"),
    "sole_body_of_for": (
        "void f() {\nfor (;;)\n#pragma HLS PIPELINE // here\ng();\n}\n",
        "has no braces; put the body in braces",
    ),
    "sole_body_of_if": ("void f() {\nif (a)\n#pragma HLS DATAFLOW // here\ng();\n}\n", "has no braces"),
    "sole_body_of_else": (
        "void f() {\nif (a) g(); else\n#pragma HLS DATAFLOW // here\ng();\n}\n",
        "has no braces",
    ),
    "second_of_sole_body": (
        "void f() {\nfor (;;)\n#pragma HLS UNROLL // here\n#pragma HLS PIPELINE II=1\ng();\n}\n",
        "has no braces",
    ),
    "before_else": ("void f() {\nif (a) { g(); }\n#pragma HLS DATAFLOW // here\nelse g();\n}\n", "amid a statement"),
    "in_arguments": ("void f() {\ng(1,\n#pragma HLS DATAFLOW // here\n2);\n}\n", "amid a statement"),
    "in_initialiser_of_an_array": (
        "void f() {\nint a[2]{1,\n#pragma HLS DATAFLOW // here\n2};\n}\n", "amid a statement"),
    "in_initialiser": ("void f() {\nint a[] = {1,\n#pragma HLS DATAFLOW // here\n2};\n}\n", "amid a statement"),
    "function_pipelined": ("void f() {\n#pragma HLS PIPELINE // here\n}\n", "stands in no loop.*pipeline the loop"),
    "function_unrolled": ("void f() {\nif (a) {\n#pragma HLS UNROLL // here\n}\n}\n", "stands in no loop"),
    "lambda_in_loop": (
        "void f() {\nfor (;;) {\nauto g = [&](int a) {\n#pragma HLS UNROLL // here\n};\n}\n}\n",
        "stands in no loop",
    ),
    "twice": (
        "void f() {\nfor (;;) {\n#pragma HLS PIPELINE II=1\n#pragma HLS PIPELINE II=2 // here\n}\n}\n",
        "already, in line 3; keep one",
    ),
    "dataflow_twice": (
        "void f() {\n#pragma HLS DATAFLOW\n#pragma HLS dataflow // here\n}\n",
        "this function has a pragma HLS DATAFLOW already",
    ),
    "pipelined_and_gone": (
        "void f() {\nwhile (a) {\n#pragma HLS PIPELINE II=1\n#pragma HLS UNROLL // here\n}\n}\n",
        "there is no loop to pipeline",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISPLACED)
def test_misplaced_pragma_is_refused(name: str) -> None:
    text, words = MISPLACED[name]
    line = next(k for k, content in enumerate(text.split("\n"), 1) if "here" in content)
    with pytest.raises(CompileError, match=words) as caught:
        rewrite(f'# 1 "kernel.cpp"\n{text}')
    assert (caught.value.file, caught.value.line) == ("kernel.cpp", line)


#: Places where a loop's pragma belongs.
PLACED = {
    "for": "for (int i = 0; i < 4; i++) {\n@\n}",
    "while": "while (go()) {\n@\n}",
    "do": "do {\n@\n} while (go());",
    "range": "for (auto x : {1, 2}) {\n@\n}",
    "labelled": "A: for (;;) {\nint a;\n@\n}",
    "if_in_loop": "for (;;) { if (a) { } else if (b) {\n@\n} }",
    "loop_of_an_if_without_braces": "for (;;) if (a) {\n@\n}",
    "block_in_loop": "for (;;) { {\n@\n} }",
    "switch_in_loop": "for (;;) { switch (a) { case 1: {\n@\n} } }",
    "loop_in_lambda": "auto f = [&](int a) -> int { for (;;) {\n@\n} };",
    "loop_in_lambda_without_parameters": "auto f = [&] { for (;;) {\n@\n} };",
    "loop_in_mutable_lambda": "auto f = [a, b = c[1]](int a) mutable noexcept { for (;;) {\n@\n} };",
    "loop_in_lambda_called_at_once": "[&] { for (;;) {\n@\n} }();",
    "loop_in_returned_lambda": "return [=] { for (;;) {\n@\n} };",
    "loop_in_lambda_of_a_template": "auto f = []<class T>(T a) -> ns::t<3> { for (;;) {\n@\n} };",
    "likely_branch_in_loop": "for (;;) if (a) [[likely]] {\n@\n}",
    "loop_with_attribute": "for (;;) [[likely]] {\n@\n}",
    "loop_in_lambda_argument": "g([&](int a) { for (;;) {\n@\n} });",
    "loop_in_local_class": "struct s { int f() const noexcept { for (;;) {\n@\n} } };",
}


@pytest.mark.parametrize("name", PLACED)
def test_pragma_of_a_loop(name: str) -> None:
    text = f"void f(int a) {{\n{PLACED[name]}\n}}"
    assert "__hls_pragma(1, " in rewrite(text.replace("@", "#pragma HLS UNROLL factor=2")).text


@pytest.mark.parametrize(
    "header",
    [
        "void f()", "static int f(int (*g)(int), int b[3])", "auto f(int a) -> decltype(a)",
        "int s::f() const noexcept",
        "s::s() : a(1), b{2}", "template <class T, int N = (3 > 2)> __attribute__((noinline)) T f(T a)",
        "[[nodiscard]] constexpr int f() noexcept(true)", "struct s f(struct t a)", "enum e f()",
        "int operator==(s a, s b)", "s& operator=(s a)", 'extern "C" int f()', "decltype(auto) f(auto x)",
    ],
)  # fmt: skip
def test_body_of_a_function(header: str) -> None:
    assert "__hls_pragma(1, " in rewrite(f"int before;\n{header} {{\n#pragma HLS DATAFLOW\n}}").text


def test_pragma_before_a_loop_speaks_of_the_loop_around() -> None:
    source = rewrite("void f() {\nfor (;;) {\n#pragma HLS PIPELINE II=1\nfor (;;) { g(); }\n}\n}")
    assert source.pragmas[0].notes == [
        "the pragma HLS PIPELINE is one of the loop of line 2, which it stands in, not of the loop that follows."
    ]


def test_labels_are_those_that_stand_before_a_loop() -> None:
    text = """# 11 "k.cpp"
void f() {
  A: for (;;) {
    B:
      while (1) { C: g(); for (;;) { } }
    switch (x) { case k: for (;;) { } default: for (;;) { } }
  }
  D: do { } while (0);
}
"""
    labels = {(point.line, point.column): label for point, label in rewrite(text).labels.items()}
    assert labels == {(12, 6): "A", (14, 7): "B", (17, 6): "D"}


def test_unknown_pragma_names_file_and_line_of_the_marker() -> None:
    text = '# 7 "other.hpp" 2\nint a;\n#pragma HLS NONSENSE\n'
    with pytest.raises(CompileError) as caught:
        rewrite(text)
    assert (caught.value.file, caught.value.line) == ("other.hpp", 8)
