# SPDX-License-Identifier: Apache-2.0
"""Linear kernel (the array with its double-buffered weights) against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.golden.linear import linear_sums, requantised


def call(rng: np.random.Generator) -> kernels.Call:
    tokens, k_tiles, n_tiles = (
        int(rng.choice([1, 2, 17, 40])),
        int(rng.integers(1, 4)),
        int(rng.integers(1, 5)),
    )
    bits = int(rng.choice([8, 16]))
    x = kernels.integers(rng, 16, (tokens, 32 * k_tiles))
    weight = kernels.integers(rng, bits, (8 * n_tiles, 32 * k_tiles))
    bias = kernels.integers(rng, 40, 8 * n_tiles)
    m = rng.integers(1 << 15, 1 << 16, 8 * n_tiles)
    s = rng.integers(20, 45, 8 * n_tiles)
    want = requantised(linear_sums(x, weight, bias), m, s)
    stream: list[int] = []
    for n in range(n_tiles):
        lanes = slice(8 * n, 8 * n + 8)
        stream += kernels.channel_records(bias[lanes], m[lanes], s[lanes])
        for k in range(k_tiles):
            stream += kernels.beats(weight[lanes, 32 * k : 32 * k + 32], bits)
    return kernels.Call(
        {"inputs": kernels.beats(kernels.planes(x)), "weights": stream},
        {"tokens": tokens, "k_tiles": k_tiles, "n_tiles": n_tiles, "weight_bits": bits},
        {"results": list(kernels.beats(want.reshape(tokens, n_tiles, 8).transpose(1, 0, 2)))},
    )


def test_native_as_golden() -> None:
    kernels.check_native("linear", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("linear", call, range(20))
