# SPDX-License-Identifier: Apache-2.0
"""Ping-pong blocks of a process: the ports to the library's `hls_block`, which the dataflow module holds.

A block is a register file. Its reader sees all words at once and stable until its next acquire; its writer has an
enable for each word.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.backend.text import any_of, remark, safe, span
from edgemoe.compiler.ir import BlockArg, Direction, Loc

PORT_SUFFIXES = ("_ok", "_acquire", "_release", "_enable", "_data", "_q")


def block_words(arg: BlockArg) -> int:
    """Words of one block."""
    return arg.dims[0] * arg.dims[1]


def block_ports(arg: BlockArg) -> list[str]:
    """Port declarations of a process for one block."""
    name, bits = safe(arg.name), block_words(arg) * arg.width
    ports = [f"input  logic {name}_ok", f"output logic {name}_acquire", f"output logic {name}_release"]
    if arg.direction is Direction.READ:
        return [*ports, f"input  logic {span(bits)}{name}_q"]
    return [
        *ports,
        f"output logic {span(block_words(arg))}{name}_enable",
        f"output logic {span(bits)}{name}_data",
    ]


@dataclass
class _Write:
    enable: str
    data: str
    loc: Loc


@dataclass
class Blocks:
    """Collects the accesses of all regions of a process."""

    args: dict[str, BlockArg] = field(default_factory=dict)
    acquires: dict[str, list[str]] = field(default_factory=dict)  #: block: when
    releases: dict[str, list[str]] = field(default_factory=dict)
    writes: dict[tuple[str, int], list[_Write]] = field(default_factory=dict)

    def add(self, arg: BlockArg) -> None:
        self.args[arg.name] = arg
        self.acquires[arg.name], self.releases[arg.name] = [], []

    def word(self, block: str, number: int) -> str:
        """The word that a reader sees."""
        width = self.args[block].width
        return f"{safe(block)}_q[{number * width} +: {width}]"

    def store(self, block: str, number: int, enable: str, data: str, loc: Loc) -> None:
        self.writes.setdefault((block, number), []).append(_Write(enable, data, loc))

    def logic(self) -> list[str]:
        lines: list[str] = []
        for name, arg in self.args.items():
            port = safe(name)
            lines += ["", f"// ---- block {name}[{arg.dims[0]}][{arg.dims[1]}]"]
            lines.append(f"assign {port}_acquire = {any_of(self.acquires[name])};")
            lines.append(f"assign {port}_release = {any_of(self.releases[name])};")
            if arg.direction is Direction.WRITE:
                lines += self._write_port(arg)
        return lines

    def _write_port(self, arg: BlockArg) -> list[str]:
        port, width = safe(arg.name), arg.width
        lines = ["always_comb begin", f"  {port}_enable = '0;", f"  {port}_data = '0;"]
        for number in range(block_words(arg)):
            for write in self.writes.get((arg.name, number), []):
                lines.append(f"  if ({write.enable}) begin{remark(write.loc)}")
                lines.append(f"    {port}_enable[{number}] = 1'b1;")
                lines += [f"    {port}_data[{number * width} +: {width}] = {write.data};", "  end"]
        return [*lines, "end"]
