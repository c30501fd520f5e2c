# SPDX-License-Identifier: Apache-2.0
"""LayerNorm with exact sums: no mean or variance is ever rounded before the reciprocal root.

With D the width: Sx = sum x, U = D * sum x^2 - Sx^2 + E is D^2 * (variance + eps) in steps^2, N = D*x - Sx is
D * (x - mean), so n = N / sqrt(U), rounded once to Q.13. A row of equal values gives beta exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgemoe.numerics import Int, round_shift, rsqrt, saturate

NORM_FRACTION = 13


def layernorm(x: Int, gamma: Int, beta: Int, s: Int | int, dim: int, epsilon: int) -> Int:
    """x (T,C) int16 with zeros beyond `dim` -> (T,C) int16; gamma (C) int16, beta (C) int32, s a shift.

    epsilon >= 4 keeps U positive and every shift at least 1.
    """
    total = x.sum(axis=1)
    u = dim * (x * x).sum(axis=1) - total * total + epsilon
    r, k = rsqrt(u)
    n = round_shift((dim * x - total[:, None]) * r[:, None], (17 + k - NORM_FRACTION)[:, None])
    return saturate(round_shift(n * gamma + beta, s), 16)


def layernorm_float(
    x: NDArray[np.float64], gamma: NDArray[np.float64], beta: NDArray[np.float64], eps: float
) -> NDArray[np.float64]:
    """(x - mean) / sqrt(variance + eps) * gamma + beta, biased variance."""
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + eps) * gamma + beta
