# SPDX-License-Identifier: Apache-2.0
"""Training losses, weighted by what is reported (`metrics.py`)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_METRES = 8.0  # the depth error that counts as 1
_SKY_WEIGHT = 0.5


def segmentation_loss(logits: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy plus soft dice over the batch; logits (B,classes,H,W), label int64 (B,H,W).

    Cross-entropy follows the pixels, of which thin things have few; dice follows the mean of the classes, as the
    mean intersection over union does.
    """
    probability = logits.softmax(1)
    truth = F.one_hot(label, logits.shape[1]).permute(0, 3, 1, 2)
    both = (probability * truth).sum((0, 2, 3))
    size = probability.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    dice = 1 - (2 * both + 1) / (size + 1)
    return F.cross_entropy(logits, label) + dice.mean()


def depth_loss(predicted: Tensor, metres: Tensor, sky: Tensor, far: float) -> Tensor:
    """Mean squared error of metres, which is what is reported, plus a little of the relative error, which keeps
    near things sharp. All (B,H,W); `predicted` before clipping.

    The sky has no depth and isn't reported; a weak pull towards `far` there keeps pictures free of false near
    things.
    """
    error = predicted - metres
    loss = (error / _METRES).square() + 0.3 * (error.abs() / metres)
    missing = ((far - predicted).clamp_min(0) / far).square()
    return torch.where(sky, _SKY_WEIGHT * missing, loss).sum() / (~sky).sum().clamp_min(1)
