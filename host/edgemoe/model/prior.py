# SPDX-License-Identifier: Apache-2.0
"""The per-pixel prior (`metrics.Prior`) of scenes, counted where they are rendered."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from edgemoe.model.classes import SKY
from edgemoe.model.metrics import Prior


class PriorCounter:
    """Counts labels and depths of training scenes, pixel by pixel, on the device that has them."""

    def __init__(self, classes: int, height: int, width: int, device: str = "cpu") -> None:
        self.counts = torch.zeros(classes, height, width, dtype=torch.int64, device=device)
        self.total = torch.zeros(height, width, dtype=torch.float64, device=device)

    def add(self, labels: Tensor, depth: Tensor) -> None:
        """Labels and metres (B,height,width)."""
        for label in range(len(self.counts)):
            self.counts[label] += (labels == label).sum(0)
        self.total += torch.where(labels != SKY, depth, 0).sum(0, dtype=torch.float64)

    def prior(self) -> Prior:
        """A pixel that is always sky gets the mean depth of all pixels."""
        counts, total = self.counts.cpu().numpy(), self.total.cpu().numpy()
        seen = counts.sum(0) - counts[SKY]
        mean = total.sum() / max(int(seen.sum()), 1)
        depth = np.where(seen > 0, total / np.maximum(seen, 1), mean)
        return Prior(counts.argmax(0).astype(np.uint8), depth.astype(np.float32))
