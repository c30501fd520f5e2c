# SPDX-License-Identifier: Apache-2.0
"""Bias correction: the mean inputs that calibration records, and what biases make of them."""

from __future__ import annotations

import numpy as np
import pytest
from small import small

from edgemoe.config import TASKS
from edgemoe.export import linear_inputs
from edgemoe.golden.gelu import gelu_float
from edgemoe.golden.model import forward
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.means import InputMeans
from edgemoe.quant.profile import features_sqnr
from edgemoe.ranges import package_of
from edgemoe.rounding import quantise_linear

SMALL = small(height=32, width=32, dim=32, experts=4)
STATE = random_state(SMALL, np.random.default_rng(3))
RNG = np.random.default_rng(4)
IMAGES = [random_image(SMALL, RNG) for _ in range(4)]
UNSEEN = [random_image(SMALL, RNG) for _ in range(4)]
Tensors = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def runs() -> list[tuple[np.ndarray, str, Tensors]]:
    """Image, task and float tensors."""
    return [(image, task, forward(SMALL, STATE, image, task)) for image in IMAGES for task in TASKS]


@pytest.fixture(scope="module")
def means(runs: list[tuple[np.ndarray, str, Tensors]]) -> Tensors:
    found = InputMeans(SMALL)
    for image, _, tensors in runs:
        found.add(image, tensors)
    return found.means()


def outputs(means: Tensors, layer: str) -> np.ndarray:
    """What a layer makes of its mean input: the mean of its outputs, as it is linear."""
    weight = STATE[f"{layer}.weight"].reshape(len(STATE[f"{layer}.bias"]), -1)
    return np.asarray(weight @ means[layer] + STATE[f"{layer}.bias"])


def mean_of(tensors: list[np.ndarray]) -> np.ndarray:
    return np.asarray(np.concatenate(tensors).mean(axis=0))


def test_a_layer_makes_the_mean_output_of_the_mean_input(
    runs: list[tuple[np.ndarray, str, Tensors]], means: Tensors
) -> None:
    position = STATE["pos_embed"][0, 1:]
    tensors = [found for _, _, found in runs]
    expected = {
        "patch_embed": [t["embedding"][1:] - position for t in tensors],
        "blocks.0.attn.proj": [t["blocks.0.proj"] - t["embedding"] for t in tensors],
        "blocks.0.mlp.fc2": [t["blocks.0.out"] - t["blocks.0.proj"] for t in tensors],
        "blocks.1.attn.proj": [t["blocks.1.proj"] - t["blocks.0.out"] for t in tensors],
        **{
            f"heads.{task}.fc2": [t[f"heads.{task}.out"] for _, own, t in runs if own == task]
            for task in TASKS
        },
    }
    for layer, values in expected.items():
        assert outputs(means, layer) == pytest.approx(mean_of(values)), layer
    query = slice(0, SMALL.dim)
    assert outputs(means, "blocks.1.attn.qkv")[query] == pytest.approx(
        mean_of([t["blocks.1.q"] for t in tensors])
    )
    assert means["blocks.0.mlp.fc1"] == pytest.approx(mean_of([t["blocks.0.norm2"] for t in tensors]))
    for task in TASKS:
        norms = [t[f"heads.{task}.norm"] for _, own, t in runs if own == task]
        assert means[f"heads.{task}.fc1"] == pytest.approx(mean_of(norms))
    assert set(means) == set(linear_inputs(SMALL))


def test_an_expert_s_mean_is_over_its_own_tokens(
    runs: list[tuple[np.ndarray, str, Tensors]], means: Tensors
) -> None:
    name = "blocks.1.moe.experts"
    for expert in range(SMALL.experts):
        rows = []
        for _, _, t in runs:
            for token in range(SMALL.tokens):
                chosen, score = t["blocks.1.chosen"][token], t["blocks.1.score"][token]
                rows += [
                    t["blocks.1.norm2"][token]
                    for e, p in zip(chosen, score, strict=True)
                    if e == expert and p
                ]
        assert rows, "each expert must have tokens, or this shows nothing"
        inputs = np.array(rows)
        hidden = gelu_float(
            inputs @ STATE[f"{name}.fc1.weight"][expert].T + STATE[f"{name}.fc1.bias"][expert]
        )
        assert means[f"{name}.fc1"][expert] == pytest.approx(inputs.mean(axis=0))
        assert means[f"{name}.fc2"][expert] == pytest.approx(hidden.mean(axis=0))


@pytest.mark.parametrize("shape", [(6, 16), (3, 6, 16)], ids=["layer", "experts"])
def test_the_mean_input_gives_what_float_gives(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    weight, bias = rng.normal(size=shape), rng.normal(size=shape[:-1])
    mean, inputs = rng.normal(2, 1, (*shape[:-2], shape[-1])), 1e-4
    exact = np.einsum("...oi,...i->...o", weight, mean) + bias
    for corrected, close in ((None, False), (mean, True)):
        q = quantise_linear(weight, bias, inputs, 0.01, 8, mean=corrected)
        step = q["weight_scale"] * inputs
        found = (
            np.einsum("...oi,...i->...o", q["weight"] * q["weight_scale"][..., None], mean) + q["bias"] * step
        )
        assert (np.abs(found - exact) <= 0.51 * step).all() == close


def test_k_keeps_no_bias_and_an_expert_without_tokens_its_own() -> None:
    state = {name: tensor.copy() for name, tensor in STATE.items()}
    state["blocks.1.norm2.weight"][0], state["blocks.1.norm2.bias"][0] = (
        0,
        1,
    )  # a constant, which the gates read
    for task in TASKS:
        gate = state[f"blocks.1.moe.gate.{task}.weight"]
        gate[:] = 0
        gate[:, 0] = -np.arange(SMALL.experts)
    ranges = calibrate(SMALL, state, IMAGES[:1])
    plain, corrected = (
        package_of(SMALL, state, ranges, {}, bias_correction=correct).tensors for correct in (False, True)
    )
    key = slice(SMALL.dim, 2 * SMALL.dim)
    for layer in range(SMALL.layers):
        bias = corrected[f"blocks.{layer}.attn.qkv.bias"]
        assert not bias[key].any()
        assert (bias != plain[f"blocks.{layer}.attn.qkv.bias"])[: SMALL.dim].any()
    fc1 = "blocks.1.moe.experts.fc1.bias"
    same = [bool((a == b).all()) for a, b in zip(plain[fc1], corrected[fc1], strict=True)]
    assert same == [expert >= SMALL.top_k for expert in range(SMALL.experts)]
    changed = {name for name in plain if not np.array_equal(plain[name], corrected[name])}
    assert changed == {f"{layer}.bias" for layer in linear_inputs(SMALL)}


def test_images_like_the_calibration_s_gain() -> None:
    ranges = calibrate(SMALL, STATE, IMAGES)
    plain, corrected = (
        features_sqnr(package_of(SMALL, STATE, ranges, {}, bias_correction=correct), STATE, UNSEEN)
        for correct in (False, True)
    )
    assert corrected > plain + 0.3


def test_a_package_says_that_its_biases_are_corrected() -> None:
    ranges = calibrate(SMALL, STATE, IMAGES[:1])
    for correct in (False, True):
        said = package_of(SMALL, STATE, ranges, {}, bias_correction=correct).provenance["calibration"]
        assert said.get("bias_correction", False) == correct
