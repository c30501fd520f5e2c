# SPDX-License-Identifier: Apache-2.0
"""What calibration found, kept: a checkpoint and its ranges make the package, with no image and no float model.

A range is the greatest magnitude that an activation tensor reached. The file is a .safetensors file. Its metadata holds
one string, under "edgemoe-ranges": JSON of `version`, `model`, `checkpoint_sha256` of the checkpoint that was
calibrated, `images`, how many it was shown, and `greatest`, the ranges under the names of `export.scale_names`. Its
tensors of version 2 are float16: of each layer of `export.linear_inputs` the mean input, as a share of its tensor's
range. Version 3 adds `histogram.NAME` of each tensor of `scale_names`, uint64 (HISTOGRAM_BINS), and of each norm of
`smoothable` `channels.NAME`, float32 (D): the greatest magnitude of each channel. Margins, and all else that may be
chosen, are decided when the package is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from edgemoe.checkpoint import Checkpoint
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.export import PIXELS, act_scale, export_package, linear_inputs, scale_names
from edgemoe.files import check_target, open_regular, parse_json, write
from edgemoe.package import Package, specification
from edgemoe.tensors import Header, read_header, read_tensors

FORMAT = "edgemoe-ranges"
PLAIN, DETAILED = 2, 3
"""Versions of the file: without what percentiles and smoothing want, and with it."""
HISTOGRAM_BINS = 1024
GREATEST = 1e30  # of any range that is read
MARGIN = 6.0
"""Room above the ranges: images unlike the calibration's clip nothing, and 16 bits hardly notice. The packages that the
project ships have another one, `shipped.MARGIN`."""
FINE_MARGIN = 3.0
"""That of a package whose weights are all int16: there the steps of activations are what noise is left."""
RESIDUAL_MARGIN = 2.0
"""At least that of the residual, which everything else is built on."""


Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranges:
    """The greatest magnitude of each activation tensor, over so many calibration images, and the linear layers' mean
    inputs: `shares` are float16, (in) or (E, in), of the range of the input.

    histograms: counts of magnitudes, as of `quant.histogram`, and channels: of each norm the greatest magnitude of each
    channel, (D); empty where they are not known.
    """

    images: int
    greatest: dict[str, float]
    shares: dict[str, NDArray[np.float16]]
    histograms: dict[str, NDArray[np.uint64]] = field(default_factory=dict)
    channels: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, config: ModelConfig, greatest: Mapping[str, float], means: Mapping[str, Float], images: int
    ) -> Ranges:
        """Of ten digits and eleven bits: fewer than those that differ between machines, more than a scale or a bias
        has."""
        short = {name: float(f"{value:.9e}") for name, value in greatest.items()}
        inputs = linear_inputs(config)
        shares = {
            name: (mean / _reach(short, inputs[name])).astype(np.float16) for name, mean in means.items()
        }
        return cls(images, short, shares)

    def scales(self, margin: float = MARGIN) -> dict[str, float]:
        """Scales by name, as `export_package` wants them; margin: the room above the ranges, of the residual at least
        RESIDUAL_MARGIN."""
        residual = max(margin, RESIDUAL_MARGIN)
        return {
            name: rounded(act_scale(name, value, residual if name == "residual" else margin))
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


def smoothable(config: ModelConfig) -> list[str]:
    """The LayerNorms whose output nothing but linear layers and gates read: those of blocks and of heads of pixels."""
    norms = [f"blocks.{i}.{norm}" for i in range(config.layers) for norm in ("norm1", "norm2")]
    return norms + [f"heads.{task}.norm" for task in config.tasks if config.head == "pixels"]


def rounded(scale: float) -> float:
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
    """W8A16 and nothing to choose: int8 weights per output channel (`default_bits`), int16 activations with the ranges'
    scales. `edgemoe quantize` has more (`quant.recipe`); the shipped packages are made by this."""
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
        "version": DETAILED if ranges.histograms else PLAIN,
        "model": checkpoint.config.name,
        "checkpoint_sha256": checkpoint.sha256,
        "images": ranges.images,
        "greatest": ranges.greatest,
    }
    tensors: dict[str, NDArray[Any]] = dict(ranges.shares)
    if ranges.histograms:
        tensors |= {f"histogram.{name}": counts for name, counts in ranges.histograms.items()}
        tensors |= {f"channels.{name}": reached for name, reached in ranges.channels.items()}
    write(path, save(tensors, {FORMAT: json.dumps(data)}), "Ranges")


def check_ranges_target(path: Path) -> None:
    """UserError if ranges must not be written to `path`: another file is there, or its folder can't be made."""
    check_target(path, "Ranges", _check_is_ranges)


