# SPDX-License-Identifier: Apache-2.0
"""`edgemoe synth --overlay`: what is refused, before anything is simulated, and what it writes."""

import json
from pathlib import Path

import pytest

from edgemoe import cli
from edgemoe.kernels import kernel_source
from edgemoe.registers import IP_VLNV
from edgemoe.sim.description import read_description
from edgemoe.sim.verilate import VerilatedLibrary
from edgemoe.synth import overlay as under_test

KERNELS = Path(__file__).parent / "kernels.cpp"


@pytest.fixture
def unsimulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """In place of Verilator something that notes (module, with waves)."""
    asked = []

    def verilate(sources, top, *, trace, progress):
        assert all(Path(source).is_file() for source in sources)
        progress("compiling the simulation", 1, 1)
        asked.append((top, trace))
        library = tmp_path / "library.so"
        library.write_text(top)
        return VerilatedLibrary(library, top, (), 0.0)

    monkeypatch.setattr(under_test, "verilate", verilate)
    return asked


def synth(*arguments: object) -> int:
    return cli.run(["synth", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([KERNELS], "Name the function"),
        ([KERNELS, "--top", "reg", "--ports"], "Leave --ports out"),
        ([KERNELS, "--top", "reg", "--out", "elsewhere"], "--out or --overlay, not both"),
        ([KERNELS, KERNELS, "--top", "reg"], "2 files and 1 --top"),
        ([KERNELS, KERNELS, "--top", "a", "--top", "b", "--top", "c"], "2 files and 3 --top"),
        (["none.cpp", "--top", "reg"], "none.cpp does not exist"),
        ([KERNELS, "--top", "missing"], "missing"),
        ([KERNELS, "--top", "axi_intc"], "PYNQ knows a block"),
        ([KERNELS, "--top", "größe"], "must start with a letter"),
        ([KERNELS, "--top", "ns::reg"], "must start with a letter"),
        ([KERNELS, "--top", "k" * 300], "has 300 characters"),
        ([KERNELS, "--top", "reg", "--name", "../up"], "must start with a letter"),
        ([KERNELS, "--top", "reg", "--name", "reg_0"], "Both the design and a block"),
        ([KERNELS, "--top", "reg", "--clock-ns", "0.01"], "clock of 100000 MHz"),
        ([KERNELS, "--top", "reg", "--board", "none"], "No board is named"),
        ([KERNELS, *["--top", "reg"] * 16], "17 blocks with registers"),
    ],
)
def test_mistakes(
    arguments: list, words: str, unsimulated: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synth(*arguments, "--overlay", tmp_path / "overlay") == 2
    message = capsys.readouterr().err
    assert words in message and "Traceback" not in message
    assert not (tmp_path / "overlay").exists() and not unsimulated


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--top", "reg", "--waves"], "--waves is for an overlay"),
        (["--top", "reg", "--name", "x"], "--name is for an overlay"),
        (["--top", "reg", "--top", "idle"], "Several kernels make an overlay"),
    ],
)
def test_options_of_overlays_alone(arguments: list, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert synth(KERNELS, *arguments) == 2
    assert words in capsys.readouterr().err


def test_two_files_must_not_have_one_name(
    tmp_path: Path, unsimulated: list, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.cpp"
    other.write_text("void reg(int a, int& b) { b = a; }\nvoid second(int a, int& b) { b = a; }\n")
    pair = [KERNELS, other, "--overlay", tmp_path / "o", "--top", "reg", "--top"]
    assert synth(*pair, "reg") == 2
    assert "Rename one" in capsys.readouterr().err
    assert synth(*pair, "second") == 0
    assert (tmp_path / "o" / "rtl" / "second" / "second.sv").is_file()


def test_what_a_run_leaves_and_the_next_one_replaces(tmp_path: Path, unsimulated: list, capsys) -> None:
    folder = tmp_path / "with spaces and ü"
    again = ["--overlay", folder, "--json"]
    assert (
        synth(
            KERNELS,
            "--top",
            "many",
            "--top",
            "accelerator",
            "--top",
            "many",
            "--top",
            "idle",
            "--waves",
            *again,
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert unsimulated == [("many", True), ("accelerator", True), ("idle", True)]
    assert found["overlay"] == str(folder / "many.bit")
    written = json.loads((folder / "registers.json").read_text())
    assert written == {key: value for key, value in found.items() if key != "overlay"}
    assert list(written["blocks"]) == ["many_0", "accelerator_0", "many_1", "idle_0", "axi_intc_0"]
    # Not the accelerator's, whose driver would take it for one.
    assert written["blocks"]["accelerator_0"]["vlnv"] not in (IP_VLNV, "edgemoe:hls:accelerator:1.0")
    registers = {r["name"]: r["offset"] for r in written["blocks"]["many_1"]["registers"]}
    assert registers["a16"] == 0x10 + 8 * 16 and registers["a17_2"] - registers["a17_1"] == 4
    page = (folder / "registers.md").read_text()
    assert f"| {registers['a16']:#04x} | a16 | read-write |" in page
    report = json.loads((folder / "report.json").read_text())
    assert set(report["kernels"]) == {"many", "accelerator", "idle"} and {"loops", "modules", "clock"} <= set(
        report
    )
    manifest = json.loads((folder / "overlay.json").read_text())["simulations"]
    assert all((folder / entry["library"]).is_file() for entry in manifest.values())
    blocks = read_description(folder / "many.hwh").ip_dict
    assert blocks["many_1"]["registers"]["a16"]["address_offset"] == registers["a16"]

    (folder / "notes.txt").write_text("mine")
    assert synth(KERNELS, "--top", "reg", *again) == 0
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"reg.bit", "reg.hwh", "notes.txt", "rtl/reg/reg.sv", "simulation/reg.so"} <= left
    assert not [path for path in left if "many" in path]
    assert unsimulated[2:] == [("reg_", False)]  # the module; `reg` is a word of SystemVerilog
    assert json.loads((folder / "report.json").read_text())["top"] == "reg"


def test_files_of_the_user_stay(tmp_path: Path, unsimulated: list, capsys) -> None:
    for name in ("reg.bit", "report.json"):
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        (folder / name).write_text("mine")
        assert synth(KERNELS, "--top", "reg", "--overlay", folder) == 2
        assert "not from an earlier run" in capsys.readouterr().err
        assert [path.name for path in folder.iterdir()] == [name]


def test_the_accelerator_is_known_by_its_source(tmp_path: Path) -> None:
    (own,) = under_test.chosen_kernels([], [])
    (named,) = under_test.chosen_kernels([kernel_source("accelerator")], ["accelerator"])
    (other,) = under_test.chosen_kernels([KERNELS], ["accelerator"])
    assert own.is_accelerator and named.is_accelerator and not other.is_accelerator
    assert own.vlnv == IP_VLNV != other.vlnv
