# SPDX-License-Identifier: Apache-2.0
"""The integer functions once more in plain Python, one value at a time, straight from their formulas.

It shares neither code nor tables nor array arithmetic with `edgemoe.numerics`, so a slip in one shows.
"""

from __future__ import annotations

import math
from decimal import Decimal, getcontext

getcontext().prec = 40


def saturate(x: int, bits: int) -> int:
    return max(-(2 ** (bits - 1)), min(2 ** (bits - 1) - 1, x))


def rq(acc: int, m: int, s: int, bits: int) -> int:
    return saturate((acc * m + (2**s // 2)) // 2**s, bits)


def exp2_entry(i: int) -> int:
    ln2 = Decimal(2).ln()
    value = Decimal(2) ** 14 * Decimal(2) ** (Decimal(i) / 32) * (1 - (ln2 / 32) ** 2 / 16)
    return min(max(int((value + Decimal("0.5")) // 1), 2**14), 2**15)


def exp2(t: int, integer_max: int) -> int:
    whole, fraction = t // 1024, t % 1024
    i, low = fraction // 32, fraction % 32
    left, right = exp2_entry(i), exp2_entry(i + 1)
    mantissa = min(left + ((right - left) * low + 16) // 32, 32767)
    distance = integer_max - whole
    return 0 if distance >= 16 else (mantissa + 2**distance // 2) // 2**distance


def rsqrt_entry(p: int, i: int) -> int:
    a, h = (1 + Decimal(i) / 64) * 2**p, Decimal(2**p) / 64
    root = a.sqrt()
    value = 2**17 * (1 / root - Decimal("0.75") * h * h / 16 / (a * a * root))
    return int((value + Decimal("0.5")) // 1)


def rsqrt(u: int) -> tuple[int, int]:
    e = u.bit_length() - 1
    w = (u * 2**18 // 2**e) % 2**18
    i, low = w // 4096, w % 4096
    left, right = rsqrt_entry(e % 2, i), rsqrt_entry(e % 2, i + 1)
    return left - ((left - right) * low + 2048) // 4096, e // 2


def recip(s: int) -> tuple[int, int]:
    r, k = rsqrt(s)
    return (r * r + 65536) // 2**17, k


def gelu_entry(i: int) -> int:
    if i >= 176:
        return 0
    u = i / 32
    delta = u * (1 - math.erf(u / math.sqrt(2))) / 2
    density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    return max(0, math.floor(2**18 * (delta - (1 / 32) ** 2 / 16 * (u * u - 2) * density) + 0.5))


def gelu(h: int) -> int:
    u = abs(h)
    i = min(u // 512, 176)
    low = 0 if i == 176 else u % 512
    left, right = gelu_entry(i), gelu_entry(i + 1)
    return max(h, 0) - (left * 512 + (right - left) * low + 4096) // 8192


def attention_row(
    q: list[int], keys: list[list[int]], values: list[list[int]], mt: int, st: int, cm: int, cs: int
) -> list[int]:
    scores = [rq(sum(a * b for a, b in zip(q, key, strict=True)), mt, st, 18) for key in keys]
    top = max(t // 1024 for t in scores)
    e = [exp2(t, top) for t in scores]
    r, j = recip(sum(e))
    r = (r * cm + 32768) // 65536
    shift = 17 + 2 * j + cs - 16
    sums = [sum(w * value[lane] for w, value in zip(e, values, strict=True)) for lane in range(len(q))]
    return [saturate((o * r + 2 ** (shift - 1)) // 2**shift, 16) for o in sums]


def scattered(accum: int, z: int, score: int) -> int:
    return accum + (z * score + 32768) // 65536


def layernorm_row(x: list[int], gamma: list[int], beta: list[int], s: int, epsilon: int) -> list[int]:
    width, total = len(x), sum(x)
    r, k = rsqrt(width * sum(v * v for v in x) - total * total + epsilon)
    shift = 17 + k - 13 - 2
    n = [((width * v - total + 2) // 4 * r + 2 ** (shift - 1)) // 2**shift for v in x]
    half = 2**s // 2
    return [saturate((v * g + b + half) // 2**s, 16) for v, g, b in zip(n, gamma, beta, strict=True)]


def gate_token(logits: list[int], top_k: int, over_all: bool, m: int, s: int) -> list[tuple[int, int]]:
    """(expert, score) of the chosen, best first."""
    order = sorted(range(len(logits)), key=lambda e: (-logits[e], e))[:top_k]
    t = {e: rq(logits[e], m, s, 18) for e in (range(len(logits)) if over_all else order)}
    top = max(v // 1024 for v in t.values())
    weights = {e: exp2(v, top) for e, v in t.items()}
    q, j = recip(sum(weights.values()))
    shift = 1 + 2 * j
    return [(e, min((weights[e] * q + 2 ** (shift - 1)) // 2**shift, 65535)) for e in order]
