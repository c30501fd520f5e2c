# SPDX-License-Identifier: Apache-2.0
"""What the user names on the command line, found and read: package, images, tasks."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgemoe import images
from edgemoe.config import TASKS, ModelConfig
from edgemoe.errors import UserError
from edgemoe.package import Package, load
from edgemoe.shipped import image_path, package_path

PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Picture:
    """An image file: its pixels as read, those that the model gets, and its sha256."""

    path: Path
    original: images.Pixels
    pixels: images.Pixels
    sha256: str


def find_package(model: str) -> tuple[str, Package]:
    """Name and package of a shipped model or of a .safetensors file."""
    path = package_path(model)
    name = path.stem if model.endswith(".safetensors") else model
    return name, load(path)


def find_tasks(task: str) -> tuple[str, ...]:
    """The tasks that `both`, or a task's name, stands for."""
    if task == "both":
        return TASKS
    if task in TASKS:
        return (task,)
    raise UserError(f"No task is named {task!r}; there are both, {', '.join(TASKS)}.")


def read_picture(path: Path, config: ModelConfig) -> Picture:
    """An image file and its integer resize to the model's input size."""
    original = images.read_image(path)
    pixels = images.resize(original, config.height, config.width)
    return Picture(path, original, pixels, hashlib.sha256(path.read_bytes()).hexdigest())


def find_pictures(image: Path | None, folder: Path | None, config: ModelConfig) -> list[Picture]:
    """The image, every PNG and JPEG of the folder by name, or the shipped street image."""
    if folder is None:
        return [read_picture(image_path(image), config)]
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; --images takes a folder of PNG or JPEG files.")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if not paths:
        raise UserError(f"{folder} has no PNG or JPEG file.")
    return [read_picture(path, config) for path in paths]
