# SPDX-License-Identifier: Apache-2.0
"""What a run leaves in its folder: arrays at the model's size, pictures at the image's, whichever back end ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgemoe import outputs
from edgemoe.config import TASKS
from edgemoe.images import Pixels, enlarge, write_png
from edgemoe.package import Package
from edgemoe.report import depth_picture, segmentation_picture

if TYPE_CHECKING:
    from edgemoe.decoder import Decoded

Array = npt.NDArray[Any]
RESULT_FILES = (
    "input.png",
    *(f"{task}{end}" for task in TASKS for end in (".png", ".npy")),
    "classification.npy",
    "features.*.npy",
    "decoded.*.npy",
)
"""What `write_results`, `write_arrays` and `write_decoded` may write."""


@dataclass(frozen=True)
class TaskOutput:
    """One task's outputs. features: int32 (tokens, D); head: int16 (rows, outputs) as of `Program.head`."""

    features: npt.NDArray[np.int32]
    head: npt.NDArray[np.int16]


def array_of(package: Package, task: str, result: TaskOutput) -> Array | None:
    """What a task's head says: labels, metres or scores as `outputs.decoded` has them; None without a head."""
    if package.config.head == "none":
        return None
    return outputs.decoded(package.config, task, result.head, package.scale(f"heads.{task}.out"))


def arrays_of(package: Package, results: Mapping[str, TaskOutput]) -> dict[str, Array]:
    """By task what its head says; without heads nothing."""
    decoded = {task: array_of(package, task, result) for task, result in results.items()}
    return {task: array for task, array in decoded.items() if array is not None}


def classes_of(package: Package, task: str, result: TaskOutput) -> dict[str, Any]:
    """`classes` of a classification, the best first; nothing for other tasks."""
    scores = array_of(package, task, result) if package.config.head == "classes" else None
    return {} if scores is None else {"classes": outputs.top_classes(package.config, scores)}


def write_results(out: Path, package: Package, image: Pixels, results: Mapping[str, TaskOutput]) -> None:
    """Write input.png and, of each task in `results`, its picture and array, if it has some, and features.<task>.npy.

    image: as it was read, before it was resized for the model; pictures have its size.
    """
    arrays = arrays_of(package, results)
    write_arrays(out, image, arrays, {task: result.features for task, result in results.items()})


def write_arrays(
    out: Path, image: Pixels, arrays: Mapping[str, Array], features: Mapping[str, Array]
) -> None:
    """The same from decoded arrays by task: labels and metres, (height, width) of the model, or scores (classes)."""
    out.mkdir(parents=True, exist_ok=True)
    height, width = image.shape[:2]
    write_png(image, out / "input.png")
    for task, values in features.items():
        np.save(out / f"features.{task}.npy", values)
    for task, array in arrays.items():
        np.save(out / f"{task}.npy", array)
        if array.ndim == 1:
            continue
        picture = segmentation_picture(array) if task == "segmentation" else depth_picture(array)
        write_png(enlarge(picture, height, width), out / f"{task}.png")


def write_decoded(out: Path, decoded: Mapping[str, Decoded]) -> None:
    """decoded.<task>.<number of the output, from 0>.npy, of each task with a decoder."""
    for task, found in decoded.items():
        for number, array in enumerate(found.outputs.values()):
            np.save(out / f"decoded.{task}.{number}.npy", array)
