# SPDX-License-Identifier: Apache-2.0
"""State dicts of full size with random weights, as timm names and initialises them."""

from __future__ import annotations

import torch

from edgemoe.imports import Options

IMAGENET = (224, 224)
OPTIONS = Options(normalise="imagenet", resize="stretch", eps=1e-6, activation="gelu", size=IMAGENET)


def vit(
    dim: int, layers: int, patch: int, *, classes: int = 0, layer_scale: float = 0.0, seed: int = 1
) -> dict[str, torch.Tensor]:
    """A ViT for images of 224 x 224 with a class token; with `layer_scale` its blocks end in LayerScale."""
    made = torch.Generator().manual_seed(seed)
    state: dict[str, torch.Tensor] = {}

    def normal(*shape: int) -> torch.Tensor:
        return torch.nn.init.trunc_normal_(torch.empty(shape), std=0.02, generator=made)

    def linear(name: str, outputs: int, inputs: int) -> None:
        state[f"{name}.weight"], state[f"{name}.bias"] = normal(outputs, inputs), torch.zeros(outputs)

    def norm(name: str) -> None:
        state[f"{name}.weight"], state[f"{name}.bias"] = torch.ones(dim), torch.zeros(dim)

    state["cls_token"] = normal(1, 1, dim)
    state["pos_embed"] = normal(1, 1 + (IMAGENET[0] // patch) ** 2, dim)
    bound = (3 * patch * patch) ** -0.5
    state["patch_embed.proj.weight"] = torch.empty(dim, 3, patch, patch).uniform_(
        -bound, bound, generator=made
    )
    state["patch_embed.proj.bias"] = torch.zeros(dim)
    for i in range(layers):
        block = f"blocks.{i}"
        norm(f"{block}.norm1")
        linear(f"{block}.attn.qkv", 3 * dim, dim)
        linear(f"{block}.attn.proj", dim, dim)
        norm(f"{block}.norm2")
        linear(f"{block}.mlp.fc1", 4 * dim, dim)
        linear(f"{block}.mlp.fc2", dim, 4 * dim)
        if layer_scale:
            state |= {f"{block}.{name}.gamma": torch.full((dim,), layer_scale) for name in ("ls1", "ls2")}
    norm("norm")
    if classes:
        linear("head", classes, dim)
    return state
