# SPDX-License-Identifier: Apache-2.0
"""The compiler's SystemVerilog as Yosys reads it in seconds, and what its comments say of a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

BLOCK = 64
"""Statements of one `always_ff`: Yosys needs time by the square of their number."""
_ALWAYS = "  always_ff @(posedge clk) begin"
_STATEMENT = re.compile(r"    (?:if \(.*\) )?[\w\[\]:]+ <= .*;(?:\s*//.*)?")
_REGION = re.compile(r"  // ---- (\w+)")
_SOURCE = re.compile(r"//\s*([\w.]+)\.(?:hpp|cpp|h):\d+")
_DECLARED = re.compile(r"  (?:wire|logic) (?:signed )?(?:\[[^\]]*\] )?([\w, ]+?)(?: = .*)?;")
_TABLE = re.compile(r"  logic (?:\[\d+:0\] )?(\w+) \[0:\d+\];")
_WORD = re.compile(r"    \w+\[\d+\] = \d+'h([0-9a-f]+);")
_READERS = 2
"""Readers of a table in block RAM, which has so many ports."""
_KEPT = re.compile(r"    (?:if \(.*\) )?(\w+) <= ")
_DELAY = re.compile(r"_(?:[ds]\d+|[drs])$")
SHARED = ("variables", "sequence", "control")
"""Sections of a module that belong to every region."""


def readable(text: str) -> tuple[str, dict[str, str]]:
    """The same hardware, on the same lines, with every long `always_ff` in pieces of `BLOCK` statements; and the files
    of words that it reads then, by name.

    A register gets all its values in one statement of the compiler's (`if … else if …`); Yosys checks after reading
    that none is driven by two blocks. A table in block RAM with more readers than ports is there several times, which
    is what synthesis makes of it; Yosys would try all ways to do so.
    """
    apart, words = _tables_apart(text.split("\n"))
    lines, inside, count = [], False, 0
    for line in apart:
        if line == _ALWAYS:
            inside, count = True, 0
        elif inside and line == "  end":
            inside = False
        elif inside and _STATEMENT.fullmatch(line):
            if count == BLOCK:
                line = f"  end {_ALWAYS.strip()} {line.strip()}"
                count = 0
            count += 1
        lines.append(line)
    return "\n".join(lines), words


def _tables_apart(lines: list[str]) -> tuple[list[str], dict[str, str]]:
    """Every `_READERS` readers of a table without an attribute get a copy of it beside it; all read one file."""
    apart, files = list(lines), {}
    for at, line in enumerate(lines[:-1]):
        table = _TABLE.fullmatch(line)
        if table is None or lines[at + 1] != "  initial begin":
            continue
        name = table[1]
        end = lines.index("  end", at)
        word = re.compile(rf"\b{name}\b")
        readers = [n for n, other in enumerate(lines) if n > end and word.search(other)]
        copies = [f"{name}__{n}" for n in range(1, -(-len(readers) // _READERS))]
        contents = [_WORD.fullmatch(row) for row in lines[at + 2 : end]]
        if not copies or not all(contents):
            continue
        for n, reader in enumerate(readers):
            if n >= _READERS:
                apart[reader] = word.sub(copies[n // _READERS - 1], lines[reader])
        text = "".join(f"{found[1]}\n" for found in contents if found)
        file = (
            f"{name}-{sha256(text.encode()).hexdigest()[:12]}.hex"  # modules may have tables of the same name
        )
        files[file] = text
        for n, copy in enumerate([name, *copies]):
            declared = f'{word.sub(copy, line)} initial $readmemh("{file}", {copy});'
            apart[at] = declared if n == 0 else f"{apart[at]} {declared}"
        apart[at + 1 : end + 1] = [""] * (end - at)
    return apart, files


@dataclass(frozen=True)
class Place:
    """What a line of SystemVerilog is of."""

    region: str | None
    """The loop; `blocks` for what is between loops; None where it serves several."""
    source: str | None
    """The C++ file, without its suffix."""


def places(text: str) -> list[Place]:
    """The place of every line; the first is of line 1.

    A register has that of the value that it keeps: `x_d2`, `x_r` and `x_s1` stand for `x`.
    """
    declared: dict[str, str] = {}
    found, region = [], None
    for line in text.split("\n"):
        if start := _REGION.match(line):
            name = start[1]
            region = None if name in SHARED else "blocks" if name.startswith("block") else name
        if source := _SOURCE.search(line):
            for name in _names(line):
                declared[name] = source[1]
            found.append(Place(region, source[1]))
        else:
            kept = _KEPT.match(line)
            found.append(Place(region, declared.get(_DELAY.sub("", kept[1])) if kept else None))
    return found


def _names(line: str) -> list[str]:
    """The signals that a line declares."""
    declaration = _DECLARED.match(line)
    return re.findall(r"\w+", declaration[1]) if declaration else []
