# SPDX-License-Identifier: Apache-2.0
"""Histograms of magnitudes, and ranges below the greatest value that are taken of them: percentile and MSE.

Bins are sixteenths of an octave from 2^-32 to 2^32, whatever is counted, so that histograms of images add up. The first
bin also holds what is smaller and 0, the last what is larger.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.ranges import HISTOGRAM_BINS

Counts = NDArray[np.uint64]
PER_OCTAVE = 16
LOWEST = -(HISTOGRAM_BINS // (2 * PER_OCTAVE))


def edges() -> NDArray[np.float64]:
    """The upper end of each bin."""
    return np.exp2((np.arange(HISTOGRAM_BINS) + 1) / PER_OCTAVE + LOWEST)


def counted(values: NDArray[Any]) -> Counts:
    """The histogram of all values of a tensor."""
    magnitude = np.maximum(np.abs(values.ravel()), 2.0**LOWEST)
    bins = np.floor((np.log2(magnitude) - LOWEST) * PER_OCTAVE).astype(np.int64)
    return np.bincount(np.minimum(bins, HISTOGRAM_BINS - 1), minlength=HISTOGRAM_BINS).astype(np.uint64)


def percentile_range(counts: Counts, percent: float, greatest: float) -> float:
    """The magnitude that `percent` of all values do not exceed; at most the greatest."""
    total = float(counts.sum())
    if not total:
        return greatest
    first = int(np.searchsorted(np.cumsum(counts.astype(np.float64)), percent / 100 * total))
    return min(float(edges()[min(first, HISTOGRAM_BINS - 1)]), greatest)


def mse_range(counts: Counts, bits: int, greatest: float) -> float:
    """The magnitude at which clipping and rounding to so many bits make the least mean square error together."""
    if not counts.any():
        return greatest
    upper = edges()
    centre = upper * 2 ** (-0.5 / PER_OCTAVE)
    weight = counts.astype(np.float64)
    candidates = upper[: int(np.flatnonzero(counts)[-1]) + 1][-8 * PER_OCTAVE :]
    top = (1 << (bits - 1)) - 1
    errors = [
        float((weight * np.maximum(centre - limit, 0) ** 2).sum() + weight.sum() * (limit / top) ** 2 / 12)
        for limit in candidates
    ]
    return min(float(candidates[int(np.argmin(errors))]), greatest)
