# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of the float model: one `.safetensors` file, its config as JSON in the header's metadata.

Read as NumPy arrays, so that what needs the weights alone, such as quantisation, needs no torch. The metadata's texts
are `format`, `config` (JSON of a `ModelConfig`) and `training` (JSON, what is known of the training). The tensors
are float32, under the names of the PyTorch model's state dict.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import EMBEDDING_DIM, TASKS, ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.files import check_target, open_regular, parse_json
from edgemoe.tensors import Entry, read_header, read_tensors

FORMAT = "edgemoe-checkpoint-1"
HINT = "there is no checkpoint of that name; `edgemoe train` makes one"


@dataclass(frozen=True)
class Checkpoint:
    """A float model; `tensors` are float32, named as in its state dict. `sha256` is the file's."""

    config: ModelConfig
    tensors: dict[str, NDArray[np.float32]]
    training: dict[str, Any]
    sha256: str

    def state_dict(self) -> dict[str, NDArray[np.float32]]:
        """The tensors, as PyTorch's models give theirs."""
        return self.tensors


def state_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every tensor of the float model's state dict."""
    D, P, E, H = config.dim, config.patch, config.experts, config.expert_hidden
    shapes: dict[str, tuple[int, ...]] = {"cls_token": (1, 1, D), "pos_embed": (1, config.tokens, D)}

    def linear(name: str, *shape: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[:-1]

    def norm(name: str, width: int) -> None:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (width,)

    shapes["patch_embed.weight"], shapes["patch_embed.bias"] = (D, 3, P, P), (D,)
    if config.experts and config.gate == "task_embedding":
        linear("task_embedding.fc1", EMBEDDING_DIM, len(TASKS))
        linear("task_embedding.fc2", EMBEDDING_DIM, EMBEDDING_DIM)
        norm("task_embedding.norm", EMBEDDING_DIM)
    for i in range(config.layers):
        block = f"blocks.{i}"
        norm(f"{block}.norm1", D)
        linear(f"{block}.attn.qkv", 3 * D, D)
        linear(f"{block}.attn.proj", D, D)
        norm(f"{block}.norm2", D)
        if not config.is_moe(i):
            linear(f"{block}.mlp.fc1", config.dense_hidden, D)
            linear(f"{block}.mlp.fc2", D, config.dense_hidden)
            continue
        if config.gate == "multi":
            for task in TASKS:
                shapes[f"{block}.moe.gate.{task}.weight"] = (E, D)
        else:
            shapes[f"{block}.moe.gate.shared.weight"] = (E, D + EMBEDDING_DIM)
        linear(f"{block}.moe.experts.fc1", E, H, D)
        linear(f"{block}.moe.experts.fc2", E, D, H)
    for task in TASKS:
        norm(f"heads.{task}.norm", D)
        linear(f"heads.{task}.fc1", config.head_hidden, D)
        linear(f"heads.{task}.fc2", config.head_outputs(task), config.head_hidden)
    return shapes


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads and checks a checkpoint; UserError if it isn't one, or holds a number that is not finite."""
    with open_regular(path, "Checkpoint", HINT) as file:
        header = read_header(file, _bad(path))
        found = header.metadata.get("format")
        if found != FORMAT:
            raise UserError(f"{path} is not a checkpoint: format {shown(found)}, expected {FORMAT!r}.")
        config = _config(header.metadata, path)
        training = _json(header.metadata, "training", path)
        _check_form(config, header.entries, path)
        tensors, sha256 = read_tensors(file, header, _bad(path))
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise UserError(
                f"{path}: tensor {name} holds a number that is not finite; train the model again."
            )
    return Checkpoint(config, tensors, training, sha256)


def check_checkpoint_target(path: Path, need_bytes: int = 0) -> None:
    """UserError if a checkpoint would not be written to `path`: a file there that is none, too little room, and the
    like."""
    check_target(path, "Checkpoint", _check_is_checkpoint, need_bytes)


def _bad(path: Path) -> str:
    return f"{path} is not a safetensors file"


def _check_is_checkpoint(path: Path) -> None:
    with open_regular(path, "Checkpoint") as file:
        if read_header(file, _bad(path)).metadata.get("format") != FORMAT:
            raise UserError(f"{path} is not a checkpoint.")


def _json(metadata: dict[str, str], name: str, path: Path) -> dict[str, Any]:
    """The JSON object under a name of the metadata."""
    if name not in metadata:
        raise UserError(f"{path}: the checkpoint's metadata lacks {name!r}.")
    data = parse_json(metadata[name], f"{path}: the checkpoint's {name!r} is damaged")
    if not isinstance(data, dict):
        raise UserError(f"{path}: the checkpoint's {name!r} is damaged: it is no JSON object.")
    return data


def _config(metadata: dict[str, str], path: Path) -> ModelConfig:
    data = _json(metadata, "config", path)
    try:
        return ModelConfig.from_dict(data)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _check_form(config: ModelConfig, entries: dict[str, Entry], path: Path) -> None:
    """Names, types and shapes against what the config asks for, before any data is read."""
    bad = f"{path} does not hold the tensors that its config asks for"
    if config.layers > len(entries):  # so that a damaged number makes no long list of tensors
        raise UserError(f"{bad}: {config.layers} layers, but only {len(entries)} tensors.")
    shapes = state_shapes(config)
    for name in sorted(set(shapes) - set(entries)):
        raise UserError(f"{bad}: {name} is missing.")
    for name in sorted(set(entries) - set(shapes)):
        raise UserError(f"{bad}: it has no tensor {shown(name)}.")
    for name, shape in shapes.items():
        if entries[name].kind != "float32":
            raise UserError(f"{bad}: {name} has dtype {entries[name].kind}, expected float32.")
        if entries[name].shape != shape:
            raise UserError(f"{bad}: {name} has shape {entries[name].shape}, expected {shape}.")
