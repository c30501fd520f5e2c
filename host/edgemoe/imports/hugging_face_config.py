# SPDX-License-Identifier: Apache-2.0
"""Hugging Face's config.json and preprocessor_config.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgemoe.imports.config_values import class_names, number, refuse, same, whole
from edgemoe.imports.facts import Crop, Known
from edgemoe.imports.geometry import Geometry
from edgemoe.imports.options import mean_and_std

TYPES = ("vit", "deit", "dinov2", "dinov2_with_registers")


def hugging_face_config(
    path: Path, config: dict[str, Any], preprocessor: dict[str, Any], geometry: Geometry
) -> Known:
    """The facts of both files; UserError for a model of another kind, or for what the accelerator can't compute."""
    if config["model_type"] not in TYPES:
        raise refuse(path, "model_type", config["model_type"], f"supported are {', '.join(TYPES)}")
    for field, expected in (
        ("hidden_size", geometry.dim), ("num_hidden_layers", geometry.layers), ("patch_size", geometry.patch),
        ("num_channels", 3),
    ):  # fmt: skip
        same(path, config, field, expected)
    if config.get("use_swiglu_ffn"):
        raise refuse(path, "use_swiglu_ffn", True, "the accelerator has no gated MLP")
    if config.get("hidden_act", "gelu") != "gelu":
        raise refuse(path, "hidden_act", config["hidden_act"], "the accelerator computes 'gelu', by erf")
    known = Known(str(path))
    if "hidden_act" in config:
        known.values["activation"] = "gelu"
    if "num_attention_heads" in config:
        known.values["heads"] = whole(path, "num_attention_heads", config["num_attention_heads"])
    if "layer_norm_eps" in config:
        known.values["eps"] = number(path, "layer_norm_eps", config["layer_norm_eps"], 0.0, 1.0)
    size = config.get("image_size")
    if size is not None:
        sides = size if isinstance(size, list) and len(size) == 2 else [size, size]
        known.values["size"] = (whole(path, "image_size", sides[0]), whole(path, "image_size", sides[1]))
    known.values["pool"] = "class"
    known.values["qkv_bias"] = bool(config.get("qkv_bias", True))
    if isinstance(config.get("_name_or_path"), str) and config["_name_or_path"].isprintable():
        known.values["name"] = config["_name_or_path"].rpartition("/")[2] or config["model_type"]
    names = config.get("id2label")
    if isinstance(names, dict) and set(names) == {str(n) for n in range(len(names))}:
        known.values["classes"] = class_names([names[str(n)] for n in range(len(names))], known.notes)
    _images(path.with_name("preprocessor_config.json"), preprocessor, known)
    return known


def _images(path: Path, preprocessor: dict[str, Any], known: Known) -> None:
    """Normalisation and crop; the processor of an image may leave steps out."""
    if not preprocessor:
        return
    rescale = preprocessor.get("rescale_factor", 1 / 255)
    if (
        not preprocessor.get("do_rescale", True)
        or abs(number(path, "rescale_factor", rescale, 0, 1) * 255 - 1) > 1e-6
    ):
        known.notes.append(
            f"{path} scales pixels in another way than by 1/255; give --normalise for values of 0..1."
        )
    elif not preprocessor.get("do_normalize", True):
        known.values["normalise"] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    elif "image_mean" in preprocessor or "image_std" in preprocessor:
        checked = mean_and_std(preprocessor.get("image_mean"), preprocessor.get("image_std"))
        if checked is None:
            raise refuse(
                path,
                "image_mean, image_std",
                [preprocessor.get("image_mean"), preprocessor.get("image_std")],
                "expected three of each",
            )
        known.values["normalise"] = checked
    known.values["resize"] = _crop(path, preprocessor)
    if preprocessor.get("resample") not in (None, 2):
        known.notes.append(
            f"{path} resizes images by another filter; edgemoe's resize is its own, in integers, so that the pixels "
            "of an image of another size differ a little."
        )  # fmt: skip


def _crop(path: Path, preprocessor: dict[str, Any]) -> Callable[[tuple[int, int]], Crop | None]:
    """`size` and `crop_size`: a whole number, a shortest edge or height and width."""
    size, crop = (_side(path, preprocessor.get(name)) for name in ("size", "crop_size"))
    short = isinstance(preprocessor.get("size"), dict) and "shortest_edge" in preprocessor["size"]

    def rule(wanted: tuple[int, int]) -> Crop | None:
        if not preprocessor.get("do_resize", True) or size is None:
            return None
        if preprocessor.get("do_center_crop", False):
            return ("crop", size[0]) if short and crop == wanted else None
        return ("stretch", 0) if not short and size == wanted else None

    return rule


def _side(path: Path, value: Any) -> tuple[int, int] | None:
    if isinstance(value, dict):
        value = (
            [value["shortest_edge"]] * 2
            if "shortest_edge" in value
            else [value.get("height"), value.get("width")]
        )
    sides = value if isinstance(value, list) else [value, value]
    if value is None or len(sides) != 2:
        return None
    return whole(path, "size", sides[0]), whole(path, "size", sides[1])
