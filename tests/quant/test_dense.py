# SPDX-License-Identifier: Apache-2.0
"""Layers of experts made dense: exact where that can be, nearest in squares where not; what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import small

from edgemoe import cli
from edgemoe.checkpoint import read_checkpoint, state_shapes, write_floats
from edgemoe.config import ModelConfig
from edgemoe.dense import RIDGE, Mlp, Recipe, Seen, fitted, joined, make_dense
from edgemoe.errors import UserError
from edgemoe.golden.model import forward
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.images import write_png
from edgemoe.powers import nearest_powers, power_weights

CONFIG = small(dim=32, experts=4, layers=3, score_rule="softmax_topk")
Made = tuple[ModelConfig, dict[str, np.ndarray], list[np.ndarray]]


def random_model(config: ModelConfig, count: int = 3) -> Made:
    rng = np.random.default_rng(11)
    state = random_state(config, rng)
    return config, state, [random_image(config, rng) for _ in range(count)]


def same_outputs(one: Made, other: tuple[ModelConfig, dict[str, np.ndarray]]) -> bool:
    config, state, images = one
    return all(
        np.allclose(
            forward(config, state, image, task)["features"],
            forward(*other, image, task)["features"],
            atol=1e-9,
        )
        for image in images
        for task in config.tasks
    )


@pytest.mark.parametrize("evenly", [False, True])
def test_the_average_of_equal_experts_is_each_of_them(evenly: bool) -> None:
    model = random_model(CONFIG)
    for name, tensor in model[1].items():
        if ".moe.experts." in name:
            tensor[:] = tensor[:1]
    config, state, told = make_dense(*model, Recipe(evenly=evenly, fit=False))
    assert same_outputs(model, (config, state))
    assert told == [{"layer": 1, "units": CONFIG.expert_hidden, "missed": 0}]
    assert config.name == "small-average" and config.experts == 0 and config.hidden_of == (0, 32, 0)
    assert {name: tensor.shape for name, tensor in state.items()} == state_shapes(config)


def test_all_experts_side_by_side_with_constant_scores_are_the_mixture() -> None:
    """Scores of two thirds and a third, by a gate that sees its bias alone; softmax over all."""
    config = dataclasses.replace(CONFIG, experts=2, top_k=2, score_rule="softmax_all", gate="biased")
    model = random_model(config)
    for task in config.tasks:
        model[1][f"blocks.1.moe.gate.{task}.weight"][:] = 0
        model[1][f"blocks.1.moe.gate.{task}.bias"][:] = np.log([1, 2])
    recipe = Recipe("most-used", fit=False)
    assert same_outputs(model, make_dense(*model, recipe)[:2])
    model[1]["blocks.1.moe.gate.depth.bias"][:] = (
        0  # another mixture of the other task: one MLP can't be both
    )
    assert not same_outputs(model, make_dense(*model, recipe)[:2])


def test_shares_are_those_of_the_scores() -> None:
    rng = np.random.default_rng(2)
    experts = Mlp(*(rng.normal(size=shape) for shape in ((4, 5, 3), (4, 5), (4, 3, 5), (4, 3))))
    score = np.array([0.1, 0.0, 0.4, 0.3])
    mean = joined(experts, score, Recipe(), 2)
    np.testing.assert_allclose(mean.w1, (experts.w1[0] + 4 * experts.w1[2] + 3 * experts.w1[3]) / 8)
    np.testing.assert_allclose(mean.b2, 0.1 * experts.b2[0] + 0.4 * experts.b2[2] + 0.3 * experts.b2[3])
    np.testing.assert_allclose(joined(experts, score, Recipe(evenly=True), 2).w2, 0.2 * experts.w2.sum(0))
    two = joined(experts, score, Recipe("most-used"), 2)
    np.testing.assert_array_equal(two.w1, np.concatenate([experts.w1[2], experts.w1[3]]))
    np.testing.assert_allclose(two.w2[:, :5], 0.8 * 4 / 7 * experts.w2[2])
    np.testing.assert_allclose(two.b2, 0.8 * (4 * experts.b2[2] + 3 * experts.b2[3]) / 7)
    for recipe in (Recipe(), Recipe("most-used", experts=3)):  # no token has an expert: nothing is added
        assert not joined(experts, np.zeros(4), recipe, 2).w2.any()


def test_the_second_layer_is_the_nearest_in_squares() -> None:
    rng = np.random.default_rng(3)
    mlp = Mlp(*(rng.normal(size=shape) for shape in ((6, 3), (6,), (3, 6), (3,))))
    seen = Seen(rng.normal(size=(50, 3)), rng.normal(size=(50, 3)), np.ones(1))
    hidden = np.c_[mlp.hidden(seen.x), np.ones(50)]
    ridge = RIDGE * np.square(hidden).sum() / 7

    def cost(second: Mlp) -> float:
        moved = np.square(second.w2 - mlp.w2).sum() + np.square(second.b2 - mlp.b2).sum()
        return float(np.square(seen.y - hidden @ np.c_[second.w2, second.b2].T).sum() + ridge * moved)

    best = fitted(mlp, seen)
    assert best.w1 is mlp.w1 and cost(best) < cost(mlp)
    for _ in range(20):
        step = 1e-3 * rng.normal(size=(3, 6))
        assert cost(dataclasses.replace(best, w2=best.w2 + step)) > cost(best)
        assert cost(dataclasses.replace(best, b2=best.b2 + step[:, 0])) > cost(best)


@pytest.mark.parametrize("how", ["average", "most-used"])
def test_fitting_misses_less(how: str) -> None:
    model = random_model(dataclasses.replace(CONFIG, moe_layers=(0, 2), gate="task_embedding"))
    config, state, images = model
    missed, far = {}, {}
    for fit in (False, True):
        *made, told = make_dense(*model, Recipe(how, fit=fit))
        missed[fit] = told[0]["missed"]  # the second layer made sees other tokens than without the fit
        errors = [
            forward(*made, image, task)["features"] - forward(config, state, image, task)["features"]
            for image in images
            for task in config.tasks
        ]
        far[fit] = np.square(errors).mean()
    assert missed[True] < 0.7 * missed[False]
    assert far[True] < 0.7 * far[False]


def checkpoint(tmp_path: Path, config: ModelConfig = CONFIG) -> list[str]:
    """Writes a checkpoint and two images; the arguments of the command."""
    _, state, images = random_model(config)
    write_floats(
        tmp_path / "own.safetensors",
        config,
        {n: t.astype(np.float32) for n, t in state.items()},
        {"steps": 7},
    )
    for number, image in enumerate(images):
        write_png(image, tmp_path / f"{number}.png")
    return ["dense", str(tmp_path / "own.safetensors"), "--images", str(tmp_path)]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, out = checkpoint(tmp_path), tmp_path / "dense.safetensors"
    assert cli.run([*command, "--out", str(out), "--how", "most-used", "--experts", "3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    found = read_checkpoint(out)
    assert said["layers"][0]["units"] == 96 and said["model"] == found.config.name == "small-most-used"
    assert found.config.hidden_of == (0, 96, 0)
    assert found.training["steps"] == 7 and found.training["dense"]["images"] == 3
    assert (
        found.training["dense"]["checkpoint_sha256"] == read_checkpoint(tmp_path / "own.safetensors").sha256
    )
    assert cli.run([*command, "--out", str(out)]) == 0  # in the place of that of before
    assert "32 hidden units" in capsys.readouterr().out


def test_experts_of_powers_of_two_are_averaged_as_what_they_compute(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, expert_weights="power_of_two")
    command = checkpoint(tmp_path, config)
    path = tmp_path / "own.safetensors"
    held = read_checkpoint(path).tensors
    off = {**held, **{name: held[name] * np.float32(1.1) for name in power_weights(config)}}
    for name in power_weights(config):
        off[name][..., 0] += 0.02
    write_floats(path, config, off, {})
    assert cli.run([*command, "--out", str(tmp_path / "d.safetensors"), "--evenly", "--no-fit"]) == 0
    found = read_checkpoint(tmp_path / "d.safetensors")
    assert found.config.expert_weights == "any"
    name = "blocks.1.moe.experts.fc1.weight"
    expected = nearest_powers(off[name]).mean(0)
    np.testing.assert_allclose(found.tensors["blocks.1.mlp.fc1.weight"], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--experts", "2"], "--experts is for --how most-used"),
        (["--how", "most-used", "--evenly"], "--evenly is for --how average"),
        (["--how", "most-used", "--experts", "5"], "--experts 5 must lie in 1..4"),
        (["--out", "model.bin"], "a checkpoint's name ends in .safetensors"),
        (["--images", "nowhere"], "nowhere does not exist"),
    ],
)
def test_what_is_refused(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*checkpoint(tmp_path), "--out", str(tmp_path / "d.safetensors"), *options]
    assert cli.run(command) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "d.safetensors").exists()


def test_no_experts_and_too_many_units_are_refused() -> None:
    dense = random_model(small(experts=0))
    with pytest.raises(UserError, match="has no layer with experts: it is dense already"):
        make_dense(*dense, Recipe())
    wide: Any = dataclasses.replace(CONFIG, expert_hidden=40_000)
    with pytest.raises(UserError, match="2 experts of 40000 hidden units are more than 65536"):
        make_dense(wide, {}, [], Recipe("most-used"))
