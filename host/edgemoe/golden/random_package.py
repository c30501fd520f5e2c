# SPDX-License-Identifier: Apache-2.0
"""Packages with random weights, for tests: values spread over their formats as in a trained model."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import EMBEDDING_DIM, ModelConfig
from edgemoe.errors import UserError
from edgemoe.export import WeightBits, act_scale, export_package
from edgemoe.golden.model import forward, ranges
from edgemoe.package import Package, check
from edgemoe.powers import with_powers

Float = NDArray[np.float64]

CALIBRATION_IMAGES = 2
MARGIN = 1.5


def random_package(
    config: ModelConfig,
    seed: int,
    *,
    top_k: int | None = None,
    experts: int | None = None,
    layers: int | None = None,
    gate: str | None = None,
    score_rule: str | None = None,
    threshold: float | None = None,
    all_on_one_expert: bool = False,
    weight_bits: int | WeightBits = 8,
) -> Package:
    """A package of the model `config`, with the fields that are given changed.

    all_on_one_expert: every token's first choice is expert seed % E (and its others are the next ones).
    """
    changes: dict[str, Any] = {
        "top_k": top_k,
        "experts": experts,
        "layers": layers,
        "gate": gate,
        "score_rule": score_rule,
        "threshold": threshold,
    }
    config = dataclasses.replace(config, **{name: v for name, v in changes.items() if v is not None})
    if seed < 0:
        raise UserError(f"The seed of a random package must not be negative, got {seed}.")
    if all_on_one_expert and not config.experts:
        raise UserError("A model of 0 experts is dense: its tokens can't all go to one expert.")
    rng = np.random.default_rng(seed)
    state = random_state(config, rng)
    if all_on_one_expert:
        _favour(config, state, seed)
    greatest: dict[str, float] = {}
    for _ in range(CALIBRATION_IMAGES):
        image = random_image(config, rng)
        for task in config.tasks:
            for name, value in ranges(config, forward(config, state, image, task), task).items():
                greatest[name] = max(greatest.get(name, 0.0), value)
    scales = {name: act_scale(name, value, MARGIN) for name, value in greatest.items()}
    package = export_package(
        config, state, scales, weight_bits=weight_bits, provenance={"random": True, "seed": seed}
    )
    check(package)
    return package


def random_image(config: ModelConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Smooth patches of colour with noise: uint8 (height, width, 3)."""
    coarse = rng.uniform(0, 255, (*config.grid, 3))
    image = np.repeat(np.repeat(coarse, config.patch, axis=0), config.patch, axis=1)
    return np.clip(image + rng.normal(0, 20, image.shape), 0, 255).astype(np.uint8)


def random_state(config: ModelConfig, rng: np.random.Generator) -> dict[str, Float]:
    """A float state dict under the PyTorch model's names, scaled so that activations stay of order 1."""
    D, P, E, H = config.dim, config.patch, config.experts, config.expert_hidden
    state: dict[str, Float] = {}

    def linear(name: str, *shape: int, gain: float = 1.0) -> None:
        state[f"{name}.weight"] = rng.normal(0, gain / np.sqrt(shape[-1]), shape)
        state[f"{name}.bias"] = rng.normal(0, 0.1, shape[:-1])

    def norm(name: str, width: int) -> None:
        state[f"{name}.weight"] = rng.uniform(0.7, 1.3, width)
        state[f"{name}.bias"] = rng.normal(0, 0.1, width)

    state["patch_embed.weight"] = rng.normal(0, 2 / np.sqrt(3 * P * P), (D, 3, P, P))
    state["patch_embed.bias"] = rng.normal(0, 0.1, D)
    state["pos_embed"] = rng.normal(0, 0.5, (1, config.tokens, D))
    for name, count in config.prefix_tensors.items():
        state[name] = rng.normal(0, 0.5, (1, count, D))
    for i in range(config.layers):
        block = f"blocks.{i}"
        norm(f"{block}.norm1", D)
        linear(f"{block}.attn.qkv", 3 * D, D, gain=1.5)
        linear(f"{block}.attn.proj", D, D)
        if config.top_heads:
            for task in config.tasks:
                shape = config.heads, D
                state[f"{block}.attn.router.{task}.weight"] = rng.normal(0, 1.5 / np.sqrt(D), shape)
        norm(f"{block}.norm2", D)
        if not config.is_moe(i):
            linear(f"{block}.mlp.fc1", config.mlp_hidden(i), D, gain=1.5)
            linear(f"{block}.mlp.fc2", D, config.mlp_hidden(i))
            continue
        if config.gate == "task_embedding":
            state[f"{block}.moe.gate.shared.weight"] = rng.normal(0, 1.5 / np.sqrt(D), (E, D + EMBEDDING_DIM))
        else:
            for task in config.tasks:
                state[f"{block}.moe.gate.{task}.weight"] = rng.normal(0, 1.5 / np.sqrt(D), (E, D))
                if config.gate == "biased":
                    state[f"{block}.moe.gate.{task}.bias"] = rng.normal(0, 0.3, E)
        linear(f"{block}.moe.experts.fc1", E, H, D, gain=1.5)
        linear(f"{block}.moe.experts.fc2", E, D, H)
    if config.experts and config.gate == "task_embedding":
        linear("task_embedding.fc1", EMBEDDING_DIM, len(config.tasks))
        linear("task_embedding.fc2", EMBEDDING_DIM, EMBEDDING_DIM)
        norm("task_embedding.norm", EMBEDDING_DIM)
    for task in config.headed_tasks:
        norm(f"heads.{task}.norm", D)
        if config.head == "classes":
            linear(f"heads.{task}.fc", config.head_outputs(task), config.pooled)
            continue
        linear(f"heads.{task}.fc1", config.head_hidden, D, gain=1.5)
        linear(f"heads.{task}.fc2", config.head_outputs(task), config.head_hidden)
    return with_powers(config, state)


def _favour(config: ModelConfig, state: dict[str, Float], seed: int) -> None:
    """Makes one channel of norm2 a large constant that the gates read as the order of experts."""
    order = (config.experts - 1 - (np.arange(config.experts) - seed) % config.experts).astype(np.float64)
    for i in range(config.layers):
        if not config.is_moe(i):
            continue
        state[f"blocks.{i}.norm2.weight"][0] = 0.0
        state[f"blocks.{i}.norm2.bias"][0] = 4.0
        for name in (f"blocks.{i}.moe.gate.{t}.weight" for t in (*config.tasks, "shared")):
            if name in state:
                state[name] *= 0.05
                state[name][:, 0] = order
