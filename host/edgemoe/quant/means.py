# SPDX-License-Identifier: Apache-2.0
"""The mean input of every linear layer, from images: what bias correction at export wants.

An expert's mean is over the tokens that are routed to it, of both tasks; one without any has 0, and no correction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.export import PIXEL_SCALE, PIXELS, linear_inputs
from edgemoe.golden.model import queue_of
from edgemoe.program import patch_rows
from edgemoe.ranges import mean_shapes

Float = NDArray[np.float64]


class InputMeans:
    """Sums over images, of what `golden.model.forward` makes of them."""

    def __init__(self, config: ModelConfig) -> None:
        self.config, self.inputs = config, linear_inputs(config)
        self.sums = {name: np.zeros(shape) for name, shape in mean_shapes(config).items()}
        self.rows = {name: np.zeros((*total.shape[:-1], 1)) for name, total in self.sums.items()}

    def add(self, image: NDArray[np.uint8], tensors: Mapping[str, NDArray[Any]]) -> None:
        """An image (height, width, 3) and its tensors of one task; a head that sees two tokens has them in one row."""
        for name, source in self.inputs.items():
            if source == PIXELS:
                self._add_rows(name, patch_rows(image, self.config.patch) * PIXEL_SCALE)
            elif source not in tensors:
                continue  # the other task's head
            elif ".experts." in name:
                self._add_experts(name, tensors)
            else:
                self._add_rows(name, tensors[source].reshape(-1, self.sums[name].shape[-1]))

    def _add_rows(self, name: str, rows: Float) -> None:
        self.sums[name] += rows.sum(axis=0)
        self.rows[name] += len(rows)

    def _add_experts(self, name: str, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Tokens lie in `norm2` by their number, in `hidden` in the order of the experts' queues."""
        block, source = name.partition(".moe.")[0], tensors[self.inputs[name]]
        start = 0
        for expert in range(self.config.experts):
            token, _ = queue_of(expert, tensors[f"{block}.chosen"], tensors[f"{block}.score"])
            rows = source[start : start + len(token)] if name.endswith(".fc2") else source[token]
            start += len(token)
            self.sums[name][expert] += rows.sum(axis=0)
            self.rows[name][expert] += len(token)

    def means(self) -> dict[str, Float]:
        """Layer -> mean input, (in) or (E, in)."""
        return {name: total / np.maximum(self.rows[name], 1) for name, total in self.sums.items()}
