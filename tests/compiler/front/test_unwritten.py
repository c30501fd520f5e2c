# SPDX-License-Identifier: Apache-2.0
"""Loads of what nothing wrote are told where they are certain, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgemoe.compiler.frontend.build import compile_source

SHIM = Path(__file__).resolve().parents[3] / "hls" / "shim"


def warned(folder: Path, body: str) -> list[str]:
    source = folder / "kernel.cpp"
    source.write_text(
        f"#include <hls_stream.h>\nvoid top(hls::stream<int>& in, hls::stream<int>& out, int n) {{\n{body}\n}}\n"
    )
    return [
        note.text for note in compile_source(source, "top", [SHIM], folder / "work").notes if note.warning
    ]


@pytest.mark.parametrize(
    "body",
    [
        # a guarded load that a pipeline makes in every iteration
        "int a[8]; for (int i = 0; i < 8; i++) {\n#pragma HLS PIPELINE II=1\n"
        "int x = in.read(); if (i > 0) x += a[i - 1]; a[i] = x; }\nout.write(a[n & 7]);",
        "int a[8]; for (int i = 0; i < 4; i++) a[i] = in.read();\nfor (int i = 0; i < 8; i++) {\n"
        "#pragma HLS PIPELINE II=1\nint x = 0; if (i < 4) x = a[i]; out.write(x); }",
        # written in one way only, or where nobody knows
        "int a[8]; if (n) for (int i = 0; i < 8; i++) a[i] = in.read();\nout.write(a[n & 7]);",
        "int a[8]; for (int i = 0; i < n; i++) a[i] = in.read();\nout.write(a[7]);",
        "int a[8]; for (int k = 0; k < n; k++) { if (k) out.write(a[k & 7]);\n"
        "for (int i = 0; i < 8; i++) a[i] = in.read(); }",
        "static int a[8]; out.write(a[n & 7]); a[n & 7] = in.read();",
        "int a[8]; for (int i = 7; i >= 0; i--) a[i] = in.read();\nfor (int i = 0; i < 8; i++) out.write(a[i]);",
    ],
)  # fmt: skip
def test_what_may_be_written_is_not_told(body: str, tmp_path: Path) -> None:
    assert warned(tmp_path, body) == []


def test_every_way_must_read_before_it_writes(tmp_path: Path) -> None:
    (text,) = warned(
        tmp_path, "int a[8]; for (int k = 0; k < n; k++) { out.write(a[k & 7]);\na[in.read() & 7] = k; }"
    )
    assert text.startswith("'a' is read here before anything was written to it")
