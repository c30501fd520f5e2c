# SPDX-License-Identifier: Apache-2.0
"""Softmax kernel against the golden model: exponentials, their sum's reciprocal."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.golden.softmax import exponentials
from edgemoe.numerics import SCORE_BITS, recip


def call(rng: np.random.Generator) -> kernels.Call:
    rows, keys = int(rng.choice([1, 2, 16])), int(rng.choice([1, 2, 9, 60]))
    t = kernels.integers(rng, SCORE_BITS, (rows, keys))
    if rng.random() < 0.5:  # scores close together, as real ones are
        t = t >> 6
    e, total = exponentials(t)
    q, k = recip(total)
    return kernels.Call(
        {"inputs": t.ravel().tolist()},
        {"rows": rows, "keys": keys},
        {"exponentials": e.ravel().tolist(), "reciprocals": q.tolist(), "half_exponents": k.tolist()},
    )


def test_native_as_golden() -> None:
    kernels.check_native("softmax", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("softmax", call, range(20))
