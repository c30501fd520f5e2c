# SPDX-License-Identifier: Apache-2.0
"""The folder that the compiler fills: what is not from an earlier run stays as it is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from edgemoe.compiler import CompileError, compile_file
from edgemoe.errors import UserError

SHIM = Path(__file__).resolve().parents[2] / "hls" / "shim"
SOURCES = {
    "copied": "#include <hls_stream.h>\nvoid copied(hls::stream<int>& x, hls::stream<int>& y) { y.write(x.read()); }\n",
    "added": "void added(int a, int b, int& y) { y = a + b; }\n",
    "broken": "void broken(int a, int& y) { y = b; }\n",
}


def compiled(top: str, folder: Path, **options: float) -> list[str]:
    """Names of the files that a compile of `SOURCES[top]`, which lies in the same folder, leaves."""
    source = folder / f"{top}.cpp"
    source.write_text(SOURCES[top])
    return [path.name for path in compile_file(source, top, include=[SHIM], out=folder, **options).files]


def test_files_of_the_user_stay(tmp_path: Path) -> None:
    bench = tmp_path / "bench.sv"
    bench.write_text("module bench; endmodule\n")
    assert "copied.sv" in compiled("copied", tmp_path)
    first = {path.name for path in tmp_path.glob("*.sv")}
    compiled("added", tmp_path)
    assert bench.read_text() == "module bench; endmodule\n"
    left = {path.name for path in tmp_path.glob("*.sv")}
    assert "copied_axis.sv" in first - left, "what only the earlier run made goes"
    assert "added.sv" in left


@pytest.mark.parametrize("name", ["added.sv", "added_core.sv", "hls_axilite.sv", "report.json"])
def test_a_file_of_the_user_with_a_name_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(
        UserError, match=rf"/{name} is not from an earlier run; move it or choose another --out"
    ):
        compiled("added", tmp_path)
    assert (tmp_path / name).read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {name, "added.cpp"}


def test_a_generated_file_that_was_edited_is_refused(tmp_path: Path) -> None:
    compiled("added", tmp_path)
    core = tmp_path / "added_core.sv"
    core.write_text(core.read_text() + "// a thought\n")
    with pytest.raises(UserError, match=r"added_core\.sv was changed since an earlier run made it"):
        compiled("added", tmp_path)
    assert core.read_text().endswith("// a thought\n")
    with pytest.raises(UserError, match=r"added_core\.sv was changed since an earlier run made it"):
        compiled("copied", tmp_path)  # it would be removed
    assert core.read_text().endswith("// a thought\n")


def test_a_failed_compile_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    compiled("added", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".cpp"}
    with pytest.raises(CompileError, match="undeclared identifier"):
        compiled("broken", tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".cpp"} == before


@pytest.mark.parametrize("period", [0.0, -5.0, math.nan, math.inf, 1e-9, 1e7])
def test_a_clock_period_that_cannot_be_is_refused(tmp_path: Path, period: float) -> None:
    with pytest.raises(CompileError, match=r"a clock period of \S+ ns; one from 0.001 to 1,000,000 ns"):
        compiled("added", tmp_path, clock_ns=period)
