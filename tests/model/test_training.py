# SPDX-License-Identifier: Apache-2.0
"""Losses, metrics, checkpoints and a few steps of training."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from small import small

from edgemoe.config import MODELS
from edgemoe.errors import UserError
from edgemoe.model.checkpoint import load_checkpoint, save_checkpoint
from edgemoe.model.losses import depth_loss, segmentation_loss
from edgemoe.model.m3vit import M3ViT
from edgemoe.model.metrics import Score
from edgemoe.model.prior import PriorCounter
from edgemoe.model.scenes import render
from edgemoe.model.train import JUDGED, TrainOptions, dense_twin, learning_rate, step_losses, train_and_save

SMALL = small(dim=32, experts=4)


@pytest.mark.slow
def test_a_few_steps_learn_something_and_leave_the_files(tmp_path: Path) -> None:
    options = TrainOptions(scenes=12, steps=60, batch=8, warmup=5, validation=4, learning_rate=5e-3)
    lines: list[str] = []
    train_and_save([SMALL, dense_twin(SMALL)], options, tmp_path, "cpu", lines.append)
    assert (tmp_path / "small.prior.npz").is_file()
    for name in ("small", "small-dense"):
        record = json.loads((tmp_path / f"{name}.json").read_text())
        first, last = record["history"][0], record["history"][-1]
        assert last["step"] == 59
        assert last["segmentation"] < 0.8 * first["segmentation"]
        assert last["depth"] < 0.8 * first["depth"]
        judged = [line for line in record["history"] if "miou" in line]
        assert len(judged) == JUDGED and judged[-1] is last
        assert last["miou"] == pytest.approx(record["float"]["miou"], abs=1e-4)
        model, training = load_checkpoint(tmp_path / f"{name}.safetensors")
        assert model.config.name == name and training["steps"] == 60
        assert not model.training
        batch = render(range(8), 16, 32, SMALL.depth_range)
        parts, _ = step_losses(model, batch.image.float() / 256, batch.label.long(), batch.depth)
        assert parts["segmentation"] < 0.9 * first["segmentation"]  # the averaged weights have learnt, too


def test_dense_twin_has_equal_compute() -> None:
    for config in MODELS.values():
        twin = dense_twin(config)
        assert twin.experts == 0
        assert config.top_k * config.expert_hidden == twin.dense_hidden


def test_schedule_warms_up_and_ends_at_zero() -> None:
    options = TrainOptions(warmup=10, learning_rate=1.0)
    assert learning_rate(options, 0.0, 0) == pytest.approx(0.1)
    assert learning_rate(options, 0.0, 9) == pytest.approx(1.0)
    assert learning_rate(options, 0.5, 100) == pytest.approx(0.5)
    assert learning_rate(options, 1.0, 100) == pytest.approx(0.0)


def test_segmentation_loss_is_least_for_the_truth() -> None:
    label = torch.randint(0, 7, (2, 8, 8), generator=torch.Generator().manual_seed(0))
    truth = torch.nn.functional.one_hot(label, 7).permute(0, 3, 1, 2).float() * 50
    assert segmentation_loss(truth, label) < 1e-3
    assert segmentation_loss(truth.roll(1, 1), label) > 10


def test_depth_loss_counts_metres_and_pulls_the_sky_away() -> None:
    metres = torch.full((1, 2, 2), 20.0)
    sky = torch.tensor([[[False, False], [False, True]]])
    predicted = metres.clone()
    predicted[sky] = 80
    assert depth_loss(predicted, metres, sky, 80.0) == 0
    off = predicted.clone()
    off[0, 0, 0] += 8
    assert depth_loss(off, metres, sky, 80.0).item() == pytest.approx((1 + 0.3 * 8 / 20) / 3)
    near_sky, far_sky = predicted.clone(), predicted.clone()
    near_sky[sky], far_sky[sky] = 0, 90
    assert depth_loss(near_sky, metres, sky, 80.0) > 0
    assert depth_loss(far_sky, metres, sky, 80.0) == 0


def test_score_against_plain_counting() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 7, (2, 3, 5, 6)).astype(np.uint8)
    depth, guess = rng.uniform(1, 80, (2, 3, 5, 6))
    score = Score(7)
    for i in range(3):
        score.add_labels(predicted[i], truth[i])
        score.add_depth(guess[i], depth[i], truth[i])
    for c in range(7):
        a, b = truth == c, predicted == c
        assert score.iou[c] == pytest.approx((a & b).sum() / (a | b).sum())
    seen = truth != 4
    assert score.rmse == pytest.approx(np.sqrt(np.mean((depth - guess)[seen] ** 2)))


def test_prior_is_most_frequent_class_and_mean_depth() -> None:
    labels = torch.tensor([[[0, 4]], [[0, 4]], [[2, 4]]], dtype=torch.uint8)
    depth = torch.tensor([[[3.0, 80]], [[5.0, 80]], [[10.0, 80]]])
    counter = PriorCounter(7, 1, 2)
    counter.add(labels[:2], depth[:2])
    counter.add(labels[2:], depth[2:])
    prior = counter.prior()
    assert prior.label.tolist() == [[0, 4]]
    assert prior.depth.tolist() == [[6.0, 6.0]]  # where there is only sky, the mean of all


def test_checkpoint_round_trip_and_errors(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model = M3ViT(SMALL)
    save_checkpoint(model, path, {"steps": 1})
    loaded, training = load_checkpoint(path)
    assert training == {"steps": 1} and loaded.config == SMALL
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    with pytest.raises(UserError, match="no checkpoint"):
        load_checkpoint(tmp_path / "none.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match="not a safetensors file"):
        load_checkpoint(broken)
    other = M3ViT(dataclasses.replace(SMALL, dim=16))
    other.config = SMALL
    save_checkpoint(other, broken, {})
    with pytest.raises(UserError, match="does not hold the tensors"):
        load_checkpoint(broken)
