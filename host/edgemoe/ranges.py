# SPDX-License-Identifier: Apache-2.0
"""What calibration found, kept: a checkpoint and its ranges make the package, with no image and no float model.

A range is the greatest magnitude that an activation tensor reached. The file is a .safetensors file. Its metadata holds
one string, under "edgemoe-ranges": JSON of `version`, `model`, `checkpoint_sha256` of the checkpoint that was
calibrated, `images`, how many it was shown, and `greatest`, the ranges under the names of `export.scale_names`. Its
tensors are float16: of each layer of `export.linear_inputs` the mean input, as a share of its tensor's range. Margins,
and whether biases are corrected, are decided when the package is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from edgemoe.checkpoint import Checkpoint
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.export import PIXELS, act_scale, export_package, linear_inputs, scale_names
from edgemoe.files import open_regular, parse_json, write
from edgemoe.package import Package, specification
from edgemoe.tensors import Header, read_header, read_tensors

FORMAT = "edgemoe-ranges"
VERSION = 2
GREATEST = 1e30  # of any range that is read
MARGIN = 1.5
RESIDUAL_MARGIN = 2.0
"""Never a percentile: clipping one value in ten thousand costs 15 dB in 16-bit activations, a margin of 1.5 costs
0.1 dB. The residual, which everything else is built on, gets the largest margin."""


Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranges:
    """The greatest magnitude of each activation tensor, over so many calibration images, and the linear layers' mean
    inputs: `shares` are float16, (in) or (E, in), of the range of the input.
    """

    images: int
    greatest: dict[str, float]
    shares: dict[str, NDArray[np.float16]]

    @classmethod
    def of(
        cls, config: ModelConfig, greatest: Mapping[str, float], means: Mapping[str, Float], images: int
    ) -> Ranges:
        """Of ten digits and eleven bits: fewer than those that differ between machines, more than a scale or a bias
        has."""
        rounded = {name: float(f"{value:.9e}") for name, value in greatest.items()}
        inputs = linear_inputs(config)
        shares = {
            name: (mean / _reach(rounded, inputs[name])).astype(np.float16) for name, mean in means.items()
        }
        return cls(images, rounded, shares)

    def scales(self, margin: float = MARGIN) -> dict[str, float]:
        """Scales by name, as `export_package` wants them; margin: the room above the ranges, of the residual at least
        RESIDUAL_MARGIN."""
        residual = max(margin, RESIDUAL_MARGIN)
        return {
            name: _rounded(act_scale(name, value, residual if name == "residual" else margin))
            for name, value in self.greatest.items()
        }

    def means(self, config: ModelConfig) -> dict[str, Float]:
        """Mean inputs by layer, as `export_package` wants them."""
        return {
            name: self.shares[name].astype(np.float64) * _reach(self.greatest, tensor)
            for name, tensor in linear_inputs(config).items()
        }


def _reach(greatest: Mapping[str, float], tensor: str) -> float:
    """The range of a linear layer's input; 1 where all of it is 0."""
    return 1.0 if tensor == PIXELS else greatest[tensor] or 1.0


def mean_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Linear layer -> shape of its mean input: (in), of experts (E, in)."""
    specs = specification(config)
    shapes = {name: specs[f"{name}.weight"].shape for name in linear_inputs(config)}
    return {name: (*shape[:-2], shape[-1]) for name, shape in shapes.items()}


def _rounded(scale: float) -> float:
    """Four decimal digits, so that a machine's last bits of floating point don't make another package."""
    return float(f"{scale:.3e}")


def package_of(
    config: ModelConfig,
    state: Mapping[str, NDArray[Any]],
    ranges: Ranges,
    provenance: dict[str, Any],
    *,
    bias_correction: bool = True,
    margin: float = MARGIN,
) -> Package:
    """W8A16: int8 weights per output channel (`default_bits`), int16 activations with the ranges' scales."""
    calibration: dict[str, Any] = {
        "images": ranges.images,
        "margin": margin,
        "residual_margin": max(margin, RESIDUAL_MARGIN),
    }
    if bias_correction:
        calibration["bias_correction"] = True
    means = ranges.means(config) if bias_correction else None
    provenance = {**provenance, "calibration": calibration}
    return export_package(config, state, ranges.scales(margin), means=means, provenance=provenance)


