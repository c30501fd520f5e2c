# SPDX-License-Identifier: Apache-2.0
"""LayerNorm kernel against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.golden.layernorm import layernorm
from edgemoe.numerics import RESIDUAL_BITS


def call(rng: np.random.Generator) -> kernels.Call:
    tokens, tiles = int(rng.integers(1, 40)), int(rng.integers(1, 5))
    dim = 32 * tiles - int(rng.choice([0, 0, rng.integers(0, 32)]))
    x = kernels.integers(rng, RESIDUAL_BITS, (tokens, 32 * tiles))  # also beyond the width
    limit = 1 << (RESIDUAL_BITS - 1)
    x[rng.random(tokens) < 0.2] = int(rng.integers(-limit, limit))  # rows of equal values
    gamma = kernels.integers(rng, 16, 32 * tiles)
    beta = kernels.integers(rng, 40, 32 * tiles)
    s = np.where(
        rng.random(32 * tiles) < 0.5, rng.integers(10, 18, 32 * tiles), rng.integers(0, 64, 32 * tiles)
    )
    epsilon = int(rng.choice([4, 5, 1000, 1 << 40]))
    want = layernorm(x, gamma, beta, s, dim, epsilon)
    return kernels.Call(
        {"inputs": kernels.beats(kernels.planes(x), 32), "records": kernels.channel_records(beta, gamma, s)},
        {"tokens": tokens, "k_tiles": tiles, "dim": dim, "eps": epsilon},
        {"results": list(kernels.beats(kernels.planes(want)))},
    )


def test_native_as_golden() -> None:
    kernels.check_native("layernorm", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("layernorm", call, range(20))
