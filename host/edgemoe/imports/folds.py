# SPDX-License-Identifier: Apache-2.0
"""What can be put into the weights without changing what the network computes. All in float64."""

from __future__ import annotations

import numpy as np

from edgemoe.golden.gelu import gelu_float
from edgemoe.imports.named import Float, Named
from edgemoe.imports.options import Triple

PIXEL = 256 / 255
"""A pixel k of 0..255 is k / 255 in the libraries and k / 256 here."""


def normalised(weight: Float, bias: Float, mean: Triple, std: Triple) -> tuple[Float, Float]:
    """A patch embedding (D,3,P,P) of (k / 255 - mean) / std as one of k / 256; exact, as no patch is padded."""
    scaled = weight / np.array(std).reshape(1, 3, 1, 1)
    return scaled * PIXEL, bias - (scaled * np.array(mean).reshape(1, 3, 1, 1)).sum(axis=(1, 2, 3))


def scaled_rows(weight: Float, bias: Float, gamma: Float) -> tuple[Float, Float]:
    """LayerScale after a linear layer (..., out, in): each output's weights and bias times its gamma."""
    return weight * gamma[:, None], bias * gamma


def two_heads(first: tuple[Float, Float], second: tuple[Float, Float]) -> tuple[Float, Float]:
    """The mean of two heads (C,D) as one head (C,2D) over both tokens."""
    return np.concatenate([first[0], second[0]], axis=1) / 2, (first[1] + second[1]) / 2


def task_embeddings(tensors: Named, eps: float) -> Float:
    """The embedding of each task (tasks, S), as the authors' network makes it of the task's number alone.

    Two linear layers with a GELU between, and a LayerNorm, on a vector that is 1 at the task and 0 elsewhere.
    """
    hidden, tasks = tensors.shape("task.fc1.weight", 2)
    width = tensors.shape("task.fc2.weight", 2)[0]
    first, second = (
        tensors.take("task.fc1.weight", hidden, tasks),
        tensors.take("task.fc2.weight", width, hidden),
    )
    x = first.T + tensors.take("task.fc1.bias", hidden)
    x = gelu_float(x) @ second.T + tensors.take("task.fc2.bias", width)
    x = x - x.mean(axis=1, keepdims=True)
    x = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    return x * tensors.take("task.norm.weight", width) + tensors.take("task.norm.bias", width)
