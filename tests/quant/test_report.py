# SPDX-License-Identifier: Apache-2.0
"""The report of a quantisation: clipping first, on images that calibration never saw, and what to try."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from small import small

from edgemoe import numerics
from edgemoe.cli.group import commands
from edgemoe.cli.quantising import recipe_of
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_image, random_state
from edgemoe.package import Package
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.plot import CLIPPED, drawn, order
from edgemoe.quant.profile import FIXED_MOST, profile
from edgemoe.quant.recipe import DEFAULT, PERCENTILE
from edgemoe.quant.report import (
    IMAGES_MOST,
    advice,
    advice_on_rounding,
    choose_images,
    far_images,
    far_rows,
    text,
    write_report,
)
from edgemoe.ranges import MARGIN, Ranges, package_of

SMALL = small(height=32, width=32, dim=32, experts=4)
RNG = np.random.default_rng(4)
IMAGES = [random_image(SMALL, RNG) for _ in range(3)]
State = dict[str, np.ndarray]
FAR = {"black", "white", "red", "blue", "noise"}


def model(**factors: float) -> State:
    """Random weights, of which some are multiplied: `blocks_0_attn_qkv=9`."""
    state = random_state(SMALL, np.random.default_rng(3))
    for name, factor in factors.items():
        for part in ("weight", "bias"):
            full = f"{name.replace('_', '.')}.{part}"
            state[full] = state[full] * factor
    return state


def made(state: State, **shrunk: float) -> Package:
    """A package; ranges of tensors in `shrunk` (`blocks_0_norm2=0.5`) are multiplied, as other images would be."""
    found = calibrate(SMALL, state, IMAGES)
    greatest = dict(found.greatest)
    for name, factor in shrunk.items():
        greatest[name.replace("_", ".")] *= factor
    return package_of(SMALL, state, Ranges(found.images, greatest, found.shares), {}, margin=1.5)


def test_without_clipping_the_worst_sqnr_is_first() -> None:
    state = model()
    rows = [row for row in profile(made(state), state, IMAGES[:1]) if "agreement" not in row]
    assert all(row["clipped"] == 0 for row in rows)
    assert [row["sqnr_db"] for row in rows] == sorted(row["sqnr_db"] for row in rows)
    assert "No value was clipped" in text(rows, "1 image")


def test_choices_of_heads_have_rows_like_those_of_experts() -> None:
    config = dataclasses.replace(SMALL, heads=4, top_heads=2)
    state = random_state(config, np.random.default_rng(3))
    package = package_of(config, state, calibrate(config, state, IMAGES), {}, margin=1.5)
    rows = {(row["task"], row["tensor"]): row for row in profile(package, state, IMAGES[:1])}
    routers = [f"blocks.{i}.attn.router" for i in range(config.layers)]
    assert all(rows[task, name]["agreement"] > 0.9 for task in config.tasks for name in routers)
    assert rows["depth", "blocks.0.attn.context"]["sqnr_db"] > 30
    assert "blocks.0.attn.router" in text([*rows.values()], "1 image")
    assert "only the gate's weights" in advice({"tensor": "blocks.0.attn.router", "clipped": 1})


def test_scores_beyond_their_format_come_first_and_blame_the_weights() -> None:
    """Queries and keys grow together, so the scores leave ±128 while every calibrated range holds."""
    state = model(blocks_0_attn_qkv=12)
    rows = profile(made(state), state, IMAGES[:1])
    first = rows[0]
    assert first["tensor"] == "blocks.0.attn.context" and first["clipped"] > 0
    assert first["beyond"] > FIXED_MOST
    assert {row["tensor"] for row in rows if row.get("clipped")} == {"blocks.0.attn.context"}
    told = text(rows, "1 image")
    assert f"blocks.0.attn.context: its scores reach {first['beyond']:,.0f} in the float model" in told
    assert "no calibration changes that" in told
    assert told.index(f"{first['clipped']:,}") < told.index("patch_embed")


def test_values_before_gelu_beyond_their_format() -> None:
    state = model(blocks_0_mlp_fc1=60)
    first = profile(made(state), state, IMAGES[:1])[0]
    assert first["tensor"] == "blocks.0.mlp.fc1" and first["beyond"] > FIXED_MOST
    assert "its values before GELU reach" in advice(first)


def test_a_range_that_is_left_asks_for_other_images_or_a_margin() -> None:
    state = model()
    first = profile(made(state, blocks_1_norm2=0.3), state, IMAGES[:1])[0]
    assert first["tensor"] == "blocks.1.norm2" and "beyond" not in first
    assert "calibrate with images like these, too, or with a larger --margin" in advice(first)


def test_clipping_inside_an_expert_has_a_row_of_its_own() -> None:
    """Hidden values of experts are in no tensor of the float model that has a tap."""
    state = model()
    rows = profile(made(state, blocks_1_hidden=0.2), state, IMAGES[:1])
    row = next(row for row in rows if row["tensor"] == "blocks.1.moe.experts")
    assert row["clipped"] > 0 and "sqnr_db" not in row
    assert rows.index(row) < 2  # one a task
    assert "calibrate" in advice(row) and "–" in text(rows, "1 image")


def test_clipping_of_the_output_is_told_of_it() -> None:
    state = model()
    first = profile(made(state, heads_depth_out=0.3), state, IMAGES[:1])[0]
    assert (first["task"], first["tensor"]) == ("depth", "heads.depth.out") and first["clipped"] > 0


def test_fixed_formats_end_at_one_value() -> None:
    assert FIXED_MOST == 2.0 ** (numerics.SCORE_BITS - 1 - numerics.SCORE_FRACTION)
    assert FIXED_MOST == 2.0 ** (numerics.HIDDEN_BITS - 1 - numerics.HIDDEN_FRACTION)


def test_far_images_are_counted_and_the_stage_named() -> None:
    state = model()
    narrow = far_rows(made(state, blocks_1_norm2=0.2), state)
    assert {row["image"] for row in narrow} == set(far_images(SMALL)) == FAR
    assert all(row["most"] == "blocks.1.norm2" for row in narrow if row["image"] == "noise")
    wide = package_of(SMALL, state, calibrate(SMALL, state, IMAGES), {}, margin=16.0)
    assert all(row["clipped"] == 0 and "most" not in row for row in far_rows(wide, state))


def pictures(folder: Path, images: list[np.ndarray]) -> Path:
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number}.png")
    return folder


def test_images_of_the_calibration_are_left_out(tmp_path: Path) -> None:
    others = [random_image(SMALL, np.random.default_rng(seed)) for seed in range(IMAGES_MOST + 1)]
    folder = pictures(tmp_path / "a", [*IMAGES, *others])
    chosen = choose_images(folder, SMALL, IMAGES)
    assert len(chosen) == IMAGES_MOST
    assert all(np.array_equal(a, b) for a, b in zip(chosen, others, strict=False))
    with pytest.raises(UserError, match=r"Every image of .* is one of the calibration's"):
        choose_images(pictures(tmp_path / "b", IMAGES), SMALL, IMAGES)


def test_without_a_folder_it_is_the_street() -> None:
    (image,) = choose_images(None, SMALL, IMAGES)
    assert image.shape == (SMALL.height, SMALL.width, 3)


@pytest.mark.parametrize(("known", "said"), [(True, "none of the"), (False, "maybe some of the")])
def test_the_text_claims_no_more_than_is_known(known: bool, said: str, tmp_path: Path) -> None:
    state = model()
    write_report(tmp_path, made(state), state, IMAGES[:1], IMAGES[1:] if known else [])
    assert f"1 image, {said} calibration's" in (tmp_path / "profile.txt").read_text().splitlines()[0]
    rows = json.loads((tmp_path / "profile.json").read_text())
    assert {row["image"] for row in rows if "image" in row} == FAR
    assert (tmp_path / "profile.svg").read_text().startswith("<svg")


def test_the_command_s_defaults_are_the_recipe_s() -> None:
    command = commands.commands["quantize"]
    context = command.make_context("quantize", ["float.safetensors", "--out", "integers.safetensors"])
    assert recipe_of(dict(context.params)) == DEFAULT
    parameters = command.params
    margin = next(option for option in parameters if option.name == "margin")
    assert f"[default: {MARGIN:g};" in margin.help
    percentile = next(option for option in parameters if option.name == "percentile")
    assert f"[default: {PERCENTILE}]" in percentile.help


def test_other_models_of_the_same_shape_are_no_matter() -> None:
    """A model without experts has no rows of experts or gates."""
    dense = dataclasses.replace(SMALL, experts=0)
    state = random_state(dense, np.random.default_rng(1))
    rows = profile(package_of(dense, state, calibrate(dense, state, IMAGES), {}), state, IMAGES[:1])
    assert not [row for row in rows if "agreement" in row or ".moe." in row["tensor"]]


def test_low_sqnr_without_clipping_has_advice_of_its_own() -> None:
    row = {
        "task": "depth",
        "tensor": "blocks.0.attn.q",
        "sqnr_db": 20.0,
        "max_error": 0.1,
        "used": 0.5,
        "clipped": 0,
    }
    rounding, unused = advice_on_rounding(row), advice_on_rounding(row | {"used": 0.01})
    assert rounding and "--weight-budget" in rounding and "--smooth" in rounding
    assert unused and "it uses 1.0 % of its range" in unused and "--no-bounds" in unused
    assert advice_on_rounding(row | {"sqnr_db": 40.0}) is advice_on_rounding(row | {"clipped": 3}) is None
    other = row | {"tensor": "blocks.1.attn.k", "sqnr_db": 10.0}
    told = text([row, other], "1 image")
    assert f"blocks.1.attn.k (depth) 10.0 dB, blocks.0.attn.q (depth) 20.0 dB: {rounding}." in told


def test_the_picture_marks_what_was_clipped() -> None:
    state = model()
    rows = profile(made(state, blocks_1_norm2=0.3), state, IMAGES[:1])
    picture = drawn(rows, "a <title>")
    clipped = [row for row in rows if row.get("clipped") and "sqnr_db" in row]
    assert clipped and picture.count(f'r="3.5" fill="{CLIPPED}"') == len(clipped)
    assert "a &lt;title&gt;" in picture and "a <title>" not in picture
    ElementTree.fromstring(picture)
    names = [tensor for tensor in re.findall(r">(blocks[^<:]*|patch_embed|features)</text>", picture)]
    first = names[: names.index("features") + 1]
    assert first[0] == "patch_embed" and first == sorted(first, key=order)
