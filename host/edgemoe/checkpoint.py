# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of the float model: one `.safetensors` file, or shards beside a `.safetensors.index.json`.

Read as NumPy arrays, so that what needs the weights alone, such as quantisation, needs no torch. The metadata, of the
file's header or of the index, has `format`, `config` (of a `ModelConfig`) and `training` (what is known of the
training); in a header the last two are JSON in a text, as the format wants it. The tensors have the names of the
PyTorch model's state dict. They are float32 or float16, which is widened to float32 without a loss.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as serialise

from edgemoe.config import EMBEDDING_DIM, ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.files import check_target, open_regular, parse_json, write
from edgemoe.shards import SHARD_BYTES, Index, check_shards_target, open_shards, read_index, write_shards
from edgemoe.tensors import INDEX, Entry, read_header, read_tensors

FORMAT = "edgemoe-checkpoint-1"
HINT = "there is no checkpoint of that name; `edgemoe train` makes one"
DTYPES = ("float32", "float16")

Place = Callable[[str], Path]
"""The file that holds a tensor."""


@dataclass(frozen=True)
class Checkpoint:
    """A float model; `tensors` are float32, named as in its state dict.

    `sha256` is that of the file; of a checkpoint in shards that of its index, which holds those of the shards.
    """

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
    shapes: dict[str, tuple[int, ...]] = {
        name: (1, count, D) for name, count in config.prefix_tensors.items()
    }
    shapes["pos_embed"] = (1, config.tokens, D)

    def linear(name: str, *shape: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[:-1]

    def norm(name: str, width: int) -> None:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (width,)

    shapes["patch_embed.weight"], shapes["patch_embed.bias"] = (D, 3, P, P), (D,)
    if config.experts and config.gate == "task_embedding":
        linear("task_embedding.fc1", EMBEDDING_DIM, len(config.tasks))
        linear("task_embedding.fc2", EMBEDDING_DIM, EMBEDDING_DIM)
        norm("task_embedding.norm", EMBEDDING_DIM)
    for i in range(config.layers):
        block = f"blocks.{i}"
        norm(f"{block}.norm1", D)
        linear(f"{block}.attn.qkv", 3 * D, D)
        linear(f"{block}.attn.proj", D, D)
        if config.top_heads:
            shapes |= {f"{block}.attn.router.{task}.weight": (config.heads, D) for task in config.tasks}
        norm(f"{block}.norm2", D)
        if not config.is_moe(i):
            linear(f"{block}.mlp.fc1", config.mlp_hidden(i), D)
            linear(f"{block}.mlp.fc2", D, config.mlp_hidden(i))
            continue
        if config.gate == "task_embedding":
            shapes[f"{block}.moe.gate.shared.weight"] = (E, D + EMBEDDING_DIM)
        else:
            for task in config.tasks:
                shapes[f"{block}.moe.gate.{task}.weight"] = (E, D)
                if config.gate == "biased":
                    shapes[f"{block}.moe.gate.{task}.bias"] = (E,)
        linear(f"{block}.moe.experts.fc1", E, H, D)
        linear(f"{block}.moe.experts.fc2", E, D, H)
    for task in config.headed_tasks:
        norm(f"heads.{task}.norm", D)
        if config.head == "classes":
            linear(f"heads.{task}.fc", config.head_outputs(task), config.pooled)
            continue
        linear(f"heads.{task}.fc1", config.head_hidden, D)
        linear(f"heads.{task}.fc2", config.head_outputs(task), config.head_hidden)
    return shapes


def is_index(path: Path) -> bool:
    """Whether a checkpoint's path means shards."""
    return path.name.endswith(INDEX)


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads and checks a checkpoint; UserError if it isn't one, or holds a number that is not finite.

    path: the one file, or the index of the shards.
    """
    return _read_shards(path) if is_index(path) else _read_file(path)


def _read_file(path: Path) -> Checkpoint:
    with open_regular(path, "Checkpoint", HINT) as file:
        header = read_header(file, _bad(path))
        _check_format(header.metadata, path)
        texts = {name: _parsed(header.metadata, name, path) for name in ("config", "training")}
        config, training = _described(texts, path)
        _check_form(config, header.entries, path, lambda _: path)
        tensors, sha256 = read_tensors(file, header, _bad(path))
    return Checkpoint(config, _widened(tensors, lambda _: path), training, sha256)


def _read_shards(path: Path) -> Checkpoint:
    index = _read_index(path)
    config, training = _described(index.metadata, path)
    with open_shards(index) as shards:
        _check_form(config, shards.entries, path, index.shard)
        tensors = shards.read()
    return Checkpoint(config, _widened(tensors, index.shard), training, index.sha256)


def _read_index(path: Path) -> Index:
    index = read_index(path, "Checkpoint", HINT)
    _check_format(index.metadata, path)
    return index


def _widened(tensors: Mapping[str, NDArray[Any]], place: Place) -> dict[str, NDArray[np.float32]]:
    """The tensors in float32; UserError for one that is not finite."""
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise UserError(
                f"{place(name)}: tensor {name} holds a number that is not finite; train the model again."
            )
    return {name: tensor.astype(np.float32, copy=False) for name, tensor in tensors.items()}


def write_halves(
    path: Path,
    config: ModelConfig,
    tensors: Mapping[str, NDArray[Any]],
    training: dict[str, Any],
    most: int = SHARD_BYTES,
) -> None:
    """Writes a checkpoint as float16 in shards of at most `most` bytes beside the index `path`.

    Half the size of a float32 file, and no file so large that a repository refuses it. UserError for a value that
    float16 does not reach.
    """
    halves = {}
    for name in state_shapes(config):
        with np.errstate(over="ignore"):
            halves[name] = np.asarray(tensors[name]).astype(np.float16)
        if not np.isfinite(halves[name]).all():
            raise UserError(
                f"Checkpoint {path}: tensor {name} reaches {np.abs(tensors[name]).max():.3g}, and float16 only "
                f"{np.finfo(np.float16).max:.0f}; write it as float32."
            )
    write_shards(path, {"format": FORMAT, "config": config.to_dict(), "training": training}, halves, most)


def write_floats(
    path: Path, config: ModelConfig, tensors: Mapping[str, NDArray[np.float32]], training: dict[str, Any]
) -> None:
    """Writes a checkpoint as one float32 file, whole or not at all."""
    texts = {"format": FORMAT, "config": json.dumps(config.to_dict()), "training": json.dumps(training)}
    floats = {name: np.ascontiguousarray(tensors[name], dtype=np.float32) for name in state_shapes(config)}
    write(path, serialise(floats, texts), "Checkpoint")


def check_checkpoint_target(path: Path, need_bytes: int = 0) -> None:
    """UserError if a checkpoint would not be written to `path`: a file there that is none, too little room, and the
    like."""
    check_target(path, "Checkpoint", _check_is_checkpoint, need_bytes)
    if is_index(path):
        check_shards_target(path)


def _bad(path: Path) -> str:
    return f"{path} is not a safetensors file"


def _check_is_checkpoint(path: Path) -> None:
    if is_index(path):
        _read_index(path)
        return
    with open_regular(path, "Checkpoint") as file:
        if read_header(file, _bad(path)).metadata.get("format") != FORMAT:
            raise UserError(f"{path} is not a checkpoint.")


def _check_format(metadata: Mapping[str, Any], path: Path) -> None:
    found = metadata.get("format")
    if found != FORMAT:
        raise UserError(f"{path} is not a checkpoint: format {shown(found)}, expected {FORMAT!r}.")


def _parsed(metadata: Mapping[str, str], name: str, path: Path) -> Any:
    """The JSON in a text of a header's metadata; None if it isn't there."""
    if name not in metadata:
        return None
    return parse_json(metadata[name], f"{path}: the checkpoint's {name!r} is damaged")


def _described(metadata: Mapping[str, Any], path: Path) -> tuple[ModelConfig, dict[str, Any]]:
    """Config and what is known of the training."""
    for name in ("config", "training"):
        if metadata.get(name) is None:
            raise UserError(f"{path}: the checkpoint's metadata lacks {name!r}.")
        if not isinstance(metadata[name], dict):
            raise UserError(f"{path}: the checkpoint's {name!r} is damaged: it is no JSON object.")
    try:
        return ModelConfig.from_dict(metadata["config"]), metadata["training"]
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _check_form(config: ModelConfig, entries: dict[str, Entry], path: Path, place: Place) -> None:
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
        bad = f"{place(name)} does not hold the tensors that its config asks for"
        if entries[name].kind not in DTYPES:
            raise UserError(f"{bad}: {name} has dtype {entries[name].kind}, expected {' or '.join(DTYPES)}.")
        if entries[name].shape != shape:
            raise UserError(f"{bad}: {name} has shape {entries[name].shape}, expected {shape}.")
