# SPDX-License-Identifier: Apache-2.0
"""The files beside a checkpoint that say what no tensor says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgemoe.errors import UserError
from edgemoe.files import parse_json, read_regular
from edgemoe.imports.facts import Known
from edgemoe.imports.geometry import Geometry
from edgemoe.imports.hugging_face import HUGGING_FACE
from edgemoe.imports.hugging_face_config import hugging_face_config
from edgemoe.imports.timm import TIMM
from edgemoe.imports.timm_config import timm_config

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
MOST = 16 << 20  # bytes of such a file


def read_beside(checkpoint: Path, family: str, geometry: Geometry, chosen: Path | None) -> Known:
    """The facts of config.json and preprocessor_config.json beside the checkpoint, or of `chosen` and beside that.

    UserError if they are of another network. M³ViT's authors save no such file.
    """
    path = chosen or (checkpoint if checkpoint.is_dir() else checkpoint.parent) / CONFIG
    if family not in (TIMM.name, HUGGING_FACE.name):
        if chosen:
            raise UserError(f"--model-config {chosen}: {family} has no such file; give its facts as options.")
        return Known()
    if not chosen and not path.is_file():
        return Known()
    config = read_object(path)
    if "model_type" in config:
        other = path.with_name(PREPROCESSOR)
        preprocessor = read_object(other) if other.is_file() else {}
        return hugging_face_config(path, config, preprocessor, geometry)
    if isinstance(config.get("architecture"), str):
        return timm_config(path, config, geometry)
    if chosen:
        raise UserError(
            f"{path} is no config.json of timm or Hugging Face: it has neither architecture nor model_type."
        )
    return Known(notes=[f"{path} is not one of timm or Hugging Face, and was not used."])


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object of a file."""
    data = parse_json(read_regular(path, "Config", MOST), f"{path} is no config")
    if not isinstance(data, dict):
        raise UserError(f"{path} is no config: it holds {type(data).__name__}, expected a JSON object.")
    return data
