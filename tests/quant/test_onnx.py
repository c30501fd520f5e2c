# SPDX-License-Identifier: Apache-2.0
"""ONNX graphs in ONNX Runtime: the float ones give PyTorch's outputs, the quantised ones nearly golden's integers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from wide import WIDE

from edgemoe import cli
from edgemoe.config import MODELS, ModelConfig
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.model.m3vit import M3ViT
from edgemoe.package import Package, load
from edgemoe.quant.onnx_files import agreement_of_package, onnx_files
from edgemoe.quant.onnx_float import float_model
from edgemoe.quant.qdq import OUTPUTS, qdq_model

REPO = Path(__file__).resolve().parents[2]
NANO = MODELS["nano"]
FLOATS = {
    "shared-gate": dataclasses.replace(
        NANO, gate="task_embedding", score_rule="softmax_topk", threshold=0.4, layers=2
    ),
    **{
        name: WIDE[name]
        for name in (
            "features",
            "distilled",
            "mean",
            "experts-in-all-layers",
            "heads-by-choice",
            "power-of-two",
        )
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOATS)
def test_float_graphs_follow_pytorch(name: str) -> None:
    config: ModelConfig = FLOATS[name]
    torch.manual_seed(8)
    model, task = M3ViT(config).eval(), config.tasks[-1]
    graph = float_model(model, task)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(7)
    for _ in range(2):
        pixels = rng.integers(0, 256, (1, 3, config.height, config.width), dtype=np.uint8)
        (got,) = session.run([OUTPUTS[config.head]], {"pixels": pixels})
        with torch.no_grad():
            there = model(torch.from_numpy(pixels).float() / 256, task)
        expected = (there.features if config.head == "none" else there.maps).numpy()
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, atol=2e-4 * np.abs(expected).max())


def quantised(package: Package, task: str, seed: int = 5) -> tuple[onnx.ModelProto, dict[str, float]]:
    pixels = random_image(package.config, np.random.default_rng(seed))
    graph = qdq_model(package, task)
    return graph, agreement_of_package(package, task, pixels, graph)


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("rule", ["softmax_all", "softmax_topk"])
def test_quantised_graphs_follow_golden(name: str, rule: str) -> None:
    """A wrong scale, bias, order or axis leaves less than 20 dB."""
    package = random_package(WIDE[name], 2, score_rule=rule, threshold=0.2 if WIDE[name].experts else None)
    for task in package.config.tasks:
        graph, figures = quantised(package, task)
        assert figures["features_db"] > 65
        if package.config.head != "none":
            assert figures["head_most"] <= 20
        kinds = [node.op_type for node in graph.graph.node]
        assert kinds.count("QuantizeLinear") > 7 * package.config.layers


def test_weights_are_the_package_s_integers() -> None:
    package = random_package(WIDE["class-of-experts"], 2, weight_bits=lambda name: 16 if "qkv" in name else 8)
    graph, _ = quantised(package, "classification")
    held = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    for name in ("blocks.0.attn.qkv", "blocks.0.mlp.fc1", "heads.classification.fc"):
        weight = package.tensors[f"{name}.weight"]
        assert held[f"{name}.weight"].dtype == weight.dtype and (held[f"{name}.weight"] == weight).all()
    experts = package.tensors["blocks.1.moe.experts.fc1.weight"]
    assert (held["blocks.1.moe.experts.fc1.3.weight"] == experts[3]).all()


@pytest.mark.slow
def test_the_shipped_model(tmp_path: Path) -> None:
    assert cli.run(["onnx", "nano", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"nano.segmentation.qdq.onnx", "nano.depth.qdq.onnx"}
    graph = onnx.load(tmp_path / "nano.segmentation.qdq.onnx")
    _, figures = quantised(load(REPO / "models" / "nano.package.safetensors"), "segmentation")
    assert figures["decisions_equal"] > 0.999
    about = {entry.key: entry.value for entry in graph.metadata_props}
    assert json.loads(about["edgemoe-config"])["name"] == "nano" and len(about["edgemoe-package"]) == 64
    found = onnx_files(str(REPO / "models" / "nano.safetensors"), tmp_path)
    assert [figures["greatest"] < 1e-4 for figures in found["files"].values()] == [True, True]
    again = onnx_files("nano", tmp_path)  # in the place of those of before
    assert len(again["files"]) == 2 and len(list(tmp_path.iterdir())) == 4


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="segmentation, depth"):
        float_model(M3ViT(NANO), "edges")
    with pytest.raises(UserError, match="has no task 'edges'"):
        qdq_model(random_package(WIDE["class"], 1), "edges")
    (tmp_path / "a.safetensors").write_bytes(b"no header")
    with pytest.raises(UserError, match="is not a safetensors file"):
        onnx_files(str(tmp_path / "a.safetensors"), tmp_path)
    other = tmp_path / "nano.depth.qdq.onnx"
    other.write_bytes(b"mine")
    with pytest.raises(UserError, match="a file is there that this command did not make"):
        onnx_files("nano", tmp_path)
    assert other.read_bytes() == b"mine" and len(list(tmp_path.iterdir())) == 2
