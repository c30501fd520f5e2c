# SPDX-License-Identifier: Apache-2.0
"""A top that returns a value: register `ap_return`, or a port of that name."""

from __future__ import annotations

import random
import re
from collections import deque
from pathlib import Path

import pytest
from hardware import Rtl
from natives import fresh_native

from edgemoe.compiler import CompileError, CompileResult, compile_file
from edgemoe.compiler.backend.registers import register_map
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.interp import Interpreter, Run
from edgemoe.compiler.native import build_native

SHIM = Path(__file__).resolve().parents[2] / "hls" / "shim"
BUILD = Path(__file__).resolve().parents[2] / "build" / "cache" / "returned"
#: C++ type of the result: its width
TYPES = {
    "bool": 1,
    "char": 8,
    "signed char": 8,
    "unsigned char": 8,
    "short": 16,
    "unsigned short": 16,
    "int": 32,
    "unsigned": 32,
    "long": 64,
    "unsigned long": 64,
    "long long": 64,
    "colour": 8,
    "ap_int<1>": 1,
    "ap_int<7>": 7,
    "ap_uint<12>": 12,
    "ap_int<33>": 33,
    "ap_uint<64>": 64,
    "ap_fixed<12, 4>": 12,
}
HEAD = """#include <ap_fixed.h>
#include <ap_int.h>
enum colour : unsigned char {{ RED, GREEN }};
{type} {top}(long a, int b) {{
  if (b & 1) return ({type})(a >> 3);
  long s = b;
  for (int i = 0; i < (b & 3); i++) s += a * i;
  return ({type})s;
}}
"""


def top_of(type_: str) -> str:
    return "give_" + re.sub(r"\W+", "_", type_).strip("_")


def source_of(type_: str, folder: Path) -> Path:
    path = folder / f"{top_of(type_)}.cpp"
    path.write_text(HEAD.format(type=type_, top=top_of(type_)))
    return path


def calls(seed: int) -> list[dict[str, int]]:
    rng = random.Random(seed)
    edges = [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
    return [
        {"a": rng.choice(edges) if rng.random() < 0.3 else rng.getrandbits(64), "b": rng.getrandbits(32)}
        for _ in range(6)
    ]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CompileResult]:
    folder = tmp_path_factory.mktemp("returned")
    return {
        type_: compile_file(
            source_of(type_, folder), top_of(type_), include=[SHIM], out=folder / top_of(type_)
        )
        for type_ in TYPES
    }


@pytest.mark.slow
def test_every_type_natively_interpreted_and_in_hardware(
    compiled: dict[str, CompileResult], tmp_path: Path
) -> None:
    rtl = Rtl.build(list(compiled.values()), BUILD)
    for type_, width in TYPES.items():
        top = top_of(type_)
        kernel = fresh_native(build_native(source_of(type_, tmp_path), top, include=[SHIM], out=BUILD))
        assert kernel.ports[-1].name == "ap_return" and kernel.ports[-1].width == width
        interpreter = Interpreter(compiled[type_].program)
        for number, call in enumerate(calls(width)):
            want = kernel.run(scalars=call).outputs["ap_return"]
            run = Run(scalars=dict(call))
            interpreter.run(run)
            assert run.scalars["ap_return"] == want, f"{type_}, interpreted, {call}"
            got = rtl.run(top, scalars=call, seed=number)
            assert got.outputs == {"ap_return": want}, f"{type_}, in hardware, {call}"


