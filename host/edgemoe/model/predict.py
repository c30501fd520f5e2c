# SPDX-License-Identifier: Apache-2.0
"""One image through the float model."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.model.checkpoint import load_checkpoint
from edgemoe.model.heads import decode_depth, decode_segmentation
from edgemoe.model.m3vit import M3ViT


def load_model(checkpoint: Path) -> tuple[M3ViT, ModelConfig]:
    """The model of a checkpoint, ready for inference, and its sizes."""
    model, _ = load_checkpoint(checkpoint)
    return model, model.config


@torch.no_grad()
def predict(model: M3ViT, pixels: NDArray[np.uint8], task: str) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """uint8 (height, width, 3) -> labels uint8 or metres float32 (height, width), or scores float32 (classes), and
    features (tokens, D), which a model without a head gives twice."""
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 256.0
    prediction = model(image, task)
    features = prediction.features[0].numpy()
    if model.config.head != "pixels":
        return (prediction.maps[0].numpy() if model.config.head == "classes" else features), features
    if task == "segmentation":
        result = decode_segmentation(prediction.maps)[0].to(torch.uint8)
    else:
        result = decode_depth(prediction.maps, model.config.depth_range)[0]
    return result.numpy(), features
