# SPDX-License-Identifier: Apache-2.0
"""Bounds are reached and never left, and images far from the calibration's lose nothing by clipping."""

from __future__ import annotations

import numpy as np
import pytest
from floats import IMAGES, SHARED_GATE, SMALL, State, nano, ranges_of, state_of
from wide import WIDE

from edgemoe.config import ModelConfig
from edgemoe.golden.model import forward, ranges
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.package import Package
from edgemoe.quant.bounds import SLACK, bounds
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.profile import Ratio, Runner, features
from edgemoe.quant.quantise import make_package
from edgemoe.quant.recipe import DEFAULT, Recipe
from edgemoe.quant.report import far_images
from edgemoe.quant.scales import FREE, reaches
from edgemoe.ranges import MARGIN

MOST_LOST = 3.0  # dB of an image's features, against margin 6


@pytest.mark.parametrize("config", [SMALL, SHARED_GATE, *WIDE.values()], ids=lambda config: config.name)
def test_no_image_leaves_a_bound(config: ModelConfig) -> None:
    state, rng = random_state(config, np.random.default_rng(7)), np.random.default_rng(8)
    limits = bounds(config, state)
    size = (config.height, config.width, 3)
    images = [
        random_image(config, rng),
        rng.integers(0, 2, size, np.uint8) * 255,
        *far_images(config).values(),
    ]
    for image in images:
        for task in config.tasks:
            for name, value in ranges(config, forward(config, state, image, task), task).items():
                if name in limits and name != "residual":
                    assert value <= limits[name], name
            assert np.abs(forward(config, state, image, task)["embedding"]).max() <= limits["residual"]


def behind_norm(state: State, norm: str, x: np.ndarray) -> np.ndarray:
    """What a norm makes of rows (N,D)."""
    n = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return n * state[f"{norm}.weight"] + state[f"{norm}.bias"]


def test_bounds_are_reached() -> None:
    """By the rows that a norm makes worst: none is looser than its slack."""
    state, D = state_of(), SMALL.dim
    limits = bounds(SMALL, state)
    peaks = np.concatenate([np.eye(D), -np.eye(D)])
    assert np.abs(behind_norm(state, "blocks.0.norm1", peaks)).max() * SLACK == pytest.approx(
        limits["blocks.0.norm1"]
    )
    weight, bias = state["blocks.0.attn.qkv.weight"], state["blocks.0.attn.qkv.bias"]
    for j, name in enumerate("qkv"):
        rows = slice(j * D, (j + 1) * D)
        worst = np.concatenate([weight[rows], -weight[rows]]) * state["blocks.0.norm1.weight"]
        y = behind_norm(state, "blocks.0.norm1", worst) @ weight[rows].T + (bias[rows] if name != "k" else 0)
        assert np.abs(y).max() * SLACK == pytest.approx(limits[f"blocks.0.{name}"])
    fc1 = state["blocks.1.moe.experts.fc1.weight"]
    best = -np.inf
    for expert in range(SMALL.experts):
        y = behind_norm(state, "blocks.1.norm2", fc1[expert] * state["blocks.1.norm2.weight"])
        best = max(best, (y @ fc1[expert].T + state["blocks.1.moe.experts.fc1.bias"][expert]).max())
    assert best * SLACK == pytest.approx(limits["blocks.1.hidden"])


def test_a_scale_reaches_a_bound_that_is_near() -> None:
    """Below margin times range always; up to FREE times that in int16; a context reaches v's format."""
    config, state = SMALL, state_of()
    found, limits = ranges_of(), bounds(SMALL, state_of())
    wide = reaches(config, state, found, DEFAULT)
    narrow = reaches(config, state, found, Recipe(act_bits=8))
    plain = reaches(config, state, found, Recipe(bounds=False))
    taken = {name for name in limits if name != "residual" and wide[name] == limits[name]}
    assert {f"blocks.{i}.{t}" for i in (0, 1) for t in ("norm1", "norm2", "q", "k", "v")} <= taken
    for name, greatest in found.greatest.items():
        assert plain[name] == pytest.approx(MARGIN * greatest)
        if name.endswith(".context"):
            assert wide[name] == wide[name.replace("context", "v")]
        elif name != "residual":
            assert wide[name] <= FREE * plain[name]
            room = MARGIN if name.endswith(".out") else 1
            assert narrow[name] == pytest.approx(room * greatest)
    close = dict(found.greatest) | {"blocks.0.norm1": limits["blocks.0.norm1"] / (1.0033 * MARGIN * FREE)}
    far = reaches(config, state, type(found)(1, close, found.shares), DEFAULT)
    assert far["blocks.0.norm1"] == pytest.approx(limits["blocks.0.norm1"] / 1.0033 / FREE, rel=1e-3)


def lost(config: ModelConfig, state: State, package: Package, other: Package) -> dict[str, tuple[float, int]]:
    """Image -> dB of its features that `package` has less than `other`, and the values it clips."""
    found = {}
    for name, image in far_images(config).items():
        figures = []
        for one in (package, other):
            runner, total, clipped = Runner(one, taps=False), Ratio(), 0
            for task in config.tasks:
                ratio, counts = features(runner, state, image, task)
                total.merge(ratio)
                clipped += counts.total()
            figures.append((total.decibel, clipped))
        found[name] = (figures[1][0] - figures[0][0], figures[0][1])
    return found


def test_images_far_from_one_image_of_calibration_lose_little() -> None:
    config, state, street = nano()
    found = calibrate(config, state, [street])
    wide = make_package(config, state, found, Recipe(margin=6, bounds=False)).package
    default = lost(config, state, make_package(config, state, found).package, wide)
    assert max(db for db, _ in default.values()) <= MOST_LOST
    assert not any(clipped for _, clipped in default.values())
    narrow = make_package(config, state, found, Recipe(margin=1.5, bounds=False)).package
    before = lost(config, state, narrow, wide)
    assert max(db for db, _ in before.values()) > MOST_LOST and any(clipped for _, clipped in before.values())


def test_one_image_of_one_colour_is_calibration_enough() -> None:
    state = state_of()
    found = calibrate(SMALL, state, [far_images(SMALL)["black"]])
    package = make_package(SMALL, state, found).package
    for image in IMAGES:
        for task in SMALL.tasks:
            ratio, _ = features(Runner(package, taps=False), state, image, task)
            assert ratio.decibel > 20
