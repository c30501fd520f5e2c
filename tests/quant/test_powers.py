# SPDX-License-Identifier: Apache-2.0
"""Quantising experts whose weights are powers of two: no noise of theirs, int8 alone, no smoothing; `--powers`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from wide import WIDE

from edgemoe import cli
from edgemoe import package as packages
from edgemoe.checkpoint import write_floats, write_halves
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.package import Package
from edgemoe.powers import moved, nearest_powers, power_layers, power_weights
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.profile import features_sqnr
from edgemoe.quant.quantise import make_package
from edgemoe.quant.recipe import Recipe
from edgemoe.quant.search import measured
from edgemoe.quant.weights import layer_bits

CONFIG = dataclasses.replace(WIDE["power-of-two"], height=32, width=32)
ANY = dataclasses.replace(CONFIG, name="any", expert_weights="any")
RNG = np.random.default_rng(7)
STATE, PLAIN = random_state(CONFIG, RNG), random_state(ANY, RNG)
IMAGES = [random_image(CONFIG, RNG) for _ in range(3)]
LAYERS = power_layers(CONFIG)


def sqnr(package: Package, name: str, weight: np.ndarray) -> float:
    """Of one layer's weights, in decibel."""
    back = package.tensors[f"{name}.weight"] * package.tensors[f"{name}.weight_scale"][..., None]
    noise = np.square(back - weight).sum()
    return float(10 * np.log10(np.square(weight).sum() / noise)) if noise else np.inf


@pytest.mark.parametrize(
    "recipe", [Recipe(), Recipe(act_bits=8, smooth=True), Recipe(weights=(("", 16),))], ids=str
)
def test_expert_weights_have_no_noise_at_all(recipe: Recipe) -> None:
    package = make_package(CONFIG, STATE, calibrate(CONFIG, STATE, IMAGES), recipe).package
    assert [sqnr(package, name, STATE[f"{name}.weight"]) for name in LAYERS] == [np.inf] * 4
    assert {package.tensors[f"{name}.weight"].dtype for name in LAYERS} == {np.dtype(np.int8)}
    if not recipe.smooth:
        assert np.isfinite(sqnr(package, "blocks.0.attn.qkv", STATE["blocks.0.attn.qkv.weight"]))
    least = 25 if recipe.act_bits == 8 else 35
    assert features_sqnr(package, STATE, IMAGES) > least


def test_smoothing_leaves_their_norms_alone() -> None:
    found = calibrate(CONFIG, STATE, IMAGES)
    plain, smooth = (make_package(CONFIG, STATE, found, Recipe(smooth=s)).package for s in (False, True))
    for i in range(CONFIG.layers):
        same = [
            np.array_equal(
                plain.tensors[f"blocks.{i}.{norm}.weight"], smooth.tensors[f"blocks.{i}.{norm}.weight"]
            )
            for norm in ("norm1", "norm2")
        ]
        assert same == [False, True]


def test_no_byte_is_spent_on_them_and_a_pattern_that_names_them_is_refused() -> None:
    bits = layer_bits(CONFIG, (("", 16),))
    assert {name for name, width in bits.items() if width == 8} == LAYERS
    with pytest.raises(
        UserError, match=r"moe\.experts\.fc1: its weights are powers of two.*blocks\.0\.moe\.experts\.\*=8"
    ):
        layer_bits(CONFIG, (("blocks.0.*", 16),))
    assert layer_bits(CONFIG, (("blocks.0.*", 16), ("blocks.0.moe.experts.*", 8)))["blocks.0.attn.qkv"] == 16
    candidates = measured(CONFIG, STATE, IMAGES[:1], layer_bits(CONFIG, ()))
    assert candidates and not LAYERS & {name for one in candidates for name in one.layers}


def test_what_rounding_moved() -> None:
    assert moved(ANY, PLAIN) is None
    exact = moved(CONFIG, STATE)
    assert exact is not None and exact.moved == 0 and exact.decibel == np.inf
    rounded = moved(CONFIG, PLAIN)
    weights = np.concatenate([PLAIN[name].ravel() for name in power_weights(CONFIG)])
    after = np.concatenate([nearest_powers(PLAIN[name]).ravel() for name in power_weights(CONFIG)])
    assert rounded is not None and rounded.weights == weights.size
    assert rounded.moved == (weights != after).sum() > 0.9 * weights.size
    assert rounded.decibel == pytest.approx(
        10 * np.log10((weights**2).sum() / ((weights - after) ** 2).sum())
    )
    assert 12 < rounded.decibel < 20


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Checkpoints of the model, of one of any weights, in float32 and in halves, and images."""
    for name, config, state in (("own", CONFIG, STATE), ("any", ANY, PLAIN)):
        floats = {key: tensor.astype(np.float32) for key, tensor in state.items()}
        write_floats(tmp_path / f"{name}.safetensors", config, floats, {})
    write_halves(tmp_path / "half.safetensors.index.json", CONFIG, STATE, {})
    (tmp_path / "seen").mkdir()
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(tmp_path / "seen" / f"{number}.png")
    return tmp_path


def quantize(place: Path, name: str, *options: str) -> int:
    files = ["--calibration", str(place / "seen"), "--out", str(place / "out.safetensors")]
    return cli.run(["quantize", str(place / name), *files, *options])


def test_the_command_says_what_it_did(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quantize(place, "own.safetensors") == 0
    assert "weights are powers of two, and int8 holds them exactly" in capsys.readouterr().out
    assert quantize(place, "half.safetensors.index.json", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["powers"] == sum(STATE[name].size for name in power_weights(CONFIG)) and said["moved"] == 0
    assert quantize(place, "any.safetensors") == 0
    assert "powers" not in capsys.readouterr().out
    report = place / "report"
    assert quantize(place, "any.safetensors", "--powers", "--report", str(report)) == 0
    assert "are made powers of two: " in capsys.readouterr().out
    package = packages.load(place / "out.safetensors")
    assert (
        package.config.expert_weights == "power_of_two"
        and package.provenance["calibration"]["powers"] is True
    )
    rows = json.loads((report / "profile.json").read_text())
    features = [row["sqnr_db"] for row in rows if row.get("tensor") == "features"]
    assert max(features) < 30  # against the checkpoint as it was given, not as it was rounded


def test_a_dense_model_has_no_experts_to_round(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dense = WIDE["mean"]
    state = {name: t.astype(np.float32) for name, t in random_state(dense, np.random.default_rng(0)).items()}
    write_floats(place / "dense.safetensors", dense, state, {})
    (place / "out.safetensors").unlink(missing_ok=True)
    assert quantize(place, "dense.safetensors", "--powers") == 2
    assert "--powers is for experts, and model 'mean' has none" in capsys.readouterr().err
    assert not (place / "out.safetensors").exists()
