# SPDX-License-Identifier: Apache-2.0
"""Charts for the pages, as SVG files, from what report.json holds: the same bytes for the same data."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

WORK, STALL = "#3b6ea5", "#d9822b"


def chart(width: float, height: float) -> Figure:
    """A figure without a window system, on white: pages may be dark."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def svg(figure: Figure) -> str:
    """The text of a figure's SVG file."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "edgemoe", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def stages_chart(stages: Sequence[Mapping[str, Any]]) -> str:
    """Cycles of each stage as bars, the first on top; those that waited for weights in their own colour."""
    cycles = np.array([stage["cycles"] for stage in stages], dtype=float)
    stalled = np.array([stage["stall_cycles"] for stage in stages], dtype=float).clip(0, cycles)
    figure = chart(8.0, 0.9 + 0.2 * len(stages))
    axes = figure.add_subplot()
    rows = np.arange(len(stages))
    axes.barh(rows, cycles - stalled, color=WORK, label="working")
    axes.barh(rows, stalled, left=cycles - stalled, color=STALL, label="waiting")
    axes.set_yticks(rows, [stage["name"] for stage in stages], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("clock cycles")
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.01)
    return svg(figure)


def experts_chart(experts: Sequence[Mapping[str, Any]]) -> str:
    """Tokens of each expert of each layer, as a map with the counts written in it."""
    layers = sorted({entry["layer"] for entry in experts})
    count = 1 + max(entry["expert"] for entry in experts)
    tokens = np.zeros((len(layers), count), dtype=int)
    for entry in experts:
        tokens[layers.index(entry["layer"]), entry["expert"]] += entry["tokens"]
    figure = chart(1.2 + 0.55 * count, 1.0 + 0.45 * len(layers))
    axes = figure.add_subplot()
    axes.pcolormesh(tokens, cmap="Blues", vmin=0, edgecolors="white", linewidth=1.5)
    axes.invert_yaxis()
    for (row, column), value in np.ndenumerate(tokens):
        colour = "white" if value > tokens.max() / 2 else "#444444"
        axes.text(column + 0.5, row + 0.5, str(value), ha="center", va="center", fontsize=8, color=colour)
    axes.set_yticks(np.arange(len(layers)) + 0.5, [f"layer {layer}" for layer in layers])
    axes.set_xticks(np.arange(count) + 0.5, [str(expert) for expert in range(count)])
    axes.tick_params(length=0)
    axes.set_xlabel("expert")
    return svg(figure)
