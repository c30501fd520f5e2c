# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of the float model: one `.safetensors` file, its config as JSON in the header's metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.model.m3vit import M3ViT

FORMAT = "edgemoe-checkpoint-1"


def save_checkpoint(model: M3ViT, path: Path, training: dict[str, Any]) -> None:
    """Writes the state dict in float32, with the config and what is known of the training."""
    tensors = {
        name: tensor.detach().cpu().float().contiguous() for name, tensor in model.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "config": json.dumps(model.config.to_dict()),
        "training": json.dumps(training),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata)


def load_checkpoint(path: Path) -> tuple[M3ViT, dict[str, Any]]:
    """The model, ready for inference, and what is known of its training."""
    if not path.is_file():
        raise UserError(f"There is no checkpoint {path}; train one with `edgemoe train`.")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise UserError(f"{path} is not a safetensors file: {error}.") from None
    if metadata.get("format") != FORMAT:
        raise UserError(
            f"{path} is not a checkpoint: format {metadata.get('format')!r}, expected {FORMAT!r}."
        )
    model = M3ViT(ModelConfig.from_dict(json.loads(metadata["config"])))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(f"{path} does not hold the tensors that its config asks for. {error}") from None
    return model.eval(), json.loads(metadata["training"])
