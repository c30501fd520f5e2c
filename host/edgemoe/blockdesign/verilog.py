# SPDX-License-Identifier: Apache-2.0
"""The Verilog module on top of a kernel, for Vivado's IP packager: it takes no SystemVerilog there (UG1118, "Top-Level
HDL Requirements").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Port:
    """A port of a module: `direction` is input or output."""

    name: str
    direction: str
    bits: int


def ip_module(kind: str) -> str:
    """The Verilog module that is packaged for a kernel; its file has this name and `.v`."""
    return f"{kind}_ip"


def ip_files(kind: str, rtl: Sequence[Path]) -> dict[str, str]:
    """What Vivado packages for a kernel: file name -> text, of the compiler's files (their order: the top module is in
    the last) and of the Verilog module on top.
    """
    texts = {path.name: path.read_text(encoding="utf-8") for path in rtl}
    top = texts[rtl[-1].name]
    module = re.findall(r"^module\s+(\w+)", top, flags=re.MULTILINE)[-1]
    return texts | {f"{ip_module(kind)}.v": ip_verilog(kind, top, module)}


def module_ports(text: str, module: str) -> tuple[Port, ...]:
    """The ports of a module that the compiler wrote, in their order."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    found = re.search(rf"\bmodule\s+{module}\s*\((.*?)\);", text, flags=re.DOTALL)
    if found is None:
        raise ValueError(f"there is no module {module}")
    ports = []
    for line in found[1].split(","):
        port = re.fullmatch(r"\s*(input|output)\s+logic\s+(?:\[(\d+):0\]\s*)?(\w+)\s*", line)
        if port is None:
            raise ValueError(f"the port {line.strip()!r} of {module} can't be read")
        ports.append(Port(port[3], port[1], int(port[2] or 0) + 1))
    return tuple(ports)


def ip_verilog(kind: str, text: str, module: str) -> str:
    """The Verilog module `ip_module(kind)` with the ports of `module`, whose SystemVerilog is `text`."""
    ports = module_ports(text, module)
    width = max(len(port.name) for port in ports)
    declared = [
        f"    {port.direction:<6} wire {f'[{port.bits - 1}:0] ' if port.bits > 1 else ''}{port.name}"
        for port in ports
    ]
    wired = [f"      .{port.name:<{width}} ({port.name})" for port in ports]
    return "\n".join(
        [
            "// SPDX-License-Identifier: Apache-2.0",
            f"// {module} for Vivado's IP packager, which takes no SystemVerilog on top. Generated; do not edit.",
            f"module {ip_module(kind)} (",
            ",\n".join(declared),
            ");",
            f"  {module} kernel (",
            ",\n".join(wired),
            "  );",
            "endmodule",
            "",
        ]
    )
