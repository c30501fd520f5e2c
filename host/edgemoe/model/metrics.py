# SPDX-License-Identifier: Apache-2.0
"""What is reported of a model: mean intersection over union of the labels, and the depth's RMSE in metres.

Both are counted over all pixels of all scenes together; depth leaves out the sky. The yardstick is the per-pixel
prior of the training scenes: at each pixel their most frequent class, and their mean depth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from edgemoe.model.classes import SKY

Array = npt.NDArray[np.generic]


@dataclass
class Score:
    """Accumulates predictions against the truth."""

    classes: int
    confusion: npt.NDArray[np.int64] = field(init=False)  # [truth, predicted]
    squared_error: float = 0.0
    pixels: int = 0

    def __post_init__(self) -> None:
        self.confusion = np.zeros((self.classes, self.classes), np.int64)

    def add_labels(self, predicted: Array, truth: Array) -> None:
        """Labels of any equal shape."""
        pair = truth.astype(np.int64) * self.classes + predicted.astype(np.int64)
        self.confusion += np.bincount(pair.ravel(), minlength=self.classes**2).reshape(self.classes, -1)

    def add_depth(self, predicted: Array, truth: Array, labels: Array) -> None:
        """Metres of any equal shape; `labels` tells where the sky is."""
        seen = labels != SKY
        difference = (predicted.astype(np.float64) - truth.astype(np.float64))[seen]
        self.squared_error += float(np.square(difference).sum())
        self.pixels += int(seen.sum())

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        counted = {"squared_error": self.squared_error, "pixels": self.pixels}
        return {"confusion": self.confusion.tolist(), **counted}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Score:
        """The inverse of `to_dict`."""
        score = cls(len(data["confusion"]), data["squared_error"], data["pixels"])
        score.confusion += np.array(data["confusion"])
        return score

    def merge(self, other: Score) -> None:
        """Adds what another one has counted."""
        self.confusion += other.confusion
        self.squared_error += other.squared_error
        self.pixels += other.pixels

    @property
    def iou(self) -> list[float]:
        """Per class; 0 for one that is neither there nor predicted."""
        hit = np.diag(self.confusion)
        union = self.confusion.sum(0) + self.confusion.sum(1) - hit
        return [float(h) / max(int(u), 1) for h, u in zip(hit, union, strict=True)]

    @property
    def miou(self) -> float:
        return float(np.mean(self.iou))

    @property
    def rmse(self) -> float:
        """Metres."""
        return float((self.squared_error / max(self.pixels, 1)) ** 0.5)


@dataclass
class Prior:
    """The per-pixel prior: `label` uint8 (height,width), `depth` float32 metres (height,width)."""

    label: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
