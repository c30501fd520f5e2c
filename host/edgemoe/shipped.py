# SPDX-License-Identifier: Apache-2.0
"""What the repository ships: trained packages by name, and a street image."""

from pathlib import Path

from edgemoe.config import model_preset
from edgemoe.errors import UserError

MODELS = Path(__file__).resolve().parents[2] / "models"
STREET = MODELS / "street.png"


def package_path(model: str) -> Path:
    """The package that `model` means: a file, or the name of a model that is shipped trained."""
    if model.endswith(".safetensors"):
        path = Path(model)
        if not path.is_file():
            raise UserError(f"Package {path} does not exist or is no file.")
        return path
    preset = model_preset(model)
    path = MODELS / f"{preset.name}.package.safetensors"
    if not path.is_file():
        raise UserError(
            f"Model {model!r} is not shipped trained. Give a package: `edgemoe random-package` makes one of random "
            "weights, `edgemoe train` and `edgemoe quantize` a trained one."
        )
    return path


def checkpoint_path(model: str) -> Path:
    """The float checkpoint that `model` means, likewise."""
    path = (
        Path(model) if model.endswith(".safetensors") else MODELS / f"{model_preset(model).name}.safetensors"
    )
    if not path.is_file():
        raise UserError(f"There is no checkpoint {path}; `edgemoe train` makes one.")
    return path


def image_path(image: Path | None) -> Path:
    """The image to run: the one given, else the street that is shipped."""
    return image or STREET
