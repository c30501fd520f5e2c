# SPDX-License-Identifier: Apache-2.0
"""A model with experts -> one without: each layer's experts become one MLP, which needs no training.

Two ways to its first layer, of E experts with H hidden units each:

    average     the mean of the experts' weights, each by its share of the scores that tokens gave: H units
    most-used   the n experts with the largest sums of scores, side by side: n H units

Its second layer is the same of the experts' second layers, times the mean sum of the scores that a token's experts
have. `fit` then moves it, by least squares over the tokens of the images, to what the experts gave for the tokens; the
squared distance from where it was counts `RIDGE` of the mean square of a unit. Layers are made in their order, each
from the tokens that come out of the dense ones before it.

Axes: D width, N tokens of all images and tasks, K hidden units of the layer made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.checkpoint import Checkpoint, check_checkpoint_target, read_checkpoint, write_floats
from edgemoe.config import ModelConfig
from edgemoe.config.limits import LARGEST
from edgemoe.errors import UserError
from edgemoe.golden.gelu import gelu_float
from edgemoe.golden.linear import linear_float
from edgemoe.golden.model import forward
from edgemoe.powers import with_powers
from edgemoe.tensors import SUFFIX

Float = NDArray[np.float64]
State = Mapping[str, Float]
Pixels = NDArray[np.uint8]
Step = Callable[[int, int], None]

HOW = ("average", "most-used")
RIDGE = 1e-3


@dataclass(frozen=True)
class Recipe:
    """What is made. experts: of `most-used` how many a layer; 0: as many as a token chooses. evenly: of `average` all
    experts count the same. fit: whether second layers are fitted to the images."""

    how: str = "average"
    experts: int = 0
    evenly: bool = False
    fit: bool = True

    def __post_init__(self) -> None:
        if self.how not in HOW:
            raise UserError(f"Experts become one layer by {' or '.join(HOW)}, not by {self.how!r}.")
        if self.how == "average" and self.experts:
            raise UserError("--experts is for --how most-used: an average is of all experts.")
        if self.how == "most-used" and self.evenly:
            raise UserError("--evenly is for --how average: the most used experts are chosen by their use.")


@dataclass(frozen=True)
class Mlp:
    """w1 (K,D), b1 (K), w2 (D,K), b2 (D)."""

    w1: Float
    b1: Float
    w2: Float
    b2: Float

    def hidden(self, x: Float) -> Float:
        """(N,D) -> (N,K)."""
        return gelu_float(linear_float(x, self.w1, self.b1))

    def state(self, layer: int) -> dict[str, Float]:
        """Under the names of a state dict."""
        place = f"blocks.{layer}.mlp"
        first = {f"{place}.fc1.weight": self.w1, f"{place}.fc1.bias": self.b1}
        return first | {f"{place}.fc2.weight": self.w2, f"{place}.fc2.bias": self.b2}


@dataclass(frozen=True)
class Seen:
    """What images show of a layer with experts: x (N,D) that they read, y (N,D) that they gave, and each expert's mean
    score over all tokens, (E), 0 where it was not chosen."""

    x: Float
    y: Float
    score: Float


def make_dense(
    config: ModelConfig,
    state: State,
    images: Sequence[Pixels],
    recipe: Recipe,
    step: Step = lambda done, total: None,
) -> tuple[ModelConfig, dict[str, Float], list[dict[str, Any]]]:
    """The dense model NAME-HOW, its state dict, and of each layer made: `layer`, `units`, and `missed`, the share of
    the mean square of what its experts gave that it does not give.

    images: uint8 (height, width, 3) each. step: told how many passes over the images of all are done.
    """
    layers = [i for i in range(config.layers) if config.is_moe(i)]
    if not layers:
        raise UserError(f"Model {config.name!r} has no layer with experts: it is dense already.")
    _check_widths(config, recipe)
    made, left, told = dict(state), list(layers), []
    for done, layer in enumerate(layers):
        step(done, len(layers))
        seen = _seen(config, made, images, layer)
        mlp = joined(_experts(made, layer), seen.score, recipe, config.top_k)
        if recipe.fit:
            mlp = fitted(mlp, seen)
        missed = np.square(seen.y - linear_float(mlp.hidden(seen.x), mlp.w2, mlp.b2)).mean()
        share = missed / max(float(np.square(seen.y).mean()), np.finfo(float).tiny)
        told.append({"layer": layer, "units": len(mlp.w1), "missed": round(float(share), 4)})
        left.remove(layer)
        config = _with_width(config, layer, len(mlp.w1), left)
        made = {name: t for name, t in made.items() if not name.startswith(f"blocks.{layer}.moe.")}
        made |= mlp.state(layer)
    step(len(layers), len(layers))
    made = {name: tensor for name, tensor in made.items() if not name.startswith("task_embedding.")}
    return dataclasses.replace(config, name=f"{config.name}-{recipe.how}"), made, told


def joined(experts: Mlp, score: Float, recipe: Recipe, top_k: int) -> Mlp:
    """One MLP of experts, whose arrays have an axis (E) before the others, by their mean scores (E)."""
    total = float(score.sum())
    shares = np.full(len(score), 1 / len(score)) if recipe.evenly or not total else score / total
    if recipe.how == "average":
        first = [np.einsum("e,e...->...", shares, array) for array in (experts.w1, experts.b1)]
        second = [total * np.einsum("e,e...->...", shares, array) for array in (experts.w2, experts.b2)]
        return Mlp(*first, *second)
    best = np.argsort(-shares, kind="stable")[: recipe.experts or top_k]
    factor = total * shares[best] / (float(shares[best].sum()) or 1.0)
    w1, b1 = np.concatenate(experts.w1[best]), np.concatenate(experts.b1[best])
    w2 = np.concatenate(factor[:, None, None] * experts.w2[best], axis=1)
    return Mlp(w1, b1, w2, factor @ experts.b2[best])


def fitted(mlp: Mlp, seen: Seen) -> Mlp:
    """The MLP with a second layer by least squares."""
    hidden = np.concatenate([mlp.hidden(seen.x), np.ones((len(seen.x), 1))], axis=1)
    before = np.concatenate([mlp.w2, mlp.b2[:, None]], axis=1)
    square = hidden.T @ hidden
    ridge = RIDGE * np.trace(square) / len(square)
    wanted = hidden.T @ seen.y + ridge * before.T
    found = np.linalg.solve(square + ridge * np.eye(len(square)), wanted).T
    return Mlp(mlp.w1, mlp.b1, found[:, :-1], found[:, -1])


def dense_checkpoint(
    source: Path, out: Path, folder: Path, recipe: Recipe, step: Step = lambda done, total: None
) -> dict[str, Any]:
    """Reads a checkpoint with experts and writes the dense one; returns what was made, for JSON."""
    from edgemoe.quant.calibrate import read_folder

    if not out.name.endswith(SUFFIX):
        raise UserError(f"{out}: a checkpoint's name ends in {SUFFIX}.")
    check_checkpoint_target(out)
    found: Checkpoint = read_checkpoint(source)
    state = {
        name: np.asarray(tensor, np.float64)
        for name, tensor in with_powers(found.config, found.tensors).items()
    }
    images = read_folder(folder, found.config)
    config, made, layers = make_dense(found.config, state, images, recipe, step)
    about = {**dataclasses.asdict(recipe), "images": len(images), "checkpoint_sha256": found.sha256}
    floats = {name: tensor.astype(np.float32) for name, tensor in made.items()}
    write_floats(out, config, floats, {**found.training, "dense": {**about, "layers": layers}})
    return {"checkpoint": str(out), "model": config.name, "images": len(images), "layers": layers}


def _check_widths(config: ModelConfig, recipe: Recipe) -> None:
    """UserError for a number of experts that there are not, or too many to stand side by side."""
    experts = 1 if recipe.how == "average" else recipe.experts or config.top_k
    if not 1 <= experts <= config.experts:
        raise UserError(f"--experts {experts} must lie in 1..{config.experts}, the experts of a layer.")
    if experts * config.expert_hidden > LARGEST:
        raise UserError(
            f"{experts} experts of {config.expert_hidden} hidden units are more than {LARGEST}, the widest layer; "
            "take fewer."
        )


def _seen(config: ModelConfig, state: State, images: Sequence[Pixels], layer: int) -> Seen:
    """Runs the first layers of the network up to this one."""
    start = dataclasses.replace(
        config,
        layers=layer + 1,
        moe_layers=tuple(i for i in range(layer + 1) if config.is_moe(i)),
        hidden_of=config.hidden_of[: layer + 1],
    )
    place, x, y, score = f"blocks.{layer}", [], [], np.zeros(config.experts)
    for image in images:
        for task in config.tasks:
            tensors = forward(start, state, image, task)
            x.append(tensors[f"{place}.norm2"])
            y.append(tensors[f"{place}.out"] - tensors[f"{place}.proj"])
            np.add.at(score, tensors[f"{place}.chosen"].ravel(), tensors[f"{place}.score"].ravel())
    read = np.concatenate(x)
    return Seen(read, np.concatenate(y), score / len(read))


def _experts(state: State, layer: int) -> Mlp:
    """A layer's experts; every array has an axis (E) before the others."""
    place = f"blocks.{layer}.moe.experts"
    return Mlp(*(state[f"{place}.{name}"] for name in ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")))


def _with_width(config: ModelConfig, layer: int, width: int, left: Sequence[int]) -> ModelConfig:
    """The config with that layer dense, and with experts in the layers that are left."""
    widths = list(config.hidden_of or [0] * config.layers)
    widths[layer] = width
    changes: dict[str, Any] = {"hidden_of": tuple(widths), "moe_layers": tuple(left)}
    if not left:
        changes |= {"experts": 0, "expert_weights": "any"}
    return dataclasses.replace(config, **changes)


def text(found: dict[str, Any]) -> str:
    """What `dense_checkpoint` made, for a person."""
    lines = [
        f"{found['checkpoint']}: model {found['model']}, dense; made of experts on {found['images']} images:"
    ]
    lines += [
        f"layer {made['layer']}: {made['units']} hidden units; {100 * made['missed']:.1f} % of the mean square of what "
        "its experts gave is missed"
        for made in found["layers"]
    ]
    return "\n".join(lines)
