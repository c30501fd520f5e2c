# SPDX-License-Identifier: Apache-2.0
"""Patch embedding: the strided convolution is a linear layer on rows of patch pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgemoe.golden.linear import linear_sums, residual_added
from edgemoe.numerics import Int


def embedding(rows: Int, weight: Int, bias: Int, m: Int, s: Int, position: Int) -> Int:
    """rows (patches, 3PP) pixels 0..255 in the order (c, y, x), position (T,D) and the result in the residual's format.

    Row 0 of `position` is the class token with its position; the patches are added to the others.
    """
    patches = residual_added(position[1:], linear_sums(rows, weight, bias), m, s)
    return np.concatenate([position[:1], patches])


def embedding_float(
    image: NDArray[np.uint8],
    weight: NDArray[np.float64],
    bias: NDArray[np.float64],
    position: NDArray[np.float64],
    class_token: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The convolution itself, patch by patch: image (height, width, 3), weight (D,3,P,P) -> tokens (T,D).

    A pixel's value is k/256.
    """
    patch = weight.shape[2]
    tokens = [class_token]
    for y in range(0, image.shape[0], patch):
        for x in range(0, image.shape[1], patch):
            window = image[y : y + patch, x : x + patch].astype(np.float64) / 256
            tokens.append(np.einsum("dcyx,yxc->d", weight, window) + bias)
    return np.stack(tokens) + position
