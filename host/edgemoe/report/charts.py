# SPDX-License-Identifier: Apache-2.0
"""Charts of a run as SVG text."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORK = "#3b6ea5"
STALL = "#d9822b"
GREY = "#444444"


def _figure(width: float, height: float) -> "Figure":
    """A figure without a window system; matplotlib is imported only when a chart is drawn."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _svg(figure: "Figure") -> str:
    """The figure as an `<svg>` element, the same bytes for the same data."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "edgemoe", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)


def stage_label(stage: Mapping[str, Any]) -> str:
    """`layer 1: attn.context` for `blocks.1.attn.context`; a stage of no layer keeps its name."""
    layer, name = stage.get("layer"), str(stage["name"])
    if layer is None or layer < 0:
        return name
    return f"layer {layer}: {name.removeprefix(f'blocks.{layer}.')}"


def stages_chart(stages: Sequence[Mapping[str, Any]]) -> str:
    """Cycles of each stage as horizontal bars, first stage on top; cycles that waited have their own colour."""
    names = [stage_label(stage) for stage in stages]
    cycles = np.array([stage["cycles"] for stage in stages], dtype=float)
    stalled = np.array([stage.get("stall_cycles", 0) for stage in stages], dtype=float).clip(0, cycles)
    figure = _figure(8.0, 0.9 + 0.2 * len(names))
    axes = figure.add_subplot()
    rows = np.arange(len(names))
    axes.barh(rows, cycles - stalled, color=WORK, label="working")
    axes.barh(rows, stalled, left=cycles - stalled, color=STALL, label="waiting")
    axes.set_yticks(rows, names, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("clock cycles")
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.01)
    return _svg(figure)


def experts_chart(experts: Sequence[Mapping[str, Any]]) -> str:
    """Tokens that each expert of each layer worked on, as a map with the counts written in it."""
    layers = sorted({entry["layer"] for entry in experts})
    count = 1 + max(entry["expert"] for entry in experts)
    tokens = np.zeros((len(layers), count), dtype=int)
    for entry in experts:
        tokens[layers.index(entry["layer"]), entry["expert"]] += entry["tokens"]
    figure = _figure(1.2 + 0.55 * count, 1.0 + 0.45 * len(layers))
    axes = figure.add_subplot()
    # Not imshow: it would put a bitmap into the drawing.
    axes.pcolormesh(tokens, cmap="Blues", vmin=0, edgecolors="white", linewidth=1.5)
    axes.invert_yaxis()
    half = tokens.max() / 2
    for (row, column), value in np.ndenumerate(tokens):
        colour = "white" if value > half else GREY
        axes.text(column + 0.5, row + 0.5, str(value), ha="center", va="center", fontsize=8, color=colour)
    axes.set_yticks(np.arange(len(layers)) + 0.5, [f"layer {layer}" for layer in layers])
    axes.set_xticks(np.arange(count) + 0.5, [str(expert) for expert in range(count)])
    axes.tick_params(length=0)
    axes.set_xlabel("expert")
    return _svg(figure)
