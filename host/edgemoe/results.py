# SPDX-License-Identifier: Apache-2.0
"""What a run leaves in its folder: arrays at the model's size, pictures at the image's, whichever back end ran."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgemoe import outputs
from edgemoe.config import TASKS
from edgemoe.images import Pixels, enlarge, write_png
from edgemoe.package import Package
from edgemoe.report import depth_picture, segmentation_picture

Array = npt.NDArray[Any]
RESULT_FILES = (
    "input.png",
    *(f"{task}{end}" for task in TASKS for end in (".png", ".npy")),
    *(f"features.{task}.npy" for task in TASKS),
)
"""What `write_results` and `write_arrays` may write."""


@dataclass(frozen=True)
class TaskOutput:
    """One task's outputs. features: int32 (tokens, D); head: int16 (patches, maps * patch^2)."""

    features: npt.NDArray[np.int32]
    head: npt.NDArray[np.int16]


def labels_of(package: Package, result: TaskOutput) -> npt.NDArray[np.uint8]:
    """The segmentation head's outputs as labels, uint8 (height, width)."""
    config = package.config
    return outputs.labels(outputs.maps(result.head, config.grid, config.patch))


def metres_of(package: Package, result: TaskOutput) -> npt.NDArray[np.float32]:
    """The depth head's outputs as metres, float32 (height, width)."""
    config = package.config
    value = outputs.maps(result.head, config.grid, config.patch)
    return outputs.metres(value, package.scale("heads.depth.out"), config.depth_range)


def write_results(out: Path, package: Package, image: Pixels, results: Mapping[str, TaskOutput]) -> None:
    """Write input.png and, of each task in `results`, its picture, its array and features.<task>.npy.

    image: as it was read, before it was resized for the model; pictures have its size.
    """
    arrays: dict[str, Array] = {
        task: labels_of(package, result) if task == "segmentation" else metres_of(package, result)
        for task, result in results.items()
    }
    write_arrays(out, image, arrays, {task: result.features for task, result in results.items()})


def write_arrays(
    out: Path, image: Pixels, arrays: Mapping[str, Array], features: Mapping[str, Array]
) -> None:
    """The same from decoded arrays: labels and metres, (height, width) of the model, by task."""
    out.mkdir(parents=True, exist_ok=True)
    height, width = image.shape[:2]
    write_png(image, out / "input.png")
    for task, array in arrays.items():
        np.save(out / f"features.{task}.npy", features[task])
        np.save(out / f"{task}.npy", array)
        picture = segmentation_picture(array) if task == "segmentation" else depth_picture(array)
        write_png(enlarge(picture, height, width), out / f"{task}.png")
