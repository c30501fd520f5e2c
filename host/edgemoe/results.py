# SPDX-License-Identifier: Apache-2.0
"""What a run leaves in its folder: arrays at the model's size, pictures at the image's, whichever back end ran."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgemoe import outputs
from edgemoe.images import Pixels, enlarge, write_png
from edgemoe.package import Package
from edgemoe.program import Program
from edgemoe.report import depth_picture, segmentation_picture


@dataclass(frozen=True)
class TaskOutput:
    """One task's outputs. features: int16 (tokens, D); head: int16 (patches, maps * patch^2)."""

    features: npt.NDArray[np.int16]
    head: npt.NDArray[np.int16]


def read_output(program: Program, output: bytes) -> TaskOutput:
    """The outputs that a run of `program` left in its output region."""
    return TaskOutput(program.features(output), program.head(output))


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
    out.mkdir(parents=True, exist_ok=True)
    height, width = image.shape[:2]
    write_png(image, out / "input.png")
    for task, result in results.items():
        np.save(out / f"features.{task}.npy", result.features)
        if task == "segmentation":
            labels = labels_of(package, result)
            np.save(out / "segmentation.npy", labels)
            write_png(enlarge(segmentation_picture(labels), height, width), out / "segmentation.png")
        else:
            metres = metres_of(package, result)
            np.save(out / "depth.npy", metres)
            write_png(enlarge(depth_picture(metres), height, width), out / "depth.png")
