# SPDX-License-Identifier: Apache-2.0
"""The options of `edgemoe quantize` that decide what the integers are, and the recipe that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from edgemoe.errors import UserError

if TYPE_CHECKING:
    from edgemoe.quant.recipe import Recipe

Command = Callable[..., Any]

OPTIONS = (
    click.option(
        "--margin",
        type=click.FloatRange(1.0, 64.0),
        help="Room above the ranges; the residual has 2 or more. [default: 6; if all weights are int16 3; with "
        "8-bit activations, percentile or mse 1]",
    ),
    click.option(
        "--no-bounds",
        is_flag=True,
        help="Margins alone: no scale reaches what its tensor can't exceed, even where that is near.",
    ),
    click.option(
        "--ranges-by",
        type=click.Choice(["minmax", "percentile", "mse"]),
        default="minmax",
        show_default=True,
        help="What a range is: the greatest magnitude, what most values stay below, or the least mean square error.",
    ),
    click.option(
        "--percentile",
        type=click.FloatRange(50.0, 100.0),
        help="Of `--ranges-by percentile`, in percent. [default: 99.99]",
    ),
    click.option(
        "--act-bits",
        type=click.Choice(["8", "16"]),
        default="16",
        show_default=True,
        help="Bits of activations; 8 are 8 bits in the same lanes of 16. The residual keeps its 18.",
    ),
    click.option(
        "--weight-bits",
        metavar="8|16|PATTERN=8|16",
        multiple=True,
        help="Bits of weights: of all layers but the patch embedding (8 without), or of layers by name, as in "
        "'blocks.0.*=16'. May be repeated; the last that matches counts.",
    ),
    click.option(
        "--weight-budget",
        type=click.IntRange(1),
        metavar="BYTES",
        help="Make layers int16 until their weights take so many bytes, those that gain most a byte first.",
    ),
    click.option(
        "--smooth",
        is_flag=True,
        help="Let LayerNorms hand channels with large values on to the weights behind them.",
    ),
    click.option(
        "--rounding",
        type=click.Choice(["nearest", "compensated"]),
        help="Of int8 weights: each to the nearest step, or so that errors cancel on the calibration's images. "
        "[default: compensated with `--calibration`, nearest with only `--ranges`]",
    ),
    click.option(
        "--powers",
        is_flag=True,
        help="Round experts' weights to powers of two, of a model that was not trained with `edgemoe train --powers`.",
    ),
    click.option(
        "--no-bias-correction",
        is_flag=True,
        help="Round weights alone: no bias takes what their rounding changes on the calibration's mean.",
    ),
)


def recipe_options(command: Command) -> Command:
    """Adds the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def recipe_of(options: dict[str, Any]) -> Recipe:
    """Takes the options out of a command's and makes the recipe of them."""
    from edgemoe.quant.recipe import PERCENTILE, Recipe
    from edgemoe.quant.weights import read_rules

    names = (
        "margin",
        "no_bounds",
        "ranges_by",
        "percentile",
        "act_bits",
        "weight_bits",
        "weight_budget",
        "smooth",
        "rounding",
        "powers",
    )
    own = {name: options.pop(name) for name in (*names, "no_bias_correction")}
    if own["percentile"] is not None and own["ranges_by"] != "percentile":
        raise UserError("--percentile is for --ranges-by percentile.")
    return Recipe(
        margin=own["margin"],
        bounds=not own["no_bounds"],
        bias_correction=not own["no_bias_correction"],
        ranges_by=own["ranges_by"],
        percentile=PERCENTILE if own["percentile"] is None else own["percentile"],
        act_bits=int(own["act_bits"]),
        weights=read_rules(own["weight_bits"]),
        budget=own["weight_budget"],
        smooth=own["smooth"],
        rounding=own["rounding"],
        powers=own["powers"],
    )
