# SPDX-License-Identifier: Apache-2.0
"""M³ViT as its authors' code has it: a random state dict under their names, and the network on it, in PyTorch.

Written after that code (its modules' equations), not after edgemoe's: an image that is normalised, convolution, class
token, layers of which every other has experts, whose gate multiplies from the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Sizes:
    height: int = 8
    width: int = 16
    patch: int = 4
    dim: int = 24
    heads: int = 3
    layers: int = 4
    hidden: int = 40
    experts: int = 5
    expert_hidden: int = 28
    top_k: int = 2
    tasks: int = 2
    embedding: int = 6


def state_dict(sizes: Sizes, gate: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """gate: "multi" (V-MoE), "noisy" (multi, with learned noise), "embedded" (one, told the task), "shared"."""
    made = torch.Generator().manual_seed(seed)
    state: dict[str, torch.Tensor] = {}

    def add(name: str, *shape: int, spread: float | None = None, around: float = 0.0) -> None:
        spread = spread if spread is not None else shape[-1] ** -0.5
        state[name] = around + spread * torch.randn(shape, generator=made)

    def linear(name: str, *shape: int) -> None:
        add(f"{name}.weight", *shape)
        add(f"{name}.bias", *shape[:-1], spread=0.2)

    def norm(name: str, width: int) -> None:
        add(f"{name}.weight", width, spread=0.2, around=1.0)
        add(f"{name}.bias", width, spread=0.2)

    D, P, E, H = sizes.dim, sizes.patch, sizes.experts, sizes.expert_hidden
    patches = sizes.height * sizes.width // P**2
    add("cls_token", 1, 1, D, spread=1.0)
    add("pos_embed", 1, patches + 1, D, spread=1.0)
    add("patch_embed.proj.weight", D, 3, P, P)
    add("patch_embed.proj.bias", D, spread=0.2)
    if gate == "embedded":
        linear("gate_task_represent.fc1", sizes.embedding, sizes.tasks)
        linear("gate_task_represent.fc2", sizes.embedding, sizes.embedding)
        norm("gate_task_represent.norm", sizes.embedding)
    for n in range(sizes.layers):
        block = f"blocks.{n}"
        norm(f"{block}.norm1", D)
        linear(f"{block}.attn.qkv", 3 * D, D)
        linear(f"{block}.attn.proj", D, D)
        norm(f"{block}.norm2", D)
        if n % 2 == 0:
            linear(f"{block}.mlp.fc1", sizes.hidden, D)
            linear(f"{block}.mlp.fc2", D, sizes.hidden)
            continue
        linear(f"{block}.mlp.experts.htoh4", E, H, D)
        linear(f"{block}.mlp.experts.h4toh", E, D, H)
        if gate in ("multi", "noisy"):
            for t in range(sizes.tasks):
                add(f"{block}.mlp.gate.{t}.w_gate", D, E, spread=0.5)
                if gate == "noisy":
                    add(f"{block}.mlp.gate.{t}.w_noise", D, E, spread=0.5)
        else:
            add(f"{block}.mlp.gate.w_gate", D + (sizes.embedding if gate == "embedded" else 0), E, spread=0.5)
    return state


def features(
    state: dict[str, torch.Tensor], sizes: Sizes, gate: str, image: np.ndarray, task: int
) -> np.ndarray:
    """uint8 image -> the residual after the last layer, (T,D), float64."""
    state = {name: tensor.double() for name, tensor in state.items()}
    x = torch.from_numpy((image / 255 - np.array(MEAN)) / np.array(STD)).permute(2, 0, 1)[None]
    x = F.conv2d(x, state["patch_embed.proj.weight"], state["patch_embed.proj.bias"], stride=sizes.patch)
    x = torch.cat([state["cls_token"], x.flatten(2).transpose(1, 2)], dim=1) + state["pos_embed"]
    for n in range(sizes.layers):
        block = f"blocks.{n}"
        x = x + attention(norm(x, state, f"{block}.norm1"), state, f"{block}.attn", sizes.heads)
        y = norm(x, state, f"{block}.norm2")
        x = x + (
            mlp(y, state, f"{block}.mlp")
            if n % 2 == 0
            else mixture(y[0], state, block, sizes, gate, task)[None]
        )
    return x[0].numpy()


def norm(x: torch.Tensor, state: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    return F.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"], 1e-6)


def attention(x: torch.Tensor, state: dict[str, torch.Tensor], name: str, heads: int) -> torch.Tensor:
    B, N, C = x.shape
    made = F.linear(x, state[f"{name}.qkv.weight"], state[f"{name}.qkv.bias"])
    q, k, v = made.reshape(B, N, 3, heads, C // heads).permute(2, 0, 3, 1, 4)
    scores = ((q @ k.transpose(-2, -1)) * (C // heads) ** -0.5).softmax(dim=-1)
    return F.linear(
        (scores @ v).transpose(1, 2).reshape(B, N, C),
        state[f"{name}.proj.weight"],
        state[f"{name}.proj.bias"],
    )


def mlp(x: torch.Tensor, state: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    hidden = F.gelu(F.linear(x, state[f"{name}.fc1.weight"], state[f"{name}.fc1.bias"]))
    return F.linear(hidden, state[f"{name}.fc2.weight"], state[f"{name}.fc2.bias"])


def mixture(
    y: torch.Tensor, state: dict[str, torch.Tensor], block: str, sizes: Sizes, gate: str, task: int
) -> torch.Tensor:
    seen = y
    if gate == "embedded":
        one = torch.zeros(sizes.tasks, dtype=torch.float64)
        one[task] = 1.0
        told = norm(mlp(one, state, "gate_task_represent"), state, "gate_task_represent.norm")
        seen = torch.cat([y, told.repeat(len(y), 1)], dim=-1)
    own = f"{task}." if gate in ("multi", "noisy") else ""
    logits = seen @ state[f"{block}.mlp.gate.{own}w_gate"]
    if gate == "noisy":
        top, chosen = logits.topk(sizes.top_k, dim=1)
        scores = top.softmax(1)
    else:
        scores, chosen = logits.softmax(1).topk(sizes.top_k, dim=1)
    first, second = f"{block}.mlp.experts.htoh4", f"{block}.mlp.experts.h4toh"
    rows = []
    for token in range(len(y)):
        total = torch.zeros_like(y[token])
        for score, e in zip(scores[token], chosen[token], strict=True):
            hidden = F.gelu(state[f"{first}.weight"][e] @ y[token] + state[f"{first}.bias"][e])
            total = total + score * (state[f"{second}.weight"][e] @ hidden + state[f"{second}.bias"][e])
        rows.append(total)
    return torch.stack(rows)


def write_raw(state: dict[str, torch.Tensor], folder: Path) -> None:
    """The files that Edge-MoE's repository has of such a state dict: the class token is in the first position."""
    names = {
        "mlp.experts.htoh4.": "htoh4_", "mlp.experts.h4toh.": "h4toh_", "attn.proj.": "attn_proj_", "attn.qkv.": "qkv_",
        "mlp.fc1.": "fc1_", "mlp.fc2.": "fc2_", "norm1.": "norm1_", "norm2.": "norm2_",
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, tensor in state.items():
        if name == "cls_token":
            continue
        if name == "pos_embed":
            tensor = tensor.clone()
            tensor[:, 0] += state["cls_token"][:, 0]
        if name.startswith("blocks."):
            _, n, rest = name.split(".", 2)
            if rest.startswith("mlp.gate."):
                rest, tensor = f"w_gate_T_task{rest.split('.')[2]}", tensor.T
            for theirs, short in names.items():
                rest = rest.replace(theirs, short)
            name = f"l{n}_{rest}"
        name = name.replace("patch_embed.proj.", "patch_embed_")
        tensor.contiguous().numpy().astype("<f4").tofile(folder / f"{name}.float32.bin")
    np.zeros(8, "<f4").tofile(folder / "image.float32.bin")
    np.zeros(8, "<f4").tofile(folder / "l3_x_post_moe.float32.bin")
