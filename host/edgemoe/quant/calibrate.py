# SPDX-License-Identifier: Apache-2.0
"""Calibration: from images the range of each activation tensor of the float model, and the mean input of each layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.golden.model import forward, ranges
from edgemoe.images import fitted, read_image
from edgemoe.quant.means import InputMeans
from edgemoe.ranges import Ranges

Pixels = NDArray[np.uint8]
State = Mapping[str, NDArray[np.float64]]
Step = Callable[[int, int], None]


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
    return [fitted(read_image(path), config) for path in paths]


def calibrate(
    config: ModelConfig,
    state: State,
    images: Sequence[Pixels],
    step: Step = lambda done, total: None,
) -> Ranges:
    """What the float model reaches on the images, in every task; step: told how many of all are done."""
    greatest: dict[str, float] = {}
    inputs = InputMeans(config)
    for done, image in enumerate(images):
        step(done, len(images))
        for task in config.tasks:
            tensors = forward(config, state, image, task)
            inputs.add(image, tensors)
            for name, value in ranges(config, tensors, task).items():
                greatest[name] = max(greatest.get(name, 0.0), value)
    step(len(images), len(images))
    return Ranges.of(config, greatest, inputs.means(), len(images))
