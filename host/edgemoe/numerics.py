# SPDX-License-Identifier: Apache-2.0
"""Integer primitives and tables: the one definition of rounding, saturation and the function tables.

Everything is int64 in two's complement; ``>>`` is the arithmetic shift (rounds towards minus infinity). The
C++ kernels repeat these functions word for word, and the tables below are written into their generated
header, so that the generator exists once. Formats are named by their fraction bits: ``Q.14`` means
value = integer / 2^14.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]

SCORE_FRACTION = 10  # t = log2 of a probability, Q.10 in 18 bits: saturates at +-128
SCORE_BITS = 18
EXP_BITS = 15  # e in 0..32767, so that it is a positive operand of the signed 16 x 16 array
HIDDEN_BITS = 22  # the value before GELU, Q.14
HIDDEN_FRACTION = 14
EXPERT_BITS = 24  # the output of an expert before its score, residual scale / 2^EXPERT_FRACTION
RESIDUAL_BITS = 18  # a quarter of a block RAM's 72, and the narrow port of a DSP slice
EXPERT_FRACTION = 20 - RESIDUAL_BITS
ACT_BITS = 16
BIAS_BITS = 40
MULTIPLIER_BITS = 16
SHIFT_MAX = 62
CONTEXT_SHIFT_MAX = 36  # of attention's context, whose shift may also be 0
EPS_MIN, EPS_BITS = 4, 48  # a LayerNorm's E is at least EPS_MIN and below 2^EPS_BITS
NORM_DIM_MAX = 1023  # of a LayerNorm: |n| <= sqrt(D - 1) must fit 19 bits of Q.13
NORM_FRACTION = 13
NORM_DIM_BITS = NORM_DIM_MAX.bit_length()
NORM_SUM_BITS = RESIDUAL_BITS + NORM_DIM_BITS  # sum x, signed
NORM_SQUARES_BITS = 2 * (RESIDUAL_BITS - 1) + NORM_DIM_BITS  # sum x^2, unsigned
NORM_SPREAD_BITS = NORM_SQUARES_BITS + NORM_DIM_BITS + 1  # U, unsigned: the last bit is for E
NORM_DROP = RESIDUAL_BITS - ACT_BITS  # low bits of D*x - sum x that are left out: a multiplier has 27
NORM_CENTRED_BITS = NORM_SUM_BITS + 1 - NORM_DROP
SCORE_UNIT = 1 << 16  # the gate's score p = 1.0 (it saturates at 65535)

GELU_STEPS = 176  # |h| = 176/32 = 5.5: delta is below half an LSB from there on
EXP2_STEPS = 32
RSQRT_STEPS = 64


def saturate(x: Int, bits: int) -> Int:
    """Clamp to the range of a signed ``bits``-bit integer."""
    return np.clip(x, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def clips(x: Int, bits: int) -> NDArray[np.bool_]:
    """Where `saturate` changes a value."""
    return (x < -(1 << (bits - 1))) | (x >= 1 << (bits - 1))


class Tally:
    """How many lanes were clipped; the golden functions that saturate add to the one they are given."""

    def __init__(self) -> None:
        self.lanes = 0

    def add(self, clipped: NDArray[np.bool_]) -> None:
        self.lanes += int(np.count_nonzero(clipped))


def saturated(x: Int, bits: int, tally: Tally | None) -> Int:
    """`saturate`, counted."""
    if tally is not None:
        tally.add(clips(x, bits))
    return saturate(x, bits)


def round_shift(x: Int, s: Int | int) -> Int:
    """``(x + ((1 << s) >> 1)) >> s``: round half up; s = 0 leaves x alone; s <= 63, abs(x) < 2^62.

    Written with a doubled x, since 2^63 is none of int64's values.
    """
    s = np.asarray(s, dtype=np.int64)
    return (((np.asarray(x, dtype=np.int64) << np.int64(1)) >> s) + 1) >> np.int64(1)


def rescaled(acc: Int, m: Int | int, s: Int | int) -> Int:
    """acc * m / 2^s, rounded half up; 0 <= m < 2^16, s <= 63."""
    return round_shift(np.asarray(acc, dtype=np.int64) * np.asarray(m, dtype=np.int64), s)


def rq(acc: Int, m: Int | int, s: Int | int, bits: int, tally: Tally | None = None) -> Int:
    """Requantise by m / 2^s: ``saturate((acc*m + ((1 << s) >> 1)) >> s, bits)``; 0 <= m < 2^16, s <= 63."""
    return saturated(rescaled(acc, m, s), bits, tally)


def fl2(x: Int | int) -> Int:
    """floor(log2 x) of positive integers below 2^62, exactly."""
    x = np.asarray(x, dtype=np.int64)
    result = np.zeros_like(x)
    for step in (32, 16, 8, 4, 2, 1):
        big = x >= (np.int64(1) << step)
        result = np.where(big, result + step, result)
        x = np.where(big, x >> step, x)
    return result


def _round(x: float) -> int:
    return math.floor(x + 0.5)


def exp2_table() -> Int:
    """33 x 16 bit: 2^14 * 2^(i/32), lowered by half a chord's sagitta: errors of both signs."""
    centre = 1 - (math.log(2) / EXP2_STEPS) ** 2 / 16
    values = [_round(2**14 * 2 ** (i / EXP2_STEPS) * centre) for i in range(EXP2_STEPS + 1)]
    return np.array([min(max(v, 1 << 14), 1 << 15) for v in values], dtype=np.int64)


