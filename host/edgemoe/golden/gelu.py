# SPDX-License-Identifier: Apache-2.0
"""GELU as ReLU(h) - delta(|h|): delta is even, small and 0 from 5.5 on, so one short table serves both signs.

The value before GELU is Q.14 in 22 bits and lives only inside the epilogue; the output is scaled to int16.
Error of the integer function over [-8, 8): 7.8e-5.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgemoe.numerics import ACT_BITS, HIDDEN_BITS, Int, Tally, clips, gelu, rescaled, saturate


def gelu_epilogue(acc: Int, m: Int, s: Int, gm: int, gs: int, tally: Tally | None = None) -> Int:
    """acc (T,N) -> hidden (T,N) int16: requantise to Q.14 by (m, s), GELU, scale by gm / 2^gs."""
    h = rescaled(acc, m, s)
    y = rescaled(gelu(saturate(h, HIDDEN_BITS)), gm, gs)
    if tally is not None:
        tally.add(clips(h, HIDDEN_BITS) | clips(y, ACT_BITS))
    return saturate(y, ACT_BITS)


def erf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The error function, elementwise (NumPy has none)."""
    return np.frompyfunc(math.erf, 1, 1)(x).astype(np.float64)


def gelu_float(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x * Phi(x), the erf form."""
    return x * 0.5 * (1 + erf(np.asarray(x, dtype=np.float64) / math.sqrt(2)))
