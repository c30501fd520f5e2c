# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/reference/machine.md, made from `edgemoe.registers`; run it to write them there."""

from __future__ import annotations

import re
from pathlib import Path

from edgemoe import numerics, registers
from edgemoe.config import board
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
        "checks": _table(("operation", "checks, by code"), checks()),
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


def checks() -> list[tuple[str, str]]:
    """What is checked of which operation, with the limits of `sim-small`."""
    build = board("sim-small")
    k, n, experts = build.max_k_tiles, build.max_n_tiles, build.max_experts
    shift = f"1..{numerics.SHIFT_MAX}"
    return [
        (
            "LOAD",
            "SPACE `act` or `residual`; FORMAT 0, 1 of `act`, 2 of `residual`; REGION 0, 1; SIZE ≥ 1; ADDRESS "
            "dst_base + size; ALIGN offset; DRAM",
        ),
        (
            "LINEAR",
            f"TOKENS; K_TILES 1..{k}; N_TILES 1..{n} (RAW: at most max_experts / {build.cols}); WEIGHT_BITS; EPILOGUE; "
            "SPACE (REQUANT: `act`, `keys`); STRIDE src, dst (REQUANT, GELU, RESIDUAL); ADDRESS src, dst; OVERLAP "
            f"src/dst when both in `act`; SHIFT shift0 {shift} (GELU); ALIGN offset (DRAM: size too); DRAM weights "
            "(DRAM: output too)",
        ),
        (
            "LAYERNORM",
            "TOKENS; K_TILES; STRIDE src, dst; ADDRESS src in `residual`, dst in `act`; EPSILON "
            f"{numerics.EPS_MIN} ≤ eps < 2^{numerics.EPS_BITS}; DIM 1..min({build.rows}·k_tiles, {build.max_dim}); "
            "ALIGN; DRAM",
        ),
        (
            "ATTENTION",
            f"SEQUENCE with a group; TOKENS; HEADS 1..{k}; STRIDE and ADDRESS of src and dst in `act`, of key and aux "
            f"in `keys`; OVERLAP dst with src; SHIFT shift0 {shift}, shift1 0..{numerics.CONTEXT_SHIFT_MAX}",
        ),
        (
            "GATE",
            f"SEQUENCE; TOKENS; HEADS 1..{experts}; GROUP 1..min({build.max_top_k}, heads); SHIFT shift0 {shift}; RULE "
            f"1, 2 and threshold ≤ {numerics.SCORE_UNIT}",
        ),
        (
            "EXPERTS",
            f"SEQUENCE; TOKENS; K_TILES 1..{k} and 4·k_tiles ≤ {n}; N_TILES 4..{n}, a multiple of 4, "
            f"n_tiles / 4 ≤ {k}; WEIGHT_BITS; HEADS 1..{experts}; STRIDE src, aux, dst; ADDRESS src and aux in `act` "
            "(aux: n_tiles / 4 planes), dst in `accum`; OVERLAP src/aux; SHIFT shift0; ALIGN offset, size; DRAM of "
            "the last expert",
        ),
        ("COMBINE", "TOKENS; K_TILES; STRIDE dst; ADDRESS dst in `residual`"),
        ("STORE", "SPACE; SIZE ≥ 1; ADDRESS src_base + size; ALIGN offset; DRAM"),
        ("END", "END; SEQUENCE"),
    ]


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
