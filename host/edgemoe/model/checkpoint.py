# SPDX-License-Identifier: Apache-2.0
"""The float model to and from its file; `edgemoe.checkpoint` says what is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from edgemoe.checkpoint import FORMAT, is_index, read_checkpoint, write_halves
from edgemoe.files import write
from edgemoe.model.m3vit import M3ViT


def save_checkpoint(model: M3ViT, path: Path, training: dict[str, Any]) -> None:
    """Writes the state dict, with the config and what is known of the training.

    In float32 to one file; to an index (`NAME.safetensors.index.json`) in float16, in shards beside it.
    """
    tensors = {
        name: tensor.detach().cpu().float().contiguous() for name, tensor in model.state_dict().items()
    }
    if is_index(path):
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        write_halves(path, model.config, arrays, training)
        return
    metadata = {
        "format": FORMAT,
        "config": json.dumps(model.config.to_dict()),
        "training": json.dumps(training),
    }
    write(path, save(tensors, metadata), "Checkpoint")


def load_checkpoint(path: Path) -> tuple[M3ViT, dict[str, Any]]:
    """The model, ready for inference, and what is known of its training."""
    checkpoint = read_checkpoint(path)
    with torch.device("meta"):  # its own random weights would be thrown away
        model = M3ViT(checkpoint.config)
    state = {name: torch.from_numpy(tensor) for name, tensor in checkpoint.tensors.items()}
    model.load_state_dict(state, assign=True)
    return model.eval(), checkpoint.training
