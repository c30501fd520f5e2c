# SPDX-License-Identifier: Apache-2.0
"""LOAD and STORE kernel: pixels and embeddings to words of int16."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.registers import Region


def call(rng: np.random.Generator) -> kernels.Call:
    words, pixels = int(rng.integers(1, 100)), bool(rng.integers(0, 2))
    if pixels:
        values = rng.integers(0, 256, (words, 32))
        stream = kernels.beats(values, 8)
    else:
        values = kernels.integers(rng, 16, (words, 32))
        stream = kernels.beats(values)
    region = int(rng.integers(0, 2))
    return kernels.Call(
        {
            "inputs": stream if region == Region.IMAGE else [],
            "weights": stream if region == Region.WEIGHTS else [],
        },
        {"format": 0 if pixels else 1, "region": region, "words": words},
        {"results": list(kernels.beats(values))},
    )


def test_native_as_golden() -> None:
    kernels.check_native("embedding", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("embedding", call, range(20))
