# SPDX-License-Identifier: Apache-2.0
"""A checkpoint is read without torch, and is what the PyTorch model has."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from edgemoe.checkpoint import check_checkpoint_target, read_checkpoint, state_shapes
from edgemoe.config import MODELS, ModelConfig
from edgemoe.errors import UserError
from edgemoe.model.checkpoint import load_checkpoint, save_checkpoint
from edgemoe.model.m3vit import M3ViT

NANO = MODELS["nano"]
SHIPPED = Path(__file__).resolve().parents[2] / "models" / "nano.safetensors"


@pytest.mark.parametrize(
    "config",
    [
        NANO,
        MODELS["tiny"],
        dataclasses.replace(NANO, experts=0),
        dataclasses.replace(NANO, gate="task_embedding", layers=3),
    ],
    ids=["nano", "tiny", "dense", "task embedding"],
)
def test_shapes_are_those_of_the_state_dict(config: ModelConfig) -> None:
    with torch.device("meta"):
        model = M3ViT(config)
    assert state_shapes(config) == {name: tuple(t.shape) for name, t in model.state_dict().items()}
    matrices = sum(np.prod(s) for n, s in state_shapes(config).items() if len(s) > 1 and "bias" not in n)
    assert 0.9 < config.weights / matrices < 1.1


def test_both_readers_agree() -> None:
    checkpoint, (model, training) = read_checkpoint(SHIPPED), load_checkpoint(SHIPPED)
    assert checkpoint.config == model.config and checkpoint.training == training
    assert not model.training and all(parameter.requires_grad for parameter in model.parameters())
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(checkpoint.tensors[name], tensor.numpy())


def test_only_a_checkpoint_is_a_target(tmp_path: Path) -> None:
    save_checkpoint(M3ViT(dataclasses.replace(NANO, layers=1)), tmp_path / "c.safetensors", {})
    check_checkpoint_target(tmp_path / "c.safetensors")
    (tmp_path / "d.safetensors").write_bytes((SHIPPED.parent / "nano.package.safetensors").read_bytes())
    with pytest.raises(UserError, match=r"did not make .*is not a checkpoint"):
        check_checkpoint_target(tmp_path / "d.safetensors")
