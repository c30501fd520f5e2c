# SPDX-License-Identifier: Apache-2.0
"""The position embedding: resized as PyTorch does it, on request only, and laid out by its length."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from edgemoe.checkpoint import read_checkpoint
from edgemoe.errors import UserError
from edgemoe.imports import Options, import_checkpoint
from edgemoe.imports.positions import resized

FIXTURES = Path(__file__).parent / "fixtures"
REGISTERS = FIXTURES / "timm-dinov2-reg" / "model.safetensors"


@pytest.mark.parametrize("old", [(3, 3), (14, 14), (16, 8), (37, 37), (1, 5)])
@pytest.mark.parametrize("new", [(3, 3), (16, 16), (9, 25), (1, 1), (37, 20)])
def test_bicubic_is_torch_s(old: tuple[int, int], new: tuple[int, int]) -> None:
    grid = np.random.default_rng(0).standard_normal((*old, 5))
    tensor = torch.from_numpy(grid).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(
        tensor, new, mode="bicubic", align_corners=False, antialias=True
    )
    got = resized(grid, new)
    if old == new:
        assert np.array_equal(got, grid)
    assert np.abs(got - expected[0].permute(1, 2, 0).numpy()).max() < 1e-12


def test_resized_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    with pytest.raises(UserError, match="--resize-position"):
        import_checkpoint(REGISTERS, out, Options(size=(25, 30), resize="stretch"))
    report = import_checkpoint(REGISTERS, out, Options(size=(25, 30), resize="stretch", resize_position=True))
    checkpoint = read_checkpoint(out)
    assert checkpoint.config.grid == (5, 6)
    assert report["facts"]["positions"] == "resized from 3 x 3 to 5 x 6 patches, bicubic"
    source = load_file(REGISTERS)["pos_embed"][0].astype(np.float64).reshape(3, 3, -1)
    position = checkpoint.tensors["pos_embed"][0]
    assert not position[:5].any()  # class token and registers have none
    assert np.allclose(position[5:], resized(source, (5, 6)).reshape(30, -1), atol=1e-6)


def test_the_crop_follows_the_size(tmp_path: Path) -> None:
    """timm's crop_pct is a share of the size that is asked for."""
    folder = FIXTURES / "timm-deit3"
    import_checkpoint(folder / "model.safetensors", tmp_path / "m.safetensors",
                      Options(size=(32, 32), resize_position=True))  # fmt: skip
    config = read_checkpoint(tmp_path / "m.safetensors").config
    assert (config.resize, config.resize_short) == ("crop", 35)


def test_without_a_config(tmp_path: Path) -> None:
    """--trained-size says which size the positions are of."""
    path = tmp_path / "m.safetensors"
    shutil.copy(REGISTERS, path)
    known = {"heads": 3, "eps": 1e-6, "activation": "gelu", "normalise": "imagenet", "resize": "stretch"}
    with pytest.raises(UserError, match="holds 9 positions"):
        import_checkpoint(path, tmp_path / "x.safetensors", Options(size=(20, 20), **known))
    options = Options(size=(20, 20), trained_size=(15, 15), resize_position=True, **known)
    import_checkpoint(path, tmp_path / "x.safetensors", options)
    assert read_checkpoint(tmp_path / "x.safetensors").config.tokens == 21


def test_positions_of_dinov2_s_authors(tmp_path: Path) -> None:
    """Their files: `register_tokens`, and positions of the class token and the patches only."""
    tensors = load_file(REGISTERS)
    tensors["register_tokens"] = tensors.pop("reg_token")
    extra = np.full((1, 1, 24), 0.25, tensors["pos_embed"].dtype)
    tensors["pos_embed"] = np.concatenate([extra, tensors["pos_embed"]], axis=1)
    save_file(tensors, tmp_path / "m.safetensors")
    shutil.copy(REGISTERS.with_name("config.json"), tmp_path)
    import_checkpoint(tmp_path / "m.safetensors", tmp_path / "x.safetensors", Options())
    position = read_checkpoint(tmp_path / "x.safetensors").tensors["pos_embed"][0]
    assert (position[0] == 0.25).all() and not position[1:5].any() and position[5:].all()
