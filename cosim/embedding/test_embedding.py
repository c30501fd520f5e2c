# SPDX-License-Identifier: Apache-2.0
"""LOAD and STORE kernel: pixels and activations to words of int16, embeddings through the residual."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.numerics import RESIDUAL_BITS, saturate
from edgemoe.registers import Format, Region


def call(rng: np.random.Generator) -> kernels.Call:
    words, form = int(rng.integers(1, 100)), Format(int(rng.integers(3)))
    if form == Format.U8:
        values = rng.integers(0, 256, (words, 32))
    else:
        values = kernels.integers(rng, 16 if form == Format.I16 else 32, (words, 32))
    stored = saturate(values, RESIDUAL_BITS) if form == Format.I32 else values
    stream, region = kernels.beats(values, 8 << form), int(rng.integers(0, 2))
    return kernels.Call(
        {
            "inputs": stream if region == Region.IMAGE else [],
            "weights": stream if region == Region.WEIGHTS else [],
        },
        {"format": form, "region": region, "words": words},
        {"results": list(kernels.beats(stored, max(16, 8 << form)))},
    )


def test_native_as_golden() -> None:
    kernels.check_native("embedding", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("embedding", call, range(20))
