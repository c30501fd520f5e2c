# SPDX-License-Identifier: Apache-2.0
"""Several compiled kernels in one Verilator model: one build instead of many."""

from __future__ import annotations

import re
from pathlib import Path

from edgemoe.compiler.driver import CompileResult


def prefixed_ports(program: str, text: str) -> tuple[list[str], list[str]]:
    """Ports of a program's top under its own prefix, and the connections of its instance."""
    header = re.search(rf"^module {program} \((.*?)\);", text, re.DOTALL | re.MULTILINE)
    assert header
    ports, connections = [], [".ap_clk(ap_clk)", ".ap_rst_n(ap_rst_n)"]
    for kind, name in re.findall(
        r"^\s*(?:/\*.*\*/ )?((?:input|output)\s+logic[^,\n]*?)\s(\w+)\s*,?\s*$", header[1], re.MULTILINE
    ):
        if name not in ("ap_clk", "ap_rst_n"):
            ports.append(f"{kind} {program}_{name}")
            connections.append(f".{name}({program}_{name})")
    return ports, connections


def side_by_side(folder: Path, compiled: dict[str, CompileResult]) -> list[Path]:
    """A top ``programs`` that holds several compiled kernels: one model to build instead of many."""
    ports = ["input logic ap_clk", "input logic ap_rst_n"]
    instances = []
    texts: dict[str, str] = {}
    for program, made in compiled.items():
        for file in made.files:
            text = file.read_text()
            # Files of one name must be the same: the library's. (A first line may name the source.)
            known = texts.setdefault(file.name, text)
            assert known == text, f"two programs have different modules {file.name}"
        more, connections = prefixed_ports(program, texts[f"{program}.sv"])
        ports += more
        instances.append(f"  {program} {program}_i ({', '.join(connections)});")
    texts["programs.sv"] = (
        "module programs (\n  " + ",\n  ".join(ports) + "\n);\n" + "\n".join(instances) + "\nendmodule\n"
    )
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]
