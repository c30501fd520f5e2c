# SPDX-License-Identifier: Apache-2.0
"""Compensated rounding: against trying every rounding, on inputs of few directions, and in whole packages."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from floats import IMAGES, SMALL, UNSEEN, nano, ranges_of, state_of

from edgemoe.compensation import compensated, nearest
from edgemoe.errors import UserError
from edgemoe.golden.model import forward
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.means import IMAGES_MOST, input_moments, input_rows
from edgemoe.quant.profile import features_sqnr
from edgemoe.quant.quantise import make_package, quantize_checkpoint
from edgemoe.quant.recipe import Recipe

NEAREST = Recipe(rounding="nearest")
RNG = np.random.default_rng(11)


def inputs(count: int, width: int, directions: int) -> np.ndarray:
    """(count, width), most of it in few directions."""
    few = RNG.normal(size=(count, directions)) @ RNG.normal(size=(directions, width))
    return np.asarray(few + 0.05 * RNG.normal(size=(count, width)))


def cost(exact: np.ndarray, whole: np.ndarray, x: np.ndarray) -> float:
    return float(np.square(x @ (exact - whole).T).sum())


def test_it_is_near_the_best_of_all_roundings() -> None:
    """Of six weights every way to round up or down is tried."""
    x = inputs(50, 6, 2)
    moment, found = x.T @ x / len(x), []
    for _ in range(40):
        row = RNG.uniform(-100, 100, (1, 6))
        best = min(cost(row, np.floor(row) + np.array(up), x) for up in product((0, 1), repeat=6))
        own, plain = cost(row, compensated(row, moment, 8), x), cost(row, nearest(row, 127), x)
        found.append((best, own, plain))
    best, own, plain = np.array(found).sum(axis=0)
    assert own < 4 * best and own < plain / 4, (best, own, plain)


@pytest.mark.parametrize("shape", [(7, 24), (3, 7, 24)])
def test_outputs_are_nearer_than_of_nearest(shape: tuple[int, ...]) -> None:
    x = inputs(200, 24, 5)
    moment = np.broadcast_to(x.T @ x / len(x), (*shape[:-2], 24, 24))
    exact = RNG.uniform(-127, 127, shape)
    whole = compensated(exact, moment, 8)
    assert whole.shape == shape and whole.dtype == np.int64 and np.abs(whole).max() <= 127
    own, plain = (cost(exact.reshape(-1, 24), q.reshape(-1, 24), x) for q in (whole, nearest(exact, 127)))
    assert own < plain / 8


def test_what_no_input_reaches_is_rounded_to_nearest() -> None:
    exact = RNG.uniform(-127, 127, (5, 8))
    assert (compensated(exact, np.zeros((8, 8)), 8) == nearest(exact, 127)).all()
    # Inputs that have nothing to do with each other leave nothing to make up for.
    assert (compensated(exact, np.diag(RNG.uniform(1, 2, 8)), 8) == nearest(exact, 127)).all()


def test_no_weight_leaves_the_range() -> None:
    x = inputs(50, 16, 1)
    exact = np.where(RNG.random((40, 16)) < 0.5, -127.0, 127.0)
    exact[:, ::3] = 126.5
    assert np.abs(compensated(exact, x.T @ x, 8)).max() == 127


def test_moments_are_those_of_the_rows() -> None:
    """Of a plain layer, and of each expert over the tokens that are its own."""
    state, means = state_of(), ranges_of().means(SMALL)
    found = input_moments(SMALL, state, IMAGES, means)
    rows: dict[tuple[str, tuple[int, ...]], list[np.ndarray]] = {}
    for image in IMAGES:
        for task in SMALL.tasks:
            for place, its in input_rows(SMALL, image, forward(SMALL, state, image, task)):
                rows.setdefault(place, []).append(its)
    assert {name for name, _ in rows} == set(found)
    for (name, expert), parts in rows.items():
        its = np.concatenate(parts)
        about = its - means[name][expert]
        np.testing.assert_allclose(found[name][expert], about.T @ about / max(len(its), 1), atol=1e-12)
    plain = input_moments(SMALL, state, IMAGES, None)["blocks.0.attn.proj"]
    its = np.concatenate(rows["blocks.0.attn.proj", ()])
    np.testing.assert_allclose(plain, its.T @ its / len(its))


def test_moments_are_of_so_many_images() -> None:
    told: list[tuple[int, int]] = []
    images = IMAGES[:1] * (3 * IMAGES_MOST + 1)
    input_moments(SMALL, state_of(), images, None, lambda done, total: told.append((done, total)))
    count = -(-len(images) // 4)
    assert told[0] == (0, count) and told[-1] == (count, count) and count <= IMAGES_MOST


def test_unseen_images_gain() -> None:
    state, found = state_of(), ranges_of()
    own = make_package(SMALL, state, found, images=IMAGES).package
    plain = make_package(SMALL, state, found, NEAREST, images=IMAGES).package
    assert features_sqnr(own, state, UNSEEN) > features_sqnr(plain, state, UNSEEN) + 2
    assert (own.tensors["patch_embed.weight"] == plain.tensors["patch_embed.weight"]).all()


@pytest.mark.slow
def test_the_trained_model_gains() -> None:
    """`nano` on a part of the shipped street that calibration has not seen."""
    config, state, image = nano()
    seen = [np.ascontiguousarray(image[:, ::-1]), np.roll(image, 17, axis=1)]
    found = calibrate(config, state, seen, detailed=False)
    own, plain = (
        make_package(config, state, found, recipe, images=seen).package for recipe in (Recipe(), NEAREST)
    )
    assert features_sqnr(own, state, [image]) > features_sqnr(plain, state, [image]) + 1


def test_without_images_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give --calibration FOLDER, not only --ranges"):
        make_package(SMALL, state_of(), ranges_of(), Recipe(rounding="compensated"))
    with pytest.raises(UserError, match="--rounding compensated is for what images show"):
        quantize_checkpoint(
            tmp_path / "no",
            None,
            tmp_path / "out",
            ranges=tmp_path / "ranges",
            recipe=Recipe(rounding="compensated"),
        )
    with pytest.raises(UserError, match="rounded nearest or compensated, not 'up'"):
        Recipe(rounding="up")
