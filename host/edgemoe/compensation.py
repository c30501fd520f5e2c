# SPDX-License-Identifier: Apache-2.0
"""Rounding in which the weights that come later make up for what rounding those before them has done to the output.

What a row w of a layer gives is w x. Rounded to q it is wrong by (w - q) x, on average over the inputs by
(w - q) M (w - q)^T with M their second moment. Inputs are alike: M has few large directions, and an error that lies
across them costs nothing. So weights are rounded one after the other, those of the strongest inputs first, and each
error is spread over the weights that are still free, where it cancels most of itself (Frantar et al., GPTQ, 2023;
before it Hassibi and Stork's optimal brain surgeon).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
DAMPING = 0.1
"""Share of the mean second moment that every direction gets on top: inputs of other images don't lie in quite the same
directions, and of few tokens most directions are empty."""


def compensated(exact: Float, moment: Float, bits: int) -> NDArray[np.int64]:
    """exact (..., out, in) in steps of each row's scale, at most 2^(bits-1) - 1 -> whole numbers in that range.

    moment: (..., in, in), the mean of x x^T over the inputs x; where it is all 0 the nearest numbers are taken.
    """
    if exact.ndim > 2:
        return np.stack([compensated(own, its, bits) for own, its in zip(exact, moment, strict=True)])
    top = (1 << (bits - 1)) - 1
    size = float(np.trace(moment)) / len(moment)
    if not size > 0:
        return nearest(exact, top)
    order = np.argsort(-np.diag(moment), kind="stable")
    damped = moment[np.ix_(order, order)] / size + DAMPING * np.eye(len(moment))
    # Of inv(M) = U^T U, row i of U is how an error of weight i is best spread over those after it.
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T
    left = np.ascontiguousarray(exact[:, order].T)  # (in, out): a weight of all rows lies together
    whole = np.empty_like(left, dtype=np.int64)
    for i in range(len(left)):
        whole[i] = nearest(left[i], top)
        error = (left[i] - whole[i]) / spread[i, i]
        left[i + 1 :] -= spread[i, i + 1 :, None] * error
    found = np.empty_like(whole)
    found[order] = whole
    return np.ascontiguousarray(found.T)


def nearest(exact: Float, top: int) -> NDArray[np.int64]:
    """Round half up, within ±top."""
    return np.clip(np.floor(exact + 0.5), -top, top).astype(np.int64)
