# SPDX-License-Identifier: Apache-2.0
"""What may be chosen when a package is made of a float model and its ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgemoe.errors import UserError
from edgemoe.ranges import FINE_MARGIN, MARGIN, RESIDUAL_MARGIN

RANGES_BY = ("minmax", "percentile", "mse")
PERCENTILE = 99.99
WIDTHS = (8, 16)
NEAREST, COMPENSATED = ROUNDINGS = ("nearest", "compensated")


@dataclass(frozen=True)
class Recipe:
    """Of everything the default.

    margin: room above the ranges; None: `ranges.MARGIN` above the greatest value in int16, `ranges.FINE_MARGIN` if all
    weights are int16, too, and 1 where rounding or clipping is what the range was chosen for (8 bits, percentiles,
    MSE). bounds: scales that reach what a tensor can't exceed, where that is near. ranges_by: of which part of the
    values the range is. act_bits: 8 are 8 bits in the lanes of 16. weights: (pattern, bits) in order, the last that a
    layer's name matches counts. budget: bytes of weights; the layers that gain most by them become int16. smooth:
    whether norms hand outliers on to the weights behind them.
    powers: whether experts' weights are made powers of two where the checkpoint's config does not ask for them.
    rounding: of int8 weights, one of ROUNDINGS; None: compensated if there are images, else to nearest.
    """

    margin: float | None = None
    bounds: bool = True
    rounding: str | None = None
    bias_correction: bool = True
    ranges_by: str = "minmax"
    percentile: float = PERCENTILE
    act_bits: int = 16
    weights: tuple[tuple[str, int], ...] = ()
    budget: int | None = None
    smooth: bool = False
    powers: bool = False

    def __post_init__(self) -> None:
        if self.ranges_by not in RANGES_BY:
            raise UserError(f"Ranges are taken by {', '.join(RANGES_BY)}, not by {self.ranges_by!r}.")
        if self.act_bits not in WIDTHS:
            raise UserError(f"Activations have 8 or 16 bits, not {self.act_bits}.")
        if self.rounding not in (None, *ROUNDINGS):
            raise UserError(f"Weights are rounded {' or '.join(ROUNDINGS)}, not {self.rounding!r}.")
        if self.smooth and self.ranges_by != "minmax":
            raise UserError(
                f"Smoothing changes what a norm's values are, and the histograms of the ranges are of what they were: "
                f"leave out --smooth, or --ranges-by {self.ranges_by}."
            )

    def settled(self, bits: Mapping[str, int]) -> Recipe:
        """The same, with the margin that layers of so many bits want where none was chosen."""
        plain = self.margin is None and self.act_bits == 16 and self.ranges_by == "minmax"
        return replace(self, margin=FINE_MARGIN) if plain and set(bits.values()) == {16} else self

    def seeing(self, images: bool, bits: Mapping[str, int]) -> Recipe:
        """The same, with the rounding that is to be had for layers of so many bits, with images or without; UserError
        if it wants some.
        """
        if self.rounding == COMPENSATED and not images:
            raise UserError(
                "--rounding compensated is for what images show: give --calibration FOLDER, not only --ranges."
            )
        possible = images and 8 in bits.values()
        return replace(self, rounding=(self.rounding or COMPENSATED) if possible else NEAREST)

    @property
    def room(self) -> float:
        """The margin of all but the residual."""
        if self.margin is not None:
            return self.margin
        return MARGIN if self.act_bits == 16 and self.ranges_by == "minmax" else 1.0

    @property
    def residual_room(self) -> float:
        """The margin of the residual, which has 18 bits and its greatest value whatever the others have."""
        return max(MARGIN if self.margin is None else self.margin, RESIDUAL_MARGIN)

    def said(self, images: int) -> dict[str, Any]:
        """What a package says of its calibration; of what is as plain as can be, nothing."""
        found: dict[str, Any] = {
            "images": images,
            "margin": self.room,
            "residual_margin": self.residual_room,
        }
        if self.bias_correction:
            found["bias_correction"] = True
        if self.rounding == COMPENSATED:
            found["rounding"] = self.rounding
        if self.bounds:
            found["bounds"] = True
        if self.ranges_by != "minmax":
            found["ranges_by"] = self.ranges_by
        if self.ranges_by == "percentile":
            found["percentile"] = self.percentile
        if self.act_bits != 16:
            found["act_bits"] = self.act_bits
        if self.smooth:
            found["smooth"] = True
        if self.powers:
            found["powers"] = True
        return found


DEFAULT = Recipe()
