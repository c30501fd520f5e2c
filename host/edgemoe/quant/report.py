# SPDX-License-Identifier: Apache-2.0
"""The report of a quantisation: which images it runs, what it found on them, and what to try, for a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgemoe import shipped
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.files import check_target, read_regular, write
from edgemoe.images import fitted, read_image
from edgemoe.package import Package
from edgemoe.quant.calibrate import read_folder
from edgemoe.quant.plot import drawn
from edgemoe.quant.profile import FIXED_MOST, Pixels, Row, Runner, State, act_bits, features, profile
from edgemoe.quant.search import Outcome

FILES = ("profile.json", "profile.txt", "profile.svg")
TITLE = "SQNR of the integer model against float"
LOW_DB = 30.0
"""Below it a tensor is worth a word."""
UNUSED = 1 / 16
WORST = 5  # tensors of low SQNR that are told
IMAGES_MOST = 4
"""Images of a folder that a report runs: the float model takes seconds for one."""


def far_images(config: ModelConfig) -> dict[str, Pixels]:
    """Images that no calibration is like, by name."""
    size = (config.height, config.width, 3)
    return {
        "black": np.zeros(size, np.uint8),
        "white": np.full(size, 255, np.uint8),
        "red": np.broadcast_to(np.array([255, 0, 0], np.uint8), size).copy(),
        "blue": np.broadcast_to(np.array([0, 0, 255], np.uint8), size).copy(),
        "noise": np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8),
    }


def choose_images(folder: Path | None, config: ModelConfig, calibrated: Sequence[Pixels]) -> list[Pixels]:
    """The first images of a folder that calibration was not shown; without a folder, the street that is shipped.

    UserError if none is left. Sameness is that of pixels at the model's size, not of names.
    """
    if folder is None:
        images = [fitted(read_image(shipped.STREET), config)]
    else:
        images = read_folder(folder, config)
    known = {image.tobytes() for image in calibrated}
    others = [image for image in images if image.tobytes() not in known]
    if not others:
        raise UserError(
            f"Every image of {folder or shipped.STREET} is one of the calibration's; a report on them would show "
            "neither clipping nor what other images lose. Give --report-images a folder of others."
        )
    return others[:IMAGES_MOST]


def check_report_target(folder: Path) -> None:
    """UserError if a report would replace a file that is none."""
    for name in FILES:
        check_target(folder / name, "Report", _check_is_profile)


def write_report(
    folder: Path,
    package: Package,
    state: State,
    images: Sequence[Pixels],
    calibrated: Sequence[Pixels],
    spent: Outcome | None = None,
) -> None:
    """Runs the images, and those far from any calibration; leaves profile.json, profile.txt and profile.svg.

    state: the float model before any smoothing, which changes what its norms are worth but not what it computes.
    calibrated: the calibration's images; none if they are not known, which the text says. spent: what a budget bought.
    """
    rows = [*profile(package, state, images), *far_rows(package, state)]
    write(folder / "profile.json", json.dumps(rows, indent=1) + "\n")
    counted = f"{len(images)} image{'s' if len(images) != 1 else ''}"
    shown_on = f"{counted}, {'none of' if calibrated else 'maybe some of'} the calibration's"
    said = text(rows, shown_on, narrow=act_bits(package) == 8)
    write(folder / "profile.txt", said + ("" if spent is None else budget_text(spent)))
    write(folder / "profile.svg", drawn(rows, f"{TITLE}: {package.config.name}, {shown_on}"))


def far_rows(package: Package, state: State) -> list[Row]:
    """Rows {task, image, features_db, clipped, most}: what images far from the calibration's lose, and the stage that
    clips most, if one does."""
    runner, rows = Runner(package, taps=False), []
    for name, image in far_images(package.config).items():
        for task in package.config.tasks:
            ratio, clipped = features(runner, state, image, task)
            found = {"features_db": round(ratio.decibel, 2), "clipped": clipped.total()}
            row: Row = {"task": task, "image": name, **found}
            if clipped:
                row["most"] = clipped.most_common(1)[0][0]
            rows.append(row)
    return rows


def advice(row: Row) -> str:
    """What to try against the clipping of a row of `profile`."""
    stage = str(row["tensor"])
    if "beyond" in row:
        kind = "its scores" if stage.endswith(".context") else "its values before GELU"
        return (
            f"{kind} reach {row['beyond']:,.0f} in the float model, and their format ends at {FIXED_MOST:.0f}: no "
            "calibration changes that. Train with a smaller learning rate, or with a loss on large ones"
        )
    if ".moe.gate" in stage or ".attn.router" in stage:
        return f"its scores leave ±{FIXED_MOST:.0f} in log2: no calibration changes that, only the gate's weights"
    return (
        "values leave the calibrated range: calibrate with images like these, too, or with a larger --margin"
    )


def advice_on_rounding(row: Row) -> str | None:
    """What to try against a low SQNR without clipping; None where nothing has to be."""
    if row.get("sqnr_db", LOW_DB) >= LOW_DB or row["clipped"]:
        return None
    if row["used"] < UNUSED:
        share = f"{100 * row['used']:.1f} %"
        return f"it uses {share} of its range: calibrate with images like these, or with --margin 1.5 or --no-bounds"
    return (
        "rounding: more bits for the layers before it, --weight-bits 'PATTERN=16' or --weight-budget, and of "
        "activations of 8 bits --smooth or --act-bits 16"
    )


def budget_text(spent: Outcome) -> str:
    """What a budget of bytes was spent on, for a person."""
    lines = [
        "",
        f"Weights take {spent.bytes:,} bytes. What int16 weights would save, most noise a byte first",
        "",
    ]
    lines += [
        f"{choice.noise:10.2e} of the signal  {choice.bytes:10,} bytes  {'int16' if choice.taken else 'int8 '}  "
        f"{', '.join(choice.layers)}"
        for choice in spent.choices
    ]
    return "\n".join(lines) + "\n"


def text(rows: Sequence[Row], images: str, *, narrow: bool = False) -> str:
    """The rows as text for a person; images: how many, and of which. narrow: activations of 8 bits."""
    tensors = [row for row in rows if "tensor" in row and "agreement" not in row]
    lines = [f"{TITLE}, and what it clipped: {images}", ""]
    lines += _clipping(tensors)
    lines += _rounding(tensors)
    if narrow:
        lines += [
            "Activations of 8 bits live in the lanes of 16: a value above 100 % of its range is not clipped, as it "
            "would be where tensors are stored in 8 bits.",
            "",
        ]
    lines += [f"{'clipped':>9}  {'SQNR':>10}  {'range used':>10}  {'task':<13} tensor"]
    for row in tensors:
        sqnr = f"{row['sqnr_db']:7.2f} dB" if "sqnr_db" in row else f"{'–':>7}   "
        used = f"{100 * row['used']:8.1f} %" if "used" in row else f"{'–':>8}  "
        lines.append(f"{row['clipped']:9,}  {sqnr}  {used}  {row['task']:<13} {row['tensor']}")
    lines += ["", "Tokens whose experts are the same", ""]
    lines += [
        f"{100 * r['agreement']:7.2f} %   {r['task']:<13} {r['tensor']}" for r in rows if "agreement" in r
    ]
    lines += ["", "Features of images far from any calibration", ""]
    lines += [
        f"{row['clipped']:9,}  {row['features_db']:7.2f} dB  {row['task']:<13} {row['image']}"
        + (f", most in {row['most']}" if "most" in row else "")
        for row in rows
        if "image" in row
    ]
    return "\n".join(lines) + "\n"


def _clipping(tensors: Sequence[Row]) -> list[str]:
    """What was clipped, and what to try, stage by stage."""
    clipping = [row for row in tensors if row["clipped"]]
    if not clipping:
        return ["No value was clipped. Worst SQNR first.", ""]
    total = sum(row["clipped"] for row in clipping)
    lines = [f"{total:,} values were clipped. Most clipped first, then worst SQNR.", "", "What to try", ""]
    tried: dict[str, str] = {}
    for row in clipping:
        tried.setdefault(row["tensor"], advice(row))
    return [*lines, *(f"{tensor}: {words}." for tensor, words in tried.items()), ""]


def _rounding(tensors: Sequence[Row]) -> list[str]:
    """The lowest SQNRs that no clipping explains, and what to try."""
    low = [row for row in tensors if advice_on_rounding(row)]
    low = sorted(low, key=lambda row: float(row["sqnr_db"]))[:WORST]
    lines: list[str] = []
    for words in dict.fromkeys(map(advice_on_rounding, low)):
        named = [
            f"{row['tensor']} ({row['task']}) {row['sqnr_db']:.1f} dB"
            for row in low
            if advice_on_rounding(row) == words
        ]
        lines.append(f"{', '.join(named)}: {words}.")
    return [f"Below {LOW_DB:.0f} dB without clipping, and what to try", "", *lines, ""] if lines else []


def _check_is_profile(path: Path) -> None:
    """UserError unless the file is a profile.json, profile.txt or profile.svg."""
    data = read_regular(path, "Report", 1 << 24)
    if not data.startswith((TITLE.encode(), b'[\n {\n  "task":')) and TITLE.encode() not in data[:2000]:
        raise UserError(f"{path} is no profile.")
