# SPDX-License-Identifier: Apache-2.0
"""What the project ships: trained packages by name, and a street image.

An installed package carries copies of them, but not of the float checkpoints.
"""

from pathlib import Path

from edgemoe.caches import checkout
from edgemoe.config import model_preset
from edgemoe.errors import UserError
from edgemoe.files import check_regular

MODELS = (checkout() or Path(__file__).resolve().parent) / "models"
STREET = MODELS / "street.png"


def package_path(model: str) -> Path:
    """The package that `model` means: a file, or the name of a model that is shipped trained."""
    if model.endswith(".safetensors"):
        path = Path(model)
        check_regular(
            path, "Package", "it does not exist; `edgemoe quantize` or `edgemoe random-package` makes one"
        )
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
    if model.endswith(".safetensors"):
        return Path(model)
    path = MODELS / f"{model_preset(model).name}.safetensors"
    if not path.is_file():
        raise UserError(
            f"The float checkpoint of model {model!r} is not here ({path}); the source repository has those of the "
            "shipped models in models/. Give --model FILE."
        )
    return path


def prior_path(model: str) -> Path | None:
    """The per-pixel prior of the scenes that a shipped model, or its dense twin, was trained on; None without."""
    path = MODELS / f"{model.removesuffix('-dense')}.prior.npz"
    return path if path.is_file() else None


def image_path(image: Path | None) -> Path:
    """The image to run: the one given, else the street that is shipped."""
    return image or STREET
