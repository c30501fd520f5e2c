# SPDX-License-Identifier: Apache-2.0
"""Weights that are powers of two: of a row, 0 and ±2^n of its scale, n = 0..6; a code of four bits a weight.

The rule, of one row (the weights of one output): its greatest magnitude is 64 steps of its scale, and every weight
becomes the nearest of the 15 values 0, ±1, ±2, ±4 .. ±64 steps, of two equally near the larger. So the greatest weight
stays what it is, a row that follows the rule is left as it is, and as int8 a row is its codes, exactly. A row whose
greatest magnitude is below `LEAST` is 0.

The rule multiplies by powers of two and takes differences of numbers within a factor of two of each other: both are
exact in every floating-point format, so all formats and `edgemoe.model.experts`, which has it in PyTorch, agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError

EXPONENTS = 7
TOP = 1 << (EXPONENTS - 1)
"""The greatest code."""
CODES = (0, *(1 << n for n in range(EXPONENTS)))
"""Magnitudes of a weight in steps of its row's scale."""
LEAST = 2.0**-100
"""Below it a row is 0: its steps stay far from what float32 can't tell from 0."""
POWER_OF_TWO = "power_of_two"

Floating = TypeVar("Floating", bound=np.floating[Any])


def nearest_powers(weight: NDArray[Floating]) -> NDArray[Floating]:
    """weight (..., out, in) -> the weights that the rule makes of it, in the same format."""
    magnitude = np.abs(weight)
    top = magnitude.max(axis=-1, keepdims=True)
    top = np.where(top >= LEAST, top, 0).astype(weight.dtype)
    found, below = np.zeros_like(weight), np.zeros_like(top)
    for n in range(EXPONENTS):
        value = np.ldexp(top, n - EXPONENTS + 1)
        found = np.where(magnitude - below >= value - magnitude, value, found)
        below = value
    return np.copysign(np.where(top > 0, found, 0), weight).astype(weight.dtype)


def power_weights(config: ModelConfig) -> Iterator[str]:
    """The tensors of a state dict, (E,out,in), whose weights are powers of two: none in most models."""
    if config.expert_weights != POWER_OF_TWO:
        return
    for i in range(config.layers):
        if config.is_moe(i):
            yield from (f"blocks.{i}.moe.experts.{layer}.weight" for layer in ("fc1", "fc2"))


def power_layers(config: ModelConfig) -> set[str]:
    """The linear layers of `power_weights`."""
    return {name.removesuffix(".weight") for name in power_weights(config)}


def with_powers(config: ModelConfig, state: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The state dict of the network as it computes: `nearest_powers` of what `power_weights` names."""
    return {**state, **{name: nearest_powers(state[name]) for name in power_weights(config)}}


@dataclass(frozen=True)
class Moved:
    """What the rule has done to given weights: of how many it changed how many, and the signal-to-noise ratio that it
    left, in decibel; infinite if it changed none."""

    weights: int
    moved: int
    decibel: float

    def said(self) -> str:
        """For a person."""
        if not self.moved:
            return f"its experts' {self.weights:,} weights are powers of two, and int8 holds them exactly"
        return (
            f"its experts' weights are made powers of two: {self.moved:,} of {self.weights:,} were none; SQNR "
            f"{self.decibel:.1f} dB. Training with `edgemoe train --powers` leaves weights that need no rounding"
        )


def moved(config: ModelConfig, given: Mapping[str, NDArray[Any]]) -> Moved | None:
    """What `with_powers` does to a state dict; None for a model without such weights."""
    weights = changed = 0
    signal = noise = 0.0
    for name in power_weights(config):
        weight = given[name].astype(np.float64)
        error = nearest_powers(weight) - weight
        weights, changed = weights + weight.size, changed + int(np.count_nonzero(error))
        signal, noise = signal + float(np.square(weight).sum()), noise + float(np.square(error).sum())
    if not weights:
        return None
    return Moved(weights, changed, 10 * math.log10(signal / noise) if noise else math.inf)


def check_codes(name: str, tensor: NDArray[Any], source: str) -> None:
    """UserError for the first integer of a package's tensor that is no code, with its place."""
    other = np.argwhere(~np.isin(np.abs(tensor.astype(np.int64)), CODES))
    if len(other):
        place = tuple(other[0].tolist())
        raise UserError(
            f"{source}: {name} holds {tensor[place]} at {list(place)}, one of {len(other):,} values that are neither 0 "
            f"nor ±1, ±2, ±4 .. ±{TOP}, and the config's expert_weights is {POWER_OF_TWO!r}. Make the package again "
            "from its checkpoint with `edgemoe quantize`."
        )
