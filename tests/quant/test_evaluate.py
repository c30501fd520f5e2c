# SPDX-License-Identifier: Apache-2.0
"""Figures of a package with the prior beside them, as data and as text; the README's table from one place."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from edgemoe import package as packages
from edgemoe.config import MODELS
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_package
from edgemoe.model.metrics import Prior
from edgemoe.quant.evaluate import (
    Scores,
    accuracy_table,
    evaluate,
    evaluate_package,
    integer_model,
    score,
    text,
)
from edgemoe.quant.scenes import load_prior, read_scenes

sys.path.insert(0, str(Path(__file__).parents[1]))
import bad_files

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "models" / "nano.package.safetensors"
SMALL = dataclasses.replace(MODELS["nano"], name="small", height=16, width=32, layers=1)


def test_the_prior_stands_beside_a_shipped_model(tmp_path: Path) -> None:
    figures = evaluate_package(SHIPPED, bad_files.scene(tmp_path / "data"))
    assert json.loads(json.dumps(figures)) == figures
    assert figures["scenes"] == 1 and figures["model"] == "nano" and len(figures["sha256"]) == 64
    prior = load_prior(ROOT / "models" / "nano.prior.npz")
    truth = np.zeros((64, 128), np.uint8)
    hits, union = (prior.label == truth).sum(), truth.size
    assert figures["prior_miou"] == pytest.approx(hits / union / 7)
    assert figures["prior_rmse"] == pytest.approx(np.sqrt(np.mean((prior.depth - 1.0) ** 2)))
    said = text(figures)
    assert f"{figures['prior_miou']:.3f}" in said and f"{figures['rmse']:.2f} m" in said and "prior" in said
    assert all(name in said for name in MODELS["nano"].classes)


def test_another_model_has_no_prior(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    packages.save(random_package(SMALL, 1), path)
    size = (SMALL.height, SMALL.width)
    data = bad_files.scene(
        tmp_path / "data",
        image=np.zeros((*size, 3), np.uint8),
        labels=np.zeros(size, np.uint8),
        depth=np.ones(size),
    )
    figures = evaluate_package(path, data)
    assert "prior_miou" not in figures and "prior" not in text(figures)
    wrong = Prior(np.zeros((64, 128), np.uint8), np.ones((64, 128), np.float32))
    with pytest.raises(UserError, match=r"The prior is 64×128 .* the model is 16×32"):
        evaluate(packages.load(path), read_scenes(data, *size), wrong)


def test_the_table_shows_model_twin_and_prior() -> None:
    figures = json.loads((ROOT / "models" / "figures.json").read_text())
    table = accuracy_table(figures)
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")
    for name, kind in (
        ("nano", "integer"),
        ("nano-dense", "integer"),
        ("tiny", "integer"),
        ("tiny-dense", "float"),
    ):
        assert f"| {figures[name][kind]['miou']:.3f} | {figures[name][kind]['rmse']:.2f} m |" in table
    assert table.count("its dense twin, integers") == table.count("its dense twin, floating point") == 1
    assert f"| {figures['nano']['integer']['prior_rmse']:.2f} m |" in table


def test_parts_make_the_whole() -> None:
    """Scores of some scenes each, kept as JSON, are those of all."""
    package, rng = random_package(SMALL, 1), np.random.default_rng(4)
    size = (SMALL.height, SMALL.width)
    scenes = [
        (
            rng.integers(0, 256, (*size, 3), np.uint8),
            rng.integers(0, 7, size, np.uint8),
            rng.uniform(1, 80, size),
        )
        for _ in range(3)
    ]
    prior = Prior(np.zeros(size, np.uint8), np.ones(size, np.float32))
    answer = integer_model(package)
    whole = score(SMALL, answer, scenes, prior)
    first, second = score(SMALL, answer, scenes[:1], prior), score(SMALL, answer, scenes[1:], prior)
    kept = Scores.from_dict(json.loads(json.dumps(first.to_dict())))
    assert kept.to_dict() == first.to_dict()
    kept.merge(second)
    assert kept.scenes == 3 and kept.own.pixels == whole.own.pixels
    assert np.array_equal(kept.own.confusion, whole.own.confusion)
    assert kept.own.rmse == pytest.approx(whole.own.rmse, rel=1e-12)
    assert kept.prior and whole.prior and kept.prior.miou == whole.prior.miou


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label": np.zeros((3, 5), np.uint8)}, "one size"),
        ({"label": np.zeros((3, 4), np.float32)}, "expected whole numbers"),
        ({"depth": np.full((3, 4), np.nan)}, "depths be finite"),
        ({"label": np.full((3, 4), -1)}, r"labels must lie in 0\.\.255"),
        ({"label": None}, "label.npy"),
        ({"label": np.array([[None]])}, "dtype 'object'"),
    ],
    ids=str,
)
def test_damaged_priors(changes: dict[str, np.ndarray], said: str, tmp_path: Path) -> None:
    good = {"label": np.zeros((3, 4), np.uint8), "depth": np.ones((3, 4), np.float16)}
    np.savez(
        tmp_path / "p.npz", **{n: a for n, a in (good | changes).items() if a is not None}, allow_pickle=True
    )
    with pytest.raises(UserError, match=rf"p\.npz.*{said}"):
        load_prior(tmp_path / "p.npz")
