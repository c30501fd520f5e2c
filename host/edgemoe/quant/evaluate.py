# SPDX-License-Identifier: Apache-2.0
"""What the integer model reaches on rendered scenes: mIoU and depth RMSE, on the golden machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edgemoe import outputs
from edgemoe import package as packages
from edgemoe.errors import UserError
from edgemoe.images import read_image
from edgemoe.model.metrics import Prior, Score
from edgemoe.package import Package
from edgemoe.quant.profile import Pixels, Runner

Scene = tuple[Pixels, np.ndarray[Any, Any], np.ndarray[Any, Any]]


def read_scenes(folder: Path, height: int, width: int) -> list[Scene]:
    """Image, labels and metres of every scene that `edgemoe scenes` wrote to `folder`."""
    scenes = []
    for path in sorted(folder.glob("*.labels.png")):
        stem = path.name.removesuffix(".labels.png")
        image, depth = folder / f"{stem}.png", folder / f"{stem}.depth.npy"
        for part in (image, depth):
            if not part.is_file():
                raise UserError(
                    f"Scene {stem} in {folder} lacks {part.name}; render it again with `edgemoe scenes`."
                )
        scene = (read_image(image), np.asarray(Image.open(path)), np.load(depth, allow_pickle=False))
        if scene[0].shape != (height, width, 3):
            size = "×".join(map(str, scene[0].shape[:2]))
            raise UserError(f"{image} is {size}; the model takes {height}×{width}: `edgemoe scenes --model`.")
        scenes.append(scene)
    if not scenes:
        raise UserError(f"Folder {folder} holds no scenes; `edgemoe scenes --out {folder}` renders some.")
    return scenes


def load_prior(path: Path) -> Prior:
    """The per-pixel prior of the training scenes, which training leaves beside the checkpoint."""
    with np.load(path, allow_pickle=False) as arrays:
        return Prior(arrays["label"], arrays["depth"].astype(np.float32))


def evaluate(package: Package, scenes: list[Scene], prior: Prior | None = None) -> dict[str, Any]:
    """mIoU, IoU per class and RMSE in metres of the integer model, and of the prior if there is one."""
    config = package.config
    runner = Runner(package, taps=False)
    classes = len(config.classes)
    own, yardstick = Score(classes), Score(classes)
    for image, label, depth in scenes:
        parts = {}
        for task, program in runner.programs.items():
            parts[task] = outputs.maps(program.head(runner.run(image, task)), config.grid, config.patch)
        own.add_labels(outputs.labels(parts["segmentation"]), label)
        scale = package.scale("heads.depth.out")
        own.add_depth(outputs.metres(parts["depth"], scale, config.depth_range), depth, label)
        if prior is not None:
            yardstick.add_labels(prior.label, label)
            yardstick.add_depth(prior.depth, depth, label)
    result: dict[str, Any] = {
        "scenes": len(scenes),
        "miou": own.miou,
        "iou": dict(zip(config.classes, own.iou, strict=True)),
        "rmse": own.rmse,
    }
    if prior is not None:
        result |= {"prior_miou": yardstick.miou, "prior_rmse": yardstick.rmse}
    return result


def evaluate_package(path: Path, data: Path) -> str:
    """The figures of a package on a folder of scenes, as text for a person."""
    package = packages.load(path)
    scenes = read_scenes(data, package.config.height, package.config.width)
    result = evaluate(package, scenes)
    lines = [
        f"{path}: integer model on {result['scenes']} scenes of {data}",
        f"mIoU        {result['miou']:.3f}",
    ]
    lines += [f"  {name:<14}{value:.3f}" for name, value in result["iou"].items()]
    return "\n".join([*lines, f"depth RMSE  {result['rmse']:.2f} m (sky left out)"])
