# SPDX-License-Identifier: Apache-2.0
"""Synthetic street scenes with exact labels and metric depth, deterministic by seed.

Labels are the seven groups of the Cityscapes data set. Depth is along the camera's axis in metres, clipped to the
model's depth range; the sky has none. Training, calibration and validation use disjoint ranges of seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edgemoe.config import CITYSCAPES_GROUPS
from edgemoe.errors import UserError
from edgemoe.files import check_target, replacing
from edgemoe.images import LABELS, software, write_png
from edgemoe.model import layout
from edgemoe.model.classes import FLAT, SKY
from edgemoe.model.draws import hash32, unit
from edgemoe.model.raycast import camera_rays, cast, slot_table
from edgemoe.model.shading import shade

CLASSES = CITYSCAPES_GROUPS

SEEDS = 1 << 30  # what the generator of draws takes
SOFTWARE = "edgemoe scenes"
PARTS = ("labels.png", "depth.npy", "png")

TRAINING = range(0, 1 << 24)
CALIBRATION = range(1 << 24, 1 << 25)
VALIDATION = range(1 << 25, 1 << 26)


@dataclass
class Batch:
    """B rendered scenes."""

    image: Tensor  # uint8 (B,3,height,width)
    label: Tensor  # uint8 (B,height,width), index into CLASSES
    depth: Tensor  # float32 (B,height,width), metres
    seeds: Tensor  # int64 (B)

    @property
    def has_depth(self) -> Tensor:
        """bool (B,height,width): everywhere but in the sky."""
        return self.label != SKY


@torch.no_grad()
def render(
    seeds: Sequence[int] | Tensor, height: int, width: int, depth_range: tuple[float, float], *,
    device: str | torch.device = "cpu", supersample: int = 2, forward: Sequence[float] | None = None,
) -> Batch:  # fmt: skip
    """Renders the scenes of `seeds`, all at once.

    Colours are the mean of supersample^2 rays in a pixel; label and depth are those of the ray through its centre.
    forward: how far the camera of each scene has gone down its street, in metres.
    """
    keys = torch.as_tensor(seeds, dtype=torch.int64, device=device)
    scene = layout.sample(keys)
    if forward is not None:
        gone = torch.as_tensor(forward, dtype=torch.float32, device=device)
        scene.camera[:, 0] += scene.bend * gone**2
        scene.camera[:, 1] += gone
    origin = tuple(scene.camera[:, axis, None] for axis in range(3))
    offsets = [(i + 0.5) / supersample - 0.5 for i in range(supersample)]
    colour = torch.zeros(len(keys), height * width, 3, device=keys.device)
    for down in offsets:
        for right in offsets:
            direction = camera_rays(scene, height, width, (down, right))
            colour += shade(scene, cast(scene, origin, direction), origin, direction)  # type: ignore[arg-type]
    colour = colour / supersample**2 + scene.noise[:, None, None] * _grain(keys, height * width)
    image = (colour.clamp(0, 1) * 255 + 0.5).to(torch.uint8).view(-1, height, width, 3).permute(0, 3, 1, 2)

    hits = cast(scene, origin, camera_rays(scene, height, width))  # type: ignore[arg-type]
    labels = torch.cat([slot_table(scene.boxes, scene.ellipsoids, "label"), keys.new_tensor([SKY, FLAT])])
    # NOTHING = -2 and GROUND = -1 index the two entries appended at the end.
    label = labels[hits.slot % len(labels)].to(torch.uint8)
    depth = hits.distance.clamp(*depth_range)
    return Batch(image.contiguous(), label.view(-1, height, width), depth.view(-1, height, width), keys)


def _grain(seeds: Tensor, pixels: int) -> Tensor:
    """Sensor noise of mean 0 and deviation 1 (the sum of two uniform values), (B,pixels,3)."""
    index = torch.arange(2 * 3 * pixels, device=seeds.device)
    value = unit(hash32(hash32(seeds * 0x51ED270B + 3)[:, None] ^ hash32(index)))
    first, second = value.view(-1, 2, pixels, 3).unbind(1)
    return (first + second - 1) * 6.0**0.5


def batches(
    seeds: range, size: int, height: int, width: int, depth_range: tuple[float, float], *,
    device: str | torch.device = "cpu", supersample: int = 2,
) -> Iterator[Batch]:  # fmt: skip
    """Renders a range of seeds in batches of at most `size`."""
    for start in range(0, len(seeds), size):
        yield render(
            seeds[start : start + size], height, width, depth_range, device=device, supersample=supersample
        )


def write_scenes(
    seed: int,
    count: int,
    out: Path,
    height: int,
    width: int,
    depth_range: tuple[float, float],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Writes scenes seed, seed + 1, ... to `out`: NNN.png, NNN.labels.png, NNN.depth.npy (float32 metres).

    A scene that an earlier run wrote is replaced, anything else is not; NNN.labels.png, which is written first,
    says who wrote it. `progress` is told of scenes done and scenes in all.
    """
    if count < 1 or seed < 0 or seed + count > SEEDS:
        raise UserError(
            f"Scenes {seed}..{seed + count - 1} can't be rendered: at least one, and seeds lie in 0..{SEEDS - 1}."
        )
    _check_targets(seed, count, out)
    done = 0
    if progress:
        progress(done, count)
    for batch in batches(range(seed, seed + count), 4, height, width, depth_range):
        for image, label, depth, key in zip(
            batch.image, batch.label, batch.depth, batch.seeds.tolist(), strict=True
        ):
            with replacing(out / f"{key}{LABELS}", "Labels") as part:
                write_png(label.numpy(), part, SOFTWARE)
            with replacing(out / f"{key}.depth.npy", "Depth") as part, part.open("wb") as file:
                np.save(file, depth.numpy())
            with replacing(out / f"{key}.png", "Image") as part:
                write_png(image.permute(1, 2, 0).numpy(), part, SOFTWARE)
            done += 1
            if progress:
                progress(done, count)


def _check_targets(seed: int, count: int, out: Path) -> None:
    """UserError if a file that `write_scenes` would replace isn't one that it wrote."""
    check_target(out / f"{seed}{LABELS}", "Labels", _check_is_ours)
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    for name in sorted(there):
        key, _, end = name.partition(".")
        if not (key.isdecimal() and int(key) in range(seed, seed + count) and end in PARTS):
            continue
        if end == PARTS[0] or f"{key}.{PARTS[0]}" not in there:
            check_target(out / name, "Scene", _check_is_ours)


def _check_is_ours(path: Path) -> None:
    if path.suffix != ".png" or software(path) != SOFTWARE:
        raise UserError(f"{path} was not written by `edgemoe scenes`.")
