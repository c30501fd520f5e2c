# SPDX-License-Identifier: Apache-2.0
"""Predicates of a body's blocks, and the dominators they are found by."""

from __future__ import annotations

import random

from edgemoe.compiler.frontend.cfg import DominatorTree, dominates, immediate_dominators, reverse_post_order
from edgemoe.compiler.frontend.ifconvert import Predicates
from edgemoe.compiler.ir import Const, Value


class Emitter:
    """Counts what would be emitted; the predicates themselves don't matter."""

    def __init__(self) -> None:
        self.made = 0

    def both(self, a: Value | None, b: Value | None) -> Value | None:
        self.made += a is not None and b is not None
        return a if b is None else b

    def either(self, a: Value | None, b: Value | None) -> Value | None:
        self.made += 1
        return a or b


def test_a_body_may_have_more_blocks_in_a_row_than_python_has_frames() -> None:
    """Conditions within conditions: each block's predicate needs the one before."""
    depth = 3000
    successors = {f"b{n}": [f"b{n + 1}", f"out{n}"] for n in range(depth)}
    successors |= {f"out{n}": [] for n in range(depth)} | {f"b{depth}": []}
    emitter = Emitter()
    value = Const(1, 1)
    predicates = Predicates("b0", set(successors), successors, lambda _source, _target: value, emitter)  # type: ignore[arg-type]
    assert predicates.of(f"b{depth}") is value
    assert emitter.made == depth - 1


def test_the_tree_says_what_the_chain_says() -> None:
    rng = random.Random(1)
    for _ in range(50):
        count = rng.randrange(2, 30)
        successors = {
            f"n{k}": [f"n{rng.randrange(count)}" for _ in range(rng.randrange(3))] for k in range(count)
        }
        order = reverse_post_order("n0", lambda n: successors[n])  # noqa: B023
        before = {name: [p for p in order if name in successors[p]] for name in order}
        idom = immediate_dominators(order, lambda n: before[n])  # noqa: B023
        tree = DominatorTree(idom)
        for a in successors:
            for b in successors:
                assert tree.dominates(a, b) == dominates(idom, a, b), (a, b, successors)
