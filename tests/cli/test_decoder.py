# SPDX-License-Identifier: Apache-2.0
"""A decoder on the host: what it gets, what it leaves, what it costs, and which graphs are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from small import small
from wide import WIDE

from edgemoe import cli
from edgemoe import package as packages
from edgemoe.config import ModelConfig
from edgemoe.decoder import Decoder, macs_of, read_rules
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_package

FEATURES = WIDE["features"]
RNG = np.random.default_rng(5)
SMALL = small(dim=8, prefix=("class", "register"))


def graph(
    nodes: list[onnx.NodeProto], shape: list[object], weights: dict[str, np.ndarray]
) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    made = helper.make_graph(
        nodes, "decoder", inputs, outputs, [numpy_helper.from_array(w, name) for name, w in weights.items()]
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def convolution(config: ModelConfig, outputs: int = 3, batch: object = 1) -> onnx.ModelProto:
    weight = RNG.normal(size=(outputs, config.dim, 3, 3)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    return graph([node], [batch, config.dim, *config.grid], {"w": weight})


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / "decoder.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("batch", [1, "batch"])
def test_a_convolution_gets_the_patches_as_a_map(batch: object, tmp_path: Path) -> None:
    decoder = Decoder(saved(convolution(SMALL, batch=batch), tmp_path), SMALL)
    features = RNG.normal(size=(SMALL.tokens, SMALL.dim)).astype(np.float32)
    found = decoder(features)
    rows, columns = SMALL.grid
    weight = numpy_helper.to_array(convolution_weight(decoder.path))
    padded = np.pad(features[2:].reshape(rows, columns, SMALL.dim), ((1, 1), (1, 1), (0, 0)))
    expected = sum(
        padded[dy : dy + rows, dx : dx + columns] @ weight[:, :, dy, dx].T
        for dy in range(3)
        for dx in range(3)
    )
    np.testing.assert_allclose(found.outputs["y"][0].transpose(1, 2, 0), expected, rtol=1e-4, atol=1e-4)
    assert found.macs == 3 * rows * columns * SMALL.dim * 9 and found.seconds > 0


def convolution_weight(path: Path) -> onnx.TensorProto:
    return onnx.load(path).graph.initializer[0]


@pytest.mark.parametrize("tokens", [SMALL.tokens, SMALL.patches])
def test_a_product_gets_the_tokens(tokens: int, tmp_path: Path) -> None:
    weight = RNG.normal(size=(SMALL.dim, 5)).astype(np.float32)
    model = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [1, tokens, SMALL.dim], {"w": weight})
    features = RNG.normal(size=(SMALL.tokens, SMALL.dim)).astype(np.float32)
    found = Decoder(saved(model, tmp_path), SMALL)(features)
    np.testing.assert_allclose(found.outputs["y"][0], features[-tokens:] @ weight, rtol=1e-4, atol=1e-5)
    assert found.macs == tokens * SMALL.dim * 5


def test_work_of_each_kind_of_node() -> None:
    weights = {
        "w": np.zeros((4, 6, 2, 2), np.float32),
        "b": np.zeros((7, 9), np.float32),
        "c": np.zeros((6, 3, 1, 1), np.float32),
    }
    nodes = [
        helper.make_node("ConvTranspose", ["x", "w"], ["up"], strides=[2, 2]),  # (1,4,3,5) -> (1,6,6,10)
        helper.make_node("Conv", ["up", "c"], ["thin"], group=2),  # (1,6,6,10)
        helper.make_node("GlobalAveragePool", ["thin"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "d"], ["y"], transB=1),
    ]
    weights |= {"d": np.zeros((9, 6), np.float32)}
    expected = 3 * 5 * 4 * 6 * 4 + 6 * 60 * 3 + 9 * 6
    assert macs_of(graph(nodes, [1, 4, 3, 5], weights), {"x": (1, 4, 3, 5)}) == expected


def test_work_that_is_not_known_is_not_guessed() -> None:
    nodes = [
        helper.make_node("NonZero", ["x"], ["places"]),  # as many as the values say
        helper.make_node("Cast", ["places"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["w", "numbers"], ["y"]),
    ]
    assert macs_of(graph(nodes, [4], {"w": np.zeros((2, 1), np.float32)}), {"x": (4,)}) is None


def test_a_run_leaves_what_the_graph_gives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = random_package(FEATURES, 1)
    packages.save(package, tmp_path / "p.safetensors")
    path = saved(convolution(FEATURES), tmp_path)
    command = ["infer", "--backend", "golden", "--model", str(tmp_path / "p.safetensors")]
    command += ["--task", "normals", "--out", str(tmp_path / "out"), "--decoder", f"normals={path}"]
    assert cli.run([*command, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["task"]["normals"]["decoder"]
    rows, columns = FEATURES.grid
    assert figures["outputs"] == {"y": [1, 3, rows, columns]}
    assert figures["macs"] == 3 * rows * columns * FEATURES.dim * 9
    left = np.load(tmp_path / "out" / "decoded.normals.0.npy")
    features = np.load(tmp_path / "out" / "features.normals.npy") * package.scale("residual")
    again = Decoder(path, FEATURES)(features.astype(np.float32))
    assert (left == again.outputs["y"]).all() and np.abs(left).max() > 0
    assert cli.run(command) == 0
    assert "normals: decoded on the host, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("depth=a.onnx",), "must be TASK=FILE.onnx with a task of semseg, normals"),
        (("a.onnx",), "must be TASK=FILE.onnx"),
        (("semseg=",), "must be TASK=FILE.onnx"),
        (("semseg=a.onnx", "semseg=b.onnx"), "names a graph for semseg twice"),
    ],
)
def test_rules_that_are_refused(given: tuple[str, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_rules(given, ("semseg", "normals"))


def test_rules() -> None:
    assert read_rules(("semseg=a=b.onnx",), ("semseg", "normals")) == {"semseg": Path("a=b.onnx")}
    assert read_rules(("a.onnx",), ("semseg",)) == {"semseg": Path("a.onnx")}


def refused(path: Path, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        Decoder(path, SMALL)
    assert str(path) in str(error.value) and len(str(error.value)) < 600


def test_graphs_that_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "no.onnx", "does not exist")
    path = tmp_path / "decoder.onnx"
    path.write_bytes(b"not a graph")
    refused(path, "is no ONNX graph that ONNX Runtime runs")
    whole = convolution(SMALL).SerializeToString()
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, "is no ONNX graph that ONNX Runtime runs")
    path.write_bytes(b"")
    refused(path, "")
    refused(
        saved(convolution(FEATURES), tmp_path),
        r"has one float32 input, of \[1, 8, .*inputs are 'x tensor",
    )
    node = helper.make_node("Identity", ["x"], ["y"])
    refused(saved(graph([node], ["a", "b", "c"], {}), tmp_path), "has one float32 input")
    refused(saved(graph([node], [2, SMALL.tokens, SMALL.dim], {}), tmp_path), "has one float32 input")
    strange = helper.make_node("Perhaps", ["x"], ["y"])
    refused(saved(graph([strange], [1, SMALL.tokens, SMALL.dim], {}), tmp_path), "ONNX Runtime runs")


def test_a_graph_that_fails_as_it_runs(tmp_path: Path) -> None:
    target = np.array([7, 7], np.int64)
    model = graph(
        [helper.make_node("Reshape", ["x", "s"], ["y"])], ["n", SMALL.tokens, SMALL.dim], {"s": target}
    )
    decoder = Decoder(saved(model, tmp_path), SMALL)
    with pytest.raises(UserError, match=r"fails on an input of \[1, "):
        decoder(np.zeros((SMALL.tokens, SMALL.dim), np.float32))
