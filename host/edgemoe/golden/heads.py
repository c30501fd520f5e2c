# SPDX-License-Identifier: Apache-2.0
"""The light heads: LayerNorm, linear + GELU, linear from each patch token to the pixels of its patch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
