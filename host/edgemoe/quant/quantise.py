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
from edgemoe.export import export_package
from edgemoe.files import check_target, write
from edgemoe.package import Package
from edgemoe.quant.calibrate import MARGIN, RESIDUAL_MARGIN, Pixels, calibrate, read_folder
from edgemoe.quant.profile import check_is_profile, profile, table

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
    """W8A16: int8 weights per output channel, int16 activations with scales from `images`."""
    state = float_state(model)
    scales = calibrate(model.config, state, images)
    calibration = {"images": len(images), "margin": MARGIN, "residual_margin": RESIDUAL_MARGIN}
    return export_package(model.config, state, scales, provenance={**provenance, "calibration": calibration})


def quantize_checkpoint(
    checkpoint: Path, calibration: Path, out: Path, report: Path | None = None
) -> Package:
    """Reads a checkpoint, writes the package `out`; with `report`, also profile.json and profile.txt there.

    Needs no torch: the float model runs in NumPy.
    """
    packages.check_package_target(out)
    if report is not None:
        for name in ("profile.json", "profile.txt"):
            check_target(report / name, "Report", check_is_profile)
    source = read_checkpoint(checkpoint)
    images = read_folder(calibration, source.config)
    provenance = {"training": source.training, "checkpoint_sha256": source.sha256}
    try:
        package = quantise(source, images, provenance)
    except UserError as error:  # weights of a size that the integers' formats can't hold
        raise UserError(f"{checkpoint}: {error}") from error
    packages.save(package, out)
    if report is not None:
        rows = profile(package, float_state(source), images[:PROFILED_IMAGES])
        write(report / "profile.json", json.dumps(rows, indent=1) + "\n")
        write(report / "profile.txt", table(rows))
    return package
