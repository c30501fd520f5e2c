# SPDX-License-Identifier: Apache-2.0
"""Attention of one head in the reordered form: p queries are held, each key and each value passes once
for them.

The array computes p scores a step from one key, then p context rows a step from one value; p decides how
often keys are read (Edge-MoE's idea) but not a single bit of the result, so it does not appear here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgemoe.golden.linear import matmul
from edgemoe.golden.softmax import exponentials, softmax_float
from edgemoe.numerics import ACT_BITS, SCORE_BITS, Int, Tally, recip, rescaled, rq, saturated


def attention(
    q: Int, k: Int, v: Int, mt: int, st: int, cm: Int | int, cs: int, tally: Tally | None = None
) -> Int:
    """q (Tq,d), k (Tk,d), v (Tk,d) int16 -> context (Tq,d) int16.

    mt / 2^st turns q.k into log2-scores in Q.10; cm / 2^cs turns v's scale into the context's, cm one or one a query
    (see `weighted`).
    """
    t = rq(matmul(q, k.T), mt, st, SCORE_BITS, tally)
    e, s = exponentials(t)
    o = matmul(e, v)
    r, j = recip(s)
    r = (r * cm + 32768) >> 16
    return saturated(rescaled(o, r[:, None], (1 + 2 * j + cs)[:, None]), ACT_BITS, tally)


def weighted(cm: int, score: Int) -> Int:
    """The multiplier of a context that counts for a score in Q.16, one a query."""
    return (cm * score + 32768) >> 16


def attention_float(
    q: NDArray[np.float64], k: NDArray[np.float64], v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """softmax(q k^T / sqrt(d)) v."""
    return softmax_float(q @ k.T / math.sqrt(q.shape[1])) @ v
