# SPDX-License-Identifier: Apache-2.0
"""From a head's integers per token to label and depth pictures.

Output r of a token is map r // P^2 and, inside its patch, pixel (y, x) = (r % P^2 // P, r % P). The label
of a pixel is the class with the largest logit, ties to the lower class. Depth is linear in the output:
metres = near + (far - near) * value * scale, in float64, clipped to near..far, then rounded to float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def maps(outputs: NDArray[Any], grid: tuple[int, int], patch: int) -> NDArray[Any]:
    """(patches, maps * P^2) -> (maps, height, width)."""
    rows, columns = grid
    count = outputs.shape[1] // patch**2
    tiles = outputs.reshape(rows, columns, count, patch, patch).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(tiles).reshape(count, rows * patch, columns * patch)


def labels(logits: NDArray[Any]) -> NDArray[np.uint8]:
    """(classes, height, width) -> uint8 (height, width)."""
    return logits.argmax(axis=0).astype(np.uint8)


def metres(value: NDArray[Any], scale: float, depth_range: tuple[float, float]) -> NDArray[np.float32]:
    """(1, height, width) in steps of `scale` -> float32 (height, width)."""
    near, far = depth_range
    depth = near + (far - near) * (value[0].astype(np.float64) * scale)
    return np.clip(depth, near, far).astype(np.float32)
