# SPDX-License-Identifier: Apache-2.0
"""Where the elements of an array lie: the bank and the row (word address) of an index.

Each dimension is split by itself: of its index, one part counts in the bank's number and the rest in the row's.

| split | bank of index i | row of index i |
|---|---|---|
| none | 0 | i |
| complete | i | 0 |
| cyclic, f | i mod f | i div f |
| block, f | i div w | i mod w, where w = ceil(extent / f) |

Banks and rows of several dimensions are numbered row by row, the outermost dimension first.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class Split(str, enum.Enum):
    """How a dimension is partitioned."""

    NONE = ""
    COMPLETE = "complete"
    CYCLIC = "cyclic"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Form:
    """A linear index: ``constant`` + the sum of coefficient x (what the caller knows by position)."""

    constant: int
    coefficients: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of ``extent`` elements in ``factor`` banks."""

    extent: int
    split: Split = Split.NONE
    factor: int = 1

    @staticmethod
    def of(extent: int, split: Split, factor: int) -> Dimension:
        """As asked for; as many banks as elements are a complete partition, and one is none."""
        if split is Split.COMPLETE or (split is not Split.NONE and factor >= extent):
            return Dimension(extent, Split.COMPLETE, extent)
        return Dimension(extent) if split is Split.NONE or factor <= 1 else Dimension(extent, split, factor)

    @property
    def words(self) -> int:
        """Rows of one bank."""
        return -(-self.extent // self.factor)

    def place(self, index: Form) -> tuple[int, Form] | None:
        """(bank, row) of a linear index; None if the bank depends on more than the constant."""
        constant, coefficients = index.constant, index.coefficients
        if self.split is Split.NONE:
            return 0, index
        if self.split is Split.BLOCK:
            bank, row = divmod(constant, self.words)
            return None if any(coefficients) else (bank, Form(row, coefficients))
        if any(c % self.factor for c in coefficients):
            return None
        row, bank = divmod(constant, self.factor)
        return bank, Form(row, tuple(c // self.factor for c in coefficients))


@dataclass(frozen=True, slots=True)
class BankLayout:
    """All dimensions of an array, outermost first."""

    dims: tuple[Dimension, ...]

    @property
    def banks(self) -> int:
        return math.prod(dim.factor for dim in self.dims)

    @property
    def depth(self) -> int:
        """Rows of a bank."""
        return math.prod(dim.words for dim in self.dims)

    @property
    def elements(self) -> int:
        return math.prod(dim.extent for dim in self.dims)

    def weights(self) -> list[tuple[int, int]]:
        """For each dimension, what one step of its bank and of its row counts in the whole."""
        result, bank, row = [], 1, 1
        for dim in reversed(self.dims):
            result.append((bank, row))
            bank, row = bank * dim.factor, row * dim.words
        return result[::-1]

    def place(self, position: Sequence[int]) -> tuple[int, int]:
        """(bank, row) of the element at ``position``, an index for each dimension."""
        bank = row = 0
        for dim, index, (bank_step, row_step) in zip(self.dims, position, self.weights(), strict=True):
            placed = dim.place(Form(index))
            assert placed is not None
            bank += placed[0] * bank_step
            row += placed[1].constant * row_step
        return bank, row

    def bank_position(self, bank: int) -> tuple[int, ...]:
        """The bank's number in each dimension that has several."""
        steps = [(dim.factor, step) for dim, (step, _) in zip(self.dims, self.weights(), strict=True)]
        return tuple(bank // step % factor for factor, step in steps if factor > 1)

    def positions(self) -> Iterator[tuple[int, ...]]:
        """Every element's position, row by row."""
        return itertools.product(*(range(dim.extent) for dim in self.dims))

    def spread(self, words: Sequence[int]) -> list[list[int]]:
        """The contents of every bank, given the elements row by row; rows that hold no element are 0."""
        banks = [[0] * self.depth for _ in range(self.banks)]
        for position, word in zip(self.positions(), words, strict=True):
            bank, row = self.place(position)
            banks[bank][row] = word
        return banks


def index_bits(count: int) -> int:
    """Bits of an index below ``count``, at least 1."""
    return max(1, (count - 1).bit_length())
