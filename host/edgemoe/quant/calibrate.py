# SPDX-License-Identifier: Apache-2.0
"""Activation scales from images: the greatest magnitude that the float model reaches, times a margin.

Never a percentile: clipping one value in ten thousand costs 15 dB in 16-bit activations, a margin of 1.5 costs
0.1 dB. The residual, which everything else is built on, gets the largest margin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import TASKS, ModelConfig
from edgemoe.errors import UserError
from edgemoe.export import act_scale
from edgemoe.golden.model import forward, ranges
from edgemoe.images import read_image, resize

MARGIN = 1.5
RESIDUAL_MARGIN = 2.0

Pixels = NDArray[np.uint8]
State = Mapping[str, NDArray[np.float64]]


def read_folder(folder: Path, config: ModelConfig) -> list[Pixels]:
    """Every PNG and JPEG of a folder at the model's input size, by name; label pictures are left out."""
    if not folder.is_dir():
        raise UserError(
            f"Calibration folder {folder} does not exist; `edgemoe scenes --out {folder}` makes one."
        )
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in (".png", ".jpg", ".jpeg") and not path.stem.endswith(".labels")
    )
    if not paths:
        raise UserError(f"Folder {folder} holds no PNG or JPEG image.")
    return [resize(read_image(path), config.height, config.width) for path in paths]


def calibrate(config: ModelConfig, state: State, images: Iterable[Pixels]) -> dict[str, float]:
    """Scales by name, as `export_package` wants them."""
    greatest: dict[str, float] = {}
    for image in images:
        for task in TASKS:
            for name, value in ranges(config, forward(config, state, image, task), task).items():
                greatest[name] = max(greatest.get(name, 0.0), value)
    return {
        name: _rounded(act_scale(value, RESIDUAL_MARGIN if name == "residual" else MARGIN))
        for name, value in greatest.items()
    }


def _rounded(scale: float) -> float:
    """Four decimal digits, so that a machine's last bits of floating point don't make another package."""
    return float(f"{scale:.3e}")
