# SPDX-License-Identifier: Apache-2.0
"""From a head's integers per token to label and depth pictures, or to scores of classes.

Output r of a token is map r // P^2 and, inside its patch, pixel (y, x) = (r % P^2 // P, r % P). The label
of a pixel is the class with the largest logit, ties to the lower class. Depth is linear in the output:
metres = near + (far - near) * value * scale, in float64, clipped to near..far, then rounded to float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig

TOP = 5
"""Classes that are named of a classification."""


def decoded(config: ModelConfig, task: str, head: NDArray[Any], scale: float) -> NDArray[Any]:
    """What a head's integers (rows, outputs) mean, `scale` being the value of one step.

    Of pixels labels, uint8 (height, width), or metres, float32 (height, width); of classes scores, float32 (classes).
    """
    if config.head == "classes":
        return (head[0].astype(np.float64) * scale).astype(np.float32)
    values = maps(head, config.grid, config.patch)
    return labels(values) if task == "segmentation" else metres(values, scale, config.depth_range)


def top_classes(config: ModelConfig, scores: NDArray[Any], most: int = TOP) -> list[dict[str, Any]]:
    """The best classes, best first, ties to the lower class: `class` (number), `name`, `score`, `probability`."""
    values = np.asarray(scores, np.float64)
    odds = np.exp(values - values.max())
    order = np.argsort(-values, kind="stable")[:most]
    return [
        {
            "class": int(number),
            "name": config.classes[number],
            "score": round(float(values[number]), 4),
            "probability": round(float(odds[number] / odds.sum()), 4),
        }
        for number in order
    ]


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
