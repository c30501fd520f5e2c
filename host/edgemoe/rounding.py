# SPDX-License-Identifier: Apache-2.0
"""Layers of a float model as integers: linear layers, those of powers of two, LayerNorms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe import numerics
from edgemoe.compensation import compensated
from edgemoe.errors import UserError
from edgemoe.powers import TOP, nearest_powers

Float = NDArray[np.float64]


def quantise_linear(
    weight: Float,
    bias: Float,
    inputs: float,
    outputs: float | Float,
    bits: int,
    name: str = "linear",
    mean: Float | None = None,
    moment: Float | None = None,
) -> dict[str, NDArray[Any]]:
    """One linear layer, weight (..., out, in): symmetric weights with a scale per output from max-abs.

    inputs: scale of its input; outputs: scale of its output, one or per output. mean: of its input, (..., in); the bias
    then takes what the rounding of the weights adds to the output of that input. moment: of its input, (..., in, in);
    int8 weights are then `compensated`.
    """
    if bits not in (8, 16):
        raise UserError(f"{name}: weight bits {bits} must be 8 or 16.")
    top = (1 << (bits - 1)) - 1
    scale = np.maximum(_row_scale(weight, top), _least_scale(bias, inputs))
    return _integers(weight, bias, inputs, outputs, bits, name, scale, mean, moment)


def check_powers_width(name: str, bits: int) -> None:
    """UserError unless weights that are powers of two are to be int8."""
    if bits != 8:
        raise UserError(
            f"{name}: its weights are powers of two, which int8 holds exactly; {bits} bits would be the same values in "
            f"more bytes. Give it 8, as in '{name.removesuffix('.fc1').removesuffix('.fc2')}.*=8'."
        )


def quantise_powers(
    weight: Float, bias: Float, inputs: float, outputs: float | Float, name: str
) -> dict[str, NDArray[Any]]:
    """A linear layer of `nearest_powers` of the weights, which the integers hold exactly."""
    exact = nearest_powers(weight)
    scale, least = _row_scale(exact, TOP), _least_scale(bias, inputs)
    short = (least > scale) & (np.abs(exact).max(axis=-1) > 0)
    if short.any():
        place = tuple(np.argwhere(short)[0].tolist())
        raise UserError(
            f"{name}: the bias {bias[place]:.3g} of row {list(place)} is too far above its weights, powers of two of "
            f"at most {TOP * scale[place]:.3g}, for one accumulator to hold both."
        )
    return _integers(exact, bias, inputs, outputs, 8, name, np.maximum(scale, least), None)


def _row_scale(weight: Float, top: int) -> Float:
    """The scale of each row at which its greatest magnitude is `top`; of a row of zeros any."""
    greatest = np.abs(weight).max(axis=-1)
    return np.where(greatest > 0, greatest, 1.0) / top


def _least_scale(bias: Float, inputs: float) -> Float:
    """At least that must a row's scale be for its bias to fit int40, however far above the weights it is."""
    return np.abs(bias) / inputs * 2.0**-38


def _integers(
    weight: Float,
    bias: Float,
    inputs: float,
    outputs: float | Float,
    bits: int,
    name: str,
    scale: Float,
    mean: Float | None,
    moment: Float | None = None,
) -> dict[str, NDArray[Any]]:
    """The integers of a layer whose rows have these scales."""
    ratio = np.broadcast_to(inputs * scale / outputs, scale.shape)
    pairs = [multiplier(value, name) for value in ratio.ravel()]
    m, s = (np.array([p[j] for p in pairs], dtype=np.int32).reshape(scale.shape) for j in range(2))
    exact = weight / scale[..., None]
    whole = rounded(exact, bits) if moment is None or bits != 8 else compensated(exact, moment, bits)
    accumulator = bias / (inputs * scale)
    if mean is not None:
        accumulator += np.einsum("...oi,...i->...o", exact - whole, mean / inputs)
    return {
        "weight": whole.astype(np.int8 if bits == 8 else np.int16),
        "bias": rounded(accumulator, numerics.BIAS_BITS),
        "m": m,
        "s": s,
        "weight_scale": scale,
    }


def quantise_norm(gamma: Float, beta: Float, out: float) -> dict[str, NDArray[Any]]:
    """gamma and beta (D) of a LayerNorm whose output has scale `out`: the largest shift at which both fit."""
    for shift in range(numerics.SHIFT_MAX, 0, -1):
        g = np.floor(gamma / out * 2.0 ** (shift - 13) + 0.5)
        b = np.floor(beta / out * 2.0**shift + 0.5)
        if np.abs(g).max() < 1 << 15 and np.abs(b).max() < 1 << 31:
            return {
                "weight": g.astype(np.int16),
                "bias": b.astype(np.int32),
                "s": np.array(shift, dtype=np.int32),
            }
    raise UserError(
        f"A LayerNorm's gamma up to {np.abs(gamma).max():.3g} doesn't fit output scale {out:.3g}."
    )


def rounded(x: Float, bits: int) -> NDArray[np.int64]:
    """Round half up, then saturate to `bits` signed bits."""
    return numerics.saturate(np.floor(x + 0.5).astype(np.int64), bits)


def multiplier(scale: float, name: str) -> tuple[int, int]:
    """`numerics.multiplier`; UserError with the layer's name for a scale that has none."""
    try:
        return numerics.multiplier(float(scale))
    except ValueError as error:
        raise UserError(f"{name}: {error}.") from error
