# SPDX-License-Identifier: Apache-2.0
"""`edgemoe quantize` from the command line: what each option makes, and what is refused before any work."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from floats import IMAGES, SMALL, UNSEEN, state_of
from PIL import Image

from edgemoe import cli
from edgemoe import package as packages
from edgemoe.checkpoint import write_halves
from edgemoe.quant.weights import layer_bits, weight_bytes

INDEX = "small.safetensors.index.json"
LEAST = weight_bytes(SMALL, layer_bits(SMALL, ()))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint and two folders of images."""
    folder = tmp_path_factory.mktemp("quantise")
    write_halves(folder / INDEX, SMALL, state_of(), {"steps": 3})
    for name, images in (("seen", IMAGES), ("unseen", UNSEEN)):
        (folder / name).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


def quantize(place: Path, *options: str) -> int:
    out = place / "out.safetensors"
    out.unlink(missing_ok=True)
    return cli.run(
        ["quantize", str(place / INDEX), "--calibration", str(place / "seen"), "--out", str(out), *options]
    )


def calibration(place: Path) -> dict[str, object]:
    said = packages.load(place / "out.safetensors").provenance["calibration"]
    assert isinstance(said, dict)
    return said


PLAIN = {
    "images": 4,
    "margin": 6.0,
    "residual_margin": 6.0,
    "bias_correction": True,
    "rounding": "compensated",
    "bounds": True,
}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], {}),
        (["--margin", "1.5", "--no-bounds"], {"margin": 1.5, "residual_margin": 2.0, "bounds": None}),
        (["--no-bias-correction"], {"bias_correction": None}),
        (["--rounding", "nearest"], {"rounding": None}),
        (["--weight-bits", "16", "--weight-bits", "patch_embed=16"],
            {"margin": 3.0, "residual_margin": 3.0, "rounding": None,
             "weight_bits": dict.fromkeys(layer_bits(SMALL, ()), 16)}),
        (["--act-bits", "8", "--smooth"], {"act_bits": 8, "smooth": True, "margin": 1.0}),
        (["--ranges-by", "percentile"], {"ranges_by": "percentile", "percentile": 99.99, "margin": 1.0}),
        (
            ["--ranges-by", "percentile", "--percentile", "99", "--margin", "2"],
            {"ranges_by": "percentile", "percentile": 99.0, "margin": 2.0, "residual_margin": 2.0},
        ),
        (["--ranges-by", "mse"], {"ranges_by": "mse", "margin": 1.0}),
    ],
    ids=str,
)  # fmt: skip
def test_a_package_says_how_it_was_made(options: list[str], said: dict[str, object], place: Path) -> None:
    assert quantize(place, *options) == 0
    assert calibration(place) == {name: value for name, value in (PLAIN | said).items() if value is not None}


def test_widths_and_budget(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    budget = LEAST + 5000
    assert (
        quantize(
            place, "--weight-bits", "blocks.0.attn.*=16", "--weight-budget", str(LEAST + 12000), "--json"
        )
        == 0
    )
    figures = json.loads(capsys.readouterr().out)
    bits = calibration(place)["weight_bits"]
    assert isinstance(bits, dict)
    taken = {name for choice in figures["choices"] if choice["taken"] for name in choice["layers"]}
    wide = {name for name, width in bits.items() if width == 16}
    named = {"blocks.0.attn.qkv", "blocks.0.attn.proj"}
    assert wide == taken | named | {"patch_embed"} and taken
    assert figures["weight_bytes"] == weight_bytes(SMALL, bits) <= LEAST + 12000
    assert quantize(place, "--weight-budget", str(budget)) == 0
    assert f"int16 weights, {weight_bytes(SMALL, calibration(place)['weight_bits']):,} bytes in all: " in (  # type: ignore[arg-type]
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--weight-bits", "blocks.9.*=16"], "'blocks.9.*' matches no layer of model 'small'"),
        (["--weight-bits", "12"], "--weight-bits '12' is neither 8 nor 16"),
        (["--percentile", "99"], "--percentile is for --ranges-by percentile"),
        (["--smooth", "--ranges-by", "mse"], "leave out --smooth, or --ranges-by mse"),
        (["--weight-budget", "10"], "A budget of 10 bytes is less than"),
        (["--report-images", "."], "Give --report FOLDER with --report-images"),
    ],
    ids=str,
)
def test_what_is_refused(
    options: list[str], said: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quantize(place, *options) != 0
    assert said in capsys.readouterr().err
    assert not (place / "out.safetensors").exists()


def test_kept_ranges_make_the_same_package(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = place / "kept.safetensors"
    options = ["--act-bits", "8", "--smooth", "--rounding", "nearest"]
    assert quantize(place, "--keep-ranges", str(kept), *options) == 0
    first = (place / "out.safetensors").read_bytes()
    again = place / "again.safetensors"
    command = ["quantize", str(place / INDEX), "--ranges", str(kept), "--out", str(again)]
    assert cli.run([*command, *options]) == 0
    assert again.read_bytes() == first
    # Its rounding needs images; with them it is the same, too.
    plain = [option for option in options if option not in ("--rounding", "nearest")]
    assert cli.run([*command, *plain, "--calibration", str(place / "seen")]) == 0
    with_images = again.read_bytes()
    assert quantize(place, *plain) == 0
    assert with_images == (place / "out.safetensors").read_bytes() != first
    assert cli.run([*command, "--weight-budget", str(LEAST)]) != 0
    assert cli.run([*command, "--keep-ranges", str(kept)]) != 0
    told = capsys.readouterr().err
    assert "--weight-budget is spent by what images show" in told and "they are kept already" in told


def test_a_report_of_other_images(place: Path) -> None:
    report = place / "report"
    options = [
        "--report",
        str(report),
        "--report-images",
        str(place / "unseen"),
        "--weight-budget",
        str(LEAST + 5000),
    ]
    assert quantize(place, "--act-bits", "8", *options) == 0
    told = (report / "profile.txt").read_text()
    assert "none of the calibration's" in told.splitlines()[0] and "range used" in told
    assert "Weights take" in told and "int16  " in told and "lanes of 16" in told
    rows = json.loads((report / "profile.json").read_text())
    tensors = [row for row in rows if "sqnr_db" in row]
    assert all(row["used"] > 0 for row in tensors)
    assert [row["sqnr_db"] for row in tensors] == sorted(row["sqnr_db"] for row in tensors)
    picture = (report / "profile.svg").read_text()
    assert picture.count("<circle") == picture.count("<rect") == len(tensors)
    assert np.all([f"{row['tensor']}: " in picture for row in tensors])
