# SPDX-License-Identifier: Apache-2.0
"""LayerNorm with exact sums: no mean or variance is ever rounded before the reciprocal root.

With D the width: Sx = sum x, U = D * sum x^2 - Sx^2 + E is D^2 * (variance + eps) in steps^2, D*x - Sx is
D * (x - mean). N is that in steps of 2^NORM_DROP, rounded, since a finer one would make a lane two multipliers; and
n = N / sqrt(U), rounded to Q.13. A row of equal values gives beta exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgemoe.numerics import (
    ACT_BITS,
    EPS_BITS,
    NORM_CENTRED_BITS,
    NORM_DROP,
    NORM_FRACTION,
    NORM_SPREAD_BITS,
    Int,
    Tally,
    rescaled,
    round_shift,
    rsqrt,
    saturated,
)

assert max(NORM_SPREAD_BITS, EPS_BITS + 1) <= 62, "rsqrt takes numbers below 2^62"
assert NORM_DROP >= 0 and NORM_CENTRED_BITS <= 27, "N is the wide operand of one DSP slice"


def layernorm(
    x: Int, gamma: Int, beta: Int, s: Int | int, dim: int, epsilon: int, tally: Tally | None = None
) -> Int:
    """x (T,C) of RESIDUAL_BITS -> (T,C) int16; gamma (C) int16, beta (C) int40, s a shift of 0..63.

    Lanes from `dim` on take no part, whatever they and their gamma and beta hold, and give 0.
    epsilon >= 4 keeps U positive and every shift at least 1.
    """
    real = np.arange(x.shape[1]) < dim
    x = np.where(real, x, 0)
    total = x.sum(axis=1)
    u = dim * (x * x).sum(axis=1) - total * total + epsilon
    r, k = rsqrt(u)
    centred = round_shift(dim * x - total[:, None], NORM_DROP)
    n = rescaled(centred, r[:, None], (17 + k - NORM_FRACTION - NORM_DROP)[:, None])
    return saturated(np.where(real, round_shift(n * gamma + beta, s), 0), ACT_BITS, tally)


def layernorm_float(
    x: NDArray[np.float64], gamma: NDArray[np.float64], beta: NDArray[np.float64], eps: float
) -> NDArray[np.float64]:
    """(x - mean) / sqrt(variance + eps) * gamma + beta, biased variance."""
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + eps) * gamma + beta