def rsqrt_table() -> Int:
    """2 x 65 x 17 bit: 2^17 / sqrt(a) for a = (1 + i/64) * 2^p, p = parity of the exponent, centred alike."""
    table = np.zeros((2, RSQRT_STEPS + 1), dtype=np.int64)
    for p in range(2):
        h = 2**p / RSQRT_STEPS
        for i in range(RSQRT_STEPS + 1):
            a = (1 + i / RSQRT_STEPS) * 2**p
            table[p, i] = _round(2**17 * (a**-0.5 - 0.75 * h * h / 16 * a**-2.5))
    return table


def gelu_table() -> Int:
    """178 x 16 bit: 2^18 * delta(i/32), delta(u) = u * Phi(-u) = ReLU(u) - GELU(u), centred; two zeros."""
    table = np.zeros(GELU_STEPS + 2, dtype=np.int64)
    for i in range(GELU_STEPS):
        u = i / 32
        density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
        delta = u * 0.5 * math.erfc(u / math.sqrt(2))
        table[i] = max(0, _round(2**18 * (delta - (1 / 32) ** 2 / 16 * (u * u - 2) * density)))
    return table


EXP2_TABLE = exp2_table()
RSQRT_TABLE = rsqrt_table()
GELU_TABLE = gelu_table()


def exp2(t: Int, integer_max: Int) -> Int:
    """e = 2^(t/1024 - integer_max - 1) in 15 bits: below 1, the largest score gives [1/2, 1).

    t: int18 Q.10; integer_max: the maximum of ``t >> 10`` over the keys of a row, broadcast against t.
    """
    t = np.asarray(t, dtype=np.int64)
    index = (t & 1023) >> 5
    low = t & 31
    mantissa = EXP2_TABLE[index] + (((EXP2_TABLE[index + 1] - EXP2_TABLE[index]) * low + 16) >> 5)
    mantissa = np.minimum(mantissa, 32767)
    distance = integer_max - (t >> SCORE_FRACTION)
    e = round_shift(mantissa, np.minimum(distance, 16))
    return np.where(distance >= 16, 0, e)


def rsqrt(u: Int | int) -> tuple[Int, Int]:
    """(r, k) with 1/sqrt(u) = r * 2^-(17+k); u >= 1, r in 17 bits unsigned, relative error 2.1e-5."""
    u = np.asarray(u, dtype=np.int64)
    e = fl2(u)
    mantissa = np.where(e >= 18, u >> np.maximum(e - 18, 0), u << np.maximum(18 - e, 0)) & 0x3FFFF
    p, i, low = e & 1, mantissa >> 12, mantissa & 4095
    left = RSQRT_TABLE[p, i]
    return left - (((left - RSQRT_TABLE[p, i + 1]) * low + 2048) >> 12), e >> 1


def recip(s: Int | int) -> tuple[Int, Int]:
    """(q, k) with 1/s = q * 2^-(17+2k); s >= 1, q in 17 bits unsigned, relative error 4.7e-5."""
    r, k = rsqrt(s)
    return (r * r + 65536) >> 17, k


def gelu(h: Int) -> Int:
    """GELU in Q.14: ReLU(h) - delta(|h|) from the table; h int22, result int22, error 7.8e-5."""
    h = np.asarray(h, dtype=np.int64)
    u = np.abs(h)
    i = np.minimum(u >> 9, GELU_STEPS)
    low = np.where(i == GELU_STEPS, 0, u & 511)
    delta = ((GELU_TABLE[i] << 9) + (GELU_TABLE[i + 1] - GELU_TABLE[i]) * low + (1 << 12)) >> 13
    return np.maximum(h, 0) - delta


def multiplier(scale: float) -> tuple[int, int]:
    """(m, s) with scale ~ m / 2^s and 2^15 <= m < 2^16, so that 16 significant bits are kept.

    Raises ValueError if the scale isn't positive and finite or needs a shift outside 1..62.
    """
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"a requantiser's scale must be positive and finite, not {scale}")
    fraction, exponent = math.frexp(scale)  # scale = fraction * 2^exponent, fraction in [1/2, 1)
    m, s = _round(fraction * (1 << MULTIPLIER_BITS)), MULTIPLIER_BITS - exponent
    if m == 1 << MULTIPLIER_BITS:
        m, s = m >> 1, s - 1
    if not 1 <= s <= SHIFT_MAX:
        raise ValueError(f"a requantiser's scale must lie in 2^-47 .. 2^14, not {scale:.6g}")
    return m, s
