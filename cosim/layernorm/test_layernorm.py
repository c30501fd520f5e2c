# SPDX-License-Identifier: Apache-2.0
"""LayerNorm kernel against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.golden.layernorm import layernorm


def call(rng: np.random.Generator) -> kernels.Call:
    tokens, tiles = int(rng.integers(1, 40)), int(rng.integers(1, 5))
    dim = 32 * tiles - int(rng.choice([0, 0, rng.integers(0, 32)]))
    x = kernels.integers(rng, 16, (tokens, 32 * tiles))
    x[rng.random(tokens) < 0.2] = int(rng.integers(-32768, 32768))  # rows of equal values
    x[:, dim:] = 0
    gamma = kernels.integers(rng, 16, 32 * tiles)
    beta = rng.integers(-(1 << 30), 1 << 30, 32 * tiles)
    gamma[dim:] = beta[dim:] = 0  # channels beyond the width do not exist
    s = rng.integers(10, 18, 32 * tiles)
    epsilon = int(rng.choice([4, 5, 1000, 1 << 40]))
    want = layernorm(x, gamma, beta, s, dim, epsilon)
    return kernels.Call(
        {"inputs": kernels.beats(kernels.planes(x)), "records": kernels.channel_records(beta, gamma, s)},
        {"tokens": tokens, "k_tiles": tiles, "dim": dim, "eps": epsilon},
        {"results": list(kernels.beats(kernels.planes(want)))},
    )


def test_native_as_golden() -> None:
    kernels.check_native("layernorm", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("layernorm", call, range(20))
