# SPDX-License-Identifier: Apache-2.0
"""Ranges and a recipe -> the scale of each activation tensor."""

from __future__ import annotations

import math

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.numerics import ACT_BITS, RESIDUAL_BITS
from edgemoe.quant.bounds import State, bounds
from edgemoe.quant.histogram import mse_range, percentile_range
from edgemoe.quant.recipe import Recipe
from edgemoe.ranges import Ranges, rounded

LEAST = 1e-3
"""A range that calibration found smaller is taken to be this: a tensor that was 0 may not stay so."""
FREE = 2.0
"""A bound is worth one more bit of 16: up to so many times what margin and range ask for, the scale reaches it."""


MEANS = {"context": "v", "pool": "norm"}
"""Tensors that are means of what another's format holds, which so is their bound. In int16 it is taken however far it
is: attention that falls on one key makes the context of an image many times that of the calibration's."""


def bits_of(name: str, act_bits: int) -> int:
    """Bits of a tensor of `export.scale_names`: the residual and a head's output keep theirs in W8A8."""
    if name == "residual":
        return RESIDUAL_BITS
    return ACT_BITS if name.endswith(".out") else act_bits


def scales_of(config: ModelConfig, state: State, ranges: Ranges, recipe: Recipe) -> dict[str, float]:
    """Scales by name, as `export_package` wants them."""
    reach = reaches(config, state, ranges, recipe)
    return {
        name: rounded(value / ((1 << (bits_of(name, recipe.act_bits) - 1)) - 1))
        for name, value in reach.items()
    }


def reaches(config: ModelConfig, state: State, ranges: Ranges, recipe: Recipe) -> dict[str, float]:
    """The magnitude at which each tensor's format is to end.

    Margin times range; or what the tensor can't exceed, if that is less, or, in int16 with ranges of the greatest
    values, at most FREE times as much, or of MEANS however much.
    """
    limits = bounds(config, state) if recipe.bounds else {}
    spare = recipe.act_bits == ACT_BITS and recipe.ranges_by == "minmax"
    found: dict[str, float] = {}
    for name, greatest in ranges.greatest.items():
        whole = name == "residual" or bits_of(name, recipe.act_bits) > recipe.act_bits
        margin = recipe.residual_room if whole else recipe.room
        wanted = max(_range(name, greatest, ranges, recipe), LEAST) * margin
        limit, free = limits.get(name, math.inf), FREE if spare else 1.0
        place, _, tensor = name.rpartition(".")
        if recipe.bounds and tensor in MEANS:
            limit, free = found[f"{place}.{MEANS[tensor]}"], math.inf if spare else 1.0
        near = limit <= free * wanted
        if name == "residual":  # the bound is that of its first value alone
            found[name] = max(wanted, limit) if near else wanted
        else:
            found[name] = limit if near else wanted
    return found


def _range(name: str, greatest: float, ranges: Ranges, recipe: Recipe) -> float:
    """The range of a tensor by the recipe's way; the residual's is always its greatest value."""
    if recipe.ranges_by == "minmax" or name == "residual":
        return greatest
    if not ranges.histograms:
        raise UserError(
            f"Ranges by {recipe.ranges_by} need histograms, and these ranges have none (version 2): calibrate again "
            "with --calibration FOLDER; --keep-ranges FILE keeps what it finds."
        )
    counts = ranges.histograms[name]
    if recipe.ranges_by == "percentile":
        return percentile_range(counts, recipe.percentile, greatest)
    return mse_range(counts, bits_of(name, recipe.act_bits), greatest)
