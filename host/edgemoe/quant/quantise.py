# SPDX-License-Identifier: Apache-2.0
"""A float checkpoint and a folder of images -> a package of integers, and a report of what that cost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgemoe import package as packages
from edgemoe.export import export_package
from edgemoe.model.checkpoint import load_checkpoint
from edgemoe.model.m3vit import M3ViT
from edgemoe.package import Package
from edgemoe.quant.calibrate import MARGIN, RESIDUAL_MARGIN, Pixels, calibrate, read_folder
from edgemoe.quant.profile import profile, table

PROFILED_IMAGES = 4


def float_state(model: M3ViT) -> dict[str, NDArray[np.float64]]:
    """The state dict as float64 arrays."""
    return {name: tensor.detach().cpu().double().numpy() for name, tensor in model.state_dict().items()}


def quantise(model: M3ViT, images: list[Pixels], provenance: dict[str, object]) -> Package:
    """W8A16: int8 weights per output channel, int16 activations with scales from `images`."""
    state = float_state(model)
    scales = calibrate(model.config, state, images)
    calibration = {"images": len(images), "margin": MARGIN, "residual_margin": RESIDUAL_MARGIN}
    return export_package(model.config, state, scales, provenance={**provenance, "calibration": calibration})


def quantize_checkpoint(
    checkpoint: Path, calibration: Path, out: Path, report: Path | None = None
) -> Package:
    """Reads a checkpoint, writes the package `out`; with `report`, also profile.json and profile.txt there."""
    model, training = load_checkpoint(checkpoint)
    images = read_folder(calibration, model.config)
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    package = quantise(model, images, {"training": training, "checkpoint_sha256": digest})
    packages.save(package, out)
    if report is not None:
        rows = profile(package, float_state(model), images[:PROFILED_IMAGES])
        report.mkdir(parents=True, exist_ok=True)
        (report / "profile.json").write_text(json.dumps(rows, indent=1) + "\n")
        (report / "profile.txt").write_text(table(rows))
    return package
