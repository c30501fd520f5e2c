# SPDX-License-Identifier: Apache-2.0
"""What makes no training is refused before anything is rendered; short trainings have their whole schedule."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgemoe.config import MODELS
from edgemoe.errors import UserError
from edgemoe.model import train as training
from edgemoe.model.scenes import SEEDS, SOFTWARE, write_scenes
from edgemoe.model.train import TrainOptions, check_device, check_targets, learning_rate, train_and_save

NANO = MODELS["nano"]
TINY = (8, 16, (1.0, 80.0))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scenes": 0}, "scenes is 0; it must lie in 1..16777216"),
        ({"scenes": -1}, "scenes is -1"),
        ({"scenes": (1 << 24) + 1}, "scenes is 16777217"),
        ({"validation": 0}, "validation is 0"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": -3}, "steps is -3"),
        ({"batch": 0}, "batch is 0"),
        ({"seconds": 0.0}, "a time limit is positive"),
        ({"seconds": -1.0}, "a time limit is positive"),
        ({"seconds": math.nan}, "a time limit is positive"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"ema": 1.0}, "ema 1.0"),
        ({"warmup": -1}, "warmup is -1"),
        ({"seed": -1}, "seed -1"),
        ({"weight_decay": math.inf}, "weight_decay is inf"),
        ({"balance": -0.1}, "balance is -0.1"),
    ],
    ids=str,
)
def test_options_that_make_no_training(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        TrainOptions(**changes)


@pytest.mark.parametrize("steps", [1, 2, 20, 100, 9_000])
def test_warm_up_is_a_share_of_the_schedule(steps: int) -> None:
    """At most an eighteenth of it, whether steps or seconds end it; the shipped models' is as it was."""
    options = TrainOptions(steps=steps, learning_rate=1.0)
    for step in range(0, steps, max(1, steps // 100)):
        rate = learning_rate(options, step / steps, step)
        assert rate > 0
        if step >= steps / 18:
            assert rate == pytest.approx(0.5 * (1 + math.cos(math.pi * step / steps)))
    if steps == 9_000:
        assert learning_rate(options, 100 / steps, 100) == pytest.approx(101 / 500, rel=1e-3)
    assert learning_rate(options, 0.5, 3) == pytest.approx(0.5)  # a time limit half over after three steps


def test_a_device_that_there_is_not() -> None:
    check_device("cpu")
    for name in ("abacus", "cuda:99", "meta", ""):
        with pytest.raises(UserError, match=r"can't compute on device .*`cpu` always works"):
            check_device(name)


def test_more_scenes_than_memory_are_refused_before_rendering(tmp_path: Path) -> None:
    options = TrainOptions(scenes=1 << 24)
    with pytest.raises(UserError, match=r"16777216 scenes take 825 GB"):
        train_and_save([NANO], options, tmp_path, "cpu")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["nano.prior.npz", "nano.safetensors", "nano.json"])
def test_a_users_file_is_seen_before_rendering(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rendered(*_: object) -> None:
        raise AssertionError("rendering has begun")

    monkeypatch.setattr(training, "Pool", rendered)
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match="this command did not make"):
        train_and_save([NANO], TrainOptions(), tmp_path, "cpu")
    assert (tmp_path / name).read_text() == "mine"


def test_what_training_wrote_may_be_replaced(tmp_path: Path) -> None:
    models = Path(__file__).resolve().parents[2] / "models"
    for name in ("nano.prior.npz", "nano.safetensors", "nano.json"):
        (tmp_path / name).write_bytes((models / name).read_bytes())
    check_targets([NANO], tmp_path)
    (tmp_path / "nano.json").write_text(json.dumps({"model": "nano"}))
    with pytest.raises(UserError, match=r"nano\.json"):
        check_targets([NANO], tmp_path)


def test_scenes_replace_scenes_only(tmp_path: Path) -> None:
    write_scenes(3, 2, tmp_path, *TINY)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(first) == [f"{k}.{end}" for k in (3, 4) for end in ("depth.npy", "labels.png", "png")]
    write_scenes(3, 2, tmp_path, *TINY)
    assert first == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("5.png", "5.labels.png", "5.depth.npy"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(UserError, match=rf"{name} is not written"):
            write_scenes(3, 3, tmp_path, *TINY)
        (tmp_path / name).unlink()
    (tmp_path / "5.png").write_bytes(first["3.png"].replace(SOFTWARE.encode(), b"another maker"))
    with pytest.raises(UserError, match=r"5\.png"):
        write_scenes(5, 1, tmp_path, *TINY)


@pytest.mark.parametrize(("seed", "count"), [(-1, 1), (0, 0), (SEEDS, 1), (SEEDS - 1, 2), (5, 1 << 70)])
def test_seeds_that_there_are_not(seed: int, count: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="seeds lie in"):
        write_scenes(seed, count, tmp_path / "out", *TINY)
    assert not (tmp_path / "out").exists()


def test_a_short_training_is_logged_and_averaged(tmp_path: Path) -> None:
    """Ten steps: each is in the history, the last too, and the kept weights have moved."""
    small = training.dense_twin(training.dataclasses.replace(NANO, height=8, width=16, layers=1, dim=16))
    options = TrainOptions(scenes=4, validation=2, steps=10, batch=2)
    train_and_save([small], options, tmp_path, "cpu", lambda _: None)
    record = json.loads((tmp_path / f"{small.name}.json").read_text())
    assert [line["step"] for line in record["history"]] == list(range(10))
    assert np.isfinite(record["float"]["rmse"])
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"{small.name}.{e}" for e in ("json", "prior.npz", "safetensors")
    ]
