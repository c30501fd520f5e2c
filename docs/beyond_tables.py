# SPDX-License-Identifier: Apache-2.0
"""The tables of the page on what goes beyond the paper, from records: `make tables`.

docs/pictures/beyond.json is what `make beyond` has measured, models/figures.json what `make models` has. The record
that `edgemoe train --powers` leaves of a model belongs beside those of the others in models/, by the name that it has.
"""

import json
from pathlib import Path
from typing import Any

from edgemoe.config import MODELS
from edgemoe.powers import CODES

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "docs" / "pictures" / "beyond.json"
CODE_BITS = (2 * len(CODES) - 1).bit_length()
"""Of a weight that is a power of two: as many bits as tell its 15 values apart."""
Row = dict[str, Any]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _scores(row: Row) -> list[str]:
    return [f"{row['miou']:.3f}", f"{row['rmse']:.2f} m"]


def _measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORD.read_text())
    return found


def _figures() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "models" / "figures.json").read_text())
    return found


def powers_table() -> str:
    """Accuracy with experts of any weights, rounded, and trained as powers of two, in floating point."""
    measured, figures, rows = _measured(), _figures(), []
    for name in MODELS:
        rows.append([f"`{name}`", "any", *_scores(figures[name]["float"]), f"{figures[name]['steps']:,}"])
        rows.append([f"`{name}`", "rounded afterwards", *_scores(measured[name]["rounded"]["float"]), ""])
        record = ROOT / "models" / f"{name}-powers.json"
        if record.is_file():
            left = json.loads(record.read_text())
            scores = _scores(left.get("half", left["float"]))
            rows.append([f"`{name}`", "trained as powers of two", *scores, f"{left['steps']:,}"])
    return _table(["model", "experts' weights", "mIoU", "depth RMSE", "steps of training"], rows)


def powers_cost_table() -> str:
    """What powers of two take in this hardware; and, as arithmetic, what a stream of codes would save."""
    rows = _measured()["nano"]
    lines = [
        [
            name,
            *(f"{rows[key][field]:,}" for field in ("backbone", "read", "weights", "experts")),
        ]
        for name, key in (("any", "experts"), ("powers of two", "rounded"))
    ]
    own = rows["rounded"]
    saved = own["experts"] * (8 - CODE_BITS) // 8
    lines.append(
        [f"powers of two, {CODE_BITS} bits each (**arithmetic**, not built)", "", "",
         f"{own['weights'] - saved:,}", f"{own['experts'] - saved:,}"]
    )  # fmt: skip
    return _table(
        [
            "experts' weights",
            "cycles, backbone",
            "bytes read, whole run",
            "bytes of weights",
            "of these experts",
        ],
        lines,
    )


DENSE = (
    # what stands in the table, key of the record
    ("experts, as trained", "experts"),
    ("average, fitted", "average"),
    ("average, not fitted", "average, not fitted"),
    ("most used side by side, fitted", "most used"),
    ("most used side by side, not fitted", "most used, not fitted"),
    ("all side by side, fitted", "all side by side"),
    ("these layers left out", "left out"),
    ("dense twin, trained", "twin"),
)
TRAINED = {"experts": "nano", "twin": "nano-dense"}


def dense_table() -> str:
    """`nano` with its experts made dense, beside what was trained."""
    measured, figures, rows = _measured()["nano"], _figures(), []
    for name, key in DENSE:
        row = measured[key] | (figures[TRAINED[key]] if key in TRAINED else {})
        whole = (
            _scores(row["integers" if "integers" in row else "integer"]) if "backbone" in row else ["", ""]
        )
        hardware = [f"{row[field]:,}" if field in row else "" for field in ("backbone", "weights")]
        rows.append([name, *_scores(row["float"]), *whole, *hardware])
    head = [
        "layers of experts",
        "mIoU, float",
        "RMSE",
        "mIoU, integers",
        "RMSE",
        "cycles, backbone",
        "bytes of weights",
    ]
    return _table(head, rows)
