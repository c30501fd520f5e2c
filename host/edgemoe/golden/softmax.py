# SPDX-License-Identifier: Apache-2.0
"""Softmax with one exponential a score and no sweep of its own.

While scores come out, only the *integer* maximum of their log2 is kept; the sum is taken later from the very
exponentials that multiply V. No rescaling, so the result does not depend on the order of keys or on how many
queries are held; numerically it is the exact two-pass softmax. (Edge-MoE keeps a running maximum and a
running, rescaled sum instead.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgemoe.numerics import SCORE_FRACTION, SCORE_UNIT, Int, exp2, recip, round_shift


def exponentials(t: Int) -> tuple[Int, Int]:
    """Log2-scores t (...,n) int18 Q.10 -> e (...,n) 15 bits and their sum s (...)."""
    integer_max = (t >> SCORE_FRACTION).max(axis=-1, keepdims=True)
    e = exp2(t, integer_max)
    return e, e.sum(axis=-1)


def gate_scores(t: Int) -> Int:
    """Log2-logits t (...,n) -> softmax over n in Q.16, uint16 (1.0 saturates at 65535)."""
    e, s = exponentials(t)
    q, k = recip(s)
    return np.minimum(round_shift(e * q[..., None], (1 + 2 * k)[..., None]), SCORE_UNIT - 1)


def softmax_float(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax to base e over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
