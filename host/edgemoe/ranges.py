# SPDX-License-Identifier: Apache-2.0
"""What calibration found, kept: a checkpoint and its ranges make the package, with no image and no float model.

A range is the greatest magnitude that an activation tensor reached. The file is JSON: `format`, `model`,
`checkpoint_sha256` of the checkpoint that was calibrated, `images`, how many it was shown, and `greatest`, the ranges
under the names of `export.scale_names`. The margins are added when the package is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgemoe.checkpoint import Checkpoint
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.export import act_scale, export_package, scale_names
from edgemoe.files import parse_json, read_regular, write
from edgemoe.package import Package

FORMAT = "edgemoe-ranges-1"
MOST_BYTES = 1 << 22
GREATEST = 1e30  # of any range that is read
MARGIN = 1.5
RESIDUAL_MARGIN = 2.0
"""Never a percentile: clipping one value in ten thousand costs 15 dB in 16-bit activations, a margin of 1.5 costs
0.1 dB. The residual, which everything else is built on, gets the largest margin."""


@dataclass(frozen=True)
class Ranges:
    """The greatest magnitude of each activation tensor, over so many calibration images."""

    images: int
    greatest: dict[str, float]

    @classmethod
    def of(cls, greatest: Mapping[str, float], images: int) -> Ranges:
        """Of ten digits: fewer than those that differ between machines, more than a scale has."""
        return cls(images, {name: float(f"{value:.9e}") for name, value in greatest.items()})

    def scales(self) -> dict[str, float]:
        """Scales by name, as `export_package` wants them."""
        return {
            name: _rounded(act_scale(name, value, RESIDUAL_MARGIN if name == "residual" else MARGIN))
            for name, value in self.greatest.items()
        }


def _rounded(scale: float) -> float:
    """Four decimal digits, so that a machine's last bits of floating point don't make another package."""
    return float(f"{scale:.3e}")


def package_of(
    config: ModelConfig, state: Mapping[str, NDArray[Any]], ranges: Ranges, provenance: dict[str, Any]
) -> Package:
    """W8A16: int8 weights per output channel (`default_bits`), int16 activations with the ranges' scales."""
    calibration = {"images": ranges.images, "margin": MARGIN, "residual_margin": RESIDUAL_MARGIN}
    return export_package(
        config, state, ranges.scales(), provenance={**provenance, "calibration": calibration}
    )


def quantised(checkpoint: Checkpoint, ranges: Ranges, path: Path) -> Package:
    """The package of a checkpoint, which `path` names; UserError for weights that the integers' formats can't hold."""
    provenance = {"training": checkpoint.training, "checkpoint_sha256": checkpoint.sha256}
    try:
        return package_of(checkpoint.config, checkpoint.tensors, ranges, provenance)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def write_ranges(path: Path, ranges: Ranges, checkpoint: Checkpoint) -> None:
    """Keeps what calibration found of a checkpoint."""
    data = {
        "format": FORMAT,
        "model": checkpoint.config.name,
        "checkpoint_sha256": checkpoint.sha256,
        "images": ranges.images,
        "greatest": ranges.greatest,
    }
    write(path, json.dumps(data, indent=1) + "\n", "Ranges")


def read_ranges(path: Path, checkpoint: Checkpoint) -> Ranges:
    """The ranges at `path`; UserError if they are damaged, or of another checkpoint."""
    hint = "`make models` writes those of the shipped models; --calibration FOLDER measures them"
    data = parse_json(read_regular(path, "Ranges", MOST_BYTES, hint), f"{path} holds no ranges")
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else data
        raise UserError(f"{path} holds no ranges: format {shown(found)}, expected {FORMAT!r}.")
    if data.get("checkpoint_sha256") != checkpoint.sha256:
        raise UserError(
            f"{path} is of another checkpoint: checkpoint_sha256 {shown(data.get('checkpoint_sha256'))}, expected "
            f"{checkpoint.sha256}. Calibrate again: `edgemoe quantize --calibration`, or `make models`."
        )
    images, greatest = data.get("images"), data.get("greatest")
    if type(images) is not int or images < 1:
        raise UserError(f"{path}: images is {shown(images)}, expected a whole number, 1 or more.")
    names = scale_names(checkpoint.config)
    if not isinstance(greatest, dict) or set(greatest) != set(names):
        wrong = set(greatest) ^ set(names) if isinstance(greatest, dict) else names
        raise UserError(
            f"{path}: greatest must have one number of each activation tensor; "
            f"{shown(min(wrong))} is missing, or is none."
        )
    for name, value in greatest.items():
        if type(value) not in (int, float) or not 0 <= value <= GREATEST:
            raise UserError(
                f"{path}: the range of {name} is {shown(value)}, expected a number in 0..{GREATEST:g}."
            )
    return Ranges(images, {name: float(greatest[name]) for name in names})
