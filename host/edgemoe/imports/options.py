# SPDX-License-Identifier: Apache-2.0
"""What the user says about a checkpoint, and how those texts are read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from edgemoe.errors import UserError, shown

NORMALISATIONS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""Mean and standard deviation of the three channels of an image of values 0..1."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Options:
    """What was given; None: not said. Each field is the option of `edgemoe import` with that name."""

    heads: int | None = None
    normalise: str | None = None
    eps: float | None = None
    activation: str | None = None
    size: tuple[int, int] | None = None
    trained_size: tuple[int, int] | None = None
    resize_position: bool = False
    resize: str | None = None
    resize_short: int | None = None
    pool: str | None = None
    head: str | None = None
    class_names: Path | None = None
    top_k: int | None = None
    score_rule: str | None = None
    threshold: float | None = None
    tasks: tuple[str, ...] | None = None
    model_config: Path | None = None
    name: str | None = None
    entry: str | None = None
    ignore: tuple[str, ...] = ()


def parse_size(text: str, option: str) -> tuple[int, int]:
    """ "224x224" -> (224, 224), height first."""
    found = re.fullmatch(r"([1-9]\d{0,4})[x×]([1-9]\d{0,4})", text.strip(), re.IGNORECASE)
    if not found:
        raise UserError(f"{option} {shown(text)}: expected height x width in pixels, e.g. 224x224.")
    return int(found[1]), int(found[2])


def parse_normalise(text: str) -> tuple[Triple, Triple]:
    """A name of `NORMALISATIONS`, or "m,m,m/s,s,s" -> mean and standard deviation of the channels."""
    if text in NORMALISATIONS:
        return NORMALISATIONS[text]
    try:
        mean, std = ([float(number) for number in half.split(",")] for half in text.split("/"))
    except ValueError:
        mean, std = [], []
    checked = mean_and_std(mean, std)
    if checked is None:
        raise UserError(
            f"--normalise {shown(text)}: expected {', '.join(NORMALISATIONS)} or three means and three standard "
            "deviations, of pixels 0..1, as 0.485,0.456,0.406/0.229,0.224,0.225."
        )
    return checked


def mean_and_std(mean: object, std: object) -> tuple[Triple, Triple] | None:
    """Both as three finite numbers, the second positive; None if they are something else."""
    triples: list[Triple] = []
    for values in (mean, std):
        if not isinstance(values, list | tuple) or len(values) != 3:
            return None
        if not all(
            isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values
        ):
            return None
        triples.append((float(values[0]), float(values[1]), float(values[2])))
    return (triples[0], triples[1]) if min(triples[1]) > 0 else None
