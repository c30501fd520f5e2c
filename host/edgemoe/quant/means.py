# SPDX-License-Identifier: Apache-2.0
"""The inputs of every linear layer, from images: their mean, which bias correction at export wants, and their second
moment, which compensated rounding wants.

Those of an expert are of the tokens that are routed to it, in every task; one without any has 0, and no correction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.export import PIXEL_SCALE, PIXELS, linear_inputs
from edgemoe.golden.model import forward, queue_of
from edgemoe.program import patch_rows
from edgemoe.ranges import mean_shapes

Float = NDArray[np.float64]
Place = tuple[str, tuple[int, ...]]
"""A layer, and the expert of it if it has some."""
Step = Callable[[int, int], None]
IMAGES_MOST = 32
"""Images that moments are taken of, spread over those of a calibration: more hardly change them."""


def input_rows(
    config: ModelConfig, image: NDArray[np.uint8], tensors: Mapping[str, NDArray[Any]]
) -> Iterator[tuple[Place, Float]]:
    """What each layer reads of an image (height, width, 3) and its tensors of one task, as `golden.model.forward` makes
    them: (rows, in). A head that sees two tokens has them in one row; the heads of other tasks are left out.
    """
    shapes = mean_shapes(config)
    for name, source in linear_inputs(config).items():
        if source == PIXELS:
            yield (name, ()), patch_rows(image, config.patch) * PIXEL_SCALE
        elif source not in tensors:
            continue
        elif ".experts." in name:
            yield from _expert_rows(config, name, tensors[source], tensors)
        else:
            yield (name, ()), tensors[source].reshape(-1, shapes[name][-1])


def _expert_rows(
    config: ModelConfig, name: str, source: Float, tensors: Mapping[str, NDArray[Any]]
) -> Iterator[tuple[Place, Float]]:
    """Tokens lie in `norm2` by their number, in `hidden` in the order of the experts' queues."""
    block, start = name.partition(".moe.")[0], 0
    for expert in range(config.experts):
        token, _ = queue_of(expert, tensors[f"{block}.chosen"], tensors[f"{block}.score"])
        rows = source[start : start + len(token)] if name.endswith(".fc2") else source[token]
        start += len(token)
        yield (name, (expert,)), rows


class InputMeans:
    """Sums over images, of what `golden.model.forward` makes of them."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.sums = {name: np.zeros(shape) for name, shape in mean_shapes(config).items()}
        self.rows = {name: np.zeros((*total.shape[:-1], 1)) for name, total in self.sums.items()}

    def add(self, image: NDArray[np.uint8], tensors: Mapping[str, NDArray[Any]]) -> None:
        """An image (height, width, 3) and its tensors of one task."""
        for (name, expert), rows in input_rows(self.config, image, tensors):
            self.sums[name][expert] += rows.sum(axis=0)
            self.rows[name][expert] += len(rows)

    def means(self) -> dict[str, Float]:
        """Layer -> mean input, (in) or (E, in)."""
        return {name: total / np.maximum(self.rows[name], 1) for name, total in self.sums.items()}


def input_moments(
    config: ModelConfig,
    state: Mapping[str, Float],
    images: Sequence[NDArray[np.uint8]],
    means: Mapping[str, Float] | None,
    step: Step = lambda done, total: None,
) -> dict[str, Float]:
    """Layer -> second moment of its input, (in, in) or (E, in, in), about `means` if a bias takes the mean's error.

    step: told how many images of all are done.
    """
    every = -(-len(images) // IMAGES_MOST)
    shown = images[:: max(every, 1)]
    sums = {name: np.zeros((*shape, shape[-1])) for name, shape in mean_shapes(config).items()}
    count = {name: np.zeros((*shape[:-1], 1, 1)) for name, shape in mean_shapes(config).items()}
    for done, image in enumerate(shown):
        step(done, len(shown))
        for task in config.tasks:
            for (name, expert), rows in input_rows(config, image, forward(config, state, image, task)):
                about = rows if means is None else rows - means[name][expert]
                sums[name][expert] += about.T @ about
                count[name][expert] += len(rows)
    step(len(shown), len(shown))
    return {name: total / np.maximum(count[name], 1) for name, total in sums.items()}
