# SPDX-License-Identifier: Apache-2.0
"""Named tensors and facts -> what edgemoe's own checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import CLASSIFICATION, ModelConfig
from edgemoe.errors import UserError
from edgemoe.imports.experts import Gates, expert_state
from edgemoe.imports.folds import normalised, scaled_rows
from edgemoe.imports.geometry import Geometry
from edgemoe.imports.heads import FEATURES, head_state
from edgemoe.imports.named import Float, Named
from edgemoe.imports.positions import Size, position_embedding


def model_config(
    name: str, geometry: Geometry, facts: Mapping[str, Any], pool: str | None, classes: tuple[str, ...]
) -> ModelConfig:
    """The config of the network; pool: None without a head."""
    odd = tuple(range(1, geometry.layers, 2))
    height, width = facts["size"]
    resize, short = facts["resize"]
    return ModelConfig(
        name=name,
        height=height,
        width=width,
        patch=geometry.patch,
        dim=geometry.dim,
        heads=facts["heads"],
        layers=geometry.layers,
        dense_hidden=geometry.dense_hidden or geometry.expert_hidden,
        experts=geometry.experts,
        expert_hidden=geometry.expert_hidden,
        top_k=facts.get("top_k", 0),
        head_hidden=0,
        gate=facts.get("gate", "multi"),
        score_rule=facts.get("score_rule", "softmax_all"),
        threshold=facts.get("threshold", 0.0),
        classes=classes,
        eps=facts["eps"],
        tasks=CLASSIFICATION if pool else facts.get("tasks", ("features",)),
        head="classes" if pool else "none",
        pool=pool or "class",
        prefix=geometry.prefix,
        moe_layers=() if geometry.moe_layers == odd else geometry.moe_layers,
        resize=resize,
        resize_short=short,
    )


def state_dict(
    tensors: Named,
    config: ModelConfig,
    geometry: Geometry,
    facts: Mapping[str, Any],
    found: Gates | None,
    trained: Size,
) -> dict[str, NDArray[np.float32]]:
    """Every tensor of the checkpoint, float32. trained: rows and columns of the position embedding's patches."""
    D, P = config.dim, config.patch
    weight = tensors.take("patch_embed.weight", D, 3, P, P)
    state: dict[str, Float] = {}
    for name, count in config.prefix_tensors.items():
        state[name] = tensors.take(name, 1, count, D)
    state["pos_embed"] = position_embedding(tensors, D, config.prefix, trained, config.grid)
    embedding = normalised(weight, _bias(tensors, "patch_embed", D), *facts["normalise"])
    state["patch_embed.weight"], state["patch_embed.bias"] = embedding
    for n in range(config.layers):
        state |= _block(tensors, config, f"blocks.{n}", n in geometry.moe_layers)
    if found is not None:
        state |= expert_state(tensors, geometry, found, config.tasks, config.eps)
    if config.head == "classes":
        state |= head_state(tensors, D, config.pool)
    for part in ("norm.weight", "norm.bias"):
        tensors.leave(part, f"no head is imported: {FEATURES}")
    return {name: _narrow(tensors, name, array) for name, array in state.items()}


def _block(tensors: Named, config: ModelConfig, block: str, with_experts: bool) -> dict[str, Float]:
    """One layer but for its experts."""
    D, H = config.dim, config.dense_hidden
    state = {f"{block}.{norm}.{part}": tensors.take(f"{block}.{norm}.{part}", D)
             for norm in ("norm1", "norm2") for part in ("weight", "bias")}  # fmt: skip
    qkv, projection = f"{block}.attn.qkv", f"{block}.attn.proj"
    state[f"{qkv}.weight"], state[f"{qkv}.bias"] = _qkv(tensors, block, D)
    second = [projection] if with_experts else [projection, f"{block}.mlp.fc2"]
    for layer, inputs, scale in zip(second, (D, H), ("ls1", "ls2"), strict=False):
        made = tensors.take(f"{layer}.weight", D, inputs), _bias(tensors, layer, D)
        if f"{block}.{scale}" in tensors:
            made = scaled_rows(*made, tensors.take(f"{block}.{scale}", D))
        state[f"{layer}.weight"], state[f"{layer}.bias"] = made
    if not with_experts:
        first = f"{block}.mlp.fc1"
        state[f"{first}.weight"], state[f"{first}.bias"] = (
            tensors.take(f"{first}.weight", H, D),
            _bias(tensors, first, H),
        )
    return state


def _qkv(tensors: Named, block: str, dim: int) -> tuple[Float, Float]:
    """Weight (3D,D) and bias of queries, keys and values, from one layer or three."""
    whole, parts = f"{block}.attn.qkv", [f"{block}.attn.{part}" for part in "qkv"]
    if not any(f"{part}.weight" in tensors for part in parts):
        return tensors.take(f"{whole}.weight", 3 * dim, dim), _bias(tensors, whole, 3 * dim)
    weights = np.concatenate([tensors.take(f"{part}.weight", dim, dim) for part in parts])
    return weights, np.concatenate([_bias(tensors, part, dim) for part in parts])


def check_has_bias(tensors: Named) -> None:
    """UserError if the first layer's queries have no bias; called where config.json says that they have."""
    part = "q" if "blocks.0.attn.q.weight" in tensors else "qkv"
    tensors.shape(f"blocks.0.attn.{part}.bias", 1)


def _bias(tensors: Named, layer: str, size: int) -> Float:
    """The bias of a layer. Only queries, keys and values may have none, and then in all layers: 0."""
    part = layer.rpartition(".")[2]
    if part in ("q", "k", "v", "qkv") and not any(
        name.endswith(".bias") and ".attn." in name and ".proj." not in name for name in tensors.arrays
    ):
        tensors.note("No layer has a bias of queries, keys and values; theirs are 0.")
        return np.zeros(size)
    return tensors.take(f"{layer}.bias", size)


def _narrow(tensors: Named, name: str, array: Float) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(narrow).all():
        raise UserError(
            f"{tensors.path}: {name}, as it is folded, reaches {np.abs(array).max():.3g}, more than float32 holds; the "
            "checkpoint is damaged."
        )
    return narrow
