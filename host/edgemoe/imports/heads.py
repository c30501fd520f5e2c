# SPDX-License-Identifier: Apache-2.0
"""The head of a classification: what it sees, and what its classes are."""

from __future__ import annotations

from pathlib import Path

from edgemoe.config.model import POOLS
from edgemoe.errors import UserError
from edgemoe.files import read_regular
from edgemoe.imports.config_values import class_names
from edgemoe.imports.facts import Facts
from edgemoe.imports.folds import two_heads
from edgemoe.imports.geometry import Geometry
from edgemoe.imports.named import Float, Named

NAMES_MOST = 16 << 20  # bytes of a file of class names
FEATURES = "the accelerator's features are the residual before any final norm"


def has_head(tensors: Named, facts: Facts) -> bool:
    """Whether the checkpoint has a head of classes that is wanted."""
    if facts.options.head == "classes" and "head.weight" not in tensors:
        raise UserError(
            f"--head classes: {tensors.path} has no head: tensor {tensors.spelt('head.weight')} is missing."
        )
    return "head.weight" in tensors


def ask_pool(tensors: Named, facts: Facts, geometry: Geometry) -> str | None:
    """What the head sees; the shape of its weights is checked against it."""
    inputs = tensors.shape("head.weight", 2)[1]
    if "head_dist.weight" in tensors:
        facts.told["pool"] = "distilled, as there are two heads"
        if facts.options.pool not in (None, "distilled"):
            raise UserError(
                f"--pool {facts.options.pool}: {tensors.path} has two heads, which are averaged: distilled."
            )
        return "distilled"
    if inputs == 2 * geometry.dim:
        raise UserError(
            f"{tensors.path}: tensor {tensors.spelt('head.weight')} sees {inputs} channels, the class token and the "
            "mean of the patches side by side, which the accelerator has not. --head none imports the features "
            "alone."
        )
    pool = facts.get("pool", "--pool class|mean", "usual: class", facts.options.pool)
    if pool is not None and pool not in POOLS:
        raise UserError(
            f"{tensors.path}: its head sees {pool}, which the accelerator has not. --head none imports the features "
            "alone."
        )
    return str(pool) if pool is not None else None


def head_state(tensors: Named, dim: int, pool: str) -> dict[str, Float]:
    """The final norm and the head; two heads become one over both tokens."""
    classes = tensors.shape("head.weight", 2)[0]
    weight, bias = _linear(tensors, "head", classes, dim)
    if pool == "distilled":
        weight, bias = two_heads((weight, bias), _linear(tensors, "head_dist", classes, dim))
    head = "heads.classification"
    return {
        f"{head}.norm.weight": tensors.take("norm.weight", dim),
        f"{head}.norm.bias": tensors.take("norm.bias", dim),
        f"{head}.fc.weight": weight,
        f"{head}.fc.bias": bias,
    }


def _linear(tensors: Named, name: str, *shape: int) -> tuple[Float, Float]:
    return tensors.take(f"{name}.weight", *shape), tensors.take(f"{name}.bias", shape[0])


def ask_classes(tensors: Named, facts: Facts) -> tuple[str, ...]:
    """Names of the classes: of a file, of config.json, or their numbers."""
    count = tensors.shape("head.weight", 2)[0]
    notes: list[str] = []
    if facts.options.class_names is not None:
        names, where = (
            names_of_file(facts.options.class_names, notes),
            f"--class-names {facts.options.class_names}",
        )
    elif "classes" in facts.known.values:
        names, where = facts.known.values["classes"], facts.known.where
    else:
        facts.told["classes"] = f"{count}, named by their numbers; --class-names FILE gives them names"
        return tuple(map(str, range(count)))
    if len(names) != count:
        raise UserError(
            f"{where} names {len(names)} classes; tensor {tensors.spelt('head.weight')} has {count}. One name a "
            "class, in order."
        )
    facts.told["classes"] = f"{count}, from {where}"
    tensors.notes += notes
    return names


def names_of_file(path: Path, notes: list[str]) -> tuple[str, ...]:
    """One name a line, in the order of the classes."""
    data = read_regular(path, "Class names", NAMES_MOST)
    try:
        lines: list[object] = list(data.decode("utf-8").splitlines())
    except UnicodeDecodeError as error:
        raise UserError(f"Class names {path} can't be read: it is no text in UTF-8.") from error
    return class_names(lines, notes)
