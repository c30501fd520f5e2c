# SPDX-License-Identifier: Apache-2.0
"""The ONNX graph gives PyTorch's maps in ONNX Runtime."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from edgemoe.config import MODELS, TASKS, ModelConfig
from edgemoe.errors import UserError
from edgemoe.model.checkpoint import load_checkpoint
from edgemoe.model.m3vit import M3ViT
from edgemoe.quant.onnx_export import export_onnx, export_tasks

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "nano.safetensors"


def compare(model: M3ViT, task: str, path: Path) -> None:
    """Runs the graph at `path` on random pixels."""
    config = model.config
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(7)
    for _ in range(2):
        pixels = rng.integers(0, 256, (1, 3, config.height, config.width), dtype=np.uint8)
        (maps,) = session.run(["maps"], {"pixels": pixels})
        with torch.no_grad():
            expected = model(torch.from_numpy(pixels).float() / 256, task).maps.numpy()
        np.testing.assert_allclose(maps, expected, atol=2e-4 * np.abs(expected).max())


@pytest.mark.slow
def test_shipped_model(tmp_path: Path) -> None:
    model, _ = load_checkpoint(SHIPPED)
    for task, path in zip(TASKS, export_tasks(SHIPPED, tmp_path), strict=True):
        assert path.name == f"nano.{task}.onnx"
        compare(model, task, path)


@pytest.mark.slow
def test_shared_gate_threshold_and_other_rule(tmp_path: Path) -> None:
    config: ModelConfig = dataclasses.replace(
        MODELS["nano"], gate="task_embedding", score_rule="softmax_topk", threshold=0.4, layers=2
    )
    torch.manual_seed(8)
    model, path = M3ViT(config).eval(), tmp_path / "m.onnx"
    export_onnx(model, "depth", path)
    compare(model, "depth", path)


def test_unknown_task(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="segmentation, depth"):
        export_onnx(M3ViT(MODELS["nano"]), "edges", tmp_path / "m.onnx")
