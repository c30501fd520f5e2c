# SPDX-License-Identifier: Apache-2.0
"""Units with a table over every input that the table serves, C++ against the golden functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgemoe import csim, numerics
from edgemoe.compiler.native import NativeKernel
from edgemoe.config import board

BUILD = board("sim-small")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("units")


def signed(values: list[int], bits: int) -> np.ndarray:
    array = np.array(values, dtype=np.int64)
    return array - ((array >> (bits - 1)) << bits)


def run_gelu(kernel: NativeKernel, h: np.ndarray, multiplier: int, shift: int) -> None:
    values = {"count": len(h), "multiplier": multiplier, "shift": shift}
    result = kernel.run({"inputs": [int(x) for x in h]}, values)
    want = numerics.gelu(h)
    np.testing.assert_array_equal(signed(result.streams["values"], 22), want)
    scaled = numerics.rq(want, multiplier, shift, 16)
    np.testing.assert_array_equal(signed(result.streams["outputs"], 16), scaled)


def test_gelu_over_its_table(work: Path) -> None:
    """Every Q.14 input to a little beyond the table's end, 5.5, on both sides of 0."""
    kernel = csim.kernel("gelu", BUILD, work)
    for first in range(-92000, 92000, 46000):
        run_gelu(kernel, np.arange(first, first + 46000), 40000, 16)


@pytest.mark.parametrize(("multiplier", "shift"), [(65535, 1), (32768, 62), (0, 5), (50000, 22)])
def test_gelu_at_its_ends(multiplier: int, shift: int, work: Path) -> None:
    """Inputs of 22 bits, output scales that saturate and that leave nothing."""
    ends = np.array([-(1 << 21), -(1 << 21) + 1, -1, 0, 1, (1 << 21) - 1])
    run_gelu(csim.kernel("gelu", BUILD, work), ends, multiplier, shift)


@pytest.mark.parametrize("maximum", [127, 0, -100])
def test_exp2_over_its_table(maximum: int, work: Path) -> None:
    """Every fraction at every distance from the maximum until the result is 0, and the reciprocal of each row's sum."""
    kernel = csim.kernel("softmax", BUILD, work)
    keys = BUILD.max_tokens
    top = (maximum << 10) + 1023
    scores = np.arange(top, top - 18 * 1024, -1)
    scores = np.pad(scores, (0, -len(scores) % (keys - 1)), constant_values=top).reshape(-1, keys - 1)
    scores = np.hstack([np.full((len(scores), 1), top), scores])  # the maximum takes part in every row
    scalars = {"rows": len(scores), "keys": keys}
    result = kernel.run({"inputs": [int(t) for t in scores.ravel()]}, scalars)
    e = numerics.exp2(scores, maximum)
    np.testing.assert_array_equal(np.array(result.streams["exponentials"]), e.ravel())
    value, half_exponent = numerics.recip(e.sum(axis=1))
    np.testing.assert_array_equal(np.array(result.streams["reciprocals"]), value)
    np.testing.assert_array_equal(np.array(result.streams["half_exponents"]), half_exponent)
