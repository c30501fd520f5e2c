# SPDX-License-Identifier: Apache-2.0
"""A decoder that runs on the host: an ONNX graph that takes the backbone's features, as M³ViT's convolutional one does.

It runs in ONNX Runtime on one thread, behind whichever back end made the features. What it costs is said in the
backbone's unit: multiply-accumulates, counted from the graph.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.files import read_regular

if TYPE_CHECKING:
    import onnx

GRAPH_MOST = 1 << 30
"""Bytes of a graph with its weights."""
Float = NDArray[np.float32]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Decoded:
    """What a decoder made of an image: its outputs by name, its multiply-accumulates (None: a shape in the graph is not
    known), and the seconds that it took here."""

    outputs: dict[str, NDArray[Any]]
    macs: int | None
    seconds: float


def read_rules(given: tuple[str, ...], tasks: tuple[str, ...]) -> dict[str, Path]:
    """`TASK=FILE` each, or `FILE` for the only task -> file by task; UserError for another task or one named twice."""
    found: dict[str, Path] = {}
    for text in given:
        task, equals, path = text.partition("=")
        if not equals and len(tasks) == 1:
            task, path = tasks[0], text
        if task not in tasks or not path:
            raise UserError(
                f"--decoder {shown(text)} must be TASK=FILE.onnx with a task of {', '.join(tasks)}, of those that run."
            )
        if task in found:
            raise UserError(f"--decoder names a graph for {task} twice.")
        found[task] = Path(path)
    return found


class Decoder:
    """One graph with one input: the patches' tokens as a map (1, D, rows, columns), or tokens (1, T, D), all of them or
    those of the patches. UserError, with the file, for anything else."""

    def __init__(self, path: Path, config: ModelConfig) -> None:
        import onnx
        import onnxruntime

        self.path = path
        data = read_regular(path, "Decoder", GRAPH_MOST)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what it says of a graph that it can't run is in the error
        try:
            graph = onnx.load_model_from_string(data)
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # each library has kinds of its own for a graph that it can't take
            raise UserError(
                f"{path} is no ONNX graph that ONNX Runtime runs: {_first_line(error)}"
            ) from error
        inputs = self.session.get_inputs()
        self.layout = _layout(path, inputs, config)
        self.name, self.shape = (
            inputs[0].name,
            self.layout(np.zeros((config.tokens, config.dim), np.float32)).shape,
        )
        self.macs = macs_of(graph, {self.name: self.shape})

    def __call__(self, features: Float) -> Decoded:
        """Decodes features (T, D) as the float model has them: before any final norm."""
        values, started = self.layout(features), time.perf_counter()
        try:
            ran = self.session.run(None, {self.name: values})
        except Exception as error:
            raise UserError(
                f"{self.path} fails on an input of {list(values.shape)}: {_first_line(error)}"
            ) from error
        seconds = time.perf_counter() - started
        names = [output.name for output in self.session.get_outputs()]
        return Decoded(dict(zip(names, map(np.asarray, ran), strict=True)), self.macs, seconds)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return shown(lines[0]) if lines else type(error).__name__


def _layout(path: Path, inputs: Any, config: ModelConfig) -> Callable[[Float], Float]:
    """What makes the graph's input of features."""
    (rows, columns), first = config.grid, len(config.prefix)
    known: dict[Shape, Callable[[Float], Float]] = {
        (1, config.dim, rows, columns): lambda x: x[first:].T.reshape(1, config.dim, rows, columns),
        (1, config.tokens, config.dim): lambda x: x[None],
        (1, config.patches, config.dim): lambda x: x[None, first:],
    }
    if len(inputs) == 1 and inputs[0].type == "tensor(float)":
        fixed = [size if isinstance(size, int) else None for size in inputs[0].shape]
        fits = [shape for shape in known if _agrees(fixed, shape)]
        if fits:
            return lambda x: np.ascontiguousarray(known[fits[0]](x), np.float32)
    got = "; ".join(f"{given.name} {given.type} {given.shape}" for given in inputs) or "none"
    wanted = ", ".join(str(list(shape)) for shape in known)
    raise UserError(
        f"{path}: a decoder of {config.name!r} has one float32 input, of {wanted}; this graph's "
        f"inputs are {shown(got)}."
    )


def _agrees(fixed: list[int | None], shape: Shape) -> bool:
    """Whether a graph's input, None where any size will do, can have a shape; the channels must be said."""
    place = 1 if len(shape) == 4 else 2
    sizes_fit = all(size in (None, wanted) for size, wanted in zip(fixed, shape, strict=False))
    return len(fixed) == len(shape) and sizes_fit and fixed[place] is not None


def macs_of(graph: onnx.ModelProto, inputs: Mapping[str, Shape]) -> int | None:
    """Multiply-accumulates of a graph's convolutions and matrix products; None where a shape is not known."""
    import onnx

    for value in graph.graph.input:
        if value.name in inputs:
            for dimension, size in zip(value.type.tensor_type.shape.dim, inputs[value.name], strict=True):
                dimension.dim_value = size
    try:
        inferred = onnx.shape_inference.infer_shapes(graph, data_prop=True).graph
    except Exception:  # the graph runs; only its cost stays unknown
        return None
    shapes = {constant.name: tuple(constant.dims) for constant in inferred.initializer}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    total = 0
    for node in inferred.node:
        if node.op_type not in COUNTED:
            continue
        x, weight, y = (shapes.get(name, ()) for name in (*node.input[:2], node.output[0]))
        if not all(shape and all(size > 0 for size in shape) for shape in (x, weight, y)):
            return None
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        total += COUNTED[node.op_type](x, weight, y, transposed)
    return total


COUNTED: dict[str, Callable[[Shape, Shape, Shape, bool], int]] = {
    "Conv": lambda x, w, y, _: math.prod(y) * math.prod(w[1:]),
    "ConvTranspose": lambda x, w, y, _: math.prod(x) * math.prod(w[1:]),
    "MatMul": lambda x, w, y, _: math.prod(y) * x[-1],
    "Gemm": lambda x, w, y, transposed: math.prod(y) * x[0 if transposed else -1],
}
"""Kind of node -> its multiply-accumulates, from the shapes of its inputs and its output, and Gemm's transA."""
