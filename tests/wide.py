# SPDX-License-Identifier: Apache-2.0
"""Networks with other tokens, tasks, layers and heads than `nano`, small enough for every level of the chain."""

from dataclasses import replace

from edgemoe.config import MODELS, ModelConfig

NANO = MODELS["nano"]
PIXELS = replace(NANO, height=24, width=40, layers=2)
CLASSES = replace(
    PIXELS,
    experts=0,
    tasks=("classification",),
    head="classes",
    classes=tuple(f"kind {number}" for number in range(37)),
    head_hidden=0,
)
WIDE: dict[str, ModelConfig] = {
    "one-task": replace(PIXELS, tasks=("depth",)),
    "no-class-token": replace(PIXELS, prefix=()),
    "registers": replace(PIXELS, prefix=("class", "register", "register", "register")),
    "experts-in-all-layers": replace(PIXELS, moe_layers=(0, 1), gate="biased"),
    "experts-in-the-first": replace(PIXELS, moe_layers=(0,), tasks=("segmentation",)),
    "power-of-two": replace(PIXELS, moe_layers=(0, 1), expert_weights="power_of_two"),
    "heads-by-choice": replace(PIXELS, heads=4, top_heads=2),
    "one-head-by-choice": replace(PIXELS, heads=3, dim=42, dense_hidden=70, top_heads=1, experts=0),
    "features": replace(
        PIXELS,
        head="none",
        head_hidden=0,
        classes=(),
        tasks=("semseg", "normals", "edge", "sal", "human_parts"),
    ),
    "class": replace(CLASSES, resize="crop", resize_short=48),
    "distilled": replace(CLASSES, prefix=("class", "distillation"), pool="distilled"),
    "mean": replace(CLASSES, prefix=("class", "register"), pool="mean"),
    "mean-without-class-token": replace(CLASSES, prefix=(), pool="mean", dim=42, heads=3, dense_hidden=70),
    "widths-of-their-own": replace(PIXELS, layers=3, hidden_of=(0, 0, 45)),
    "class-of-experts": replace(CLASSES, experts=4, moe_layers=(1,), classes=("cat", "dog")),
}
WIDE = {name: replace(config, name=name) for name, config in WIDE.items()}
