# SPDX-License-Identifier: Apache-2.0
"""Linear layers on the weight-stationary array: exact sums, then a requantiser with its own scale per
output.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgemoe.numerics import ACT_BITS, EXPERT_BITS, RESIDUAL_BITS, Int, Tally, clips, rescaled, rq, saturate


def matmul(a: Int, b: Int) -> Int:
    """a (M,K) @ b (K,N) in int64. Float64 BLAS is exact while sums stay below 2^53 and much faster."""
    bound = int(np.abs(a).max(initial=0)) * int(np.abs(b).max(initial=0)) * a.shape[1]
    if bound < 1 << 53:
        return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    return a.astype(np.int64) @ b.astype(np.int64)


def linear_sums(x: Int, weight: Int, bias: Int) -> Int:
    """x (T,K), weight (N,K), bias (N) -> acc (T,N), exact; at most 44 bits at K = 1024 with 16-bit
    weights.
    """
    return matmul(x, weight.T) + bias


def requantised(acc: Int, m: Int, s: Int, tally: Tally | None = None) -> Int:
    """Epilogues REQUANT and DRAM: int16."""
    return rq(acc, m, s, ACT_BITS, tally)


def residual_added(x: Int, acc: Int, m: Int, s: Int, tally: Tally | None = None) -> Int:
    """Epilogue RESIDUAL: x (T,N) of RESIDUAL_BITS plus the update, which is first rounded to 24 bits."""
    update = rescaled(acc, m, s)
    y = x + saturate(update, EXPERT_BITS)
    if tally is not None:
        tally.add(clips(update, EXPERT_BITS) | clips(y, RESIDUAL_BITS))
    return saturate(y, RESIDUAL_BITS)


def expert_output(acc: Int, m: Int, s: Int, tally: Tally | None = None) -> Int:
    """Epilogue EXPERT before the score: z, int24 in residual scale / 2^EXPERT_FRACTION."""
    return rq(acc, m, s, EXPERT_BITS, tally)


def linear_float(
    x: NDArray[np.float64], weight: NDArray[np.float64], bias: NDArray[np.float64]
) -> NDArray[np.float64]:
    """y = x W^T + b."""
    return x @ weight.T + bias
