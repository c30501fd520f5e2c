# SPDX-License-Identifier: Apache-2.0
"""Calibration: from images the range of each activation tensor of the float model, and the mean input of each layer.

In detail also a histogram of each tensor, and of norms the range of each channel: what percentiles, MSE and smoothing
want.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.export import scale_names
from edgemoe.golden.model import forward, ranges
from edgemoe.images import fitted, read_image
from edgemoe.quant.histogram import Counts, counted
from edgemoe.quant.means import InputMeans
from edgemoe.ranges import HISTOGRAM_BINS, Ranges, smoothable

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
    *,
    detailed: bool = True,
) -> Ranges:
    """What the float model reaches on the images, in every task; step: told how many of all are done."""
    greatest: dict[str, float] = {}
    inputs, details = InputMeans(config), Details(config)
    for done, image in enumerate(images):
        step(done, len(images))
        for task in config.tasks:
            tensors = forward(config, state, image, task)
            inputs.add(image, tensors)
            for name, value in ranges(config, tensors, task).items():
                greatest[name] = max(greatest.get(name, 0.0), value)
            if detailed:
                details.add(tensors)
    step(len(images), len(images))
    found = Ranges.of(config, greatest, inputs.means(), len(images))
    if not detailed:
        return found
    return dataclasses.replace(found, histograms=details.histograms, channels=details.channels)


class Details:
    """Sums over images: counts of magnitudes of every tensor, and the greatest of every channel of a norm."""

    def __init__(self, config: ModelConfig) -> None:
        self.sources = {name: [name] for name in scale_names(config)}
        outputs = [f"blocks.{i}.{t}" for i in range(config.layers) for t in ("proj", "out")]
        self.sources["residual"] = ["embedding", *outputs]
        self.histograms: dict[str, Counts] = {
            name: np.zeros(HISTOGRAM_BINS, np.uint64) for name in self.sources
        }
        self.channels = {name: np.zeros(config.dim, np.float32) for name in smoothable(config)}

    def add(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """What `golden.model.forward` makes of an image in one task; it lacks the heads of the others."""
        for name, sources in self.sources.items():
            for source in sources:
                if source in tensors:
                    self.histograms[name] += counted(tensors[source])
        for name, reached in self.channels.items():
            if name in tensors:
                np.maximum(reached, np.abs(tensors[name]).max(axis=0).astype(np.float32), out=reached)
