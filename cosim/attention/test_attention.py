# SPDX-License-Identifier: Apache-2.0
"""Attention kernel against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.golden.attention import attention


def call(rng: np.random.Generator) -> kernels.Call:
    tokens, heads = int(rng.integers(1, 50)), int(rng.integers(1, 4))
    q, k, v = (kernels.integers(rng, 16, (tokens, 32 * heads)) for _ in range(3))
    m0, s0 = int(rng.integers(1 << 15, 1 << 16)), int(rng.integers(24, 36))
    m1, s1 = int(rng.integers(1 << 15, 1 << 16)), int(rng.integers(13, 18))
    want = np.zeros_like(q)
    for head in range(heads):
        lanes = slice(32 * head, 32 * head + 32)
        want[:, lanes] = attention(q[:, lanes], k[:, lanes], v[:, lanes], m0, s0, m1, s1)
    return kernels.Call(
        {"inputs": [b for part in (q, k, v) for b in kernels.beats(kernels.planes(part))]},
        {
            "tokens": tokens, "heads": heads,
            "mult0": m0, "shift0": s0, "mult1": m1, "shift1": s1,
        },
        {"results": list(kernels.beats(kernels.planes(want)))},
    )  # fmt: skip


def test_native_as_golden() -> None:
    kernels.check_native("attention", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("attention", call, range(20))
