# SPDX-License-Identifier: Apache-2.0
"""Tensors of an ONNX graph under the names of the PyTorch modules that it was exported from.

Initialisers of biases, norms, convolutions and tokens keep their names. The weight of a linear layer becomes one
without a name, transposed, as the second input of a MatMul; the MatMul knows its module: the exporter of TorchScript
names it "/blocks/blocks.0/attn/qkv/MatMul", the newer one keeps the path in its metadata. Two parameters that are
equal are one initialiser, and the other's name is that of an Identity's output.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from edgemoe.errors import UserError, shown
from edgemoe.files import open_regular
from edgemoe.imports.named import Array, Source

SCOPES = "pkg.torch.onnx.name_scopes"
EXPORT = (
    "export with torch.onnx.export(..., dynamo=False), or with a dynamic batch axis, or give the .safetensors"
)


def read_onnx(path: Path) -> Source:
    """The tensors, and what the graph tells of facts: eps, activation, size."""
    with open_regular(path, "Checkpoint") as file:
        data = file.read()
    graph = _graph(path, data)
    values = {tensor.name: _array(path, tensor) for tensor in graph.initializer}
    consumers: dict[str, list[tuple[Any, int]]] = defaultdict(list)
    for node in graph.node:
        for place, name in enumerate(node.input):
            consumers[name].append((node, place))
    arrays: dict[str, Array] = {}
    notes: list[str] = []
    for name, array in values.items():
        for ours, made in _named(path, name, array, consumers[name]):
            if ours in arrays:
                raise UserError(f"{path}: two weights of the graph are both {shown(ours)}; {EXPORT}.")
            arrays[ours] = made
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in values and node.output[0] not in arrays:
            arrays[node.output[0]] = values[node.input[0]]
    constants = len(values) - len(
        [name for name in values if _is_parameter(name, values[name], consumers[name])]
    )
    notes.append(
        f"{constants} constants of the graph's arithmetic were not used; heads and crop are in no graph."
    )
    source = Source(path, "ONNX", arrays, hashlib.sha256(data).hexdigest(), notes)
    source.facts |= _facts(graph)
    return source


def _graph(path: Path, data: bytes) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not a readable ONNX file: {shown(error)}.") from error
    if not model.graph.node or not model.graph.initializer:
        raise UserError(f"{path} is not a readable ONNX file: its graph has no nodes or no tensors.")
    return model.graph


def _array(path: Path, tensor: Any) -> Array:
    import onnx
    from onnx import numpy_helper

    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise UserError(
            f"{path}: tensor {shown(tensor.name)} lies in another file, which is not read; export with "
            "external_data=False, or give the .safetensors."
        )
    try:
        array: Array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise UserError(f"{path}: tensor {shown(tensor.name)} is damaged: {shown(error)}.") from error
    return array


def _is_parameter(name: str, array: Array, uses: list[tuple[Any, int]]) -> bool:
    """Whether an initialiser is a tensor of the network, not a constant of its arithmetic: a shape, a factor, or a mask
    that adds 0.
    """
    if array.dtype.kind != "f" or array.size <= 1:
        return _has_name(name)
    return not (all(node.op_type == "Add" for node, _ in uses) and not _has_name(name) and not array.any())


def _has_name(name: str) -> bool:
    """Whether a name may be a parameter's: the exporters' own have no dot, or two colons."""
    return name.endswith((".weight", ".bias", "token", "embed", "embeddings", "tokens", "gamma", "lambda1"))


def _named(path: Path, name: str, array: Array, uses: list[tuple[Any, int]]) -> list[tuple[str, Array]]:
    """An initialiser as the parameters that it stands for: several where equal weights became one."""
    if not _is_parameter(name, array, uses):
        return []
    if array.ndim == 2:
        linear = [node for node, place in uses if node.op_type in ("MatMul", "Gemm") and place == 1]
        if linear and len(linear) == len(uses):
            return [_weight(path, name, array, node) for node in linear]
    if not _has_name(name) and any(node.op_type in ("Concat", "Expand") for node, _ in uses):
        raise UserError(
            f"{path}: tensor {shown(name)} was made by the exporter, of a token whose name it did not keep; {EXPORT}."
        )
    return [(name, array)]


def _weight(path: Path, name: str, array: Array, node: Any) -> tuple[str, Array]:
    """The weight (out, in) of a linear layer, by the module of its node."""
    flags = {attribute.name: attribute for attribute in node.attribute}
    for factor in ("alpha", "beta"):
        if factor in flags and flags[factor].f != 1:
            raise UserError(
                f"{path}: node {shown(node.name)} has {factor} {flags[factor].f}, expected 1; {EXPORT}."
            )
    turned = node.op_type == "Gemm" and "transB" in flags and flags["transB"].i == 1
    made = array if turned else np.ascontiguousarray(array.T)
    if _has_name(name):
        return name, made
    module = module_of(node)
    if not module:
        raise UserError(
            f"{path}: tensor {shown(name)} is a weight without a name, and node {shown(node.name)} does not say of "
            f"which layer; {EXPORT}."
        )
    return f"{module}.weight", made


def module_of(node: Any) -> str:
    """The module that a node is of: "blocks.0.attn.qkv"; empty if it doesn't say."""
    for property_ in node.metadata_props:
        if property_.key == SCOPES:
            try:
                scopes = ast.literal_eval(property_.value)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                return ""
            return str(scopes[-2]) if isinstance(scopes, list) and len(scopes) > 1 else ""
    if not node.name.startswith("/"):
        return ""
    made: list[str] = []
    for part in node.name.split("/")[1:-1]:
        if made and part.startswith(f"{made[-1]}."):  # "/blocks/blocks.0": a list, and its member
            made.pop()
        made.append(part)
    return ".".join(made)


def _facts(graph: Any) -> dict[str, Any]:
    """What the graph itself says."""
    found: dict[str, Any] = {}
    eps = {
        a.f
        for node in graph.node
        if node.op_type == "LayerNormalization"
        for a in node.attribute
        if a.name == "epsilon"
    }
    if len(eps) == 1:
        found["eps"] = float(f"{eps.pop():.6g}")
    kinds = {node.op_type for node in graph.node}
    tanh = any(a.s == b"tanh" for node in graph.node if node.op_type == "Gelu" for a in node.attribute)
    if ("Erf" in kinds or "Gelu" in kinds) and not tanh and "Tanh" not in kinds:
        found["activation"] = "gelu"
    sizes = [[axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in graph.input]
    images = [tuple(size[2:]) for size in sizes if len(size) == 4 and size[1] == 3 and min(size[2:]) > 0]
    if len(images) == 1:
        found["size"] = images[0]
    return found
