# SPDX-License-Identifier: Apache-2.0
"""The mixture of experts: gate, queues of tokens per expert, weighted scatter, combination with the residual.

Experts are visited one by one, each on the tokens that chose it (Edge-MoE's reordering): its weights are read
once, and those of an expert that nobody chose never. Sums of expert outputs are exact in int32 and
rounded once, so the order of experts can't matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemoe.golden.softmax import gate_scores, softmax_float
from edgemoe.numerics import EXPERT_FRACTION, RESIDUAL_BITS, SCORE_BITS, Int, Tally, rq, saturated
from edgemoe.registers import Rule


@dataclass(frozen=True)
class Routing:
    """Choices of T tokens, k slots each: expert (T,k), score (T,k) uint16 in Q.16, valid (T,k)."""

    expert: Int
    score: Int
    valid: NDArray[np.bool_]

    def queue(self, expert: int) -> tuple[Int, Int]:
        """Tokens, ascending, that have this expert, and their scores."""
        token, slot = np.nonzero(self.valid & (self.expert == expert))
        return token.astype(np.int64), self.score[token, slot]

    def counts(self, experts: int) -> list[int]:
        """Lengths of the queues."""
        return np.bincount(self.expert[self.valid], minlength=experts).tolist()


def gate(
    logits: Int, top_k: int, rule: int, m: int, s: int, threshold: int, tally: Tally | None = None
) -> Routing:
    """Raw accumulators (T,E) -> routing. Ranked on the accumulators themselves, ties to the lower expert."""
    order = np.argsort(-logits, axis=1, kind="stable")[:, :top_k]
    if rule == Rule.SOFTMAX_ALL:
        score = np.take_along_axis(gate_scores(rq(logits, m, s, SCORE_BITS, tally)), order, axis=1)
    else:
        chosen = np.take_along_axis(logits, order, axis=1)
        score = gate_scores(rq(chosen, m, s, SCORE_BITS, tally))
    return Routing(order.astype(np.int64), score, score >= threshold)


def scatter(accum: Int, tokens: Int, z: Int, score: Int) -> None:
    """accum (T,D) int32 += z (n,D) int24 * score (n), rounded to residual scale / 2^EXPERT_FRACTION, in place."""
    accum[tokens] += (z * score[:, None] + 32768) >> 16


def combine(x: Int, accum: Int, tally: Tally | None = None) -> Int:
    """x (T,D) of RESIDUAL_BITS plus the experts' sum, rounded once."""
    half = (1 << EXPERT_FRACTION) >> 1
    return saturated(x + ((accum + half) >> EXPERT_FRACTION), RESIDUAL_BITS, tally)


def gate_float(
    logits: NDArray[np.float64], top_k: int, rule: str, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Logits (T,E) -> chosen experts (T,k) and their scores (T,k), 0 where below the threshold."""
    order = np.argsort(-logits, axis=1, kind="stable")[:, :top_k]
    if rule == "softmax_all":
        score = np.take_along_axis(softmax_float(logits), order, axis=1)
    else:
        score = softmax_float(np.take_along_axis(logits, order, axis=1))
    return order, np.where(score >= threshold, score, 0.0)
