# SPDX-License-Identifier: Apache-2.0
"""Folders: raw float32 files as Edge-MoE ships them, and the files of each rank of M³ViT's training."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import numpy as np

from edgemoe.errors import UserError, shown
from edgemoe.files import open_regular, reason
from edgemoe.imports.named import Array, Source
from edgemoe.imports.sources import read_torch

RAW = ".float32.bin"
RANK = re.compile(r"(\d{1,4})\.pth")
PARTED = re.compile(r".*mlp\.experts\.(htoh4|h4toh)\.(weight|bias)")
"""Tensors of which each rank has its experts."""


def read_folder(path: Path, entry: str | None) -> Source:
    """A folder of raw files, or of 0.pth, 1.pth, ..."""
    try:
        files = sorted(file.name for file in path.iterdir() if file.is_file())
    except OSError as error:
        raise UserError(f"Checkpoint {path} can't be read: {reason(error)}.") from error
    if any(name.endswith(RAW) for name in files):
        return read_raw(path, [name for name in files if name.endswith(RAW)], files)
    if any(RANK.fullmatch(name) for name in files):
        return read_ranks(path, files, entry)
    raise UserError(
        f"{path}: the folder has neither raw files (*{RAW}) nor those of M³ViT's ranks (0.pth, 1.pth, ...). Name the "
        "checkpoint's file."
    )


def read_ranks(path: Path, files: list[str], entry: str | None) -> Source:
    """Experts of all ranks in the order of the ranks; everything else is rank 0's."""
    ranks = sorted(int(found[1]) for name in files if (found := RANK.fullmatch(name)))
    if ranks != list(range(len(ranks))):
        raise UserError(
            f"{path}: there are the ranks {shown(ranks)}, expected 0.pth, 1.pth, ... without a gap."
        )
    parts = [read_torch(path / f"{rank}.pth", entry) for rank in ranks]
    first, arrays = parts[0], dict(parts[0].arrays)
    for name in first.arrays:
        if not PARTED.fullmatch(name):
            continue
        for part in parts:
            if name not in part.arrays or part.arrays[name].shape[1:] != first.arrays[name].shape[1:]:
                raise UserError(
                    f"{part.path}: tensor {name} is missing or has another shape than in {first.path}."
                )
        arrays[name] = np.concatenate([part.arrays[name] for part in parts])
    for part in parts[1:]:
        if more := sorted(name for name in part.arrays if not PARTED.fullmatch(name)):
            raise UserError(
                f"{part.path}: tensor {shown(more[0])} is no expert's, and only rank 0 has others."
            )
        if strange := sorted(set(part.arrays) - set(arrays)):
            raise UserError(f"{part.path}: tensor {shown(strange[0])} is not in {first.path}.")
    digest = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
    told = f"Experts of {len(parts)} ranks were put together, in the order of the ranks."
    return Source(path, "PyTorch, one file a rank", arrays, digest, [*first.notes, told])


def read_raw(path: Path, names: list[str], files: list[str]) -> Source:
    """Raw float32 files. Their shapes follow from their sizes and each other: a file says none."""
    flat: dict[str, Array] = {}
    digest = hashlib.sha256()
    for name in names:
        with open_regular(path / name, "Raw tensor") as file:
            data = file.read()
        if len(data) % 4 or not data:
            raise UserError(f"{path / name} has {len(data)} bytes, expected float32 numbers, 4 bytes each.")
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
        flat[name.removesuffix(RAW)] = np.frombuffer(data, "<f4")
    notes = [f"{name} in the folder was not used." for name in files if name not in names]
    return Source(path, "raw", shaped(path, flat), digest.hexdigest(), notes)


def shaped(path: Path, flat: dict[str, Array]) -> dict[str, Array]:
    """The tensors in their shapes.

    The width D is the length of a norm; patches are square, of 3 colours; the number of experts is that of the gate's
    rows (E,D), hidden sizes are what is left. Gates become (D,E), as the authors' state dict has them.
    """
    norm = flat.get("l0_norm1_weight")
    if norm is None:
        raise UserError(
            f"{path}: l0_norm1_weight{RAW} is missing, from which the width of the network is known."
        )
    dim = norm.size
    arrays: dict[str, Array] = {}
    for name, values in flat.items():
        shape = _shape(name, values.size, dim, flat)
        if shape is None:
            arrays[name] = values
            continue
        if math.prod(shape) != values.size or 0 in shape:
            raise UserError(
                f"{path / (name + RAW)} has {values.size} numbers, expected {math.prod(shape)} of shape {shape} at the "
                f"width {dim}. Is it cut short, or of another network?"
            )
        arrays[name] = values.reshape(shape).T if "_w_gate_T_" in name else values.reshape(shape)
    return arrays


def _shape(name: str, size: int, dim: int, flat: dict[str, Array]) -> tuple[int, ...] | None:
    """The shape of a raw tensor; None for one that has one axis, or is not known."""
    rows = max(size // dim, 1)
    if name == "patch_embed_weight":
        patch = max(math.isqrt(size // (3 * dim)), 1)
        return dim, 3, patch, patch
    if name in ("pos_embed", "cls_token"):
        return 1, rows, dim
    layer, _, kind = name.partition("_")
    if kind.startswith("w_gate_T_") or kind in ("qkv_weight", "attn_proj_weight", "fc1_weight"):
        return rows, dim
    if kind == "fc2_weight":
        return dim, rows
    if not kind.startswith(("htoh4_", "h4toh_")):
        return None
    gate = next((values for other, values in flat.items() if other.startswith(f"{layer}_w_gate_T_")), None)
    experts = max((gate.size if gate is not None else 0) // dim, 1)
    if kind.endswith("_bias"):
        return experts, max(size // experts, 1)
    hidden = max(size // (experts * dim), 1)
    return (experts, hidden, dim) if kind == "htoh4_weight" else (experts, dim, hidden)
