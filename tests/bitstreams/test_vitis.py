# SPDX-License-Identifier: Apache-2.0
"""Vitis HLS's scripts, run against a recorder of its commands, and the C++ that they name."""

import re
from pathlib import Path

import pytest

from edgemoe.bitstream.folder import folder_files
from edgemoe.blockdesign import board_facts
from edgemoe.config import board
from edgemoe.registers import IP_VLNV
from edgemoe.sim.build import compile_rtl

from .conftest import BOARDS, ROOT, Recorder

VENDOR = {
    "ap_int.h",
    "ap_fixed.h",
    "hls_stream.h",
    "hls_burst_maxi.h",
    "hls_dsp_builtins.h",
    "hls_vector.h",
    "hls_streamofblocks.h",
}
"""Headers that Vitis HLS brings."""


@pytest.fixture(scope="module", params=BOARDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vitis") / request.param
    for name, text in folder_files(board(request.param), compile_rtl(board("sim-small"))).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def _commands(record: Path) -> dict[str, list[str]]:
    return {name: words for name, *words in (line.split("\t") for line in record.read_text().splitlines())}


@pytest.mark.parametrize("before", [(), ("-f", "vitis_hls.tcl", "-tclargs"), ("-f", "vitis_hls.tcl")])
def test_the_same_kernels_for_the_same_part_and_clock(
    before: tuple[str, ...], folder: Path, run_script: Recorder
) -> None:
    run = run_script("vitis.tcl", folder / "vitis_hls.tcl", *before)
    assert run.status == 0, run.said
    commands = _commands(run.record)
    build = board(folder.name)
    assert commands["set_top"] == ["accelerator"]
    assert commands["set_part"] == [board_facts(build.name).part]
    assert float(commands["create_clock"][1]) == pytest.approx(1000 / build.schedule_mhz, abs=5e-4)
    assert commands["open_solution"][1:3] == ["-flow_target", "vivado"]
    exported = dict(zip(commands["export_design"][::2], commands["export_design"][1::2], strict=True))
    named = [exported[key] for key in ("-vendor", "-library", "-ipname", "-version")]
    assert ":".join(named) == IP_VLNV
    assert "csynth_design" in commands
    source = Path(commands["add_files"][-1])
    assert source.read_text() == (ROOT / "hls" / "kernels" / "accelerator.cpp").read_text()


def test_every_header_is_there_or_the_vendor_s(folder: Path, run_script: Recorder) -> None:
    """Whatever the kernel includes, directly or through its headers, is found in the script's folders."""
    run = run_script("vitis.tcl", folder / "vitis_hls.tcl")
    flags = _commands(run.record)["add_files"][1].split()
    folders = [Path(flag[2:]) for flag in flags if flag.startswith("-I")]
    assert "-std=c++17" in flags and folders and all(path.is_dir() for path in folders)
    pending, seen = [folder / "hls" / "kernels" / "accelerator.cpp"], set()
    while pending:
        path = pending.pop()
        for name in re.findall(r'#include [<"](.+)[>"]', path.read_text()):
            if name in seen or name in VENDOR:
                continue
            seen.add(name)
            found = [place / name for place in folders if (place / name).is_file()]
            assert len(found) == 1, f"{path.name} includes {name}"
            pending += found
    assert {"edgemoe_config.hpp", "edgemoe_registers.hpp", "hls_cycle.h"} <= seen


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("csynth_design\n", "csynth\n", 'no command "csynth"'),
        ("-flow_target", "-target", 'no option "-target"'),
        ("kernels accelerator.cpp", "kernels other.cpp", "there is no"),
        ("set_part {", "set_part -quiet {", 'no option "-quiet"'),
        ("-period NS", "-period", "expected 0 to 0 words"),
    ],
)
def test_a_fault_is_caught(old: str, new: str, said: str, folder: Path, run_script: Recorder) -> None:
    text = (folder / "vitis_hls.tcl").read_text()
    text = re.sub(r"-period [\d.]+", "-period NS", text) if "NS" in old else text
    assert old in text
    broken = folder / "broken.tcl"
    broken.write_text(text.replace(old, new, 1))
    run = run_script("vitis.tcl", broken)
    assert run.status == 1 and said in run.said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--until", "tea"], "--until is tea"),
        (["--speed", "9"], "there is no option --speed"),
        (["--hls", "nowhere"], "there is no"),
        (["--out"], "--out needs a value"),
    ],
)
def test_options(arguments: list[str], said: str, folder: Path, run_script: Recorder) -> None:
    run = run_script("vitis.tcl", folder / "vitis_hls.tcl", *arguments)
    assert run.status == 1 and said in run.said
