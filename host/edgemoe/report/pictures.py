# SPDX-License-Identifier: Apache-2.0
"""Colours for label and depth arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt

# Cityscapes' own colour of a typical class of each group, so that the pictures look familiar.
PALETTE: dict[str, tuple[int, int, int]] = {
    "flat": (128, 64, 128),
    "construction": (70, 70, 70),
    "object": (220, 220, 0),
    "nature": (107, 142, 35),
    "sky": (70, 130, 180),
    "human": (220, 20, 60),
    "vehicle": (0, 0, 142),
}
NEAREST = 2.0
"""Metres; what is nearer has the colour of this distance."""
FARTHEST = 80.0
"""Metres; what is farther has the colour of this distance."""
STOPS = ((255, 246, 200), (253, 190, 90), (237, 105, 37), (187, 55, 84), (97, 19, 110), (18, 8, 55))
"""Colours of depth from near (light) to far (dark), at equal steps of the logarithm of the distance."""


def segmentation_picture(labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Colour an H×W array of group indices (0..6, the order of `PALETTE`) as uint8 H×W×3.

    Indices beyond the palette are drawn white: they would be a defect worth seeing.
    """
    table = np.full((256, 3), 255, np.uint8)
    table[: len(PALETTE)] = list(PALETTE.values())
    return table[np.clip(labels, 0, 255).astype(np.uint8)]


def depth_picture(
    metres: npt.NDArray[Any], *, nearest: float = NEAREST, farthest: float = FARTHEST
) -> npt.NDArray[np.uint8]:
    """Colour an H×W array of distances as uint8 H×W×3, light near and dark far, logarithmically."""
    clipped = np.clip(np.nan_to_num(metres.astype(np.float64), nan=farthest), nearest, farthest)
    position = np.log(clipped / nearest) / np.log(farthest / nearest)
    at = np.linspace(0.0, 1.0, len(STOPS))
    channels = [np.interp(position, at, [stop[channel] for stop in STOPS]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def row(*pictures: npt.NDArray[np.uint8], scale: int = 2, gap: int = 8) -> npt.NDArray[np.uint8]:
    """Pictures of one size, uint8 H×W×3, beside each other on white; each pixel `scale` pixels wide and high."""
    large = [picture.repeat(scale, 0).repeat(scale, 1) for picture in pictures]
    space = np.full((large[0].shape[0], gap, 3), 255, np.uint8)
    return np.concatenate([part for picture in large for part in (space, picture)][1:], axis=1)
