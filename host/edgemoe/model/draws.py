# SPDX-License-Identifier: Apache-2.0
"""Random numbers by counting: draw number k of scene `seed` is a hash of (seed, k).

So a scene depends on its own seed alone, never on the batch that it is rendered in, the device, or the version of
a library's generator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_MASK = 0xFFFFFFFF


def hash32(x: Tensor) -> Tensor:
    """A 32-bit mix (the finaliser of MurmurHash3) of int64 values; result in 0..2^32-1, int64.

    Products wrap modulo 2^64, which leaves their low 32 bits right.
    """
    x = x & _MASK
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & _MASK
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & _MASK
    return x ^ (x >> 16)


def unit(bits: Tensor) -> Tensor:
    """32-bit hashes -> float32 in [0, 1), on a grid of 2^-24 (exact)."""
    return (bits >> 8).float() * 2.0**-24


def power(x: Tensor, exponent: float) -> Tensor:
    """x^exponent of float32 values, the same whatever stands beside them.

    In float32, processors compute the last few elements of a tensor in another way than the others, and the last bit
    may differ; float64 leaves that bit to be rounded away.
    """
    return x.double().pow(exponent).float()


class Draws:
    """Uniform draws for a batch of scenes, each scene with its own sequence."""

    def __init__(self, seeds: Tensor) -> None:
        """`seeds`: int64 (B), 0 <= seed < 2^30."""
        self.key = hash32(seeds * 0x9E3779B1 + 0x165667B1)
        self.count = 0

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """float32 (B, *shape) in [low, high)."""
        n = math.prod(shape)
        index = torch.arange(self.count, self.count + n, device=self.key.device)
        self.count += n
        value = unit(hash32(self.key[:, None] ^ hash32(index * 0x27D4EB2F + 1)))
        return (low + (high - low) * value).view(-1, *shape)

    def chance(self, probability: float, *shape: int) -> Tensor:
        """bool (B, *shape), true with that probability."""
        return self.uniform(*shape) < probability

    def pick(self, table: Tensor, *shape: int) -> Tensor:
        """(B, *shape, columns): random rows of `table` (rows, columns)."""
        row = (self.uniform(*shape) * len(table)).long()
        return table.to(self.key.device)[row]
