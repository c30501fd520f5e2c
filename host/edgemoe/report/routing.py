# SPDX-License-Identifier: Apache-2.0
"""Which expert took which patch: the drawing's data, and whether the counted tokens agree with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from edgemoe.report.words import count, listed, plural

# Okabe and Ito's colours, told apart with every kind of colour vision; grey for their black.
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#595959")
LIGHT_TEXT = frozenset({"#0072B2", "#595959"})
TEXTURES = 4
"""Experts beyond the eighth have the same colours with stripes, and so on; each patch has its number too."""
CELL = 32
"""Width of a patch in the drawing."""


def colour_of(expert: int) -> dict[str, Any]:
    """fill: the colour; text: what is legible on it; texture: 0 for plain, 1.. for a pattern."""
    fill = COLOURS[expert % len(COLOURS)]
    text = "#fff" if fill in LIGHT_TEXT else "#111"
    return {"fill": fill, "text": text, "texture": expert // len(COLOURS) % TEXTURES}


def chosen(entry: Mapping[str, Any]) -> Counter[int]:
    """Tokens by expert of one layer's `routing`."""
    return Counter(expert for token in entry["experts"] for expert in token)


def counted(experts: Sequence[Mapping[str, Any]], layer: int) -> Counter[int]:
    """Tokens by expert of one layer as the run counted them."""
    tokens: Counter[int] = Counter()
    for entry in experts:
        if entry.get("layer") == layer and count(entry.get("tokens")):
            tokens[entry["expert"]] += int(entry["tokens"])
    return tokens


def agreement(task: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether `experts` and `routing` count the same tokens, and the sentence that says so."""
    origin = "The choices are those of the golden model's gate"
    experts, routing = task.get("experts") or [], task.get("routing") or []
    if not experts:
        return True, f"{origin}; this run has no counts of tokens to compare them with."
    wrong = []
    for entry in routing:
        ideal, ours = chosen(entry), counted(experts, entry["layer"])
        wrong += [
            f"layer {entry['layer']}, expert {expert}: {ours[expert]} counted, {ideal[expert]} chosen"
            for expert in sorted(ideal.keys() | ours.keys())
            if ideal[expert] != ours[expert]
        ]
    if not wrong:
        return True, f"{origin}; the numbers of tokens that this run counted for each expert equal theirs."
    more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
    return False, f"{origin}, and this run counted otherwise: {'; '.join(wrong[:4])}{more}."


CLASS_TOKEN = ("class",)
"""The tokens before those of the patches, unless a report says otherwise."""


def routing_view(
    entry: Mapping[str, Any], grid: Sequence[int], aspect: float, prefix: Sequence[str] = CLASS_TOKEN
) -> dict[str, Any]:
    """One layer's drawing.

    Args:
        entry: `layer` and `experts`, the experts of each token in order of choice.
        grid: rows and columns of patches.
        aspect: height / width of the whole picture.
        prefix: kinds of the tokens before those of the patches.
    """
    rows, columns = grid
    width = columns * CELL
    height = round(width * aspect, 1)
    cell = height / rows
    inner = min(CELL, cell) * 0.42
    patches = []
    for number, experts in enumerate(entry["experts"][len(prefix) :]):
        row, column = divmod(number, columns)
        x, y = column * CELL, round(row * cell, 1)
        # Further choices from the lower right corner to the left, each in its own square.
        squares = [
            {"x": round(x + CELL - (place + 1) * (inner + 1), 1), "y": round(y + cell - inner - 1, 1)}
            | colour_of(expert)
            for place, expert in enumerate(experts[1:3])
        ]
        said = f"expert {experts[0]}" if experts else "no expert"
        if experts[1:]:
            said += ", then " + listed([str(expert) for expert in experts[1:]])
        patches.append(
            {
                "x": x,
                "y": y,
                "title": f"row {row}, column {column}: {said}",
                "first": {"expert": experts[0], **colour_of(experts[0])} if experts else None,
                "squares": squares,
            }
        )
    tokens = chosen(entry)
    without = sum(not experts for experts in entry["experts"][len(prefix) :])
    notes = [
        *(
            f"{kind} token: {'expert ' + listed([str(e) for e in token]) if token else 'no expert'}"
            for kind, token in zip(prefix, entry["experts"], strict=False)
        ),
        f"{plural(without, 'patch', 'patches')} without an expert"
        if without
        else "every patch has an expert",
    ]
    return {
        "layer": entry["layer"],
        "width": width,
        "height": height,
        "cell": round(cell, 1),
        "inner": round(inner, 1),
        "patches": patches,
        "legend": [{"expert": e, "tokens": tokens[e], **colour_of(e)} for e in sorted(tokens)],
        "notes": notes,
    }


def routing_views(
    task: Mapping[str, Any],
    grid: Sequence[int] | None,
    aspect: float | None,
    prefix: Sequence[str] = CLASS_TOKEN,
) -> tuple[list[dict[str, Any]], list[str]]:
    """The drawings of a task's `routing`, and a sentence for each layer that can't be drawn."""
    views, problems = [], []
    for entry in task.get("routing") or []:
        tokens = len(entry["experts"])
        if grid is None:
            problems.append(f"Layer {entry['layer']} is not drawn: the report has no grid of patches.")
        elif tokens != grid[0] * grid[1] + len(prefix):
            before = "".join(f"a {kind} token and " for kind in prefix)
            problems.append(
                f"Layer {entry['layer']} is not drawn: {tokens} tokens are not {before}"
                f"{grid[0]} × {grid[1]} patches."
            )
        else:
            views.append(routing_view(entry, grid, aspect or grid[0] / grid[1], prefix))
    return views, problems


def experts_table(task: Mapping[str, Any], number: Any = None) -> dict[str, Any] | None:
    """Tokens of each expert of each layer as a table with a shade (0..1) a cell.

    Args:
        task: its `experts` are those that had tokens; a layer of `routing` has a row even if none had.
        number: experts of a layer; None where it is not known: the table then ends with the last that had tokens.
    """
    entries = [
        entry
        for entry in task.get("experts") or []
        if entry.get("layer") is not None and entry.get("expert") is not None
    ]
    known = int(count(number))
    gates = [entry["layer"] for entry in task.get("routing") or [] if count(entry.get("layer"))]
    layers = sorted({entry["layer"] for entry in entries} | set(gates if known else []))
    if not layers:
        return None
    tokens = {layer: counted(entries, layer) for layer in layers}
    most = max((max(layer.values(), default=0) for layer in tokens.values()), default=0) or 1
    last = max((entry["expert"] for entry in entries), default=-1)
    columns = range(max(1 + last, known))
    return {
        "experts": list(columns),
        "rows": [
            (layer, [(tokens[layer][expert], f"{tokens[layer][expert] / most:.2f}") for expert in columns])
            for layer in layers
        ],
    }
