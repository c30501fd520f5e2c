# SPDX-License-Identifier: Apache-2.0
"""Patch embedding: the strided convolution is a linear layer on rows of patch pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgemoe.golden.linear import linear_sums, residual_added
from edgemoe.numerics import Int


def embedding(rows: Int, weight: Int, bias: Int, m: Int, s: Int, position: Int) -> Int:
    """rows (patches, 3PP) pixels 0..255 in the order (c, y, x), position (T,D) and the result in the residual's format.

    The first rows of `position` are the tokens of the prefix with their positions; the patches are added to the others.
    """
    first = len(position) - len(rows)
    patches = residual_added(position[first:], linear_sums(rows, weight, bias), m, s)
    return np.concatenate([position[:first], patches])


def embedding_float(
    image: NDArray[np.uint8],
    weight: NDArray[np.float64],
    bias: NDArray[np.float64],
    position: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The convolution itself, patch by patch: image (height, width, 3), weight (D,3,P,P) -> tokens (T,D).

    A pixel's value is k/256. position (T,D): what `export.positions` gives, the tokens of the prefix with theirs first.
    """
    patch = weight.shape[2]
    tokens = []
    for y in range(0, image.shape[0], patch):
        for x in range(0, image.shape[1], patch):
            window = image[y : y + patch, x : x + patch].astype(np.float64) / 256
            tokens.append(np.einsum("dcyx,yxc->d", weight, window) + bias)
    first = len(position) - len(tokens)
    return np.concatenate([position[:first], np.stack(tokens) + position[first:]])
