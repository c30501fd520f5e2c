# SPDX-License-Identifier: Apache-2.0
"""A float checkpoint and a folder of images -> a package of integers, and a report of what that cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgemoe import package as packages
from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.package import Package
from edgemoe.quant.calibrate import Pixels, Step, calibrate, read_folder
from edgemoe.quant.report import check_report_target, choose_images, write_report
from edgemoe.ranges import MARGIN, package_of, quantised, read_ranges


class FloatModel(Protocol):
    """What is quantised: a checkpoint, or a PyTorch model on the CPU."""

    @property
    def config(self) -> ModelConfig: ...

    def state_dict(self) -> Mapping[str, Any]: ...


def float_state(model: FloatModel) -> dict[str, NDArray[np.float64]]:
    """The state dict as float64 arrays."""
    return {name: np.asarray(tensor, np.float64) for name, tensor in model.state_dict().items()}


def quantise(
    model: FloatModel, images: list[Pixels], provenance: dict[str, Any], *, bias_correction: bool = True
) -> Package:
    """Calibrates on the images and makes the package."""
    state = float_state(model)
    ranges = calibrate(model.config, state, images)
    return package_of(model.config, state, ranges, provenance, bias_correction=bias_correction)


def quantize_checkpoint(
    checkpoint: Path,
    calibration: Path | None,
    out: Path,
    report: Path | None = None,
    ranges: Path | None = None,
    *,
    report_images: Path | None = None,
    bias_correction: bool = True,
    margin: float = MARGIN,
    step: Step = lambda done, total: None,
) -> Package:
    """Reads a checkpoint, writes the package `out`; with `report`, also profile.json and profile.txt there.

    Needs no torch: the float model runs in NumPy.

    Args:
        checkpoint: the file, or the index of its shards.
        calibration: a folder of images; may be left out with `ranges`.
        out: the package.
        report: a folder.
        ranges: of an earlier calibration of this checkpoint, in the place of another.
        report_images: a folder of images for the report, those of the calibration left out; None: the shipped street.
        bias_correction: whether biases take the mean error of rounded weights.
        margin: the room above the greatest activations of the calibration, 1 or more.
        step: told how many of the calibration images are done.
    """
    if calibration is None and ranges is None:
        raise UserError("Give --calibration FOLDER: without its images, or --ranges, there are no scales.")
    if report_images is not None and report is None:
        raise UserError("Give --report FOLDER with --report-images: only a report runs them.")
    packages.check_package_target(out)
    if report is not None:
        check_report_target(report)
    source = read_checkpoint(checkpoint)
    images = [] if calibration is None else read_folder(calibration, source.config)
    reported = [] if report is None else choose_images(report_images, source.config, images)
    if ranges is None:
        found = calibrate(source.config, float_state(source), images, step)
    else:
        found = read_ranges(ranges, source)
    package = quantised(source, found, checkpoint, bias_correction=bias_correction, margin=margin)
    packages.save(package, out)
    if report is not None:
        write_report(report, package, float_state(source), reported, images)
    return package
