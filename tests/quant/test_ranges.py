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
from safetensors.numpy import load, save
from small import small

from edgemoe import config, shipped
from edgemoe import package as packages
from edgemoe.checkpoint import read_checkpoint, write_halves
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_state
from edgemoe.quant import quantize_checkpoint
from edgemoe.quant.calibrate import calibrate, read_folder
from edgemoe.quant.quantise import float_state
from edgemoe.quant.recipe import Recipe
from edgemoe.ranges import FORMAT, MARGIN, RESIDUAL_MARGIN, Ranges, read_ranges, write_ranges

SMALL = small(dim=32, experts=4)
INDEX, RANGES = "small.safetensors.index.json", "small.ranges.safetensors"


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
    found = calibrate(SMALL, float_state(source), read_folder(pictures, SMALL), detailed=False)
    write_ranges(folder / RANGES, found, source)
    monkeypatch.setattr(shipped, "MODELS", folder)
    monkeypatch.setitem(config.MODELS, "small", SMALL)
    monkeypatch.setenv("EDGEMOE_BUILD", str(tmp_path / "build"))
    return folder


def test_the_bits_are_those_of_quantize(models: Path, tmp_path: Path) -> None:
    made = shipped.package_path("small").read_bytes()
    for shipped_so, names in ((True, "ab"), (False, "cd")):
        correction = shipped.BIAS_CORRECTION if shipped_so else not shipped.BIAS_CORRECTION
        first, second = (tmp_path / f"{name}.safetensors" for name in names)
        recipe = Recipe(margin=shipped.MARGIN, bounds=False, bias_correction=correction, rounding="nearest")
        quantize_checkpoint(models / INDEX, tmp_path / "pictures", first, recipe=recipe)
        quantize_checkpoint(models / INDEX, None, second, ranges=models / RANGES, recipe=recipe)
        assert first.read_bytes() == second.read_bytes()
        assert (first.read_bytes() == made) == shipped_so
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
    doubled = {name: 2 * value for name, value in kept.greatest.items()}
    write_ranges(models / RANGES, Ranges(kept.images, doubled, kept.shares), source)
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
        (edit(version=1), "ranges of version 1; this program reads 2 and 3. Calibrate again"),
        (edit(version=True), "ranges of version True; this program reads"),
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
    tensors, metadata = content(models / RANGES)
    data = json.loads(metadata[FORMAT])
    damage(data)
    (models / RANGES).write_bytes(save(tensors, {FORMAT: json.dumps(data)}))
    with pytest.raises(UserError, match=f"{RANGES}.*{said}"):
        read_ranges(models / RANGES, read_checkpoint(models / INDEX))


