# SPDX-License-Identifier: Apache-2.0
"""Experts whose weights are powers of two: the rule in NumPy and in PyTorch, its gradient, training, checkpoints."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from small import small

from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.model.checkpoint import load_checkpoint, save_checkpoint
from edgemoe.model.experts import Experts, nearest_powers
from edgemoe.model.m3vit import M3ViT
from edgemoe.model.scenes import render
from edgemoe.model.train import TrainOptions, _optimiser, dense_twin, power_twin, step_losses, train_and_save
from edgemoe.powers import CODES, LEAST, TOP, power_weights, with_powers
from edgemoe.powers import nearest_powers as nearest_numpy

POWERS = small(dim=32, experts=4, expert_weights="power_of_two", moe_layers=(0, 1))


def rows(dtype: type = np.float32) -> np.ndarray:
    """Rows of many sizes, with ties, a row of zeros, one too small, and magnitudes one rounding from a tie."""
    rng = np.random.default_rng(5)
    plain = rng.normal(0, 1, (2, 40, 64)) * np.exp(rng.uniform(-30, 3, (2, 40, 1)))
    ties = np.array([64, 48, 24, -12, 6, -3, 1.5, -0.5, 0.49, 32, 0, -1, 2, 4, 8, 16] * 4)
    near = np.nextafter(ties.astype(dtype), dtype(0)).astype(dtype)
    near[::16] = 64
    odd = np.array([ties, near, ties * 1.7, near * 0.3, 0 * ties, ties / 64 * LEAST * 0.99]).astype(dtype)
    return np.concatenate([plain.reshape(-1, 64).astype(dtype), odd])


def plainly(row: np.ndarray) -> list[float]:
    """The rule by trying every value, in exact fractions."""
    from fractions import Fraction

    exact = [Fraction(float(value)) for value in row]
    top = max(map(abs, exact))
    if top < Fraction(LEAST):
        return [0.0] * len(exact)
    found = []
    for value in exact:
        best = min(CODES, key=lambda code: (abs(abs(value) - code * top / TOP), -code))
        found.append(float(best * top / TOP) * (1 if value >= 0 else -1))
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_nearest_of_fifteen_values_in_numpy_and_torch(dtype: type) -> None:
    weight = rows(dtype)
    found = nearest_numpy(weight)
    assert found.dtype == weight.dtype
    np.testing.assert_array_equal(found, np.array([plainly(row) for row in weight]))
    np.testing.assert_array_equal(nearest_powers(torch.from_numpy(weight)).numpy(), found)
    np.testing.assert_array_equal(nearest_numpy(found), found)  # what follows the rule is left as it is
    np.testing.assert_array_equal(np.abs(found[:80]).max(1), np.abs(weight[:80]).max(1))


def test_float64_makes_of_float32_what_float32_does() -> None:
    weight = rows()
    np.testing.assert_array_equal(nearest_numpy(weight.astype(np.float64)), nearest_numpy(weight))


def test_the_gradient_passes_straight_through() -> None:
    weight = torch.from_numpy(rows()[:80]).requires_grad_()
    factor = torch.randn_like(weight)
    (nearest_powers(weight) * factor).sum().backward()
    assert torch.equal(weight.grad, factor)


def test_experts_compute_with_the_powers_alone() -> None:
    torch.manual_seed(0)
    powers, plain = Experts(4, 16, 24, powers=True), Experts(4, 16, 24)
    x, scores = torch.randn(9, 16), torch.rand(9, 4)
    plain.load_state_dict(powers.state_dict())
    assert not torch.equal(powers(x, scores), plain(x, scores))
    for name in ("fc1", "fc2"):
        getattr(plain, name).weight.data = nearest_powers(getattr(powers, name).weight.data)
    assert torch.equal(powers(x, scores), plain(x, scores))


def test_which_weights_they_are() -> None:
    assert list(power_weights(POWERS)) == [
        f"blocks.{i}.moe.experts.{name}.weight" for i in (0, 1) for name in ("fc1", "fc2")
    ]
    assert not list(power_weights(dataclasses.replace(POWERS, expert_weights="any")))
    assert power_twin(dataclasses.replace(POWERS, name="any", expert_weights="any")).name == "any-powers"
    assert dense_twin(POWERS).expert_weights == "any"


def test_a_config_of_any_weights_says_nothing_of_them() -> None:
    data = POWERS.to_dict()
    assert data["expert_weights"] == "power_of_two" and ModelConfig.from_dict(data) == POWERS
    assert "expert_weights" not in small().to_dict()
    with pytest.raises(UserError, match="expert_weights"):
        small(expert_weights="ternary")
    with pytest.raises(UserError, match="expert_weights is 'power_of_two', but experts is 0"):
        small(expert_weights="power_of_two", experts=0)


def test_a_checkpoint_holds_what_the_model_computes_with(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = M3ViT(POWERS).eval()
    image = render(range(1), 16, 32, POWERS.depth_range).image.float() / 256
    for path in (tmp_path / "m.safetensors", tmp_path / "m.safetensors.index.json"):
        half = path.suffix == ".json"
        if half:
            for parameter in model.parameters():
                parameter.data = parameter.data.half().float()
        save_checkpoint(model, path, {})
        loaded, _ = load_checkpoint(path)
        assert torch.equal(loaded(image, "depth").maps, model(image, "depth").maps)
        assert not any(
            getattr(module, "powers", False) for module in loaded.modules()
        )  # settled: as fast as any
        read = read_checkpoint(path)
        again = with_powers(read.config, read.tensors)
        for name in power_weights(POWERS):
            assert np.array_equal(again[name], read.tensors[name])
            assert not np.array_equal(model.state_dict()[name].numpy(), read.tensors[name])


@pytest.mark.parametrize("mixed", [False, True])
def test_a_step_trains_every_weight(mixed: bool) -> None:
    """As `train` takes it; compiling, which changes no value here, is left out."""
    torch.manual_seed(2)
    model = M3ViT(POWERS)
    before = copy.deepcopy(model.state_dict())
    batch = render(range(4), 16, 32, POWERS.depth_range)
    optimiser = _optimiser(model, TrainOptions())
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        losses, balance = step_losses(model, batch.image.float() / 256, batch.label.long(), batch.depth)
    (sum(losses.values()) + 0.01 * balance).backward()
    optimiser.step()
    for name in power_weights(POWERS):
        parameter = model.get_parameter(name)
        assert parameter.dtype == torch.float32 and torch.isfinite(parameter).all()
        assert (parameter != before[name]).float().mean() > 0.99


@pytest.mark.slow
def test_a_few_steps_learn_something(tmp_path: Path) -> None:
    options = TrainOptions(scenes=12, steps=60, batch=8, warmup=5, validation=4, learning_rate=5e-3)
    record = train_and_save([POWERS], options, tmp_path, "cpu", lambda _: None)["small"]
    first, last = record["history"][0], record["history"][-1]
    assert last["segmentation"] < 0.8 * first["segmentation"]
    assert last["depth"] < 0.8 * first["depth"]
