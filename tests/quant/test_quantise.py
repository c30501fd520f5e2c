# SPDX-License-Identifier: Apache-2.0
"""Calibration, quantisation and profile on a small random model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small import small

from edgemoe import package as packages
from edgemoe.errors import UserError
from edgemoe.golden.model import forward, ranges
from edgemoe.model.checkpoint import save_checkpoint
from edgemoe.model.m3vit import M3ViT
from edgemoe.quant import quantize_checkpoint
from edgemoe.quant.calibrate import calibrate, read_folder
from edgemoe.quant.profile import chosen_alike, float_name, profile
from edgemoe.quant.quantise import float_state, quantise
from edgemoe.quant.recipe import Recipe
from edgemoe.ranges import MARGIN, RESIDUAL_MARGIN

SMALL = small(height=32, dim=32, experts=4, gate="task_embedding")


@pytest.fixture(scope="module")
def model() -> M3ViT:
    torch.manual_seed(5)
    model = M3ViT(SMALL).eval()
    for name, parameter in model.named_parameters():
        if "norm" not in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return model


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(6)
    return [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(3)]


def test_scales_are_the_greatest_value_times_the_margin(model: M3ViT, images: list[np.ndarray]) -> None:
    state = float_state(model)
    scales = calibrate(SMALL, state, images).scales()
    seen = [
        ranges(SMALL, forward(SMALL, state, i, task), task)
        for i in images
        for task in ("segmentation", "depth")
    ]
    for name, scale in scales.items():
        greatest = max(r[name] for r in seen if name in r)
        margin = max(MARGIN, RESIDUAL_MARGIN) if name == "residual" else MARGIN
        most = 131071 if name == "residual" else 32767
        assert scale == pytest.approx(greatest * margin / most, rel=1e-3)


def test_weights_come_back_within_half_a_step(model: M3ViT, images: list[np.ndarray]) -> None:
    package = quantise(model, images, {}, Recipe(rounding="nearest"))
    for name, weight in float_state(model).items():
        if name.endswith(".weight") and f"{name}_scale" in package.tensors:
            scale = package.tensors[f"{name}_scale"][..., None]
            back = package.tensors[name] * scale
            assert np.abs(back - weight.reshape(back.shape)).max() <= 0.5001 * scale.max()
            assert np.abs(package.tensors[name]).max() == (32767 if name == "patch_embed.weight" else 127)


def test_profile_of_a_random_model(model: M3ViT, images: list[np.ndarray]) -> None:
    package = quantise(model, images, {})
    rows = profile(package, float_state(model), images)
    figures = [row["sqnr_db"] for row in rows if "sqnr_db" in row]
    assert figures == sorted(figures)
    features = [row for row in rows if row["tensor"] == "features"]
    assert {row["task"] for row in features} == {"segmentation", "depth"}
    assert all(row["sqnr_db"] > 22 for row in features)
    assert all(row["agreement"] > 0.9 for row in rows if "agreement" in row)
    assert next(row for row in rows if row["tensor"] == "patch_embed")["sqnr_db"] > 70


def test_profile_notices_a_damaged_layer(model: M3ViT, images: list[np.ndarray]) -> None:
    package = quantise(model, images, {})
    package.tensors["blocks.0.mlp.fc1.weight"][:] = 0
    rows = profile(package, float_state(model), images)
    sqnr = {row["tensor"]: row["sqnr_db"] for row in rows if "sqnr_db" in row}
    assert sqnr["blocks.0.norm2"] > 25
    assert sqnr["blocks.0.mlp.fc1"] < 5


def test_tap_names() -> None:
    assert float_name("blocks.0.attn.q") == "blocks.0.q"
    assert float_name("blocks.1.moe.combine") == "blocks.1.out"
    assert float_name("heads.depth.fc1") == "heads.depth.hidden"
    assert float_name("patch_embed") == "embedding"
    assert float_name("blocks.1.moe.gate") is None
    assert float_name("pixels") is None


def test_agreement_compares_sets() -> None:
    chosen = np.array([[0, 1], [2, 3], [4, 5]])
    score = np.array([[0.5, 0.3], [0.5, 0.0], [0.5, 0.3]])
    slots = np.zeros((3, 4, 3), np.int64)
    slots[0, :2] = [[1, 1, 9], [0, 1, 9]]  # the same two, the other way round
    slots[1, :2] = [[2, 1, 9], [3, 0, 0]]  # the second dropped on both sides
    slots[2, :2] = [[4, 1, 9], [6, 1, 9]]
    assert chosen_alike(chosen, score, slots) == pytest.approx(2 / 3)


def test_checkpoint_to_package_file(model: M3ViT, images: list[np.ndarray], tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    Image.fromarray(images[0][..., 0]).save(folder / "0.labels.png")
    save_checkpoint(model, tmp_path / "m.safetensors", {"steps": 0})
    package = quantize_checkpoint(
        tmp_path / "m.safetensors", folder, tmp_path / "p.safetensors", tmp_path / "report"
    )
    loaded = packages.load(tmp_path / "p.safetensors")
    assert loaded.provenance["calibration"]["images"] == 3
    assert loaded.provenance["training"] == {"steps": 0}
    expected = quantise(model, images, {}).tensors
    for name, tensor in loaded.tensors.items():
        assert np.array_equal(tensor, expected[name]) and np.array_equal(tensor, package.tensors[name])
    assert "features" in (tmp_path / "report" / "profile.txt").read_text()
    again = (tmp_path / "m.safetensors", folder, tmp_path / "p.safetensors", tmp_path / "report")
    assert packages.to_bytes(quantize_checkpoint(*again)) == packages.to_bytes(package)
    for mine in ("report/profile.txt", "report/profile.json", "report/profile.svg", "p.safetensors"):
        kept = (tmp_path / mine).read_bytes()
        (tmp_path / mine).write_text("mine")
        with pytest.raises(UserError, match="this command did not make"):
            quantize_checkpoint(*again)
        assert (tmp_path / mine).read_text() == "mine"
        (tmp_path / mine).write_bytes(kept)


def test_calibration_folder_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="edgemoe scenes"):
        read_folder(tmp_path / "none", SMALL)
    with pytest.raises(UserError, match="no PNG"):
        read_folder(tmp_path, SMALL)
