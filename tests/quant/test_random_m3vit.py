# SPDX-License-Identifier: Apache-2.0
"""M3ViT at full size with random weights: how near integers come at each block of its first two layers, and that a
token which chooses other experts than in float was about to.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from edgemoe.config import model_preset
from edgemoe.export import folded_gate
from edgemoe.golden.linear import linear_float
from edgemoe.golden.model import forward
from edgemoe.golden.random_package import random_image
from edgemoe.golden.softmax import softmax_float
from edgemoe.model.m3vit import M3ViT
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.profile import Runner, float_name
from edgemoe.quant.quantise import float_state, make_package
from edgemoe.quant.recipe import Recipe

RECIPES = {"W16A16": (Recipe(weights=(("*", 16),)), 67.0), "W8A16": (Recipe(), 47.0)}
MARGIN_MOST = 0.001
"""Between the scores of the last expert that is chosen and the first that is not."""


@pytest.mark.slow
@pytest.mark.parametrize("gate", ["multi", "task_embedding", "biased"])
def test_blocks_of_the_first_two_layers(gate: str) -> None:
    config = dataclasses.replace(model_preset("tiny"), layers=2, gate=gate)
    torch.manual_seed(1)
    state, rng = float_state(M3ViT(config).eval()), np.random.default_rng(1)
    found = calibrate(config, state, [random_image(config, rng) for _ in range(4)])
    image = random_image(config, rng)
    for widths, (recipe, least) in RECIPES.items():
        package = make_package(config, state, found, recipe).package
        runner = Runner(package, taps=True)
        for task in config.tasks:
            program, output, exact = (
                runner.programs[task],
                runner.run(image, task),
                forward(config, state, image, task),
            )
            same = _alike(exact["blocks.1.chosen"], program.tap(output, "blocks.1.moe.gate"))
            scores = softmax_float(
                linear_float(exact["blocks.1.norm2"], *folded_gate(config, state, 1, task))
            )
            ranked = np.sort(scores, axis=1)[:, ::-1]
            margin = ranked[:, config.top_k - 1] - ranked[:, config.top_k]
            assert margin[~same].max(initial=0) <= MARGIN_MOST
            assert same.mean() > 0.95
            names = {tap: float_name(tap) for tap in program.taps}
            blocks = [tap for tap, name in names.items() if name and name.endswith((".proj", ".out"))]
            assert len(blocks) == 4
            for tap in blocks:
                true, value = exact[str(names[tap])], program.tap(output, tap) * package.scale("residual")
                if tap.endswith("combine"):  # a token of other experts is another output, not a worse one
                    true, value = true[same], value[same]
                decibel = 10 * np.log10(np.square(true).sum() / np.square(true - value).sum())
                assert decibel >= least, f"{widths} {task} {tap}: {decibel:.1f} dB"


def _alike(chosen: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """Which tokens have the same set of experts: chosen (T,k), slots (T,4,3) as `Tap.read` gives them."""
    return np.array(
        [
            set(own.tolist()) == {int(e) for e, valid, _ in slot if valid}
            for own, slot in zip(chosen, slots, strict=True)
        ]
    )