def quantised(
    checkpoint: Checkpoint,
    ranges: Ranges,
    path: Path,
    *,
    bias_correction: bool = True,
    margin: float = MARGIN,
) -> Package:
    """The package of a checkpoint, which `path` names; UserError for weights that the integers' formats can't hold."""
    provenance = {"training": checkpoint.training, "checkpoint_sha256": checkpoint.sha256}
    try:
        return package_of(
            checkpoint.config,
            checkpoint.tensors,
            ranges,
            provenance,
            bias_correction=bias_correction,
            margin=margin,
        )
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def write_ranges(path: Path, ranges: Ranges, checkpoint: Checkpoint) -> None:
    """Keeps what calibration found of a checkpoint."""
    data = {
        "version": VERSION,
        "model": checkpoint.config.name,
        "checkpoint_sha256": checkpoint.sha256,
        "images": ranges.images,
        "greatest": ranges.greatest,
    }
    write(path, save(ranges.shares, {FORMAT: json.dumps(data)}), "Ranges")


def read_ranges(path: Path, checkpoint: Checkpoint) -> Ranges:
    """The ranges at `path`; UserError if they are damaged, or of another checkpoint."""
    hint = "`make models` writes those of the shipped models; --calibration FOLDER measures them"
    bad = f"{path} holds no ranges"
    with open_regular(path, "Ranges", hint) as file:
        if b"\0" not in file.read(8):  # the high bytes of a header's length
            raise UserError(
                f"{bad}: it is no .safetensors file. Ranges of version 1 were JSON, and lacked the mean inputs of "
                "layers: calibrate again."
            )
        file.seek(0)
        header = read_header(file, bad)
        images, greatest = _described(path, header, checkpoint)
        _check_shares(path, header, checkpoint.config)
        shares, _ = read_tensors(file, header, bad)
    for name, share in shares.items():
        if not (np.abs(share) <= 1).all():  # false for NaN, too
            raise UserError(f"{path}: the mean input of {name} must be a share of its range, in -1..1.")
    return Ranges(images, greatest, shares)


def _described(path: Path, header: Header, checkpoint: Checkpoint) -> tuple[int, dict[str, float]]:
    """Images and ranges from the metadata."""
    if FORMAT not in header.metadata:
        raise UserError(f"{path} holds no ranges: no {FORMAT!r} in its metadata.")
    data = parse_json(header.metadata[FORMAT], f"{path}: the ranges are damaged")
    if not isinstance(data, dict):
        raise UserError(f"{path}: the ranges are damaged: they are no JSON object.")
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise UserError(
            f"{path}: ranges of version {shown(data.get('version'))}; this program reads version {VERSION}. Calibrate "
            "again: `edgemoe quantize --calibration`, or `make models`."
        )
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
    return images, {name: float(greatest[name]) for name in names}


def _check_shares(path: Path, header: Header, config: ModelConfig) -> None:
    """The mean input of each linear layer, and nothing else."""
    shapes = mean_shapes(config)
    if set(header.entries) != set(shapes):
        wrong = min(set(header.entries) ^ set(shapes))
        raise UserError(
            f"{path}: it must have the mean input of each linear layer; {shown(wrong)} is missing, or is none."
        )
    for name, entry in header.entries.items():
        if entry.kind != "float16" or entry.shape != shapes[name]:
            raise UserError(
                f"{path}: the mean input of {name} is {entry.kind} of shape {entry.shape}, expected float16 of shape "
                f"{shapes[name]}."
            )