def content(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and metadata of a .safetensors file."""
    data = path.read_bytes()
    metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return load(data), metadata


PROJ = "blocks.0.attn.proj"


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (None, f"mean input of each linear layer; '{PROJ}' is missing, or is none"),
        (np.zeros(32, np.float32), f"mean input of {PROJ} is float32 of shape .32,., expected float16 of shape"),
        (np.zeros(31, np.float16), f"mean input of {PROJ} is float16 of shape .31,., expected float16 of shape .32,."),
        (np.full(32, 1.01, np.float16), f"mean input of {PROJ} must be a share of its range, in -1"),
        (np.full(32, np.nan, np.float16), f"mean input of {PROJ} must be a share of its range, in -1"),
    ],
    ids=str,
)  # fmt: skip
def test_damaged_means(tensor: np.ndarray | None, said: str, models: Path) -> None:
    tensors, metadata = content(models / RANGES)
    changed = {name: value for name, value in tensors.items() if name != PROJ}
    if tensor is not None:
        changed[PROJ] = tensor
    (models / RANGES).write_bytes(save(changed, metadata))
    with pytest.raises(UserError, match=f"{RANGES}.*{said}"):
        read_ranges(models / RANGES, read_checkpoint(models / INDEX))


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"format": "x"}, "holds no ranges: no 'edgemoe-ranges' in its metadata"),
        ({FORMAT: "{"}, "the ranges are damaged: its JSON can't be read"),
        ({FORMAT: "[]"}, "the ranges are damaged: they are no JSON object"),
    ],
)
def test_other_metadata(metadata: dict[str, str], said: str, models: Path) -> None:
    (models / RANGES).write_bytes(save(content(models / RANGES)[0], metadata))
    with pytest.raises(UserError, match=f"{RANGES}.*{said}"):
        read_ranges(models / RANGES, read_checkpoint(models / INDEX))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{\n "format": "edgemoe-ranges-1"', "it is no .safetensors file. Ranges of version 1 were JSON"),
        (b"", "it is no .safetensors file"),
        (b"\x08\0\0\0\0\0\0\0{", "holds no ranges: it is cut short"),
    ],
    ids=["JSON of the first format", "empty", "cut short"],
)  # fmt: skip
def test_a_file_without_ranges(data: bytes, said: str, models: Path) -> None:
    (models / RANGES).write_bytes(data)
    with pytest.raises(UserError, match=f"{RANGES}.*{said}"):
        read_ranges(models / RANGES, read_checkpoint(models / INDEX))


def test_ranges_come_back(models: Path, tmp_path: Path) -> None:
    source = read_checkpoint(models / INDEX)
    found = calibrate(SMALL, float_state(source), read_folder(tmp_path / "pictures", SMALL))
    back = read_ranges(models / RANGES, source)
    assert (back.images, back.greatest) == (3, found.greatest)
    assert set(back.shares) == set(found.shares)
    assert all(np.array_equal(share, back.shares[name]) for name, share in found.shares.items())


def test_the_same_ranges_give_the_same_bytes(models: Path) -> None:
    source = read_checkpoint(models / INDEX)
    found, data = read_ranges(models / RANGES, source), (models / RANGES).read_bytes()
    for _ in range(10):
        write_ranges(models / RANGES, found, source)
        assert (models / RANGES).read_bytes() == data


def test_the_margin_is_room_above_the_ranges(models: Path) -> None:
    """Of the residual at least its own."""
    found = read_ranges(models / RANGES, read_checkpoint(models / INDEX))
    usual, wide, narrow = found.scales(1.5), found.scales(6.0), found.scales(1.0)
    for name, greatest in found.greatest.items():
        most = 131071 if name == "residual" else 32767
        assert wide[name] == pytest.approx(6 * greatest / most, rel=1e-3)
        least = RESIDUAL_MARGIN if name == "residual" else 1.0
        assert narrow[name] == pytest.approx(least * greatest / most, rel=1e-3)
    assert usual["residual"] == narrow["residual"] and found.scales() == found.scales(MARGIN)


def test_version_3_comes_back(models: Path, tmp_path: Path) -> None:
    source = read_checkpoint(models / INDEX)
    found = calibrate(SMALL, float_state(source), read_folder(tmp_path / "pictures", SMALL))
    path = tmp_path / "kept.safetensors"
    write_ranges(path, found, source)
    back = read_ranges(path, source)
    assert json.loads(content(path)[1][FORMAT])["version"] == 3
    for kept, own in ((back.histograms, found.histograms), (back.channels, found.channels)):
        assert set(kept) == set(own) and all(np.array_equal(kept[name], own[name]) for name in own)
    assert all(np.array_equal(share, back.shares[name]) for name, share in found.shares.items())
    assert {name: int(h.sum()) for name, h in back.histograms.items()}["blocks.0.norm1"] == (
        3 * len(SMALL.tasks) * SMALL.tokens * SMALL.dim
    )
    package, again = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    recipe = Recipe(ranges_by="percentile", rounding="nearest")
    kept_too = tmp_path / "too.safetensors"
    quantize_checkpoint(models / INDEX, tmp_path / "pictures", package, recipe=recipe, keep_ranges=kept_too)
    quantize_checkpoint(models / INDEX, None, again, ranges=path, recipe=recipe)
    assert package.read_bytes() == again.read_bytes() and kept_too.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "tensor", "said"),
    [
        ("histogram.residual", None, "and the histograms and channels of version 3; 'histogram.residual' is missing"),
        ("histogram.residual", np.zeros(3, np.uint64), r"histogram.residual is uint64 of shape .3,., expected uint64"),
        ("channels.blocks.0.norm1", np.full(32, 1e9, np.float32), "channels of blocks.0.norm1 must reach 0 to its"),
        ("channels.blocks.0.norm1", np.full(32, np.nan, np.float32), "channels of blocks.0.norm1 must reach 0 to"),
        ("channels.extra", np.zeros(32, np.float32), "'channels.extra' is missing, or is none"),
    ],
    ids=str,
)  # fmt: skip
def test_damaged_details(
    name: str, tensor: np.ndarray | None, said: str, models: Path, tmp_path: Path
) -> None:
    source = read_checkpoint(models / INDEX)
    found = calibrate(SMALL, float_state(source), read_folder(tmp_path / "pictures", SMALL))
    write_ranges(models / RANGES, found, source)
    tensors, metadata = content(models / RANGES)
    changed = {key: value for key, value in tensors.items() if key != name}
    if tensor is not None:
        changed[name] = tensor
    (models / RANGES).write_bytes(save(changed, metadata))
    with pytest.raises(UserError, match=f"{RANGES}.*{said}"):
        read_ranges(models / RANGES, source)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (Recipe(ranges_by="mse"), "Ranges by mse need histograms, and these ranges have none"),
        (Recipe(smooth=True), "--smooth needs the ranges of channels, and these ranges have none"),
    ],
)
def test_ranges_of_version_2_say_what_they_lack(
    recipe: Recipe, said: str, models: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said):
        quantize_checkpoint(
            models / INDEX, None, tmp_path / "p.safetensors", ranges=models / RANGES, recipe=recipe
        )
    assert not (tmp_path / "p.safetensors").exists()


def test_ranges_replace_no_other_file(models: Path, tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.txt", tmp_path / "p.safetensors"
    mine.write_text("mine")
    with pytest.raises(UserError, match="this command did not make"):
        quantize_checkpoint(models / INDEX, tmp_path / "pictures", out, keep_ranges=mine)
    assert mine.read_text() == "mine" and not out.exists()
