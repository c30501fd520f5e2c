# SPDX-License-Identifier: Apache-2.0
"""Scenes: the same by seed whatever the batch, and geometry that agrees with pen and paper."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from edgemoe.model import layout, scenes
from edgemoe.model.draws import Draws
from edgemoe.model.raycast import GROUND, NOTHING, camera_rays, cast, shadowed
from edgemoe.quant.evaluate import read_scenes

SIZE = (16, 32)
RANGE = (1.0, 80.0)


@pytest.fixture(scope="module")
def batch() -> scenes.Batch:
    return scenes.render([3, 4, 5], *SIZE, RANGE)


def test_a_scene_depends_on_its_seed_alone(batch: scenes.Batch) -> None:
    alone = scenes.render([5, 3], *SIZE, RANGE)
    for name in ("image", "label", "depth"):
        assert torch.equal(getattr(alone, name)[0], getattr(batch, name)[2])
        assert torch.equal(getattr(alone, name)[1], getattr(batch, name)[0])
    assert not torch.equal(batch.image[0], batch.image[1])


def test_seed_ranges_are_disjoint() -> None:
    ranges = sorted([scenes.TRAINING, scenes.CALIBRATION, scenes.VALIDATION], key=lambda r: r.start)
    assert all(a.stop <= b.start for a, b in itertools.pairwise(ranges))
    assert ranges[-1].stop <= 1 << 30  # what `Draws` takes


def test_draws_are_uniform_and_independent() -> None:
    values = Draws(torch.arange(2000)).uniform(50)
    assert values.min() >= 0 and values.max() < 1
    assert abs(values.mean() - 0.5) < 0.003
    assert abs(values.var() - 1 / 12) < 0.002
    correlation = np.corrcoef(values.numpy().T) - np.eye(50)
    assert np.abs(correlation).max() < 0.12
    draws = Draws(torch.arange(3))
    assert not torch.equal(draws.uniform(5), draws.uniform(5))
    assert np.unique(values.numpy()).size > 0.99 * values.numel()


def test_every_class_and_depths_in_range() -> None:
    labels = torch.cat(
        [b.label.flatten() for b in scenes.batches(range(12), 6, 32, 64, RANGE, supersample=1)]
    )
    assert set(labels.tolist()) == set(range(len(scenes.CLASSES)))


def test_depth_range_and_sky(batch: scenes.Batch) -> None:
    assert batch.depth.min() >= RANGE[0] and batch.depth.max() <= RANGE[1]
    assert torch.equal(batch.has_depth, batch.label != scenes.CLASSES.index("sky"))


def test_ground_depth_is_camera_height_over_slope() -> None:
    seeds = torch.tensor([7, 8])
    scene = layout.sample(seeds)
    rays = camera_rays(scene, *SIZE)
    origin = tuple(scene.camera[:, axis, None] for axis in range(3))
    hits = cast(scene, origin, rays)
    ground = hits.slot == GROUND
    assert ground.sum() > 100
    expected = (-scene.camera[:, 2, None] / rays[2])[ground]
    torch.testing.assert_close(hits.distance[ground], expected)


def one_box_one_ball() -> layout.Scene:
    """A box 2 m wide at y = 10..12 left of the axis, a ball of radius 1 at (4, 20, 1.5)."""
    scene = layout.sample(torch.tensor([0]))
    grey = torch.full((1, 1, 3), 0.5)
    scene.boxes = layout.Shapes(
        torch.tensor([[[-3.0, 10, 0]]]), torch.tensor([[[-1.0, 12, 5]]]), grey,
        torch.tensor([layout.CONSTRUCTION]), torch.tensor([layout.PLAIN]),
    )  # fmt: skip
    scene.ellipsoids = layout.Shapes(
        torch.tensor([[[4.0, 20, 1.5]]]), torch.ones(1, 1, 3), grey,
        torch.tensor([layout.HUMAN]), torch.tensor([layout.PLAIN]),
    )  # fmt: skip
    return scene


@pytest.mark.parametrize(
    ("direction", "distance", "slot"),
    [
        ((-0.2, 1.0, 0.0), 10.0, 0),  # the box's near face
        ((4 / 19, 1.0, 0.0), None, 1),  # through the ball
        ((0.2, 1.0, 0.0), None, 1),  # at its middle
        ((0.0, 1.0, -0.15), 10.0, GROUND),
        ((0.0, 1.0, 0.2), None, NOTHING),
        ((0.2, -1.0, 0.01), None, NOTHING),  # the box is behind
        ((-4 / 20, -1.0, 0.001), None, NOTHING),  # the ball is behind
    ],
)
def test_cast_meets_what_stands_there(
    direction: tuple[float, float, float], distance: float | None, slot: int
) -> None:
    scene = one_box_one_ball()
    origin = tuple(torch.tensor([[v]]) for v in (0.0, 0.0, 1.5))
    hits = cast(scene, origin, tuple(torch.tensor([[v]]) for v in direction))
    assert hits.slot.item() == slot
    if slot == 1:
        point = np.array(direction) * hits.distance.item() + np.array([0, 0, 1.5])
        assert np.linalg.norm(point - [4, 20, 1.5]) == pytest.approx(1, abs=1e-4)
    elif distance is not None:
        assert hits.distance.item() == pytest.approx(distance, abs=1e-4)


def test_shadow_lies_opposite_the_sun() -> None:
    scene = one_box_one_ball()
    scene.sun = torch.tensor([[0.0, 0.6, 0.8]])
    points = tuple(torch.tensor([v]) for v in ([-2.0, -2.0, 0.0], [8.0, 14.0, 8.0], [0.01, 0.01, 0.01]))
    assert shadowed(scene, points).tolist() == [[True, False, False]]


def test_written_scenes_are_read_back(tmp_path: Path) -> None:
    scenes.write_scenes(scenes.VALIDATION.start, 2, tmp_path, *SIZE, RANGE)
    batch = scenes.render(scenes.VALIDATION[:2], *SIZE, RANGE)
    for (image, label, depth), i in zip(read_scenes(tmp_path, *SIZE), range(2), strict=True):
        assert np.array_equal(image, batch.image[i].permute(1, 2, 0).numpy())
        assert np.array_equal(label, batch.label[i].numpy())
        assert np.array_equal(depth, batch.depth[i].numpy())
