# SPDX-License-Identifier: Apache-2.0
"""An imported checkpoint becomes a package whose integers follow the float network; and the command line says so."""

from __future__ import annotations

import json
from pathlib import Path

import authors
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from edgemoe.checkpoint import read_checkpoint
from edgemoe.cli.group import commands
from edgemoe.imports import Options, import_checkpoint
from edgemoe.quant import quantize_checkpoint
from edgemoe.quant.profile import features_sqnr
from edgemoe.quant.quantise import float_state

FIXTURES = Path(__file__).parent / "fixtures"
M3VIT = Options(heads=3, normalise="imagenet", size=(8, 16), top_k=2, tasks=("semseg", "depth"))


def source(name: str, tmp_path: Path) -> tuple[Path, Options]:
    if name != "m3vit":
        return FIXTURES / name / "model.safetensors", Options()
    torch.save(authors.state_dict(authors.Sizes(), "embedded"), tmp_path / "m.pth")
    return tmp_path / "m.pth", M3VIT


@pytest.mark.parametrize(
    "name", ["timm-deit-distilled", "timm-vit-mean", "timm-dinov2-reg", "hf-dinov2", "m3vit"]
)
def test_to_integers(name: str, tmp_path: Path) -> None:
    """Features of the package against the float network's: int8 weights leave more than 25 dB."""
    path, options = source(name, tmp_path)
    import_checkpoint(path, tmp_path / "float.safetensors", options)
    checkpoint = read_checkpoint(tmp_path / "float.safetensors")
    config = checkpoint.config
    (tmp_path / "images").mkdir()
    made = np.random.default_rng(1)
    images = [made.integers(0, 256, (config.height, config.width, 3), dtype=np.uint8) for _ in range(4)]
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "images" / f"{number}.png")
    package = quantize_checkpoint(
        tmp_path / "float.safetensors", calibration=tmp_path / "images", out=tmp_path / "p.safetensors"
    )
    assert package.config == config
    assert features_sqnr(package, float_state(checkpoint), images) > 25


def test_command_line(tmp_path: Path) -> None:
    path, out = FIXTURES / "timm-deit-distilled" / "model.safetensors", tmp_path / "m.safetensors"
    done = CliRunner().invoke(commands, ["import", str(path), "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0 and "Every tensor was used." in done.output and "Used: 35 of 35" in done.output
    done = CliRunner().invoke(
        commands, ["import", str(path), "--out", str(out), "--json"], catch_exceptions=False
    )
    report = json.loads(done.output)
    assert report["family"] == "timm, DeiT or DINO" and report["used"] == 35
