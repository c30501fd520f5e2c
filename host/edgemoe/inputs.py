# SPDX-License-Identifier: Apache-2.0
"""What the user names on the command line, found and read: package, images, tasks."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgemoe import images
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.package import Package, load
from edgemoe.progress import Progress
from edgemoe.shipped import package_path

PICTURES = (".png", ".jpg", ".jpeg")
RESERVED = ("index.html", "summary.json", "waves.fst")
"""Files beside the pictures' folders."""


@dataclass(frozen=True)
class Picture:
    """An image file: its pixels as read, those that the model gets, and its sha256."""

    path: Path
    original: images.Pixels
    pixels: images.Pixels
    sha256: str


def find_package(model: str) -> tuple[str, Package]:
    """Label and package of a shipped model (its name) or of a .safetensors file (the file's name)."""
    path = package_path(model, Progress().note)
    return (path.name if model.endswith(".safetensors") else model), load(path)


def folder_name(label: str, package: Package, board: str) -> str:
    """Where results lie by default: `nano-sim-small`. A file's has the first digits of its sha256, so that no two
    packages share a folder, nor one that of a shipped model.
    """
    own = f"{Path(label).stem}-{package.sha256[:8]}" if label.endswith(".safetensors") else label
    return f"{own}-{board}"


def find_tasks(config: ModelConfig, task: str) -> tuple[str, ...]:
    """The tasks of a model that `both`, which is all, or a task's name stands for."""
    if task == "both":
        return config.tasks
    if task in config.tasks:
        return (task,)
    raise UserError(
        f"Model {config.name!r} has no task {task!r}; give both, for all, or {', '.join(config.tasks)}."
    )


def read_picture(path: Path, config: ModelConfig) -> Picture:
    """An image file and its integer resize to the model's input size."""
    original = images.read_image(path)
    pixels = images.fitted(original, config)
    return Picture(path, original, pixels, hashlib.sha256(path.read_bytes()).hexdigest())


def list_pictures(folder: Path) -> list[Path]:
    """Every PNG and JPEG of a folder by name; hidden files, folders, and the labels of rendered scenes left out."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; --images takes a folder of PNG or JPEG files.")
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES and not path.name.startswith(".") and not path.is_dir()
    )
    names = {path.name for path in found}
    paths = [path for path in found if not _is_label_map(path, names)]
    if not paths:
        raise UserError(f"{folder} has no PNG or JPEG file.")
    return paths


def _is_label_map(path: Path, names: set[str]) -> bool:
    """Whether it is the `N.labels.png` that `edgemoe scenes` wrote beside `N.png`."""
    return path.name.endswith(images.LABELS) and path.name.removesuffix(images.LABELS) + ".png" in names


def room_bytes(path: Path) -> int:
    """About how much the results for an image file take: its pixels once more as PNG, at most 3 bytes and a little
    each, and its page.
    """
    return (8 << 20) + min(30 * (path.stat().st_size if path.is_file() else 0), 4 * images.MAX_PIXELS)


def places(paths: Sequence[Path]) -> list[str]:
    """A folder name for the results of each picture, no two alike: `street` for street.png, `street.png` where
    there is a street.jpg too.
    """
    stems = Counter(path.stem.casefold() for path in paths)
    taken = {name.casefold() for name in RESERVED}
    made = []
    for path in paths:
        name = path.stem if stems[path.stem.casefold()] == 1 else path.name
        unique, number = name, 2
        while unique.casefold() in taken:
            unique, number = f"{name}-{number}", number + 1
        taken.add(unique.casefold())
        made.append(unique)
    return made
