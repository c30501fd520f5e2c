# SPDX-License-Identifier: Apache-2.0
"""What the boards' parts have, against what the compiler counted in a design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgemoe.blockdesign import BOARDS

PARTS = {name: board.fabric for name, board in BOARDS.items() if board.board_part}
"""What the part of each real board has."""


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
