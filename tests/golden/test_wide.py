# SPDX-License-Identifier: Apache-2.0
"""Networks with other tokens, tasks, layers and heads: the integers follow the float model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from wide import CLASSES, WIDE

from edgemoe.config import ModelConfig, board
from edgemoe.errors import UserError
from edgemoe.export import act_scale, export_package
from edgemoe.golden import heads, machine
from edgemoe.golden.model import forward, ranges
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.outputs import decoded, top_classes
from edgemoe.package import Package, load, save
from edgemoe.program import Workload

BUILD = board("sim-small")


def made(config: ModelConfig) -> tuple[dict[str, np.ndarray], Package, np.ndarray]:
    """A random float model, its package of int16 weights, calibrated on the very image, and that image."""
    rng = np.random.default_rng(3)
    state, image = random_state(config, rng), random_image(config, rng)
    greatest: dict[str, float] = {}
    for task in config.tasks:
        for name, value in ranges(config, forward(config, state, image, task), task).items():
            greatest[name] = max(greatest.get(name, 0.0), value)
    scales = {name: act_scale(name, value, 1.1) for name, value in greatest.items()}
    return state, export_package(config, state, scales, weight_bits=16), image


def decibel(got: np.ndarray, exact: np.ndarray) -> float:
    return float(10 * np.log10((exact**2).mean() / ((got - exact) ** 2).mean()))


@pytest.mark.parametrize("name", WIDE)
def test_integers_follow_float(name: str) -> None:
    config = WIDE[name]
    state, package, image = made(config)
    workload = Workload(package, BUILD)
    for task in config.tasks:
        exact = forward(config, state, image, task)
        program = workload.program(task)
        run = machine.run(BUILD, workload.memory(image, program)).check()
        features = program.features(run.output) * package.scale("residual")
        assert decibel(features, exact["features"]) > 60
        if config.head == "none":
            assert program.head(run.output).size == 0
            continue
        out = program.head(run.output) * package.scale(f"heads.{task}.out")
        assert decibel(out, exact[f"heads.{task}.out"]) > 50
        if config.head == "classes":
            integers = program.features(run.output).astype(np.int64)
            head = heads.classes(integers, package.tensors, task, config)
            assert (head == program.head(run.output)[0]).all()


@pytest.mark.parametrize("name", WIDE)
def test_a_package_comes_back_as_it_was(name: str, tmp_path: object) -> None:
    path = tmp_path / "package.safetensors"  # type: ignore[operator]
    _, package, _ = made(WIDE[name])
    save(package, path)
    found = load(path)
    assert found.config == package.config
    assert all((found.tensors[key] == tensor).all() for key, tensor in package.tensors.items())


def test_the_mean_leaves_out_what_is_no_patch() -> None:
    """With tokens of the prefix that are far from the patches, a mean over all would be far from it."""
    config = WIDE["mean"]
    state, _, image = made(config)
    state["reg_token"] += 50
    exact = forward(config, state, image, "classification")
    y = exact["heads.classification.norm"]
    assert y.shape == (config.patches, config.dim)
    np.testing.assert_allclose(exact["heads.classification.pool"][0], y.mean(axis=0))


def test_scores_become_classes_best_first() -> None:
    head = np.zeros((1, 37), np.int16)
    head[0, [4, 9, 11]] = 300, 300, 200
    scores = decoded(CLASSES, "classification", head, 0.01)
    assert scores.dtype == np.float32 and scores.shape == (37,)
    top = top_classes(CLASSES, scores)
    assert [entry["class"] for entry in top] == [4, 9, 11, 0, 1]
    assert top[0] == {
        "class": 4,
        "name": "kind 4",
        "score": 3.0,
        "probability": round(np.exp(3) / (2 * np.exp(3) + np.exp(2) + 34), 4),
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prefix": ("class", "class")}, "each but a register at most once"),
        ({"prefix": ("register", "class")}, "in this order"),
        ({"prefix": ("mask",)}, "must be class, distillation and registers"),
        ({"pool": "distilled"}, "needs a distillation token"),
        ({"pool": "max"}, "must be one of class, distilled, mean"),
        ({"prefix": ()}, "needs a class token"),
        ({"tasks": ("segmentation",)}, "there is one task, classification"),
        ({"tasks": ()}, "1 to 32, all different"),
        ({"head": "none", "tasks": ("a", "a")}, "1 to 32, all different"),
        ({"head": "none", "tasks": ("../x",)}, "small letters, digits"),
        ({"head": "none", "tasks": ("both",)}, "not both or shared"),
        ({"head": "pixels", "tasks": ("edges",), "head_hidden": 8}, "the tasks are of segmentation, depth"),
        ({"head": "boxes"}, "must be one of pixels, classes, none"),
        ({"moe_layers": (2,), "experts": 2}, r"different layers of 0\.\.1"),
        ({"moe_layers": (1, 1), "experts": 2}, r"different layers of 0\.\.1"),
        ({"moe_layers": (1,)}, "but experts is 0"),
        ({"hidden_of": (8,)}, "hidden_of has 1 widths; give one for each of the 2 layers"),
        ({"hidden_of": (8, -1)}, r"hidden_of -1 of layer 1 must lie in 0\.\."),
        ({"hidden_of": (8, 1 << 40)}, r"hidden_of 1099511627776 of layer 1 must lie in 0\.\."),
        ({"hidden_of": (8, 8), "experts": 2}, "gives layer 1 a width of 8, but it has experts"),
        ({"resize": "crop", "resize_short": 39}, "must be at least the 24 x 40"),
        ({"resize": "pad"}, "must be one of stretch, crop"),
        (
            {"resize": "crop", "resize_short": 64, "head": "pixels", "tasks": ("depth",), "head_hidden": 8},
            "answers all of it",
        ),
    ],
)  # fmt: skip
def test_what_is_no_network_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        dataclasses.replace(CLASSES, expert_hidden=8, top_k=1, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "field",
    [
        {"prefix": [1]},
        {"tasks": "depth"},
        {"moe_layers": ["1"]},
        {"moe_layers": [True]},
        {"hidden_of": [0.5, 1]},
        {"head": 3},
    ],
)
def test_a_config_of_other_types_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(UserError, match=next(iter(field))):
        ModelConfig.from_dict(CLASSES.to_dict() | field)
