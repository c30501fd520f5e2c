# SPDX-License-Identifier: Apache-2.0
"""Networks that have a name."""

from __future__ import annotations

from edgemoe.config.model import CLASSIFICATION, ModelConfig
from edgemoe.errors import UserError

MODELS = {
    "nano": ModelConfig(
        name="nano",
        height=64,
        width=128,
        patch=8,
        dim=64,
        heads=2,
        layers=4,
        dense_hidden=256,
        experts=8,
        expert_hidden=128,
        top_k=2,
        head_hidden=128,
    ),
    "tiny": ModelConfig(
        name="tiny",
        height=128,
        width=256,
        patch=16,
        dim=192,
        heads=3,
        layers=12,
        dense_hidden=768,
        experts=16,
        expert_hidden=384,
        top_k=2,
        head_hidden=256,
    ),
}
"""Models that are shipped trained."""


UNTRAINED = {
    # Touvron et al. 2021, table 1. Without names of its own, a class is its number.
    "deit-tiny": ModelConfig(
        name="deit-tiny",
        height=224,
        width=224,
        patch=16,
        dim=192,
        heads=3,
        layers=12,
        dense_hidden=768,
        experts=0,
        expert_hidden=0,
        top_k=0,
        head_hidden=0,
        classes=tuple(str(number) for number in range(1000)),
        tasks=CLASSIFICATION,
        head="classes",
        resize="crop",
        resize_short=248,
    ),
    # Oquab et al. 2023 (DINOv2), ViT-S/14 without registers, with a head on the class token. LayerScale is folded.
    "vit-small-14": ModelConfig(
        name="vit-small-14",
        height=224,
        width=224,
        patch=14,
        dim=384,
        heads=6,
        layers=12,
        dense_hidden=1536,
        experts=0,
        expert_hidden=0,
        top_k=0,
        head_hidden=0,
        classes=tuple(str(number) for number in range(1000)),
        tasks=CLASSIFICATION,
        head="classes",
        resize="crop",
        resize_short=256,
    ),
}
"""Networks whose sizes have a name, and no weights here."""


def model_preset(name: str) -> ModelConfig:
    """The preset of that name."""
    for known in (MODELS, UNTRAINED):
        if name in known:
            return known[name]
    raise UserError(f"No model preset is named {name!r}; there are {', '.join([*MODELS, *UNTRAINED])}.")
