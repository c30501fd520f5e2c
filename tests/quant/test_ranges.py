# SPDX-License-Identifier: Apache-2.0
"""A checkpoint and its ranges make the package that calibration makes, when it is first wanted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small import small

from edgemoe import config, shipped
from edgemoe import package as packages
from edgemoe.checkpoint import read_checkpoint, write_halves
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_state
from edgemoe.quant import quantize_checkpoint
from edgemoe.quant.calibrate import calibrate, read_folder
from edgemoe.quant.quantise import float_state
from edgemoe.ranges import Ranges, read_ranges, write_ranges

SMALL = small(dim=32, experts=4)
INDEX, RANGES = "small.safetensors.index.json", "small.ranges.json"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models with `small`, whose package is to be made; its calibration images beside it."""
    folder, pictures = tmp_path / "models", tmp_path / "pictures"
    write_halves(folder / INDEX, SMALL, random_state(SMALL, np.random.default_rng(1)), {"steps": 3})
    pictures.mkdir()
    rng = np.random.default_rng(2)
    for number in range(3):
        pixels = rng.integers(0, 256, (SMALL.height, SMALL.width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"{number}.png")
    source = read_checkpoint(folder / INDEX)
    found = calibrate(SMALL, float_state(source), read_folder(pictures, SMALL))
    write_ranges(folder / RANGES, found, source)
    monkeypatch.setattr(shipped, "MODELS", folder)
    monkeypatch.setitem(config.MODELS, "small", SMALL)
    monkeypatch.setenv("EDGEMOE_BUILD", str(tmp_path / "build"))
    return folder


def test_the_bits_are_those_of_quantize(models: Path, tmp_path: Path) -> None:
    made = shipped.package_path("small").read_bytes()
    quantize_checkpoint(models / INDEX, tmp_path / "pictures", tmp_path / "a.safetensors")
    quantize_checkpoint(models / INDEX, None, tmp_path / "b.safetensors", ranges=models / RANGES)
    assert (tmp_path / "a.safetensors").read_bytes() == made
    assert (tmp_path / "b.safetensors").read_bytes() == made
    provenance = packages.load(tmp_path / "b.safetensors").provenance
    assert provenance["training"] == {"steps": 3} and provenance["calibration"]["images"] == 3
    assert provenance["checkpoint_sha256"] == read_checkpoint(models / INDEX).sha256


def test_it_is_made_once(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again if its ranges, its checkpoint or the modules that make it change, or its file is damaged."""
    told: list[str] = []
    path = shipped.package_path("small", told.append)
    assert path.is_relative_to(tmp_path / "build") and told == [
        "making the package of small from its checkpoint, once"
    ]
    assert shipped.package_path("small", told.append) == path and len(told) == 1
    path.write_bytes(path.read_bytes()[:-1])
    assert shipped.package_path("small", told.append) == path and len(told) == 2
    packages.load(path)
    source = read_checkpoint(models / INDEX)
    kept = read_ranges(models / RANGES, source)
    write_ranges(models / RANGES, Ranges(kept.images, {n: 2 * v for n, v in kept.greatest.items()}), source)
    other = shipped.package_path("small", told.append)
    assert other != path and len(told) == 3
    assert packages.load(other).scale("residual") == pytest.approx(
        2 * packages.load(path).scale("residual"), rel=1e-3
    )
    monkeypatch.setattr(shipped, "SOURCES", shipped.SOURCES[1:])
    assert shipped.package_path("small", told.append) not in (path, other)


def test_ranges_of_another_checkpoint_are_refused(models: Path, tmp_path: Path) -> None:
    """Of the same sizes; nothing stays in the cache."""
    write_halves(models / INDEX, SMALL, random_state(SMALL, np.random.default_rng(9)), {"steps": 3})
    digest = read_checkpoint(models / INDEX).sha256
    with pytest.raises(UserError, match=f"{RANGES} is of another checkpoint: .* expected {digest}"):
        shipped.package_path("small")
    assert not list((tmp_path / "build").rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ([RANGES], f"lacks {RANGES};"),
        ([INDEX], f"lacks {INDEX};"),
        ([INDEX, RANGES], f"lacks {INDEX} and {RANGES};"),
    ],
    ids=str,
)
def test_what_is_missing_is_named(gone: list[str], said: str, models: Path) -> None:
    for name in gone:
        (models / name).unlink()
    with pytest.raises(UserError, match=f"model 'small' is made from {INDEX} and {RANGES}, and .* {said}"):
        shipped.package_path("small")


def test_a_shard_that_is_missing_is_named(models: Path) -> None:
    (models / "small-00001-of-00001.safetensors").unlink()
    with pytest.raises(UserError, match=r"Shard .*small-00001-of-00001\.safetensors can't be read: No such"):
        shipped.package_path("small")


def edit(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update(changes)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (edit(format="x"), "holds no ranges: format 'x', expected 'edgemoe-ranges-1'"),
        (edit(checkpoint_sha256=None), "is of another checkpoint: checkpoint_sha256 None, expected"),
        (edit(images=True), "images is True, expected a whole number"),
        (edit(images=0), "images is 0, expected a whole number"),
        (edit(greatest=[1]), "greatest must have one number of each"),
        (lambda data: data["greatest"].pop("residual"), "each activation tensor; 'residual' is missing"),
        (lambda data: data["greatest"].update(extra=1), "each activation tensor; 'extra' is missing, or is none"),
        (lambda data: data["greatest"].update(residual="1"), r"range of residual is '1', expected a number in 0\.\."),
        (lambda data: data["greatest"].update(residual=-1), "range of residual is -1, expected a number"),
        (lambda data: data["greatest"].update(residual=10**400), "range of residual is an integer of 1329 bits"),
        (lambda data: data["greatest"].update(residual=True), "range of residual is True, expected a number"),
    ],
)  # fmt: skip
def test_damaged_ranges(damage: Callable[[dict[str, Any]], object], said: str, models: Path) -> None:
    data = json.loads((models / RANGES).read_text())
    damage(data)
    (models / RANGES).write_text(json.dumps(data))
    with pytest.raises(UserError, match=f"{RANGES}.*{said}"):
        read_ranges(models / RANGES, read_checkpoint(models / INDEX))


@pytest.mark.parametrize(
    ("text", "said"), [("[]", r"format \[\], expected"), ("{", "holds no ranges: its JSON can't be read")]
)
def test_a_file_without_ranges(text: str, said: str, models: Path) -> None:
    (models / RANGES).write_text(text)
    with pytest.raises(UserError, match=f"{RANGES}.*{said}"):
        read_ranges(models / RANGES, read_checkpoint(models / INDEX))


def test_ranges_come_back(models: Path, tmp_path: Path) -> None:
    source = read_checkpoint(models / INDEX)
    found = calibrate(SMALL, float_state(source), read_folder(tmp_path / "pictures", SMALL))
    assert read_ranges(models / RANGES, source) == found and found.images == 3
