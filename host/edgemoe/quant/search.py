# SPDX-License-Identifier: Apache-2.0
"""Which layers get int16 weights when there are only so many bytes: those whose rounding to int8 costs most a byte.

The cost of a layer is measured: all else in floating point, its weights alone are rounded to int8 (with its corrected
bias), and the noise in the features and in the heads' outputs is compared with the signal. Noise of several layers adds
up, so the layers are taken in the order of noise per byte, each that still fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.export import quantise_linear
from edgemoe.golden.model import forward
from edgemoe.package import head_tensors
from edgemoe.quant.weights import groups, layer_bytes, weight_bytes

Float = NDArray[np.float64]
Pixels = NDArray[np.uint8]
IMAGES_MOST = 4
"""Images that a layer is measured on: the float model runs once for each, each task and each layer."""
DIGITS = 3  # of a noise: fewer than differ between machines


@dataclass(frozen=True)
class Choice:
    """Layers of one width: what int16 weights would save in noise, what they cost, and whether they were taken."""

    layers: tuple[str, ...]
    noise: float
    bytes: int
    taken: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"layers": list(self.layers), "noise": self.noise, "bytes": self.bytes, "taken": self.taken}


@dataclass(frozen=True)
class Outcome:
    """bits: of every linear layer; choices: of the layers that were measured, the most noise a byte first."""

    bits: dict[str, int]
    bytes: int
    choices: tuple[Choice, ...]


def spend(
    config: ModelConfig,
    state: Mapping[str, Float],
    images: Sequence[Pixels],
    bits: Mapping[str, int],
    budget: int,
    means: Mapping[str, Float] | None = None,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Makes layers of `bits` that have 8 bits int16 as far as `budget` bytes of weights go.

    means: the mean input of every layer, if biases are corrected. step: told how many layers of all are measured.
    """
    used = check_budget(config, bits, budget)
    if not images:
        raise UserError(
            "A budget is spent by what images show: give --calibration FOLDER, not only --ranges."
        )
    candidates = [group for group in groups(config) if bits[group[0]] == 8]
    clean = _outputs(config, state, images[:IMAGES_MOST])
    measured: list[tuple[float, int, int]] = []
    for order, group in enumerate(candidates):
        step(order, len(candidates))
        rounded = {**state, **_rounded(state, group, means)}
        noise = _noise(clean, _outputs(config, rounded, images[:IMAGES_MOST]))
        measured.append((noise, layer_bytes(config, group), order))
    step(len(candidates), len(candidates))
    found, choices = dict(bits), []
    for noise, size, order in sorted(measured, key=lambda entry: (-entry[0] / entry[1], entry[2])):
        taken = noise > 0 and used + size <= budget
        if taken:
            used += size
            found |= dict.fromkeys(candidates[order], 16)
        choices.append(Choice(candidates[order], noise, size, taken))
    return Outcome(found, used, tuple(choices))


def check_budget(config: ModelConfig, bits: Mapping[str, int], budget: int) -> int:
    """The bytes that the weights take before anything is bought; UserError if the budget is less."""
    used = weight_bytes(config, bits)
    if used > budget:
        raise UserError(
            f"A budget of {budget:,} bytes is less than the {used:,} that the weights take already, with int16 in the "
            f"layers that are named and in the patch embedding. Give more, or --weight-bits 'patch_embed=8'."
        )
    return used


def _outputs(
    config: ModelConfig, state: Mapping[str, Float], images: Sequence[Pixels]
) -> dict[str, list[Float]]:
    """Features and the heads' outputs, by name."""
    found: dict[str, list[Float]] = {}
    for image in images:
        for task in config.tasks:
            tensors = forward(config, state, image, task)
            for name in ["features", *(f"heads.{task}.{t}" for t in head_tensors(config) if t == "out")]:
                found.setdefault(name, []).append(tensors[name])
    return found


def _noise(clean: Mapping[str, list[Float]], noisy: Mapping[str, list[Float]]) -> float:
    """The sum of noise / signal over what the network gives, to DIGITS digits."""
    total = 0.0
    for name, values in clean.items():
        signal = sum(float(np.square(value).sum()) for value in values)
        noise = sum(
            float(np.square(value - other).sum()) for value, other in zip(values, noisy[name], strict=True)
        )
        total += noise / max(signal, 1e-300)
    return float(f"{total:.{DIGITS - 1}e}")


def _rounded(
    state: Mapping[str, Float], names: Sequence[str], means: Mapping[str, Float] | None
) -> dict[str, Float]:
    """Weights and biases of some layers as int8 weights leave them, in floating point."""
    found: dict[str, Float] = {}
    step = 2.0**-20  # of the inputs, so fine that biases keep what they are
    for name in names:
        full = state[f"{name}.weight"]
        weight = full.reshape(len(full), -1) if name == "patch_embed" else full
        mean = None if means is None else means[name]
        q = quantise_linear(weight, state[f"{name}.bias"], step, step, 8, name, mean)
        found[f"{name}.weight"] = (q["weight"] * q["weight_scale"][..., None]).reshape(full.shape)
        found[f"{name}.bias"] = q["bias"] * q["weight_scale"] * step
    return found
