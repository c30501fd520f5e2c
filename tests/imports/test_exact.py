# SPDX-License-Identifier: Apache-2.0
"""What is imported computes what timm and Hugging Face compute: to rounding of float32 weights, on what
make_fixtures.py kept of those libraries.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from edgemoe.checkpoint import read_checkpoint
from edgemoe.errors import UserError
from edgemoe.golden.model import forward
from edgemoe.imports import Options, import_checkpoint

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.name for path in FIXTURES.iterdir())
GIVEN = {"hf-vit-features": Options(normalise="0.5,0.4,0.6/0.5,0.25,0.3", resize="stretch")}
"""What config.json of a network does not say."""


def imported(name: str, tmp_path: Path, options: Options | None = None) -> tuple[dict[str, Any], Any]:
    out = tmp_path / "out.safetensors"
    report = import_checkpoint(
        FIXTURES / name / "model.safetensors", out, options or GIVEN.get(name, Options())
    )
    return report, read_checkpoint(out)


def difference(got: np.ndarray, expected: np.ndarray) -> float:
    """Largest error as a share of the largest value."""
    assert got.shape == expected.shape
    return float(np.abs(got - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("name", NAMES)
def test_same_numbers(name: str, tmp_path: Path) -> None:
    _, checkpoint = imported(name, tmp_path)
    expected = np.load(FIXTURES / name / "expected.npz")
    state = {tensor: array.astype(np.float64) for tensor, array in checkpoint.tensors.items()}
    task = checkpoint.config.tasks[0]
    tensors = forward(checkpoint.config, state, expected["image"], task)
    assert difference(tensors["features"], expected["features"]) < 1e-6
    if checkpoint.config.head == "classes":
        assert difference(tensors[f"heads.{task}.out"][0], expected["scores"]) < 1e-6
    assert ("scores" in expected) == (checkpoint.config.head == "classes")


def test_every_kind_is_there() -> None:
    assert len(NAMES) == 12


GRAPHS = sorted(FIXTURES.glob("*/*.onnx"))


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_onnx_is_the_same(path: Path, tmp_path: Path) -> None:
    """The graph gives the tensors that the .safetensors gives."""
    _, expected = imported(path.parent.name, tmp_path)
    config = expected.config
    options = Options(
        heads=config.heads, eps=config.eps, activation="gelu", pool=config.pool,
        model_config=path.parent / "config.json",
    )  # fmt: skip
    report = import_checkpoint(path, tmp_path / "graph.safetensors", options)
    got = read_checkpoint(tmp_path / "graph.safetensors")
    assert dataclasses.replace(got.config, name=expected.config.name) == expected.config
    assert all(np.array_equal(got.tensors[name], array) for name, array in expected.tensors.items())
    assert report["used"] + len(report["not_used"]) == report["tensors"]


def test_what_a_graph_says(tmp_path: Path) -> None:
    """eps, GELU and size are in the newer exporter's graph; heads, normalisation and crop are asked for."""
    graph = tmp_path / "m.onnx"
    graph.write_bytes((FIXTURES / "timm-deit-distilled" / "dynamo.onnx").read_bytes())
    with pytest.raises(UserError) as error:
        import_checkpoint(graph, tmp_path / "x.safetensors", Options())
    asked = str(error.value)
    assert "--heads" in asked and "--normalise" in asked and "--resize" in asked
    assert "--eps" not in asked and "--activation" not in asked and "--size HxW" not in asked
    options = Options(heads=3, normalise="inception", resize="stretch")
    report = import_checkpoint(graph, tmp_path / "x.safetensors", options)
    assert report["facts"]["eps"] == "1e-06, as in the graph"
    assert read_checkpoint(tmp_path / "x.safetensors").config.height == 12


def test_a_folded_token_is_refused(tmp_path: Path) -> None:
    """The newer exporter folds tokens of a fixed batch into a constant that has no name."""
    graph = onnx.load(FIXTURES / "timm-deit-distilled" / "dynamo.onnx")
    for tensor in graph.graph.initializer:
        if tensor.name == "cls_token":
            tensor.name = "expand"
    for node in graph.graph.node:
        node.input[:] = ["expand" if name == "cls_token" else name for name in node.input]
    onnx.save(graph, tmp_path / "m.onnx")
    with pytest.raises(UserError, match="'expand' was made by the exporter"):
        import_checkpoint(tmp_path / "m.onnx", tmp_path / "x.safetensors", Options())
