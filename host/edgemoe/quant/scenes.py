# SPDX-License-Identifier: Apache-2.0
"""Reading rendered scenes and the per-pixel prior from their files; needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.arrays import read_npy, read_npz
from edgemoe.config import CITYSCAPES_GROUPS
from edgemoe.errors import UserError
from edgemoe.images import LABELS, Pixels, read_grey, read_image
from edgemoe.model.metrics import Prior

Scene = tuple[Pixels, NDArray[Any], NDArray[Any]]
"""Image uint8 (H,W,3), labels uint8 (H,W), metres (H,W)."""


def read_scenes(folder: Path, height: int, width: int, classes: int = len(CITYSCAPES_GROUPS)) -> list[Scene]:
    """Image, labels and metres of every scene that `edgemoe scenes` wrote to `folder`, at the model's input size."""
    if not folder.is_dir():
        raise UserError(f"Folder {folder} does not exist; `edgemoe scenes --out {folder}` makes one.")
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(LABELS))
    if not names:
        raise UserError(f"Folder {folder} holds no scenes; `edgemoe scenes --out {folder}` renders some.")
    return [read_scene(folder, name.removesuffix(LABELS), (height, width), classes) for name in names]


def read_scene(folder: Path, stem: str, size: tuple[int, int], classes: int) -> Scene:
    """One scene; UserError for a part that is missing, damaged, of another size, or holds what can't be."""
    hint = f"it is a part of scene {stem}, which `edgemoe scenes` renders"
    image = read_image(folder / f"{stem}.png", hint)
    _check_size(folder / f"{stem}.png", image.shape[:2], size)
    path = folder / f"{stem}{LABELS}"
    label = read_grey(path)
    _check_size(path, label.shape, size)
    if label.max() >= classes:
        raise UserError(f"{path} holds the label {label.max()}; the model's classes are 0..{classes - 1}.")
    path = folder / f"{stem}.depth.npy"
    depth = read_npy(path, "Depth", size, "f", hint)
    if not (np.isfinite(depth).all() and (depth >= 0).all()):
        raise UserError(f"Depth {path} must hold metres: finite, not negative.")
    return image, label, depth


def _check_size(path: Path, found: tuple[int, ...], size: tuple[int, int]) -> None:
    if found != size:
        raise UserError(
            f"{path} is {'×'.join(map(str, found))}; the model takes {size[0]}×{size[1]}: `edgemoe scenes --model`."
        )


def load_prior(path: Path) -> Prior:
    """The per-pixel prior of the training scenes, which training leaves beside the checkpoint."""
    arrays = read_npz(path, "Prior", {"label": (None, "iu"), "depth": (None, "f")})
    label, depth = arrays["label"], arrays["depth"].astype(np.float32)
    if label.ndim != 2 or label.shape != depth.shape:
        raise UserError(
            f"Prior {path}: label and depth must have one size (height, width), not {label.shape} and {depth.shape}."
        )
    if label.min(initial=0) < 0 or label.max(initial=0) > 255 or not np.isfinite(depth).all():
        raise UserError(f"Prior {path}: labels must lie in 0..255, depths be finite.")
    return Prior(label.astype(np.uint8), depth)
