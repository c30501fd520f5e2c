# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/reference/machine.md, made from `edgemoe.registers`; run it to write them there."""

from __future__ import annotations

import re
from pathlib import Path

from edgemoe import registers
from edgemoe.runtime.register_map import register_offsets
from edgemoe.sim.description import read_description

PAGE = Path(__file__).parents[2] / "docs/reference/machine.md"
DESCRIPTION = Path(__file__).parents[2] / "bitstreams/sim-small/edgemoe.hwh"
"""Where the registers lie: written from the compiler's report, with which a test compares it."""


def tables() -> dict[str, str]:
    """Name of the marker -> Markdown table."""
    offsets = register_offsets(read_description(DESCRIPTION).ip_dict[registers.IP_NAME])
    enums = (
        registers.Opcode,
        registers.Epilogue,
        registers.Space,
        registers.Format,
        registers.Region,
        registers.Rule,
    )
    return {
        "fields": _table(
            ("word", "bits", "field", "meaning"),
            [
                (f"{f.word}", f"{f.lsb}–{f.lsb + f.width - 1}", f"`{f.name}`", f.meaning)
                for f in registers.DESCRIPTOR_FIELDS
            ],
        ),
        "enums": _table(
            ("field", "values"),
            [(e.__name__, ", ".join(f"{m.value} {m.name}" for m in e)) for e in enums],
        ),
        "errors": _table(
            ("code", "name", "meaning"),
            [(f"{e.value}", e.name, registers.ERROR_TEXT[e]) for e in registers.Error],
        ),
        "registers": _table(
            ("offset", "register", "bits", "access", "meaning"),
            [
                (
                    f"0x{offsets[r.name]:02x}",
                    f"`{r.name}`",
                    f"{r.bits}",
                    "R/W" if r.writable else "R",
                    r.meaning,
                )
                for r in registers.REGISTERS
            ],
        ),
        "statistics": _table(
            ("word", "field", "meaning"),
            [(f"{i}", f"`{name}`", text) for i, (name, text) in enumerate(registers.STATISTICS_FIELDS)],
        ),
    }


def filled(page: str) -> str:
    """The page with every marked table replaced."""
    for name, table in tables().items():
        pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
        page, found = re.subn(pattern, lambda m, t=table: m[1] + t + m[2], page, flags=re.DOTALL)
        if found != 1:
            raise ValueError(f"{PAGE}: the marker of table {name!r} occurs {found} times")
    return page


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *[tuple(cell.replace("|", "\\|") for cell in row) for row in rows]]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
