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
from edgemoe.model.experts import settle
from edgemoe.model.m3vit import M3ViT
from edgemoe.powers import with_powers


def save_checkpoint(model: M3ViT, path: Path, training: dict[str, Any]) -> None:
    """Writes the state dict, with the config and what is known of the training; weights that are powers of two as such.

    In float32 to one file; to an index (`NAME.safetensors.index.json`) in float16, in shards beside it.
    """
    arrays = {
        name: tensor.detach().cpu().float().contiguous().numpy()
        for name, tensor in model.state_dict().items()
    }
    arrays = with_powers(model.config, arrays)
    if is_index(path):
        write_halves(path, model.config, arrays, training)
        return
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
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
    settle(model)
    return model.eval(), checkpoint.training
