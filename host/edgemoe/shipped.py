# SPDX-License-Identifier: Apache-2.0
"""What the project ships: trained models by name, and a street image.

A small model's package is shipped as it is. Of a large one there are the float checkpoint and the ranges that
calibration found; its package is made of them when it is first wanted, and kept in build/packages. An installed package
carries copies of the packages, but not of the float checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgemoe import checkpoint, export, numerics, package, powers, ranges, rounding, shards, tensors
from edgemoe.built import digest, kept
from edgemoe.caches import build_root, checkout
from edgemoe.config import MODELS as PRESETS
from edgemoe.config import UNTRAINED, ModelConfig, model_preset
from edgemoe.errors import UserError
from edgemoe.files import check_regular
from edgemoe.tensors import INDEX, SUFFIX

MODELS = (checkout() or Path(__file__).resolve().parent) / "models"
STREET = MODELS / "street.png"
SOURCES = (checkpoint, export, numerics, package, powers, ranges, rounding, shards, tensors)
"""The modules that, with this one, decide what a package is made of: a package of other ones is made again."""

BIAS_CORRECTION = False
"""Of the shipped packages: it changes next to nothing on the tasks of these models (docs/reference/arithmetic.md)."""
MARGIN = 1.5
"""Of the shipped packages, of the residual `ranges.RESIDUAL_MARGIN`. Whatever `edgemoe quantize` has as its defaults,
these two and `quantised` decide what is shipped, and so every picture and figure of it."""

Tell = Callable[[str], None]


def package_path(model: str, tell: Tell = lambda line: None) -> Path:
    """The package that `model` means: a file, or the name of a model that is shipped trained.

    tell: told that a package is being made, which takes seconds.
    """
    if model.endswith((SUFFIX, INDEX)):
        path = Path(model)
        check_regular(
            path, "Package", "it does not exist; `edgemoe quantize` or `edgemoe random-package` makes one"
        )
        return path
    config = _shipped(model)
    path = MODELS / f"{config.name}.package{SUFFIX}"
    return path if path.is_file() else _made(config, tell)


def _shipped(model: str) -> ModelConfig:
    """The network of that name, which must be one that is shipped trained."""
    config = model_preset(model)
    if model in UNTRAINED:
        raise UserError(
            f"Model {model!r} has no trained weights here; shipped are {', '.join(PRESETS)}. Import a checkpoint that "
            f"you have: `edgemoe import`, then `edgemoe quantize`; or `edgemoe random-package --model {model}` for "
            "random weights."
        )
    return config


def named_package(given: Path, tell: Tell = lambda line: None) -> Path:
    """The package that an argument means: a shipped model's name, or any file."""
    return package_path(str(given), tell) if str(given) in PRESETS else given


def _made(config: ModelConfig, tell: Tell) -> Path:
    """The package of a shipped model's checkpoint and ranges, made if it is not there yet."""
    source, found = _checkpoint_file(config), ranges_path(config.name)
    missing = [path.name for path in (source, found) if not path.is_file()]
    if missing:
        raise UserError(
            f"The package of model {config.name!r} is made from {source.name} and {found.name}, and {MODELS} lacks "
            f"{' and '.join(missing)}; the source repository has them in models/. Without them give a "
            "package: `edgemoe random-package` makes one of random weights, `edgemoe train` and `edgemoe quantize` a "
            "trained one."
        )
    key = digest(source, found, Path(__file__), *(Path(str(module.__file__)) for module in SOURCES))
    name = f"{config.name}{SUFFIX}"

    def make(folder: Path) -> None:
        tell(f"making the package of {config.name} from its checkpoint, once")
        float_model = checkpoint.read_checkpoint(source)
        made = quantised(float_model, ranges.read_ranges(found, float_model), source)
        package.save(made, folder / name)

    return kept(build_root() / "packages" / f"{config.name}-{key[:16]}", make) / name


def quantised(
    float_model: checkpoint.Checkpoint,
    found: ranges.Ranges,
    source: Path,
    *,
    bias_correction: bool = BIAS_CORRECTION,
) -> package.Package:
    """The package as it is shipped of a checkpoint, which `source` names, and its ranges."""
    return ranges.quantised(float_model, found, source, bias_correction=bias_correction, margin=MARGIN)


def _checkpoint_file(config: ModelConfig) -> Path:
    """A shipped model's checkpoint: the one file, or the index of its shards."""
    single = MODELS / f"{config.name}{SUFFIX}"
    return single if single.is_file() else MODELS / f"{config.name}{INDEX}"


def checkpoint_path(model: str) -> Path:
    """The float checkpoint that `model` means, likewise."""
    if model.endswith((SUFFIX, INDEX)):
        return Path(model)
    path = _checkpoint_file(_shipped(model))
    if not path.is_file():
        raise UserError(
            f"The float checkpoint of model {model!r} is not here ({path}); the source repository has those of the "
            "shipped models in models/. Give --model FILE."
        )
    return path


def ranges_path(model: str) -> Path:
    """What calibration found in a shipped model whose package is made when it is wanted."""
    return MODELS / f"{model}.ranges{SUFFIX}"


def prior_path(model: str) -> Path | None:
    """The per-pixel prior of the scenes that a shipped model, or its dense twin, was trained on; None without."""
    path = MODELS / f"{model.removesuffix('-dense')}.prior.npz"
    return path if path.is_file() else None


def image_path(image: Path | None) -> Path:
    """The image to run: the one given, else the street that is shipped."""
    return image or STREET
