# SPDX-License-Identifier: Apache-2.0
"""The shipped models: a package is what its checkpoint gives, and is as good as the record says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from edgemoe import package as packages
from edgemoe.images import read_image
from edgemoe.model.checkpoint import load_checkpoint
from edgemoe.model.scenes import VALIDATION, render
from edgemoe.package import Package
from edgemoe.quant.evaluate import Scene, evaluate, load_prior
from edgemoe.quant.profile import profile
from edgemoe.quant.quantise import float_state
from edgemoe.shipped import BIAS_CORRECTION, package_path

MODELS = Path(__file__).resolve().parents[2] / "models"
SCENES = 6


@pytest.fixture(scope="module")
def package() -> Package:
    return packages.load(MODELS / "nano.package.safetensors")


@pytest.fixture(scope="module")
def scenes(package: Package) -> list[Scene]:
    config = package.config
    batch = render(VALIDATION[5000 : 5000 + SCENES], config.height, config.width, config.depth_range)
    pictures = batch.image.permute(0, 2, 3, 1).numpy()
    return list(zip(pictures, batch.label.numpy(), batch.depth.numpy(), strict=True))


@pytest.mark.slow
def test_beats_the_prior_on_fresh_scenes(package: Package, scenes: list[Scene]) -> None:
    figures = evaluate(package, scenes, load_prior(MODELS / "nano.prior.npz"))
    assert figures["scenes"] == SCENES
    assert figures["miou"] > figures["prior_miou"] + 0.35
    assert figures["rmse"] < 0.65 * figures["prior_rmse"]


@pytest.mark.slow
def test_integer_follows_float(package: Package, scenes: list[Scene]) -> None:
    model, _ = load_checkpoint(MODELS / "nano.safetensors")
    rows = profile(package, float_state(model), [image for image, _, _ in scenes[:2]])
    assert min(row["sqnr_db"] for row in rows if "sqnr_db" in row) > 20
    assert min(row["agreement"] for row in rows if "agreement" in row) > 0.95


def test_package_is_of_this_checkpoint(package: Package) -> None:
    digest = hashlib.sha256((MODELS / "nano.safetensors").read_bytes()).hexdigest()
    assert package.provenance["checkpoint_sha256"] == digest


def test_recorded_figures_are_of_this_package_and_good_enough(package: Package) -> None:
    figures = json.loads((MODELS / "figures.json").read_text())
    assert figures["nano"]["package_sha256"] == package.sha256
    for name in ("nano", "nano-dense"):
        integer = figures[name]["integer"]
        assert integer["scenes"] >= 200
        assert integer["miou"] >= integer["prior_miou"] + 0.25
        assert integer["rmse"] <= 0.75 * integer["prior_rmse"]
    assert figures["nano"]["integer"]["miou"] > figures["nano-dense"]["integer"]["miou"]


@pytest.mark.parametrize("name", ["nano", "nano-dense", "tiny"])
def test_integers_cost_little(name: str) -> None:
    """On the same scenes: at most 0.2 points of mIoU and 0.5 % of RMSE."""
    figures = json.loads((MODELS / "figures.json").read_text())[name]
    integer, real = figures["integer"], figures["float"]
    assert integer["scenes"] == real["scenes"] == 512
    assert integer["miou"] >= real["miou"] - 0.002
    assert integer["rmse"] <= 1.005 * real["rmse"]


def test_recorded_figures_of_tiny_are_of_its_package() -> None:
    """The one that is made from checkpoint and ranges; its floats are those that its training measured."""
    figures = json.loads((MODELS / "figures.json").read_text())
    record = json.loads((MODELS / "tiny.json").read_text())
    assert packages.load(package_path("tiny")).sha256 == figures["tiny"]["package_sha256"]
    for name in ("miou", "rmse"):
        assert figures["tiny"]["float"][name] == pytest.approx(record["half"][name], rel=1e-3)
    twin = json.loads((MODELS / "tiny-dense.json").read_text())
    assert figures["tiny-dense"]["float"] == twin["half"]


@pytest.mark.parametrize("name", ["nano", "tiny"])
def test_bias_correction_would_change_next_to_nothing(name: str) -> None:
    """Why the shipped packages do without: less than 0.05 points of mIoU and 0.05 % of RMSE on the same scenes."""
    figures = json.loads((MODELS / "figures.json").read_text())[name]
    own, other = figures["integer"], figures["other_bias_correction"]
    assert other["scenes"] == own["scenes"]
    assert other["miou"] == pytest.approx(own["miou"], abs=0.0005)
    assert other["rmse"] == pytest.approx(own["rmse"], rel=0.0005)
    calibration = packages.load(package_path(name)).provenance["calibration"]
    assert figures["bias_correction"] == calibration.get("bias_correction", False) == BIAS_CORRECTION


def test_the_report_of_tiny_has_its_clipped_scores_first() -> None:
    figures = json.loads((MODELS / "figures.json").read_text())["tiny"]
    first = figures["most_clipped"][0]
    assert first["tensor"] == "blocks.0.attn.context" and first["beyond"] > 1000
    assert figures["worst_sqnr"][0]["sqnr_db"] <= figures["worst_sqnr"][1]["sqnr_db"]


def test_street_is_larger_than_the_models_input(package: Package) -> None:
    street = read_image(MODELS / "street.png")
    assert street.shape == (256, 512, 3)
    assert street.dtype == np.uint8
