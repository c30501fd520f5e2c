# SPDX-License-Identifier: Apache-2.0
"""timm's config.json: the architecture's name says how the network computes, `pretrained_cfg` how it sees images."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgemoe.errors import shown
from edgemoe.imports.config_values import class_names, number, refuse, same, whole
from edgemoe.imports.facts import Crop, Known
from edgemoe.imports.geometry import Geometry
from edgemoe.imports.options import mean_and_std

HEADS = {
    "tiny": (192, 3), "small": (384, 6), "medium": (512, 8), "base": (768, 12), "large": (1024, 16), "huge": (1280, 16),
}  # fmt: skip
"""Width and heads by the size in an architecture's name."""
PLAIN = re.compile(
    rf"(?:vit|deit|deit3)_({'|'.join(HEADS)})(?:_distilled)?_patch(\d+)(?:_reg\d)?(?:_dinov2)?(?:_\d+)?"
)
"""Architectures that compute as the accelerator does: norm first, GELU by erf, eps 1e-6."""
POOLS = {"token": "class", "avg": "mean"}
MODEL_ARGS = (
    "img_size", "patch_size", "embed_dim", "depth", "num_heads", "init_values", "reg_tokens", "no_embed_class",
    "class_token", "global_pool", "num_classes", "dynamic_img_size", "qkv_bias", "mlp_ratio", "distilled", "fc_norm",
)  # fmt: skip
"""Arguments that the tensors say as well, or that are read here."""


def timm_config(path: Path, config: dict[str, Any], geometry: Geometry) -> Known:
    """The facts of timm's config.json; UserError for an architecture that is not known to compute as a plain ViT."""
    known = Known(str(path))
    arguments = config.get("model_args") or {}
    pretrained = config.get("pretrained_cfg") or config
    for field, value in (("model_args", arguments), ("pretrained_cfg", pretrained)):
        if not isinstance(value, dict):
            raise refuse(path, field, value, "expected a JSON object")
    for argument in arguments:
        if argument not in MODEL_ARGS:
            raise refuse(
                path, f"model_args.{argument}", arguments[argument], "it may change what the network computes"
            )
    architecture = config["architecture"].partition(".")[0]
    found = PLAIN.fullmatch(architecture)
    if not found:
        raise refuse(
            path, "architecture", architecture,
            f"known to compute as the accelerator does are {{vit, deit, deit3}}_{{{', '.join(HEADS)}}}_patch*; if it "
            "is one of these under a name of its own, move this file away and give its facts as options"
        )  # fmt: skip
    width, heads = HEADS[found[1]]
    if "num_heads" in arguments:
        known.values["heads"] = whole(path, "model_args.num_heads", arguments["num_heads"])
    elif geometry.dim == width:
        known.values["heads"] = heads
    elif "embed_dim" not in arguments:
        raise refuse(
            path, "architecture", architecture, f"its width is {width}, and the tensors have {geometry.dim}"
        )
    for field, expected in (
        ("embed_dim", geometry.dim), ("depth", geometry.layers), ("patch_size", geometry.patch)
    ):  # fmt: skip
        same(path, arguments, field, expected)
    if "patch_size" not in arguments and int(found[2]) != geometry.patch:
        raise refuse(path, "architecture", architecture, f"the tensors have patches of {geometry.patch}")
    known.values |= {"eps": 1e-6, "activation": "gelu", "name": architecture}
    pool = arguments.get("global_pool", config.get("global_pool"))
    if pool is not None:
        known.values["pool"] = POOLS.get(str(pool), f"timm's {shown(pool)}")
    known.values["qkv_bias"] = bool(arguments.get("qkv_bias", True))
    _images(path, pretrained, arguments, known)
    return known


def _images(path: Path, pretrained: dict[str, Any], arguments: dict[str, Any], known: Known) -> None:
    """Size, normalisation, crop and class names."""
    if "mean" in pretrained or "std" in pretrained:
        checked = mean_and_std(pretrained.get("mean"), pretrained.get("std"))
        if checked is None:
            raise refuse(
                path, "mean, std", [pretrained.get("mean"), pretrained.get("std")], "expected three of each"
            )
        known.values["normalise"] = checked
    size = arguments.get("img_size", (pretrained.get("input_size") or [None])[1:])
    size = [size, size] if isinstance(size, int) else size
    if isinstance(size, list | tuple) and len(size) == 2:
        known.values["size"] = (whole(path, "input_size", size[0]), whole(path, "input_size", size[1]))
    if "crop_pct" in pretrained:
        share = number(path, "crop_pct", pretrained["crop_pct"], 0.01, 1.0)
        known.values["resize"] = _crop(share, pretrained.get("crop_mode", "center"))
    if pretrained.get("interpolation") not in (None, "bilinear"):
        known.notes.append(
            f"timm resizes images {pretrained['interpolation']!r}; edgemoe's resize is its own, in integers, so that "
            "the pixels of an image of another size differ a little."
        )
    names = pretrained.get("label_names")
    if isinstance(names, list):
        known.values["classes"] = class_names(names, known.notes)


def _crop(share: float, mode: object) -> Callable[[tuple[int, int]], Crop | None]:
    """timm's crop: the middle of an image whose shorter side is size / share, rounded down."""

    def rule(size: tuple[int, int]) -> Crop | None:
        if mode == "squash" and share == 1:
            return "stretch", 0
        return ("crop", math.floor(size[0] / share)) if mode == "center" and size[0] == size[1] else None

    return rule
