# SPDX-License-Identifier: Apache-2.0
"""Heads. Of pixels: LayerNorm, linear + GELU, linear from each patch token to the pixels of its patch. Of classes:
LayerNorm, what the pool sees of the tokens, linear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.golden.attention import attention
from edgemoe.golden.gelu import gelu_epilogue, gelu_float
from edgemoe.golden.layernorm import layernorm, layernorm_float
from edgemoe.golden.linear import linear_float, linear_sums, requantised
from edgemoe.numerics import Int


def head(x: Int, tensors: Mapping[str, NDArray[Any]], task: str) -> Int:
    """x (patches, D) residual, a package's tensors -> outputs (patches, maps * P^2) int16."""
    wide = {
        name: np.asarray(tensors[f"heads.{task}.{name}"]).astype(np.int64)
        for layer in ("norm", "fc1", "fc2")
        for name in (f"{layer}.weight", f"{layer}.bias", f"{layer}.s")
    }
    m1, m2 = (tensors[f"heads.{task}.{layer}.m"].astype(np.int64) for layer in ("fc1", "fc2"))
    epsilon = int(tensors[f"heads.{task}.norm.eps"])
    y = layernorm(x, wide["norm.weight"], wide["norm.bias"], wide["norm.s"], x.shape[1], epsilon)
    acc = linear_sums(y, wide["fc1.weight"], wide["fc1.bias"])
    gm, gs = int(tensors[f"heads.{task}.act.m"]), int(tensors[f"heads.{task}.act.s"])
    hidden = gelu_epilogue(acc, m1, wide["fc1.s"], gm, gs)
    return requantised(linear_sums(hidden, wide["fc2.weight"], wide["fc2.bias"]), m2, wide["fc2.s"])


def head_float(
    x: NDArray[np.float64], state: Mapping[str, NDArray[np.float64]], task: str, eps: float
) -> dict[str, NDArray[np.float64]]:
    """x (patches, D), a float state dict -> `norm`, `hidden` and `out` of the head."""
    name = f"heads.{task}"
    norm = layernorm_float(x, state[f"{name}.norm.weight"], state[f"{name}.norm.bias"], eps)
    hidden = gelu_float(linear_float(norm, state[f"{name}.fc1.weight"], state[f"{name}.fc1.bias"]))
    out = linear_float(hidden, state[f"{name}.fc2.weight"], state[f"{name}.fc2.bias"])
    return {"norm": norm, "hidden": hidden, "out": out}


def classes(x: Int, tensors: Mapping[str, NDArray[Any]], task: str, config: ModelConfig) -> Int:
    """x (T,D) residual, a package's tensors -> scores (classes) int16."""
    name = f"heads.{task}"
    wide = {
        key.removeprefix(f"{name}."): np.asarray(tensor).astype(np.int64)
        for key, tensor in tensors.items()
        if key.startswith(f"{name}.") and tensor.dtype != np.float64
    }
    rows = x[len(config.prefix) :] if config.pool == "mean" else x[: config.pooled // config.dim]
    y = layernorm(
        rows, wide["norm.weight"], wide["norm.bias"], wide["norm.s"], x.shape[1], int(wide["norm.eps"])
    )
    if config.pool == "mean":  # scores that are all zero weigh all values alike
        pooled = attention(y, y, y, 0, 1, int(wide["pool.m"]), int(wide["pool.s"]))[:1]
    else:
        pooled = y.reshape(1, -1)
    acc = linear_sums(pooled, wide["fc.weight"], wide["fc.bias"])
    return requantised(acc, wide["fc.m"], wide["fc.s"])[0]


def classes_float(
    x: NDArray[np.float64], state: Mapping[str, NDArray[np.float64]], task: str, config: ModelConfig
) -> dict[str, NDArray[np.float64]]:
    """x (T,D), a float state dict -> `norm`, of the rows that the pool sees, `pool` if it is a mean, and `out`."""
    name = f"heads.{task}"
    rows = x[len(config.prefix) :] if config.pool == "mean" else x[: config.pooled // config.dim]
    norm = layernorm_float(rows, state[f"{name}.norm.weight"], state[f"{name}.norm.bias"], config.eps)
    pooled = norm.mean(axis=0, keepdims=True) if config.pool == "mean" else norm.reshape(1, -1)
    made = {"norm": norm} | ({"pool": pooled} if config.pool == "mean" else {})
    return made | {"out": linear_float(pooled, state[f"{name}.fc.weight"], state[f"{name}.fc.bias"])}
