# SPDX-License-Identifier: Apache-2.0
"""Smoothing: channels in which a LayerNorm's output is large hand their size on to the weights that read them.

Of a norm, gamma and beta of channel c are divided by s_c, and column c of every linear layer and gate behind it is
multiplied by it: the network is the same, the norm's tensor needs less range, the weights more. The factors are those
of SmoothQuant (Xiao et al., 2023) at its strength 1/2: s_c = sqrt(greatest input / greatest weight) of the channel.
Norms before weights that are powers of two stay as they are: times s_c those would be none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.powers import power_layers
from edgemoe.ranges import Ranges, smoothable

Float = NDArray[np.float64]
FACTOR_MOST = 64.0
"""Of a channel against the geometric mean of all."""


def readers(config: ModelConfig, norm: str) -> tuple[str, list[str]]:
    """The linear layer behind a norm of `smoothable`, and the gates or routers that read it, too."""
    place, _, name = norm.rpartition(".")
    if name == "norm1":
        routers = config.tasks if config.top_heads else ()
        return f"{place}.attn.qkv", [f"{place}.attn.router.{task}" for task in routers]
    if not place.startswith("blocks."):
        return f"{place}.fc1", []
    if not config.is_moe(int(place.removeprefix("blocks."))):
        return f"{place}.mlp.fc1", []
    names = ("shared",) if config.gate == "task_embedding" else config.tasks
    return f"{place}.moe.experts.fc1", [f"{place}.moe.gate.{gate}" for gate in names]


def smoothed(
    config: ModelConfig, state: Mapping[str, Float], ranges: Ranges
) -> tuple[dict[str, Float], Ranges]:
    """The same network with smoothed norms, and the ranges that calibration would have found of it."""
    if not ranges.channels:
        raise UserError(
            "--smooth needs the ranges of channels, and these ranges have none (version 2): calibrate again with "
            "--calibration FOLDER; --keep-ranges FILE keeps what it finds."
        )
    changed, greatest = dict(state), dict(ranges.greatest)
    shares, channels, histograms = dict(ranges.shares), dict(ranges.channels), dict(ranges.histograms)
    powers = power_layers(config)
    for norm in smoothable(config):
        layer, gates = readers(config, norm)
        if layer in powers:
            continue
        reached = ranges.channels[norm].astype(np.float64)
        s = factors(reached, state[f"{layer}.weight"])
        for part in ("weight", "bias"):
            changed[f"{norm}.{part}"] = state[f"{norm}.{part}"] / s
        changed[f"{layer}.weight"] = state[f"{layer}.weight"] * s
        for gate in gates:
            weight = state[f"{gate}.weight"].copy()
            weight[:, : config.dim] *= s  # a shared gate's other columns read the task's embedding
            changed[f"{gate}.weight"] = weight
        channels[norm] = (reached / s).astype(np.float32)
        greatest[norm] = float(f"{channels[norm].max():.9e}")
        mean = ranges.shares[layer].astype(np.float64) * (ranges.greatest[norm] or 1.0) / s
        shares[layer] = np.clip(mean / (greatest[norm] or 1.0), -1, 1).astype(np.float16)
        histograms.pop(norm, None)
    found = dataclasses.replace(
        ranges, greatest=greatest, shares=shares, channels=channels, histograms=histograms
    )
    return changed, found


def factors(reached: Float, weight: Float) -> Float:
    """s (D) of a norm's channels that reach so much, (D), and the weights (..., out, D) that read them."""
    heavy = np.abs(weight).max(axis=tuple(range(weight.ndim - 1)))
    alive = (reached > 0) & (heavy > 0)
    s = np.ones(len(reached))
    if not alive.any():
        return s
    s[alive] = np.sqrt(reached[alive] / heavy[alive])
    s[alive] /= np.exp(np.log(s[alive]).mean())
    return np.clip(s, 1 / FACTOR_MOST, FACTOR_MOST)
