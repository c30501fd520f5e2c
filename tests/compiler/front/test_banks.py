# SPDX-License-Identifier: Apache-2.0
"""The layout of arrays in banks: every element has a place of its own, and where the table says."""

from __future__ import annotations

import itertools
import random

import pytest

from edgemoe.compiler.banks import BankLayout, Dimension, Form, Split


def shapes() -> list[Dimension]:
    """Every split of small extents."""
    return [
        Dimension.of(extent, split, factor)
        for extent in (1, 2, 5, 7, 8, 12)
        for split in Split
        for factor in (1, 2, 3, 4, 5, 8, 99)
    ]


def test_one_dimension_is_as_the_table_says() -> None:
    for dim in shapes():
        for index in range(dim.extent):
            words = -(-dim.extent // dim.factor)
            expected = {
                Split.NONE: (0, index),
                Split.COMPLETE: (index, 0),
                Split.CYCLIC: (index % dim.factor, index // dim.factor),
                Split.BLOCK: (index // words, index % words),
            }[dim.split]
            assert BankLayout((dim,)).place((index,)) == expected


def test_elements_have_places_of_their_own() -> None:
    rng = random.Random(1)
    for _ in range(200):
        layout = BankLayout(tuple(rng.choice(shapes()) for _ in range(rng.randint(1, 3))))
        places = [layout.place(position) for position in layout.positions()]
        assert len(set(places)) == layout.elements
        assert all(bank < layout.banks and row < layout.depth for bank, row in places)
        words = list(range(1, layout.elements + 1))
        banks = layout.spread(words)
        assert [banks[bank][row] for bank, row in places] == words


def test_a_linear_index_in_one_bank() -> None:
    """What `place` says of ``constant + sum of coefficient * x`` holds for every x inside the extent."""
    rng = random.Random(2)
    found = 0
    for _ in range(2000):
        dim = rng.choice(shapes())
        form = Form(rng.randrange(dim.extent), tuple(rng.choice([0, 1, 2, 3, 4, 6, 8, -4]) for _ in range(2)))
        placed = dim.place(form)
        if placed is None:
            continue
        found += 1
        for values in itertools.product(range(4), repeat=2):
            index = form.constant + sum(c * v for c, v in zip(form.coefficients, values, strict=True))
            if 0 <= index < dim.extent:
                row = placed[1].constant + sum(
                    c * v for c, v in zip(placed[1].coefficients, values, strict=True)
                )
                assert BankLayout((dim,)).place((index,)) == (placed[0], row)
    assert found > 300


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ((8, Split.CYCLIC, 8), (Split.COMPLETE, 8)),
        ((8, Split.BLOCK, 9), (Split.COMPLETE, 8)),
        ((8, Split.COMPLETE, 0), (Split.COMPLETE, 8)),
        ((8, Split.BLOCK, 1), (Split.NONE, 1)),
        ((8, Split.CYCLIC, 3), (Split.CYCLIC, 3)),
    ],
)
def test_what_is_asked_for(asked: tuple[int, Split, int], made: tuple[Split, int]) -> None:
    dim = Dimension.of(*asked)
    assert (dim.split, dim.factor) == made
