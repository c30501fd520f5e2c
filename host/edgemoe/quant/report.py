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
from edgemoe.quant.profile import FIXED_MOST, Pixels, Row, Runner, State, features, profile

FILES = ("profile.json", "profile.txt")
TITLE = "SQNR of the integer model against float"
IMAGES_MOST = 4
"""Images of a folder that a report runs: the float model takes seconds for one."""


def far_images(config: ModelConfig) -> dict[str, Pixels]:
    """Images that no calibration is like, by name."""
    size = (config.height, config.width, 3)
    return {
        "black": np.zeros(size, np.uint8),
        "white": np.full(size, 255, np.uint8),
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
    folder: Path, package: Package, state: State, images: Sequence[Pixels], calibrated: Sequence[Pixels]
) -> None:
    """Runs the images, and those far from any calibration; leaves profile.json and profile.txt.

    calibrated: the calibration's images; none if they are not known, which the text says.
    """
    rows = [*profile(package, state, images), *far_rows(package, state)]
    write(folder / "profile.json", json.dumps(rows, indent=1) + "\n")
    counted = f"{len(images)} image{'s' if len(images) != 1 else ''}"
    write(
        folder / "profile.txt",
        text(rows, f"{counted}, {'none of' if calibrated else 'maybe some of'} the calibration's"),
    )


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
    if ".moe.gate" in stage:
        return f"its scores leave ±{FIXED_MOST:.0f} in log2: no calibration changes that, only the gate's weights"
    return (
        "values leave the calibrated range: calibrate with images like these, too, or with a larger --margin"
    )


def text(rows: Sequence[Row], images: str) -> str:
    """The rows as text for a person; images: how many, and of which."""
    tensors = [row for row in rows if "tensor" in row and "agreement" not in row]
    lines = [f"{TITLE}, and what it clipped: {images}", ""]
    lines += _clipping(tensors)
    lines += [f"{'clipped':>9}  {'SQNR':>10}  {'task':<13} tensor"]
    for row in tensors:
        sqnr = f"{row['sqnr_db']:7.2f} dB" if "sqnr_db" in row else f"{'–':>7}   "
        lines.append(f"{row['clipped']:9,}  {sqnr}  {row['task']:<13} {row['tensor']}")
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


def _check_is_profile(path: Path) -> None:
    """UserError unless the file is a profile.json or profile.txt."""
    data = read_regular(path, "Report", 1 << 24)
    if not data.startswith((TITLE.encode(), b'[\n {\n  "task":')):
        raise UserError(f"{path} is no profile.")
