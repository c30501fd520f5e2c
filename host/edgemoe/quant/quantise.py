# SPDX-License-Identifier: Apache-2.0
"""A float checkpoint and a folder of images -> a package of integers, and a report of what that cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgemoe import package as packages
from edgemoe.checkpoint import Checkpoint, read_checkpoint
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.export import export_package
from edgemoe.package import Package
from edgemoe.powers import POWER_OF_TWO, Moved, moved, with_powers
from edgemoe.quant.calibrate import Pixels, Step, calibrate, read_folder
from edgemoe.quant.means import input_moments
from edgemoe.quant.recipe import COMPENSATED, DEFAULT, Recipe
from edgemoe.quant.report import check_report_target, choose_images, write_report
from edgemoe.quant.scales import scales_of
from edgemoe.quant.search import Outcome, check_budget, spend
from edgemoe.quant.smooth import smoothed
from edgemoe.quant.weights import layer_bits
from edgemoe.ranges import Ranges, check_ranges_target, read_ranges, write_ranges


class FloatModel(Protocol):
    """What is quantised: a checkpoint, or a PyTorch model on the CPU."""

    @property
    def config(self) -> ModelConfig: ...

    def state_dict(self) -> Mapping[str, Any]: ...


def float_state(model: FloatModel) -> dict[str, NDArray[np.float64]]:
    """The state dict as float64 arrays, of weights that are powers of two as the model computes with them."""
    found = {name: np.asarray(tensor, np.float64) for name, tensor in model.state_dict().items()}
    return with_powers(model.config, found)


@dataclass(frozen=True)
class Made:
    """A package; what a budget of bytes was spent on, if there was one; and of weights that are powers of two what that
    has done to the checkpoint's."""

    package: Package
    spent: Outcome | None = None
    moved: Moved | None = None


def make_package(
    config: ModelConfig,
    state: Mapping[str, NDArray[np.float64]],
    ranges: Ranges,
    recipe: Recipe = DEFAULT,
    provenance: Mapping[str, Any] | None = None,
    *,
    images: Sequence[Pixels] = (),
    step: Step = lambda done, total: None,
) -> Made:
    """The package of a float model as `recipe` says.

    images: what weights are rounded for, and a budget of bytes is spent by; step: told how many layers of all were
    measured for that.
    """
    if recipe.smooth:
        state, ranges = smoothed(config, state, ranges)
    bits, spent = layer_bits(config, recipe.weights), None
    means = ranges.means(config) if recipe.bias_correction else None
    recipe = recipe.seeing(bool(images), bits)
    compensating = recipe.rounding == COMPENSATED
    moments = input_moments(config, state, images, means) if compensating else None
    if recipe.budget is not None:
        spent = spend(config, state, images, bits, recipe.budget, means, moments, step)
        bits = spent.bits
    recipe = recipe.settled(bits)
    scales = scales_of(config, state, ranges, recipe)
    said = recipe.said(ranges.images)
    if bits != layer_bits(config, ()):
        said["weight_bits"] = bits
    package = export_package(
        config,
        state,
        scales,
        weight_bits=bits.__getitem__,
        means=means,
        moments=moments,
        provenance={**(provenance or {}), "calibration": said},
    )
    return Made(package, spent)


def quantise(
    model: FloatModel, images: list[Pixels], provenance: dict[str, Any], recipe: Recipe = DEFAULT
) -> Package:
    """Calibrates on the images and makes the package."""
    state = float_state(model)
    ranges = calibrate(model.config, state, images)
    return make_package(model.config, state, ranges, recipe, provenance, images=images).package


def quantize_checkpoint(
    checkpoint: Path,
    calibration: Path | None,
    out: Path,
    report: Path | None = None,
    ranges: Path | None = None,
    **options: Any,
) -> Package:
    """`quantized` of a checkpoint, without what a budget was spent on."""
    return quantized(checkpoint, calibration, out, report, ranges, **options).package


def quantized(
    checkpoint: Path,
    calibration: Path | None,
    out: Path,
    report: Path | None = None,
    ranges: Path | None = None,
    *,
    report_images: Path | None = None,
    keep_ranges: Path | None = None,
    recipe: Recipe = DEFAULT,
    step: Step = lambda done, total: None,
    measuring: Step = lambda done, total: None,
) -> Made:
    """Reads a checkpoint, writes the package `out`; with `report`, also its files there.

    Needs no torch: the float model runs in NumPy.

    Args:
        checkpoint: the file, or the index of its shards.
        calibration: a folder of images; may be left out with `ranges`.
        out: the package.
        report: a folder.
        ranges: of an earlier calibration of this checkpoint, in the place of another.
        report_images: a folder of images for the report, those of the calibration left out; None: the shipped street.
        keep_ranges: a file for what calibration found.
        recipe: what is chosen.
        step: told how many of the calibration images are done.
        measuring: told how many layers are measured for a budget.
    """
    if calibration is None and ranges is None:
        raise UserError("Give --calibration FOLDER: without its images, or --ranges, there are no scales.")
    if report_images is not None and report is None:
        raise UserError("Give --report FOLDER with --report-images: only a report runs them.")
    if keep_ranges is not None and ranges is not None:
        raise UserError("Give --keep-ranges or --ranges, not both: they are kept already.")
    if recipe.budget is not None and calibration is None:
        raise UserError("--weight-budget is spent by what images show: give --calibration FOLDER, too.")
    recipe.seeing(calibration is not None, {})
    packages.check_package_target(out)
    if keep_ranges is not None:
        check_ranges_target(keep_ranges)
    if report is not None:
        check_report_target(report)
    source = read_checkpoint(checkpoint)
    given = float_state(source)
    if recipe.powers:
        source = with_power_experts(source)
    bits = layer_bits(source.config, recipe.weights)  # a pattern that is wrong shows before the work
    if recipe.budget is not None:
        check_budget(source.config, bits, recipe.budget)
    images = [] if calibration is None else read_folder(calibration, source.config)
    reported = [] if report is None else choose_images(report_images, source.config, images)
    state = float_state(source)
    found = calibrate(source.config, state, images, step) if ranges is None else read_ranges(ranges, source)
    made = _made(source, state, found, recipe, checkpoint, images, measuring)
    if keep_ranges is not None:
        write_ranges(keep_ranges, found, source)
    packages.save(made.package, out)
    if report is not None:
        write_report(report, made.package, given, reported, images, made.spent)
    return dataclasses.replace(made, moved=moved(source.config, source.tensors))


def with_power_experts(source: Checkpoint) -> Checkpoint:
    """The checkpoint read as one of a model whose experts' weights are powers of two."""
    if not source.config.experts:
        raise UserError(f"--powers is for experts, and model {source.config.name!r} has none.")
    return dataclasses.replace(source, config=dataclasses.replace(source.config, expert_weights=POWER_OF_TWO))


def _made(
    source: Checkpoint,
    state: Mapping[str, NDArray[np.float64]],
    ranges: Ranges,
    recipe: Recipe,
    path: Path,
    images: Sequence[Pixels],
    step: Step,
) -> Made:
    """The package; UserError, with the checkpoint's path, for weights that the integers' formats can't hold."""
    provenance = {"training": source.training, "checkpoint_sha256": source.sha256}
    try:
        return make_package(source.config, state, ranges, recipe, provenance, images=images, step=step)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
