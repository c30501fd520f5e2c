# SPDX-License-Identifier: Apache-2.0
"""Vivado's scripts, run against a recorder of its commands: what they make fits RTL, .hwh and PYNQ."""

import json
from functools import cache
from pathlib import Path

import pytest
from ips import kernel

from edgemoe.bitstream.folder import description_files, folder_files
from edgemoe.bitstream.parts import doubt, multipliers
from edgemoe.blockdesign import (
    Design,
    Ip,
    Port,
    board_facts,
    build_tcl,
    hardware_description,
    ip_verilog,
    lay_out,
    module_ports,
)
from edgemoe.config import BOARDS as BUILDS
from edgemoe.config import board
from edgemoe.errors import UserError
from edgemoe.registers import IP_NAME, build_id
from edgemoe.sim.build import Rtl, accelerator_design, compile_rtl
from edgemoe.sim.description import read_description

from .conftest import BOARDS, ROOT, Recorder
from .record import FROM_SLAVE, FULL, LITE, STREAM, Record, problems


@cache
def rtl_of(name: str) -> Rtl:
    """A board's RTL."""
    return compile_rtl(board(name))


@pytest.fixture(scope="module", params=BOARDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `edgemoe bitstream` writes for a board."""
    path = tmp_path_factory.mktemp(request.param)
    _write(path, folder_files(board(request.param), rtl_of(request.param)))
    return path


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _ports(folder: Path) -> dict[str, tuple[Port, ...]]:
    return {IP_NAME: module_ports((folder / "rtl" / IP_NAME / f"{IP_NAME}.sv").read_text(), IP_NAME)}


@pytest.mark.parametrize("name", BUILDS)
def test_bitstreams_folder_is_up_to_date(name: str) -> None:
    """If not: python -m edgemoe.bitstream.describe"""
    for file, text in description_files(BUILDS[name], rtl_of(name).report).items():
        assert (ROOT / "bitstreams" / name / file).read_text() == text


def test_each_board_has_a_build_id_of_its_own() -> None:
    assert len({build_id(build) for build in BUILDS.values()}) == len(BUILDS)


def test_a_design_with_more_multipliers_than_dsp_blocks_says_so() -> None:
    rtl = rtl_of("sim-small")
    assert "no tool has tried" in str(doubt("pynq-z2", rtl.report))
    assert doubt("kv260", rtl.report) is None
    assert multipliers(rtl.report) >= sum(
        loop["multipliers"] for loop in rtl.report["loops"] if loop["pipelined"]
    )


def test_all_of_it_fits(folder: Path, run_script: Recorder) -> None:
    name = json.loads((folder / "manifest.json").read_text())["board"]
    run = run_script("vivado.tcl", folder / "build.tcl")
    assert run.status == 0, run.said
    hwh = folder / "expected" / "edgemoe.hwh"
    design = accelerator_design(board(name), rtl_of(name).report)
    assert problems(Record.read(run.record), design, _ports(folder), hwh, read_description(hwh)) == []
    made = {path.name for path in (folder / "vivado").iterdir()}
    assert {"edgemoe.bit", "edgemoe.hwh", "reports"} <= made


def test_no_path_is_absolute_and_no_version_is_asked(folder: Path) -> None:
    for script in ("build.tcl", "vitis_hls.tcl"):
        text = (folder / script).read_text()
        assert str(ROOT) not in text and "/home" not in text and "/opt" not in text
        assert "NOT VERIFIED" in text.partition("\n\n")[0]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--until", "ip"], 0, "stopped after ip"),
        (["--until", "design"], 0, "stopped after design"),
        (["--until", "synthesis"], 0, "stopped after synthesis"),
        (["--until", "lunch"], 1, "--until is lunch; it must be ip, design, synthesis or bitstream"),
        (["--jobs", "0"], 1, "--jobs is 0; it must be a whole number from 1"),
        (["--jobs", "two"], 1, "--jobs is two"),
        (["--speed", "9"], 1, "there is no option --speed; there are --jobs --out --rtl --until"),
        (["--out"], 1, "--out needs a value"),
        (["--rtl", "nowhere"], 1, "no SystemVerilog in"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options(
    arguments: list[str], status: int, said: str, folder: Path, run_script: Recorder, tmp_path: Path
) -> None:
    if "--out" not in arguments:
        arguments = [*arguments, "--out", str(tmp_path / "out")]
    run = run_script("vivado.tcl", folder / "build.tcl", *arguments)
    assert (run.status, said in run.said) == (status, True), run.said
    assert not (tmp_path / "out" / "edgemoe.bit").exists()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"RECORD_SLACK": "-0.031"}, "timing is not met: the worst setup slack is -0.031 ns"),
        ({"RECORD_FAIL": "synth_1"}, "synth_1 did not finish: ERROR"),
        ({"RECORD_FAIL": "impl_1"}, "impl_1 did not finish: ERROR"),
        ({"RECORD_PARTS": "none"}, "does not know the part"),
        ({"RECORD_BOARDS": "none"}, "has no files of the board"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_what_goes_wrong_in_vivado_is_told(
    environment: dict[str, str], said: str, folder: Path, run_script: Recorder, tmp_path: Path
) -> None:
    run = run_script("vivado.tcl", folder / "build.tcl", "--out", str(tmp_path / "out"), **environment)
    assert run.status == 1 and said in run.said, run.said
    assert not (tmp_path / "out" / "edgemoe.bit").exists()


def test_a_folder_of_someone_else_is_left_alone(folder: Path, run_script: Recorder, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    run = run_script("vivado.tcl", folder / "build.tcl", "--out", str(tmp_path / "out"))
    assert run.status == 1 and "files that this script did not make" in run.said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def systemverilog(ip: Ip) -> str:
    """A module with the ports of an IP and nothing inside."""
    ports = ["input  logic ap_clk", "input  logic ap_rst_n", "output logic interrupt"]
    buses = [("s_axi_control", LITE, False, 32, 9)]
    buses += [(master.interface, FULL, True, master.bits, 64) for master in ip.masters]
    buses += [
        (stream.interface, STREAM.lower(), not stream.incoming, stream.bits, 0) for stream in ip.streams
    ]
    fixed = {"LEN": 8, "SIZE": 3, "BURST": 2, "LOCK": 2, "CACHE": 4, "PROT": 3, "QOS": 4, "REGION": 4}
    for name, signals, master, data, address in buses:
        for signal in signals.split():
            bits = fixed.get(signal[2:], 1)
            bits = {"DATA": data, "KEEP": data // 8, "STRB": data // 8, "RESP": 2}.get(
                signal[1:].upper(), bits
            )
            bits = address if signal[2:] == "ADDR" else bits
            way = "input " if (signal.upper() in FROM_SLAVE) == master else "output"
            ports.append(f"{way} logic [{bits - 1}:0] {name}_{signal}")
    return f"module {ip.kind} (\n    " + ",\n    ".join(ports) + "\n);\nendmodule\n"


def several(name: str) -> tuple[Design, dict[str, str]]:
    """Two kinds of kernel, one of them twice, with streams: the design, and the files that its script needs."""
    ips = [
        kernel("fir_0", masters=[32, 512], streams=[(32, True), (16, False)], arguments=20),
        kernel("fir_1", masters=[32, 512], streams=[(32, True), (16, False)], arguments=20),
        kernel("mix_0", streams=[(64, True)], arguments=0),
    ]
    design = lay_out("mine", board_facts(name), ips, clock_mhz=100.0)
    files = {"build.tcl": build_tcl(design), "mine.hwh": hardware_description(design)}
    for ip in ips:
        text = systemverilog(ip)
        files[f"rtl/{ip.kind}/{ip.kind}.sv"] = text
        files[f"rtl/{ip.kind}/{ip.kind}_ip.v"] = ip_verilog(ip.kind, text, ip.kind)
    return design, files


@pytest.mark.parametrize("name", BOARDS)
def test_kernels_of_ones_own_with_streams_and_dmas(name: str, run_script: Recorder, tmp_path: Path) -> None:
    design, files = several(name)
    _write(tmp_path, files)
    run = run_script("vivado.tcl", tmp_path / "build.tcl")
    assert run.status == 0, run.said
    ports = {kind: module_ports(files[f"rtl/{kind}/{kind}.sv"], kind) for kind in ("fir", "mix")}
    hwh = tmp_path / "mine.hwh"
    assert problems(Record.read(run.record), design, ports, hwh, read_description(hwh)) == []


def test_there_is_no_script_for_the_simulated_board() -> None:
    design = lay_out("mine", board_facts("sim-small"), [kernel("fir_0", masters=[32])], clock_mhz=100.0)
    with pytest.raises(UserError, match="exists in simulation only"):
        build_tcl(design)
