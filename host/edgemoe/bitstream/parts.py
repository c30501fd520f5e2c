# SPDX-License-Identifier: Apache-2.0
"""What the boards' parts have, from the vendor's product tables (DS891 UltraScale+, DS987 K26, DS190 Zynq-7000)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """The programmable logic of a part; bram36: block RAMs of 36 Kbit."""

    dsp: int
    bram36: int
    uram: int
    lut: int


PARTS = {
    "zcu102": Part(dsp=2520, bram36=912, uram=0, lut=274_080),
    "zcu104": Part(dsp=1728, bram36=312, uram=96, lut=230_400),
    "kv260": Part(dsp=1248, bram36=144, uram=64, lut=117_120),
    "pynq-z2": Part(dsp=220, bram36=140, uram=0, lut=53_200),
}
"""By board."""


def multipliers(report: Mapping[str, Any]) -> int:
    """The multipliers that the compiler counted in a design: one may take several DSP blocks, or none."""
    return sum(module["multipliers"] for module in report["modules"])


def memory_bits(report: Mapping[str, Any]) -> int:
    """The bits of its memories; how many block RAMs hold them depends on their shapes."""
    return sum(module["memory_bits"] for module in report["modules"])


def doubt(board: str, report: Mapping[str, Any]) -> str | None:
    """Why the design may not fit the board, if the compiler's count says so; else None, which is no promise."""
    count, dsp = multipliers(report), PARTS[board].dsp
    if count <= dsp:
        return None
    return (
        f"The design has {count} multipliers and the part {dsp} DSP blocks: the rest would have to be made of LUTs. "
        "Whether that fits is not known; no tool has tried."
    )
