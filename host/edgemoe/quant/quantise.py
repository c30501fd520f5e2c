# SPDX-License-Identifier: Apache-2.0
"""A float checkpoint and a folder of images -> a package of integers, and a report of what that cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgemoe import package as packages
from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.files import check_target, write
from edgemoe.package import Package
from edgemoe.quant.calibrate import Pixels, Step, calibrate, read_folder
from edgemoe.quant.profile import check_is_profile, profile, table
from edgemoe.ranges import package_of, quantised, read_ranges

PROFILED_IMAGES = 4


class FloatModel(Protocol):
    """What is quantised: a checkpoint, or a PyTorch model on the CPU."""

    @property
    def config(self) -> ModelConfig: ...

    def state_dict(self) -> Mapping[str, Any]: ...


def float_state(model: FloatModel) -> dict[str, NDArray[np.float64]]:
    """The state dict as float64 arrays."""
    return {name: np.asarray(tensor, np.float64) for name, tensor in model.state_dict().items()}


def quantise(model: FloatModel, images: list[Pixels], provenance: dict[str, Any]) -> Package:
    """Calibrates on the images and makes the package."""
    state = float_state(model)
    return package_of(model.config, state, calibrate(model.config, state, images), provenance)


def quantize_checkpoint(
    checkpoint: Path,
    calibration: Path | None,
    out: Path,
    report: Path | None = None,
    ranges: Path | None = None,
    step: Step = lambda done, total: None,
) -> Package:
    """Reads a checkpoint, writes the package `out`; with `report`, also profile.json and profile.txt there.

    Needs no torch: the float model runs in NumPy.

    Args:
        checkpoint: the file, or the index of its shards.
        calibration: a folder of images; may be left out with `ranges` and no report.
        out: the package.
        report: a folder.
        ranges: of an earlier calibration of this checkpoint, in the place of another.
        step: told how many of the calibration images are done.
    """
    if calibration is None and (ranges is None or report is not None):
        raise UserError(
            "Give --calibration FOLDER: "
            + (
                "--report runs its images."
                if ranges
                else "without its images, or --ranges, there are no scales."
            )
        )
    packages.check_package_target(out)
    if report is not None:
        for name in ("profile.json", "profile.txt"):
            check_target(report / name, "Report", check_is_profile)
    source = read_checkpoint(checkpoint)
    images = [] if calibration is None else read_folder(calibration, source.config)
    if ranges is None:
        found = calibrate(source.config, float_state(source), images, step)
    else:
        found = read_ranges(ranges, source)
    package = quantised(source, found, checkpoint)
    packages.save(package, out)
    if report is not None:
        rows = profile(package, float_state(source), images[:PROFILED_IMAGES])
        write(report / "profile.json", json.dumps(rows, indent=1) + "\n")
        write(report / "profile.txt", table(rows))
    return package