def test_the_register_stands_before_the_arguments(compiled: dict[str, CompileResult]) -> None:
    for type_, width in TYPES.items():
        after = 0x10 + 4 * -(-width // 32) + 4
        registers = compiled[type_].report["registers"]
        assert registers[0] == {"name": "ap_return", "offset": 0x10, "width": width, "writable": False}
        assert [(r["name"], r["offset"]) for r in registers[1:]] == [("a", after), ("b", after + 12)]
        top = compiled[type_].program.functions[top_of(type_)]
        assert register_map(top)[0].valid_offset is None


@pytest.mark.slow
def test_a_port_without_registers(tmp_path: Path) -> None:
    result = compile_file(
        source_of("ap_int<33>", tmp_path), "give_ap_int_33", include=[SHIM], out=tmp_path / "o", ports="ap_ctrl_hs"
    )  # fmt: skip
    assert "output logic [32:0] ap_return," in result.top.read_text()
    rtl = Rtl.build([result], BUILD)
    model = rtl.model
    model.select(rtl.kernels["give_ap_int_33"].prefix)
    model.stalls(1, 0)
    model.reset()
    for b, want in ((1, 5), (0, 0), (3, 5)):
        model.set("a", 40)
        model.set("b", b)
        model.set("ap_start", 1)
        assert model.until("ap_done", 1000) >= 0
        assert model.get("ap_return") == want
        model.set("ap_start", 0)
        model.steps(5)


def test_every_return_statement_counts(tmp_path: Path) -> None:
    """Also one in a pipelined loop, beside streams and references."""
    source = tmp_path / "find.cpp"
    source.write_text(
        "#include <hls_stream.h>\n"
        "int find(hls::stream<int>& in, int wanted, int& reads) {\n"
        "  reads = 0;\n"
        "  for (int i = 0; i < 8; i++) {\n#pragma HLS PIPELINE II=1\n"
        "    if (in.read() == wanted) { reads = i + 1; return i; }\n  }\n"
        "  reads = 8;\n  return -1;\n}\n"
    )
    program = compile_source(source, "find", [SHIM], tmp_path / "work")
    kernel = fresh_native(build_native(source, "find", include=[SHIM], out=BUILD))
    for wanted in (10, 13, 17, 99):
        native = kernel.run({"in": range(10, 18)}, {"wanted": wanted})
        run = Run({"in": deque(range(10, 18))}, {"wanted": wanted})
        Interpreter(program).run(run)
        assert {k: run.scalars[k] for k in ("ap_return", "reads")} == native.outputs, wanted
        assert len(run.streams["in"]) == native.unread["in"]


_STRUCT = "struct two { int a; short b; };\ntwo top(int a) {  // here\n  return {a, 1};\n}\n"
_MEMBER = "struct one { int a; };\none top(int a) {  // here\n  return {a};\n}\n"
_WIDE = "#include <ap_int.h>\nap_int<WIDTH> top(int a) {  // here\n  return a;\n}\n"
_POINTER = "static int t[2];\nint* top(int a) {  // here\n  t[a & 1] = a;\n  return t;\n}\n"
_DATAFLOW = """#include <hls_stream.h>
static void p(hls::stream<int>& x, hls::stream<int>& y) { y.write(x.read()); }
int top(hls::stream<int>& x, hls::stream<int>& y) {  // here
#pragma HLS DATAFLOW
  p(x, y);
  return 1;
}
"""
REFUSED = {
    _STRUCT: "returns a two, which is no integer",
    _MEMBER: "returns a one, which is no integer",
    _WIDE.replace("WIDTH", "65"): "returns 65 bits; .* at most 64",
    _WIDE.replace("WIDTH", "300"): "returns 300 bits; .* at most 64",
    "float top(int a) {  // here\n  return a;\n}\n": "returns a float, which is no integer",
    _POINTER: "which is no integer",
    "int& top(int& a) {  // here\n  a = 1;\n  return a;\n}\n": "which is no integer",
    _DATAFLOW: "DATAFLOW function 'top' returns a value",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_register_can_hold_is_refused(tmp_path: Path, text: str) -> None:
    source = tmp_path / "refused.cpp"
    source.write_text(text)
    line = next(k for k, line in enumerate(text.split("\n"), 1) if "// here" in line)
    with pytest.raises(CompileError, match=REFUSED[text]) as caught:
        compile_source(source, "top", [SHIM], tmp_path / "work")
    assert (Path(caught.value.file).name, caught.value.line) == ("refused.cpp", line)
