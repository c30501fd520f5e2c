# SPDX-License-Identifier: Apache-2.0
"""GELU kernel against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.golden.gelu import gelu_epilogue
from edgemoe.numerics import HIDDEN_BITS, gelu


def call(rng: np.random.Generator) -> kernels.Call:
    count = int(rng.choice([0, 1, 2, 150]))
    h = kernels.integers(rng, HIDDEN_BITS, count)
    m, s = int(rng.integers(1, 1 << 16)), int(rng.integers(0, 40))
    scaled = gelu_epilogue(h, np.int64(1), np.int64(0), m, s)
    return kernels.Call(
        {"inputs": h.tolist()},
        {"count": count, "multiplier": m, "shift": s},
        {"values": gelu(h).tolist(), "outputs": scaled.tolist()},
    )


def test_native_as_golden() -> None:
    kernels.check_native("gelu", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("gelu", call, range(20))
