# SPDX-License-Identifier: Apache-2.0
"""Smoothing changes no float network, and helps 8-bit activations with outliers."""

from __future__ import annotations

import numpy as np
import pytest
from floats import IMAGES, SHARED_GATE, SMALL, UNSEEN, State, ranges_of, state_of
from wide import WIDE

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.golden.model import forward
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.profile import features_sqnr
from edgemoe.quant.quantise import make_package
from edgemoe.quant.recipe import Recipe
from edgemoe.quant.smooth import FACTOR_MOST, factors, smoothed
from edgemoe.ranges import smoothable


def with_outliers(state: State, config: ModelConfig) -> State:
    """The same network, of whose norms some channels are large and their readers' columns small."""
    changed = {name: tensor.copy() for name, tensor in state.items()}
    for i in range(config.layers):
        for layer in ("attn.qkv", "mlp.fc1", "moe.experts.fc1"):
            name = f"blocks.{i}.{layer}.weight"
            if name in changed:
                changed[name][..., :3] /= 25
        gates = (f"blocks.{i}.moe.gate.", f"blocks.{i}.attn.router.")
        for gate in [name for name in changed if name.startswith(gates)]:
            if gate.endswith("weight"):
                changed[gate][:, :3] /= 25
        for norm in ("norm1", "norm2"):
            for part in ("weight", "bias"):
                changed[f"blocks.{i}.{norm}.{part}"][:3] *= 25
    return changed


NAMES = ("experts-in-all-layers", "mean", "features", "heads-by-choice")
CONFIGS = [SMALL, SHARED_GATE, *(WIDE[name] for name in NAMES)]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_the_float_network_stays(config: ModelConfig) -> None:
    rng = np.random.default_rng(1)
    state = with_outliers(random_state(config, rng), config)
    images = [random_image(config, rng) for _ in range(2)]
    found = calibrate(config, state, images)
    changed, predicted = smoothed(config, state, found)
    moved = [
        norm
        for norm in smoothable(config)
        if not np.allclose(changed[f"{norm}.weight"], state[f"{norm}.weight"])
    ]
    assert moved == smoothable(config)
    for image in images:
        for task in config.tasks:
            before, after = (forward(config, one, image, task) for one in (state, changed))
            assert np.allclose(before["features"], after["features"], rtol=1e-9, atol=1e-9)
            for name in before:
                if name.endswith("chosen"):
                    assert np.array_equal(before[name], after[name])
    again = calibrate(config, changed, images)
    for name, value in again.greatest.items():
        assert predicted.greatest[name] == pytest.approx(value, rel=1e-6), name
    for name, mean in again.means(config).items():
        assert np.allclose(
            predicted.means(config)[name], mean, rtol=0, atol=2e-3 * max(np.abs(mean).max(), 1)
        )
    for norm, reached in again.channels.items():
        assert predicted.channels[norm] == pytest.approx(reached, rel=1e-5)


def test_it_helps_activations_of_8_bits_with_outliers() -> None:
    state = with_outliers(state_of(), SMALL)
    found = calibrate(SMALL, state, IMAGES)
    plain, smooth = (
        features_sqnr(make_package(SMALL, state, found, Recipe(act_bits=8, smooth=s)).package, state, UNSEEN)
        for s in (False, True)
    )
    assert smooth > plain + 4


def test_factors_balance_inputs_and_weights() -> None:
    reached, weight = (
        np.array([8.0, 1.0, 0.0, 2.0]),
        np.array([[0.5, -1.0, 3.0, 0.0], [-2.0, 0.25, 1.0, 0.0]]),
    )
    s = factors(reached, weight)
    assert s[0] / s[1] == pytest.approx(2.0) and s[0] * s[1] == pytest.approx(1.0)
    assert s[2] == s[3] == 1.0  # a channel that is never used keeps its size
    assert factors(np.array([1e9, 1.0]), np.ones((1, 2))).tolist() == [FACTOR_MOST, 1 / FACTOR_MOST]
    assert factors(np.zeros(2), np.ones((1, 2))).tolist() == [1, 1]


def test_smoothing_and_histograms_exclude_each_other() -> None:
    with pytest.raises(UserError, match=r"leave out --smooth, or --ranges-by percentile"):
        Recipe(smooth=True, ranges_by="percentile")
    said = make_package(SMALL, state_of(), ranges_of(), Recipe(smooth=True)).package.provenance["calibration"]
    assert said["smooth"] is True
