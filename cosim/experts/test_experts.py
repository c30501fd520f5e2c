# SPDX-License-Identifier: Apache-2.0
"""Gate kernel against the golden model: ranking with ties, scores, queues of tokens per expert."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
from edgemoe.golden.experts import gate


def call(rng: np.random.Generator) -> kernels.Call:
    build = kernels.build_config()
    tokens, experts = int(rng.integers(1, 40)), int(rng.integers(1, build.max_experts + 1))
    top_k, rule = int(rng.integers(1, min(4, experts) + 1)), int(rng.integers(1, 3))
    logits = kernels.integers(rng, 46, (tokens, build.max_experts))
    if rng.random() < 0.4:  # many ties
        logits = logits >> 43
    m, s = int(rng.integers(1 << 15, 1 << 16)), int(rng.integers(14, 50))
    threshold = int(rng.choice([0, 1, 5000, 30000, 65536]))
    routing = gate(logits[:, :experts], top_k, rule, m, s, threshold)
    slots = np.zeros((tokens, 4), dtype=np.int64)
    slots[:, :top_k] = routing.expert | routing.valid.astype(np.int64) << 8 | routing.score << 16
    entries: list[int | None] = [None] * (build.max_experts * build.max_tokens)
    for expert in range(experts):
        queue = zip(*routing.queue(expert), strict=True)
        for position, (token, score) in enumerate(queue):
            entries[expert * build.max_tokens + position] = int(token) | int(score) << 16
    words = logits.reshape(tokens, -1, 8).transpose(1, 0, 2).reshape(-1, 8)
    lanes = [sum((int(v) & ((1 << 48) - 1)) << 48 * i for i, v in enumerate(row)) for row in words]
    return kernels.Call(
        {"logits": lanes},
        {
            "tokens": tokens, "experts": experts, "top_k": top_k, "rule": rule,
            "threshold": threshold, "mult0": m, "shift0": s,
        },
        {"choices": list(kernels.beats(slots, 32)), "lengths": list(routing.counts(experts)), "entries": entries},
    )  # fmt: skip


def test_native_as_golden() -> None:
    kernels.check_native("experts", call, range(100, 112))


@pytest.mark.slow
def test_rtl_as_golden() -> None:
    kernels.check_rtl("experts", call, range(20))
