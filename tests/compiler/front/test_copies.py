# SPDX-License-Identifier: Apache-2.0
"""How arrays are cleared and copied: registers at once, memories in a loop when they are large."""

from __future__ import annotations

from pathlib import Path

from edgemoe.compiler.frontend.build import compile_source
from edgemoe.compiler.frontend.copies import UNROLLED
from edgemoe.compiler.ir import Opcode, Region

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"
SOURCE = """#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {{
  {declaration} = {{}};
#pragma HLS ARRAY_PARTITION variable=a {partition}
  for (int i = 0; i < 500; i++) {access} += in.read();
  for (int i = 0; i < 500; i++) out.write({access});
}}
"""


def clearing(folder: Path, declaration: str, access: str, partition: str) -> list[tuple[int, bool]]:
    """Of each region that stores before anything was read: its stores, and whether it is a loop."""
    source = folder / "kernel.cpp"
    source.write_text(SOURCE.format(declaration=declaration, access=access, partition=partition))
    found: list[tuple[int, bool]] = []
    regions: list[Region] = compile_source(source, "top", [SHIM], folder / "work").functions["top"].regions
    for region in regions:
        codes = [op.opcode for op in region.ops]
        if Opcode.FIFO_READ in codes:
            break
        if Opcode.STORE in codes:
            edges = region.terminator
            again = any(
                getattr(edges, name, None) and getattr(edges, name).target == region.name
                for name in ("taken", "otherwise")
            )
            found.append((codes.count(Opcode.STORE), again))
    return found


def test_registers_clear_at_once_however_many(tmp_path: Path) -> None:
    assert clearing(tmp_path, "int a[100]", "a[i % 100]", "complete") == [(100, False)]
    assert clearing(tmp_path, "int a[70][2]", "a[i % 70][i & 1]", "complete dim=0") == [(140, False)]


def test_a_small_memory_clears_in_a_row(tmp_path: Path) -> None:
    assert clearing(tmp_path, f"int a[{UNROLLED}]", "a[i & 63]", "cyclic factor=2") == [(UNROLLED, False)]


def test_a_large_memory_clears_in_a_loop(tmp_path: Path) -> None:
    assert clearing(tmp_path, "int a[100]", "a[i % 100]", "cyclic factor=2") == [(1, True)]
    assert clearing(tmp_path, "int a[70][2]", "a[i % 70][i & 1]", "complete dim=2") == [(2, True)]
