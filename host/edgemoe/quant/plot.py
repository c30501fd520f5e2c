# SPDX-License-Identifier: Apache-2.0
"""A profile as a picture: of each tensor in the order of the network its SQNR and the share of its range that is used.

A mark that is filled has clipped values. One panel a task; SVG without a script, readable on light and dark pages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from typing import Any

Row = dict[str, Any]

LEFT, RIGHT, TOP, GAP, ROW = 60, 16, 64, 30, 150
"""Pixels: margins, the space between panels, and a panel's height above its names."""
NAMES, STEP = 150, 14
"""Pixels for the tensors' names, and between two tensors."""
HIGHEST = 100.0  # dB, the top of a panel; what is better stands there
SQNR, USED, CLIPPED, INK, GRID = "#2563a8", "#b7791f", "#c0262d", "#808080", "#80808040"


PARTS = (
    "norm1",
    "attn.q",
    "attn.k",
    "attn.v",
    "attn.context",
    "attn.proj",
    "norm2",
    "fc1",
    "fc2",
    "moe.combine",
)
HEAD_PARTS = ("norm", "pool", "fc1", "out")
"""Tensors of a layer and of a head, in their order."""


def order(tensor: str) -> tuple[int, int, str]:
    """Where a tensor stands in the network, so that a picture goes from left to right."""
    block = re.match(r"blocks\.(\d+)\.", tensor)
    parts = PARTS if block else HEAD_PARTS
    place = {"patch_embed": -1, "features": 1 << 20}.get(tensor, int(block[1]) if block else 1 << 21)
    return place, next((i for i, part in enumerate(parts) if tensor.endswith(part)), len(parts)), tensor


def drawn(rows: Sequence[Row], title: str) -> str:
    """The picture of `profile`'s rows."""
    tensors = [row for row in rows if "sqnr_db" in row]
    tasks = list(dict.fromkeys(row["task"] for row in tensors))
    most = max((sum(row["task"] == task for row in tensors) for task in tasks), default=1)
    width, panel = LEFT + RIGHT + STEP * max(most, 40), ROW + NAMES + GAP
    height = TOP + panel * len(tasks)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        f"<title>{escape(title)}</title>",
        f'<text x="{LEFT}" y="16" fill="{INK}" font-size="13">{escape(title)}</text>',
        f'<text x="{LEFT}" y="34" fill="{SQNR}">SQNR, dB</text>',
        f'<text x="{LEFT + 80}" y="34" fill="{USED}">share of the range that is used, %</text>',
        f'<text x="{LEFT + 290}" y="34" fill="{CLIPPED}">values were clipped</text>',
    ]
    for number, task in enumerate(tasks):
        own = sorted((row for row in tensors if row["task"] == task), key=lambda row: order(row["tensor"]))
        lines += _panel(own, task, TOP + number * panel, width)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(rows: Sequence[Row], task: str, top: float, width: float) -> list[str]:
    bottom = top + ROW
    lines = [f'<text x="4" y="{top - 12}" fill="{INK}">{escape(str(task))}</text>']
    for level in range(0, int(HIGHEST) + 1, 20):
        y = _up(level, bottom)
        lines.append(f'<path d="M{LEFT} {y}H{width - RIGHT}" stroke="{GRID}"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4}" fill="{INK}" text-anchor="end">{level}</text>')
    xs = [LEFT + STEP * (i + 0.5) for i in range(len(rows))]
    sqnr = [_up(row["sqnr_db"], bottom) for row in rows]
    for x, row in zip(xs, rows, strict=True):
        share = 100 * min(row["used"], 1.0)
        y = _up(share, bottom)
        size = f'width="8" height="{round(bottom - y, 1)}"'
        lines.append(f'<rect x="{x - 4}" y="{y}" {size} fill="{USED}" opacity="0.5"/>')
        lines.append(
            f'<text transform="translate({x + 4} {bottom + 6}) rotate(-90)" text-anchor="end" font-size="9" '
            f'fill="{INK}">{escape(str(row["tensor"]))}</text>'
        )
    points = " ".join(f"{x},{y}" for x, y in zip(xs, sqnr, strict=True))
    lines.append(f'<polyline points="{points}" fill="none" stroke="{SQNR}"/>')
    for x, y, row in zip(xs, sqnr, rows, strict=True):
        colour = CLIPPED if row["clipped"] else SQNR
        words = f"{row['tensor']}: {row['sqnr_db']:.1f} dB, {100 * row['used']:.1f} % used, {row['clipped']:,} clipped"
        lines.append(
            f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"><title>{escape(words)}</title></circle>'
        )
    return lines


def _up(value: float, bottom: float) -> float:
    shown = min(max(value if math.isfinite(value) else 0.0, 0.0), HIGHEST)
    return round(bottom - shown / HIGHEST * ROW, 1)
