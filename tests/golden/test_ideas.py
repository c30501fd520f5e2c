# SPDX-License-Identifier: Apache-2.0
"""Each idea's integers against a plain transcription (bit by bit) and against its float reference (error)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edgemoe import numerics
from edgemoe.golden import attention, embedding, experts, gelu, layernorm, linear, softmax
from edgemoe.program.packing import patch_rows
from edgemoe.registers import Rule

sys.path.insert(0, str(Path(__file__).parent))
import plain

I16 = (-(2**15), 2**15)
RESIDUAL = (-(2**17), 2**17)


def sqnr(got: np.ndarray, exact: np.ndarray) -> float:
    """Signal to noise in dB."""
    return float(10 * np.log10((exact**2).mean() / ((got - exact) ** 2).mean()))


@pytest.mark.parametrize("seed", range(3))
def test_linear_sums_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.integers(*I16, (3, 40)), rng.integers(*I16, (5, 40))
    x[0], w[0] = -(2**15), -(2**15)  # the largest product
    bias = rng.integers(-(2**39), 2**39, 5)
    expected = [
        [
            sum(int(a) * int(b) for a, b in zip(xr, wr, strict=True)) + int(c)
            for wr, c in zip(w, bias, strict=True)
        ]
        for xr in x
    ]
    assert linear.linear_sums(x, w, bias).tolist() == expected


def test_matmul_beyond_float64_stays_exact() -> None:
    a = np.full((1, 4), 2**30 + 1)
    assert linear.matmul(a, a.T).tolist() == [[4 * (2**30 + 1) ** 2]]


def test_residual_saturates_after_the_sum() -> None:
    x, acc = np.array([[131000, -131000, 5]]), np.array([[400, -400, 3]])
    tally = numerics.Tally()
    got = linear.residual_added(x, acc, np.full(3, 1 << 15), np.full(3, 15), tally)
    assert got.tolist() == [[131071, -131072, 8]] and tally.lanes == 2


def test_an_update_beyond_its_24_bits_counts_once() -> None:
    x, acc = np.array([[0, 100]]), np.array([[1 << 24, -(1 << 24)]])
    tally = numerics.Tally()
    got = linear.residual_added(x, acc, np.full(2, 1 << 15), np.full(2, 15), tally)
    assert got.tolist() == [[131071, -131072]] and tally.lanes == 2


def test_gelu_epilogue() -> None:
    rng = np.random.default_rng(1)
    acc = rng.integers(-(2**24), 2**24, (200, 4))
    m, s = rng.integers(2**15, 2**16, 4), np.array([22, 23, 24, 25])
    gm, gs = 40000, 18
    got = gelu.gelu_epilogue(acc, m, s, gm, gs)
    for (t, n), value in np.ndenumerate(acc):
        h = plain.gelu(plain.rq(int(value), int(m[n]), int(s[n]), 22))
        assert got[t, n] == plain.rq(h, gm, gs, 16)
    exact = gelu.gelu_float(acc * m / 2.0**s / 2**14) * 2**14 * gm / 2**gs
    error = np.abs(got - np.clip(exact, -32768, 32767)).max()
    print(f"gelu epilogue: {error:.2f} LSB")
    assert error < 1.2


@pytest.mark.parametrize("seed", range(3))
def test_softmax_does_not_depend_on_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = rng.integers(-(2**13), 2**13, 129)
    order = rng.permutation(129)
    e, s = softmax.exponentials(t)
    shuffled, total = softmax.exponentials(t[order])
    assert (shuffled == e[order]).all() and total == s
    error = np.abs(e / s - softmax.softmax_float(t / 1024 * np.log(2))).max()
    print(f"softmax: {error:.2e}")
    assert error < 1e-3


@pytest.mark.parametrize(
    ("seed", "keys", "lanes"), [(0, 1, 4), (1, 2, 8), (2, 33, 32), (3, 129, 32), (4, 257, 32)]
)
def test_attention(seed: int, keys: int, lanes: int) -> None:
    rng = np.random.default_rng(seed)
    q = rng.integers(-6000, 6000, (3, lanes))
    k, v = rng.integers(-6000, 6000, (keys, lanes)), rng.integers(-20000, 20000, (keys, lanes))
    scale = np.log2(np.e) / np.sqrt(lanes) * 4e-4**2
    mt, st = numerics.multiplier(scale * 1024)
    cm, cs = numerics.multiplier(1.25)
    got = attention.attention(q, k, v, mt, st, cm, cs)
    expected = [plain.attention_row(row.tolist(), k.tolist(), v.tolist(), mt, st, cm, cs) for row in q]
    assert got.tolist() == expected
    exact = attention.attention_float(q * 4e-4, k * 4e-4, v.astype(np.float64)) * 1.25
    error = np.abs(got - np.clip(exact, -32768, 32767)).max()
    print(f"attention over {keys} keys: {error:.2f} LSB")
    assert error < 15


@pytest.mark.parametrize("seed", range(3))
def test_attention_of_queries_with_scores(seed: int) -> None:
    """Each context is that of its query times its score, rounded with it at once."""
    rng = np.random.default_rng(seed)
    q, k, v = (rng.integers(-6000, 6000, (count, 32)) for count in (6, 20, 20))
    scores = np.array([0, 1, 65535, 32768, *rng.integers(0, 65536, 2)])
    cm, cs = int(rng.integers(1 << 15, 1 << 16)), 15
    multipliers = attention.weighted(cm, scores)
    assert multipliers.tolist() == [(cm * int(score) + 2**15) // 2**16 for score in scores]
    got = attention.attention(q, k, v, 40000, 28, multipliers, cs)
    rows = zip(q.tolist(), multipliers.tolist(), strict=True)
    expected = [plain.attention_row(row, k.tolist(), v.tolist(), 40000, 28, m, cs) for row, m in rows]
    assert got.tolist() == expected and not got[0].any()
    whole = attention.attention(q, k, v, 40000, 28, cm, cs)
    assert np.abs(got - whole * scores[:, None] / 65536).max() < 2


def test_attention_at_the_ends_of_int16() -> None:
    """257 keys at ±32767/−32768: sums are exact, scores saturate, equal values give themselves back."""
    full = np.full((257, 32), -(2**15))
    out = attention.attention(full[:2], full, np.full((257, 32), 32767), 1 << 15, 30, 1 << 15, 15)
    assert (np.abs(out - 32767) <= 1).all()
    one = np.zeros((257, 32), dtype=np.int64)
    one[7] = 32767
    k = np.zeros((257, 32), dtype=np.int64)
    k[7] = 32767
    out = attention.attention(one[7:8], k, one, 1 << 15, 20, 1 << 15, 15)  # key 7 takes everything
    assert (np.abs(out - 32767) <= 1).all()


@pytest.mark.parametrize("width", [1, 7, 64, 192, 1023])
def test_layernorm(width: int) -> None:
    rng = np.random.default_rng(width)
    rows = [
        rng.integers(*RESIDUAL, width),
        rng.integers(-3, 4, width),
        np.full(width, RESIDUAL[1] - 1),
        np.full(width, RESIDUAL[0]),
    ]
    rows += [np.where(np.arange(width) % 2, RESIDUAL[1] - 1, RESIDUAL[0]), np.zeros(width, dtype=np.int64)]
    rows += [np.where(np.arange(width) == width // 2, 30000, 5), 20000 + rng.integers(-5, 6, width)]
    x = np.stack(rows)
    gamma, beta = rng.integers(-2000, 2000, width), rng.integers(-(2**24), 2**24, width)
    s, epsilon = 14, max(4, round(1e-6 * width**2 / 1e-3**2))
    got = layernorm.layernorm(x, gamma, beta, s, width, epsilon)
    expected = [plain.layernorm_row(r.tolist(), gamma.tolist(), beta.tolist(), s, epsilon) for r in x]
    assert got.tolist() == expected
    eps = epsilon / width**2
    exact = layernorm.layernorm_float(x.astype(np.float64), gamma * 2.0 ** (13 - s), beta * 2.0**-s, eps)
    error = np.abs(got - np.clip(exact, -32768, 32767))
    # N is rounded to steps of 4, n to Q.13; gamma (up to 2^11 of 2^14) multiplies both.
    sigma = np.sqrt((x**2).mean(axis=1) - x.mean(axis=1) ** 2 + eps)
    dropped = 2 / (width * sigma[:, None]) * np.abs(gamma) * 2.0 ** (13 - s)
    print(f"layernorm of {width}: {error.max():.2f} LSB, {(error - dropped).max():.2f} of them not of N")
    assert (error - dropped).max() < 0.75 + np.abs(exact).max() * 6e-5
    assert error[0].max() < 0.75 + np.abs(exact).max() * 6e-5, "values all over the format lose nothing by N"


def test_layernorm_of_equal_values_is_beta() -> None:
    beta = np.array([5 << 14, -(7 << 14)])
    got = layernorm.layernorm(np.full((1, 2), 1234), np.array([30000, -30000]), beta, 14, 2, 4)
    assert got.tolist() == [[5, -7]]


def test_layernorm_ignores_padding_lanes() -> None:
    rng = np.random.default_rng(9)
    x, gamma, beta = (
        rng.integers(*RESIDUAL, (4, 64)),
        rng.integers(*I16, 64),
        rng.integers(-(2**20), 2**20, 64),
    )
    tally, other = numerics.Tally(), numerics.Tally()
    wide = layernorm.layernorm(x, gamma, beta, 9, 40, 99, tally)
    narrow = layernorm.layernorm(x[:, :40], gamma[:40], beta[:40], 9, 40, 99, other)
    assert (wide[:, :40] == narrow).all() and not wide[:, 40:].any()
    assert tally.lanes == other.lanes > 0


@pytest.mark.parametrize("shift", range(64))
def test_layernorm_at_every_shift_of_a_record(shift: int) -> None:
    rng = np.random.default_rng(shift)
    x, gamma, beta = (
        rng.integers(*RESIDUAL, (3, 20)),
        rng.integers(*I16, 20),
        rng.integers(-(2**39), 2**39, 20),
    )
    expected = [plain.layernorm_row(r.tolist(), gamma.tolist(), beta.tolist(), shift, 7) for r in x]
    assert layernorm.layernorm(x, gamma, beta, shift, 20, 7).tolist() == expected


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize(("count", "top_k"), [(1, 1), (3, 2), (8, 2), (16, 4), (16, 1), (5, 4)])
def test_gate(rule: Rule, count: int, top_k: int) -> None:
    rng = np.random.default_rng(count + top_k)
    logits = rng.integers(-(2**38), 2**38, (60, count))
    logits[:20] = rng.integers(-2, 3, (20, count))  # many ties
    m, s = 40000, 40
    routing = experts.gate(logits, top_k, rule, m, s, 9000)
    for t, row in enumerate(logits.tolist()):
        expected = plain.gate_token(row, top_k, rule == Rule.SOFTMAX_ALL, m, s)
        assert list(zip(routing.expert[t].tolist(), routing.score[t].tolist(), strict=True)) == expected
    assert (routing.valid == (routing.score >= 9000)).all()
    name = {Rule.SOFTMAX_ALL: "softmax_all", Rule.SOFTMAX_TOPK: "softmax_topk"}[rule]
    chosen, score = experts.gate_float(logits * (m / 2.0**s / 1024 * np.log(2)), top_k, name, 0.0)
    assert (chosen == routing.expert).all()
    error = np.abs(routing.score / 65536 - score).max()
    print(f"gate scores: {error:.2e}")
    assert error < 1e-3


def test_gate_breaks_ties_to_the_lower_expert() -> None:
    routing = experts.gate(np.array([[7, 9, 9, 9]]), 2, Rule.SOFTMAX_TOPK, 1 << 15, 15, 0)
    assert routing.expert.tolist() == [[1, 2]] and routing.score.tolist() == [[32769, 32769]]


def test_a_score_equal_to_the_threshold_stays() -> None:
    logits = np.array([[7, 9, 9, 9]])
    for threshold, kept in ((32768, [True, True]), (32769, [True, True]), (32770, [False, False])):
        routing = experts.gate(logits, 2, Rule.SOFTMAX_TOPK, 1 << 15, 15, threshold)
        assert routing.valid.tolist() == [kept]


def test_a_single_expert_scores_almost_one() -> None:
    routing = experts.gate(np.array([[123]]), 1, Rule.SOFTMAX_ALL, 1 << 15, 15, 0)
    assert 65530 <= routing.score[0, 0] <= 65535


def test_queues_hold_valid_tokens_in_order() -> None:
    rng = np.random.default_rng(2)
    routing = experts.gate(rng.integers(-(2**38), 2**38, (50, 8)), 3, Rule.SOFTMAX_ALL, 40000, 41, 20000)
    lengths = routing.counts(8)
    for e in range(8):
        tokens, scores = routing.queue(e)
        expected = [t for t in range(50) if any(routing.valid[t] & (routing.expert[t] == e))]
        assert tokens.tolist() == expected and len(tokens) == lengths[e] and (scores >= 20000).all()
    assert sum(lengths) == routing.valid.sum() and 0 < sum(lengths) < 150


@pytest.mark.parametrize("seed", range(2))
def test_scatter_is_free_of_order_and_combine_rounds_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    jobs = [
        (rng.permutation(20)[:n], rng.integers(-(2**23), 2**23, (n, 6)), rng.integers(0, 65536, n))
        for n in (20, 7, 1)
    ]
    forwards, backwards = np.zeros((20, 6), dtype=np.int64), np.zeros((20, 6), dtype=np.int64)
    for tokens, z, score in jobs:
        experts.scatter(forwards, tokens, z, score)
    for tokens, z, score in reversed(jobs):
        experts.scatter(backwards, tokens, z, score)
    assert (forwards == backwards).all() and np.abs(forwards).max() < 2**31
    expected = np.zeros((20, 6), dtype=np.int64)
    for tokens, z, score in jobs:
        for i, token in enumerate(tokens):
            for channel in range(6):
                old, value = int(expected[token, channel]), int(z[i, channel])
                expected[token, channel] = plain.scattered(old, value, int(score[i]))
    assert (forwards == expected).all()
    x = rng.integers(*RESIDUAL, (20, 6))
    sums = [int(a) + (int(b) + 2) // 4 for a, b in zip(x.flat, forwards.flat, strict=True)]
    expected = [plain.saturate(y, 18) for y in sums]
    tally = numerics.Tally()
    assert experts.combine(x, forwards, tally).ravel().tolist() == expected
    assert tally.lanes == sum(y != z for y, z in zip(sums, expected, strict=True)) > 0


def test_embedding_is_the_convolution() -> None:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (8, 12, 3)).astype(np.uint8)
    weight, bias = rng.integers(-127, 128, (5, 3, 4, 4)), rng.integers(-1000, 1000, 5)
    position = rng.integers(-100, 100, (7, 5))
    m, s = np.full(5, 1 << 15), np.full(5, 15)
    rows = patch_rows(image, 4).astype(np.int64)
    got = embedding.embedding(rows, weight.reshape(5, -1), bias, m, s, position)
    exact = embedding.embedding_float(
        image, weight.astype(float) * 256, bias.astype(float), position.astype(float)
    )
    assert (got == np.clip(exact, -(2**17), 2**17 - 1)).all()
