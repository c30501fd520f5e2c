# SPDX-License-Identifier: Apache-2.0
"""Magnitudes that a tensor can't exceed, whatever the image: a scale that reaches them clips nothing.

LayerNorm makes of any row n = (x - mean) / deviation: D values with sum 0, whose squares add up to at most D. So one
is at most sqrt(D - 1), and what a linear layer makes of gamma * n + beta is at most

    sqrt(D) * ||a - mean(a)|| + |w . beta + b|        with a = w * gamma, by Cauchy and Schwarz.

GELU makes no value larger, and softmax's context is a mean of v.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.export import positions

Float = NDArray[np.float64]
State = Mapping[str, Float]
SLACK = 1 + 1 / 32
"""What the rounding of weights and of the scale may add to a bound."""
GELU_LEAST = 0.17  # GELU's least value is -0.17


def bounds(config: ModelConfig, state: State) -> dict[str, float]:
    """By name of `export.scale_names`, of the tensors that have a bound; the residual's is that of the embedding alone,
    which later layers may leave.
    """
    found = {"residual": SLACK * _embedding(config, state)}
    for i in range(config.layers):
        block = f"blocks.{i}"
        mlp = f"{block}.moe.experts" if config.is_moe(i) else f"{block}.mlp"
        found[f"{block}.norm1"] = _norm(state, f"{block}.norm1")
        weight, bias = state[f"{block}.attn.qkv.weight"], state[f"{block}.attn.qkv.bias"]
        for j, name in enumerate("qkv"):
            rows = slice(j * config.dim, (j + 1) * config.dim)
            own = bias[rows] if name != "k" else np.zeros(config.dim)
            low, high = _linear(state, f"{block}.norm1", weight[rows], own)
            found[f"{block}.{name}"] = SLACK * max(low, high)
        found[f"{block}.norm2"] = _norm(state, f"{block}.norm2")
        found[f"{block}.hidden"] = _hidden(state, f"{block}.norm2", f"{mlp}.fc1")
    for task in config.tasks if config.head != "none" else ():
        head = f"heads.{task}"
        found[f"{head}.norm"] = _norm(state, f"{head}.norm")
        if config.head == "pixels":
            found[f"{head}.hidden"] = _hidden(state, f"{head}.norm", f"{head}.fc1")
    return found


def _norm(state: State, name: str) -> float:
    gamma, beta = state[f"{name}.weight"], state[f"{name}.bias"]
    return SLACK * float((math.sqrt(len(gamma) - 1) * np.abs(gamma) + np.abs(beta)).max())


def _linear(state: State, norm: str, weight: Float, bias: Float) -> tuple[float, float]:
    """How far below and above 0 a layer (..., out, D) behind a norm can get."""
    a = weight * state[f"{norm}.weight"]
    spread = math.sqrt(a.shape[-1]) * np.linalg.norm(a - a.mean(axis=-1, keepdims=True), axis=-1)
    middle = weight @ state[f"{norm}.bias"] + bias
    return float((spread - middle).max()), float((spread + middle).max())


def _hidden(state: State, norm: str, layer: str) -> float:
    _, high = _linear(state, norm, state[f"{layer}.weight"], state[f"{layer}.bias"])
    return SLACK * max(high, GELU_LEAST)


def _embedding(config: ModelConfig, state: State) -> float:
    """Of pixels 0 .. 255 / 256, and of the prefix's tokens."""
    weight = state["patch_embed.weight"].reshape(config.dim, -1) * (255 / 256)
    position, bias = positions(config, state), state["patch_embed.bias"]
    first = len(config.prefix)
    high = np.maximum(weight, 0).sum(axis=1) + bias + position[first:]
    low = np.minimum(weight, 0).sum(axis=1) + bias + position[first:]
    return float(max(np.abs(high).max(), np.abs(low).max(), np.abs(position[:first]).max(initial=0)))
