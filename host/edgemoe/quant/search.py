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
from edgemoe.golden.model import forward
from edgemoe.package import head_tensors
from edgemoe.powers import power_layers
from edgemoe.quant.weights import groups, layer_bytes, weight_bytes
from edgemoe.rounding import quantise_linear

Float = NDArray[np.float64]
Pixels = NDArray[np.uint8]
Step = Callable[[int, int], None]
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


@dataclass(frozen=True)
class Candidate:
    """Layers of one width that have int8 weights, and what rounding them does: noise / signal, summed over outputs."""

    layers: tuple[str, ...]
    noise: float
    bytes: int


def spend(
    config: ModelConfig,
    state: Mapping[str, Float],
    images: Sequence[Pixels],
    bits: Mapping[str, int],
    budget: int,
    means: Mapping[str, Float] | None = None,
    moments: Mapping[str, Float] | None = None,
    step: Step = lambda done, total: None,
) -> Outcome:
    """Makes layers of `bits` that have 8 bits int16 as far as `budget` bytes of weights go.

    means: the mean input of every layer, if biases are corrected; moments: its second moment, if weights are rounded
    by that. step: told how many layers of all are measured.
    """
    check_budget(config, bits, budget)
    if not images:
        raise UserError(
            "A budget is spent by what images show: give --calibration FOLDER, not only --ranges."
        )
    return chosen(config, bits, measured(config, state, images, bits, means, moments, step), budget)


def measured(
    config: ModelConfig,
    state: Mapping[str, Float],
    images: Sequence[Pixels],
    bits: Mapping[str, int],
    means: Mapping[str, Float] | None = None,
    moments: Mapping[str, Float] | None = None,
    step: Step = lambda done, total: None,
) -> list[Candidate]:
    """What each layer of int8 weights costs, in the order of the network; powers of two, which int8 holds, not."""
    shown, powers = images[:IMAGES_MOST], power_layers(config)
    candidates = [group for group in groups(config) if bits[group[0]] == 8 and group[0] not in powers]
    clean, found = _outputs(config, state, shown), []
    for done, group in enumerate(candidates):
        step(done, len(candidates))
        noisy = _outputs(config, {**state, **_rounded(state, group, means, moments)}, shown)
        found.append(Candidate(group, _noise(clean, noisy), layer_bytes(config, group)))
    step(len(candidates), len(candidates))
    return found


def chosen(
    config: ModelConfig, bits: Mapping[str, int], candidates: Sequence[Candidate], budget: int
) -> Outcome:
    """Buys the most noise a byte first, each that still fits; of equals the one that comes first in the network."""
    used, found, choices = check_budget(config, bits, budget), dict(bits), []
    for candidate in sorted(candidates, key=lambda one: -one.noise / one.bytes):
        taken = candidate.noise > 0 and used + candidate.bytes <= budget
        if taken:
            used += candidate.bytes
            found |= dict.fromkeys(candidate.layers, 16)
        choices.append(Choice(candidate.layers, candidate.noise, candidate.bytes, taken))
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
    state: Mapping[str, Float],
    names: Sequence[str],
    means: Mapping[str, Float] | None,
    moments: Mapping[str, Float] | None,
) -> dict[str, Float]:
    """Weights and biases of some layers as int8 weights leave them, in floating point."""
    found: dict[str, Float] = {}
    step = 2.0**-20  # of the inputs, so fine that biases keep what they are
    for name in names:
        full = state[f"{name}.weight"]
        weight = full.reshape(len(full), -1) if name == "patch_embed" else full
        mean, moment = (None if of is None else of[name] for of in (means, moments))
        q = quantise_linear(weight, state[f"{name}.bias"], step, step, 8, name, mean, moment)
        found[f"{name}.weight"] = (q["weight"] * q["weight_scale"][..., None]).reshape(full.shape)
        found[f"{name}.bias"] = q["bias"] * q["weight_scale"] * step
    return found
