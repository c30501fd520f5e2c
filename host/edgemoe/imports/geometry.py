# SPDX-License-Identifier: Apache-2.0
"""The sizes of a network, read from the shapes of its tensors."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgemoe.config.limits import LAYERS_MOST
from edgemoe.errors import UserError
from edgemoe.imports.named import Named


@dataclass(frozen=True)
class Geometry:
    """Sizes as in `ModelConfig`; hidden sizes are 0 where there is no such layer."""

    dim: int
    patch: int
    layers: int
    dense_hidden: int
    experts: int
    expert_hidden: int
    moe_layers: tuple[int, ...]
    prefix: tuple[str, ...]


def geometry(tensors: Named) -> Geometry:
    """The sizes that the tensors say; `take` compares every tensor with them."""
    dim, channels, patch, width = tensors.shape("patch_embed.weight", 4)
    if channels != 3 or patch != width:
        raise UserError(
            f"{tensors.path}: tensor {tensors.spelt('patch_embed.weight')} has shape {(dim, channels, patch, width)}, "
            "expected (width of the network, 3 colours, P, P): other images and oblong patches are not supported."
        )
    layers = _layers(tensors)
    moe = tuple(n for n in range(layers) if f"blocks.{n}.experts.fc1.weight" in tensors)
    dense = [n for n in range(layers) if n not in moe]
    hidden = tensors.shape(f"blocks.{dense[0]}.mlp.fc1.weight", 2)[0] if dense else 0
    experts = expert_hidden = 0
    if moe:
        experts, expert_hidden, _ = tensors.shape(f"blocks.{moe[0]}.experts.fc1.weight", 3)
    return Geometry(dim, patch, layers, hidden, experts, expert_hidden, moe, _prefix(tensors))


def _layers(tensors: Named) -> int:
    numbers = {int(found[1]) for name in tensors.arrays if (found := re.match(r"blocks\.(\d+)\.", name))}
    count = max(numbers, default=-1) + 1
    if count > LAYERS_MOST or not count:
        raise UserError(
            f"{tensors.path}: there are {count} layers by the numbers in the names; 1 to {LAYERS_MOST} are supported."
        )
    if missing := sorted(set(range(count)) - numbers):
        raise UserError(
            f"{tensors.path}: layer {missing[0]} is missing, of layers 0 to {count - 1}. Is the file whole?"
        )
    return count


def _prefix(tensors: Named) -> tuple[str, ...]:
    prefix = [
        kind for kind, name in (("class", "cls_token"), ("distillation", "dist_token")) if name in tensors
    ]
    registers = tensors.shape("reg_token", 3)[1] if "reg_token" in tensors else 0
    return (*prefix, *["register"] * registers)
