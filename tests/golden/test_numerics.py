# SPDX-License-Identifier: Apache-2.0
"""Primitives against plain Python integers, tables against 40-digit arithmetic, errors over all inputs."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from edgemoe import numerics

sys.path.insert(0, str(Path(__file__).parent))
import plain

EDGES = [0, 1, -1, 2, -2, 2**15 - 1, -(2**15), 2**31, -(2**31), 2**43 - 1, -(2**43)]


def test_saturate_at_both_ends() -> None:
    x = np.array([-(2**15) - 1, -(2**15), 0, 2**15 - 1, 2**15])
    assert numerics.saturate(x, 16).tolist() == [-(2**15), -(2**15), 0, 2**15 - 1, 2**15 - 1]


def test_requantise_rounds_half_up() -> None:
    assert numerics.rq(np.array([-3, -1, 1, 3]), 1, 1, 16).tolist() == [-1, 0, 1, 2]
    assert numerics.rq(np.array([-3, 5]), 1, 0, 16).tolist() == [-3, 5]


@pytest.mark.parametrize("seed", range(3))
def test_requantise_equals_plain_integers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    acc = np.concatenate([rng.integers(-(2**43), 2**43, 500), rng.integers(-(2**20), 2**20, 500), EDGES])
    m = rng.integers(0, 2**16, acc.size)
    s = rng.integers(0, 64, acc.size)
    for bits in (16, 18, 22, 24):
        expected = [plain.rq(int(a), int(x), int(y), bits) for a, x, y in zip(acc, m, s, strict=True)]
        assert numerics.rq(acc, m, s, bits).tolist() == expected


def test_floor_log2_around_powers() -> None:
    values = [v for e in range(62) for v in (2**e - 1, 2**e, 2**e + 1) if v >= 1]
    assert numerics.fl2(np.array(values)).tolist() == [v.bit_length() - 1 for v in values]


def test_tables_equal_their_formulas() -> None:
    assert numerics.EXP2_TABLE.tolist() == [plain.exp2_entry(i) for i in range(33)]
    assert numerics.RSQRT_TABLE.tolist() == [[plain.rsqrt_entry(p, i) for i in range(65)] for p in range(2)]
    assert numerics.GELU_TABLE.tolist() == [plain.gelu_entry(i) for i in range(178)]


def test_tables_fit_their_widths() -> None:
    assert numerics.EXP2_TABLE.min() >= 1 << 14 and numerics.EXP2_TABLE.max() <= 1 << 15
    assert numerics.RSQRT_TABLE.min() > 0 and numerics.RSQRT_TABLE.max() < 1 << 17
    assert numerics.GELU_TABLE.min() >= 0 and numerics.GELU_TABLE.max() < 1 << 16


def test_exp2_over_all_fractions() -> None:
    t = np.arange(15 * 1024, 16 * 1024)
    error = np.abs(numerics.exp2(t, np.int64(15)) / 2.0**15 / 2.0 ** (t / 1024 - 16) - 1).max()
    print(f"exp2: relative error {error:.2e}")
    assert error < 7.7e-5


def test_exp2_equals_plain_integers() -> None:
    rng = np.random.default_rng(3)
    t = np.concatenate([rng.integers(-(2**17), 2**17, 300), np.arange(-40, 40), [-(2**17), 2**17 - 1]])
    top = (t >> 10) + rng.integers(0, 20, t.size)
    expected = [plain.exp2(int(a), int(b)) for a, b in zip(t, top, strict=True)]
    assert numerics.exp2(t, top).tolist() == expected


def test_exp2_is_monotone() -> None:
    e = numerics.exp2(np.arange(-20 * 1024, 1024), np.int64(0))
    assert (np.diff(e) >= 0).all() and e[0] == 0 and e[-1] == 32745


def test_reciprocals_over_all_small_and_many_large() -> None:
    large = np.random.default_rng(4).integers(1 << 19, 1 << 52, 200_000)
    for values in (np.arange(1, 1 << 19), large):
        r, k = numerics.rsqrt(values)
        error = np.abs(r * 2.0 ** -(17 + k) * np.sqrt(values) - 1).max()
        q, k = numerics.recip(values)
        error2 = np.abs(q * 2.0 ** -(17 + 2 * k) * values - 1).max()
        print(f"rsqrt: relative error {error:.2e}, recip: {error2:.2e}")
        assert error < 2.1e-5 and error2 < 4.8e-5
        assert r.max() < 1 << 17 and q.max() < 1 << 17


def test_reciprocals_equal_plain_integers() -> None:
    values = [1, 2, 3, 4, 2**18 - 1, 2**18, 2**18 + 1, 2**51 + 12345]
    values += np.random.default_rng(5).integers(1, 1 << 52, 300).tolist()
    r, k = numerics.rsqrt(np.array(values))
    assert list(zip(r.tolist(), k.tolist(), strict=True)) == [plain.rsqrt(v) for v in values]
    r, k = numerics.recip(np.array(values))
    assert list(zip(r.tolist(), k.tolist(), strict=True)) == [plain.recip(v) for v in values]


def test_gelu_over_all_inputs() -> None:
    h = np.arange(-8 * 2**14, 8 * 2**14)
    x = h / 2**14
    exact = np.array([v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])
    error = np.abs(numerics.gelu(h) / 2**14 - exact).max()
    print(f"gelu: absolute error {error:.2e}")
    assert error < 7.8e-5


def test_gelu_equals_plain_integers() -> None:
    h = np.concatenate(
        [np.random.default_rng(6).integers(-(2**21), 2**21, 500), [0, -1, 1, 2**21 - 1, -(2**21)]]
    )
    h = np.concatenate([h, np.arange(5.4 * 2**14, 5.6 * 2**14, 37).astype(np.int64)])
    assert numerics.gelu(h).tolist() == [plain.gelu(int(v)) for v in h]


def test_multiplier_keeps_sixteen_bits() -> None:
    for scale in [1.0, 0.5, 1.0000001, 0.99999999, 3.1e-9, 2.0**-46, 8000.0, *np.geomspace(1e-12, 1e3, 500)]:
        m, s = numerics.multiplier(float(scale))
        assert 1 << 15 <= m < 1 << 16 and 1 <= s <= 62
        assert abs(m / 2**s / scale - 1) <= 2**-16


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan, 2.0**20, 2.0**-60])
def test_multiplier_refuses(scale: float) -> None:
    with pytest.raises(ValueError, match="requantiser's scale"):
        numerics.multiplier(scale)
