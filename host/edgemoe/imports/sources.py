# SPDX-License-Identifier: Apache-2.0
"""Reads what people have: .safetensors, PyTorch's state dicts, ONNX, and folders of files.

Nothing of a file is executed: of PyTorch's pickles only tensors and plain containers are taken.
"""

from __future__ import annotations

import hashlib
import io
import math
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgemoe.checkpoint import FORMAT
from edgemoe.errors import UserError, shown
from edgemoe.files import open_regular
from edgemoe.imports.named import Array, Source
from edgemoe.tensors import DTYPES, read_header

TORCH = (".pth", ".pt", ".bin", ".tar", ".ckpt")
ENTRIES = ("state_dict", "model", "model_state_dict", "teacher", "model_ema", "student")
"""Where training scripts put the state dict."""


def read_source(path: Path, entry: str | None) -> Source:
    """The tensors of a file, or of a folder."""
    if path.is_dir():
        from edgemoe.imports.folders_of_files import read_folder

        return read_folder(path, entry)
    if path.name.endswith(".index.json"):
        raise UserError(
            f"{path} lists the parts of a checkpoint; parts are not read. Save the model as one file, e.g. with a "
            "large max_shard_size."
        )
    if path.suffix == ".onnx":
        from edgemoe.imports.onnx_source import read_onnx

        return read_onnx(path)
    if path.suffix in TORCH:
        return read_torch(path, entry)
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    raise UserError(
        f"{path} is of no kind that is read: give .safetensors, a state dict of PyTorch ({', '.join(TORCH)}), .onnx, "
        "or a folder of raw float32 files or of M³ViT's ranks."
    )


def read_safetensors(path: Path) -> Source:
    """Tensors of a .safetensors file; bfloat16 is widened, which loses nothing."""
    bad = f"{path}: not a readable .safetensors file"
    with open_regular(path, "Checkpoint") as file:
        header = read_header(file, bad)
        if header.metadata.get("format") == FORMAT:
            raise UserError(
                f"{path} is a checkpoint of edgemoe already: `edgemoe quantize` takes it as it is."
            )
        file.seek(0)
        data = file.read()
    arrays: dict[str, Array] = {}
    for name, entry in header.entries.items():
        if entry.dtype == "BF16" and entry.size == 2 * math.prod(entry.shape):
            high = np.frombuffer(data, "<u2", math.prod(entry.shape), entry.begin)
            arrays[name] = (high.astype(np.uint32) << 16).view(np.float32).reshape(entry.shape)
        elif entry.dtype in DTYPES:
            arrays[name] = np.frombuffer(
                data, DTYPES[entry.dtype], math.prod(entry.shape), entry.begin
            ).reshape(entry.shape)
        else:
            raise UserError(
                f"{path}: tensor {shown(name)} has dtype {shown(entry.dtype)}, expected float32, float16 or "
                "bfloat16; save the checkpoint that was not quantised."
            )
    return Source(path, "safetensors", arrays, hashlib.sha256(data).hexdigest())


def read_torch(path: Path, entry: str | None) -> Source:
    """A state dict, or one inside of a training script's dictionary."""
    with open_regular(path, "Checkpoint") as file:
        data = file.read()
    loaded = _loaded(path, data)
    digest = hashlib.sha256(data).hexdigest()
    if not isinstance(loaded, Mapping):
        raise UserError(
            f"{path} holds {type(loaded).__name__}, expected a state dict: save model.state_dict() instead."
        )
    notes: list[str] = []
    state = _state_dict(path, loaded, entry, notes)
    arrays: dict[str, Array] = {}
    for name, value in state.items():
        if not hasattr(value, "detach"):
            raise UserError(
                f"{path}: entry {shown(name)} of the state dict is {type(value).__name__}, expected a tensor."
            )
        arrays[str(name)] = _array(path, str(name), value)
    return Source(path, "PyTorch", arrays, digest, notes)


def _loaded(path: Path, data: bytes) -> Any:
    """What PyTorch loads of tensors and plain containers alone."""
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of protocols that a damaged file seems to have
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # What PyTorch says goes on to recommend weights_only=False, which would execute the file.
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        why = (
            f"it names {named[1]}, which is no tensor"
            if named
            else "it is damaged, or holds more than tensors"
        )
        raise UserError(
            f"{path} is refused, and nothing of it was executed: {why}. Save model.state_dict(), best as .safetensors."
        ) from error
    except Exception as error:  # nowhere is it said what PyTorch raises on a damaged file
        raise UserError(
            f"{path} can't be read as a file of PyTorch ({shown(_first_line(error))}); it is damaged, cut short, or "
            "something else."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _state_dict(
    path: Path, loaded: Mapping[Any, Any], entry: str | None, notes: list[str]
) -> Mapping[Any, Any]:
    """The state dict itself: the dictionary, or what `entry` or the one usual name of ENTRIES holds."""
    inside = [name for name, value in loaded.items() if isinstance(value, Mapping) and _has_tensor(value)]
    if entry is not None:
        if entry not in inside:
            raise UserError(
                f"{path} has no state dict {shown(entry)}; there are {shown([str(n) for n in inside])}: --entry "
                "takes one of them."
            )
        chosen = entry
    elif _has_tensor(loaded):
        return loaded
    else:
        usual = [name for name in ENTRIES if name in inside]
        if len(usual) != 1:
            raise UserError(
                f"{path} is not one state dict: of {', '.join(ENTRIES)} it has {', '.join(usual) or 'none'}. Say which "
                "holds the tensors: --entry NAME (DINO's features are the teacher's)."
            )
        chosen = usual[0]
    others = ", ".join(shown(str(name)) for name in loaded if name != chosen)
    notes.append(f"The state dict is the entry {chosen!r}" + (f"; not used: {others}." if others else "."))
    return dict(loaded[chosen])


def _has_tensor(value: Mapping[Any, Any]) -> bool:
    return any(hasattr(item, "detach") for item in value.values())


def _array(path: Path, name: str, tensor: Any) -> Array:
    """A tensor as NumPy has it; bfloat16 is widened."""
    tensor = tensor.detach()
    if tensor.is_sparse or tensor.is_quantized or tensor.is_complex() or tensor.device.type != "cpu":
        raise UserError(
            f"{path}: tensor {shown(name)} is sparse, quantised, complex or without data, expected plain numbers."
        )
    try:
        if str(tensor.dtype) == "torch.bfloat16":
            tensor = tensor.float()
        array: Array = tensor.contiguous().numpy()
    except (TypeError, RuntimeError) as error:
        raise UserError(
            f"{path}: tensor {shown(name)} has dtype {tensor.dtype}, expected float32, float16 or bfloat16."
        ) from error
    return array
