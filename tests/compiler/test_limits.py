# SPDX-License-Identifier: Apache-2.0
"""Nothing runs for ever: work in a process of its own ends with its time, and what it says comes back whole."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edgemoe.compiler import CompileError, compile_file
from edgemoe.compiler.frontend import build, llvm
from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.frontend.limited import Died, OutOfTime, limited

SHIM = Path(__file__).resolve().parents[2] / "hls" / "shim"
FOUND_FOLDER = Path(__file__).parent / "found"
SOURCE = "#include <hls_stream.h>\nvoid top(hls::stream<int>& in, hls::stream<int>& out) {  // here\n"
SOURCE += (
    "  int s = in.read();\n  for (int i = 0; i < 16000; i++) {\n#pragma HLS UNROLL\n    s = s * 3 ^ i;\n  }\n"
)
SOURCE += "  out.write(s);\n}\n"


def test_a_long_text_comes_back_whole() -> None:
    assert limited(lambda: "ä" * 3_000_000, 60) == "ä" * 3_000_000


def test_work_without_end_is_ended() -> None:
    started = time.monotonic()
    with pytest.raises(OutOfTime):
        limited(lambda: time.sleep(100) or "", 0.2)
    assert time.monotonic() - started < 10


def test_a_failure_and_a_death_are_told() -> None:
    with pytest.raises(RuntimeError, match="invalid literal"):
        limited(lambda: str(int("x")), 60)
    with pytest.raises(RuntimeError, match="ended without a word"):
        limited(lambda: os._exit(3), 60)  # type: ignore[func-returns-value]


def test_a_library_that_ends_the_child_is_quoted(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> str:
        os.write(2, b"thing.cpp:1: Assertion `x' failed.\nand more\n")
        os.abort()

    with pytest.raises(Died, match=r"^thing\.cpp:1: Assertion `x' failed\.$"):
        limited(fails, 60)
    assert capfd.readouterr().err == ""


def test_what_a_child_that_succeeds_says_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert limited(lambda: str(os.write(2, b"note\n")), 60) == "5"
    assert capsys.readouterr().err == "note\n"


def test_a_pass_that_fails_is_left_out_with_a_note(tmp_path: Path) -> None:
    made = compile_source(FOUND_FOLDER / "equal_values.cpp", "equal_values", [SHIM], tmp_path)
    notes = [note.text for note in made.notes if "search for equal values" in note.text]
    assert len(notes) == 1 and "Assertion" in notes[0] and "left out" in notes[0]


def test_passes_that_take_too_long_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm, "LLVM_SECONDS", 0.5)
    source = tmp_path / "long.cpp"
    source.write_text(SOURCE)
    with pytest.raises(CompileError, match=r"not done after 0.5 s, which is the limit") as caught:
        compile_source(source, "top", [SHIM], tmp_path / "work")
    assert (Path(caught.value.file).name, caught.value.line) == ("long.cpp", 2)


def test_too_many_operations_are_refused_at_their_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "OPERATIONS", 100)
    source = tmp_path / "wide.cpp"
    source.write_text(SOURCE.replace("16000", "60"))
    with pytest.raises(CompileError, match=r"beyond the limit of 100\. Unroll by a factor") as caught:
        compile_source(source, "top", [SHIM], tmp_path / "work")
    assert Path(caught.value.file).name == "wide.cpp" and caught.value.line
    source.write_text(SOURCE.replace("16000", "10"))
    compile_source(source, "top", [SHIM], tmp_path / "work")


def test_the_report_has_every_loop_and_the_registers_of_blocks(tmp_path: Path) -> None:
    source = tmp_path / "sums.cpp"
    source.write_text(
        "#include <hls_stream.h>\nvoid top(hls::stream<int>& in, hls::stream<int>& out, int n) {\n"
        "  for (int k = 0; k < n; k++) {\n    int s = 0;\n    for (int i = 0; i < 8; i++) {\n"
        "#pragma HLS PIPELINE II=1\n      s += in.read();\n    }\n    out.write(s);\n  }\n"
        "  for (int k = 0; k < n; k++) out.write(in.read() * k);\n}\n"
    )
    loops = compile_file(source, "top", include=[SHIM], out=tmp_path / "o").report["loops"]
    assert [(loop["pipelined"], loop["ii_asked"]) for loop in loops] == [
        (True, 1),
        (False, None),
        (False, None),
    ]
    assert {loop["limited_by"] for loop in loops[1:]} == {
        "it holds a pipelined loop",
        "no PIPELINE pragma; add one",
    }
    assert all(loop["depth"] >= 2 and loop["states"] >= 1 for loop in loops[1:])