def _check_is_ranges(path: Path) -> None:
    with open_regular(path, "Ranges") as file:
        if FORMAT not in read_header(file, f"{path} holds no ranges").metadata:
            raise UserError(f"{path} holds no ranges: no {FORMAT!r} in its metadata.")


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
        images, greatest, version = _described(path, header, checkpoint)
        _check_tensors(path, header, checkpoint.config, version)
        tensors, _ = read_tensors(file, header, bad)
    shares = {name: tensors[name] for name in mean_shapes(checkpoint.config)}
    for name, share in shares.items():
        if not (np.abs(share) <= 1).all():  # false for NaN, too
            raise UserError(f"{path}: the mean input of {name} must be a share of its range, in -1..1.")
    histograms, channels = (
        {name.removeprefix(f"{kind}."): t for name, t in tensors.items() if name.startswith(f"{kind}.")}
        for kind in ("histogram", "channels")
    )
    for name, reached in channels.items():
        if not ((reached >= 0) & (reached <= 1.001 * greatest[name])).all():
            raise UserError(f"{path}: the channels of {name} must reach 0 to its range, {greatest[name]:g}.")
    return Ranges(images, greatest, shares, histograms, channels)


def _described(path: Path, header: Header, checkpoint: Checkpoint) -> tuple[int, dict[str, float], int]:
    """Images, ranges and version from the metadata."""
    if FORMAT not in header.metadata:
        raise UserError(f"{path} holds no ranges: no {FORMAT!r} in its metadata.")
    data = parse_json(header.metadata[FORMAT], f"{path}: the ranges are damaged")
    if not isinstance(data, dict):
        raise UserError(f"{path}: the ranges are damaged: they are no JSON object.")
    if type(data.get("version")) is not int or data["version"] not in (PLAIN, DETAILED):
        raise UserError(
            f"{path}: ranges of version {shown(data.get('version'))}; this program reads {PLAIN} and {DETAILED}. "
            "Calibrate again: `edgemoe quantize --calibration`, or `make models`."
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
    return images, {name: float(greatest[name]) for name in names}, data["version"]


def _check_tensors(path: Path, header: Header, config: ModelConfig, version: int) -> None:
    """The mean input of each linear layer, what version 3 adds, and nothing else."""
    shapes = mean_shapes(config)
    forms: dict[str, tuple[str, tuple[int, ...]]] = {
        name: ("float16", shape) for name, shape in shapes.items()
    }
    if version == DETAILED:
        forms |= {f"histogram.{name}": ("uint64", (HISTOGRAM_BINS,)) for name in scale_names(config)}
        forms |= {f"channels.{name}": ("float32", (config.dim,)) for name in smoothable(config)}
    if set(header.entries) != set(forms):
        wrong = min(set(header.entries) ^ set(forms))
        what = "" if version == PLAIN else ", and the histograms and channels of version 3"
        raise UserError(
            f"{path}: it must have the mean input of each linear layer{what}; {shown(wrong)} is missing, or is none."
        )
    for name, entry in header.entries.items():
        kind, shape = forms[name]
        if (entry.kind, entry.shape) != (kind, shape):
            what = f"the mean input of {name}" if name in shapes else name
            raise UserError(
                f"{path}: of the ranges, {what} is {entry.kind} of shape {entry.shape}, expected {kind} of shape "
                f"{shape}."
            )
