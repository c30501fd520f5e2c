# SPDX-License-Identifier: Apache-2.0
"""Yosys' text format RTLIL, as far as telling modules and their cells apart needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_HEAD = re.compile(r"(?:attribute \\(?:dynports|blackbox|whitebox)\b|module |  parameter |end$)")
_PORT = re.compile(r"  wire .*\b(?:input|output|inout) \d+ ")
_OUTPUT = re.compile(r"  wire .*\b(?:output|inout) \d+ (\S+)")
_NAME = re.compile(r"(?<![^\s{])[\\$]\S+")
_LINE = re.compile(r"\.sv:(\d+)\.")
OUTPUTS = frozenset(("\\Y", "\\Q", "\\X", "\\CO", "\\RD_DATA"))
"""Ports of Yosys' own cells that drive."""


@dataclass
class Module:
    """A module as text; `name` as RTLIL writes it, with its backslash or dollar."""

    name: str
    lines: list[str]

    @property
    def is_box(self) -> bool:
        """Whether only its ports are known."""
        return any(re.match(r"attribute \\(black|white)box", line) for line in self.lines[: self.head])

    @property
    def head(self) -> int:
        """The index of the line that names it, behind its attributes."""
        return next(i for i, line in enumerate(self.lines) if line.startswith("module "))

    @property
    def instances(self) -> list[str]:
        """The type of every cell that is not Yosys' own, a module's name."""
        return [
            line.split()[1]
            for line in self.lines
            if line.startswith("  cell ") and (line[7] == "\\" or line[7:15] == "$paramod")
        ]

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return sum(line.startswith("  cell ") for line in self.lines)

    def stub(self) -> str:
        """The module as a box: its ports and parameters."""
        kept = [line for line in self.lines if _HEAD.match(line) or _PORT.match(line)]
        box = [] if self.is_box else ["attribute \\blackbox 1"]
        return "\n".join([*box, *kept]) + "\n"

    def text(self) -> str:
        """The module without the places of its sources, so that equal hardware is equal text."""
        return (
            "\n".join(line for line in self.lines if not line.lstrip().startswith("attribute \\src ")) + "\n"
        )


@dataclass
class Cell:
    """A cell of a module; signals are named by their wires."""

    at: int
    """The line of its module at which it begins."""
    kind: str
    lines: tuple[int, ...]
    """Of the SystemVerilog, that it comes from."""
    drives: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    """What it computes with: of a register its value, of a multiplexer its choices."""
    others: list[str] = field(default_factory=list)

    @property
    def reads(self) -> list[str]:
        return self.data + self.others


def modules(text: str) -> dict[str, Module]:
    """The modules of a design by name, in its order."""
    found: dict[str, Module] = {}
    lines: list[str] = []
    for line in text.split("\n"):
        if not lines and not line.startswith(("attribute ", "module ")):
            continue  # what stands before the first module
        lines.append(line)
        if line == "end":
            module = Module(next(x for x in lines if x.startswith("module ")).split()[1], lines)
            found[module.name] = module
            lines = []
    return found


def cells(module: Module, design: Mapping[str, Module]) -> Iterator[Cell]:
    """The cells of `module`; `design` tells which ports of an instance are outputs."""
    outputs: dict[str, frozenset[str]] = {}
    cell: Cell | None = None
    source = ""
    for at, line in enumerate(module.lines):
        if line.startswith("  attribute \\src"):
            source = line
        elif line.startswith("  cell "):
            kind = line.split()[1]
            if kind not in outputs:
                box = design.get(kind)
                outputs[kind] = frozenset(_drives(box)) if box else OUTPUTS
            cell = Cell(at, kind, tuple(int(number) for number in _LINE.findall(source)))
        elif cell is not None and line.startswith("    connect "):
            port, signal = line[12:].split(" ", 1)
            names = list(dict.fromkeys(_NAME.findall(signal)))
            if port in outputs[cell.kind]:
                cell.drives += names
            elif _is_control(cell.kind, port):
                cell.others += names
            else:
                cell.data += names
        elif line == "  end" and cell is not None:
            yield cell
            cell, source = None, ""
        elif line.startswith(("  wire ", "  memory ")):
            source = ""


def _drives(box: Module) -> Iterator[str]:
    for line in box.lines:
        if match := _OUTPUT.match(line):
            yield match[1]


def _is_control(kind: str, port: str) -> bool:
    if "dff" in kind:
        return port != "\\D"
    return "mux" in kind and port == "\\S"
