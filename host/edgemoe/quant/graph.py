# SPDX-License-Identifier: Apache-2.0
"""An ONNX graph while it grows: nodes by name, integers as initialisers that a DequantizeLinear makes values of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgemoe import __version__

OPSET = 21
"""The first whose QuantizeLinear has 16 bits."""
IR = 10
PRODUCER = "edgemoe"


class Graph:
    """Collects nodes; a tensor is known by its name. Every method that adds a node returns the name of its output."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._number = 0

    def constant(self, value: NDArray[Any], name: str = "") -> str:
        """An initialiser; one without a name of its own gets a number."""
        name = name or self._fresh("constant")
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def number(self, value: float) -> str:
        """A float32 scalar."""
        return self.constant(np.array(value, np.float32))

    def node(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """A node with one output."""
        return self.nodes(kind, inputs, [name or self._fresh(kind.lower())], **attributes)[0]

    def nodes(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> Sequence[str]:
        """A node with several outputs."""
        self._nodes.append(
            helper.make_node(kind, list(inputs), list(outputs), name=f"{outputs[0]}/{kind}", **attributes)
        )
        return outputs

    def shaped(self, x: str, *shape: int) -> str:
        """The same values in another shape."""
        return self.node("Reshape", x, self.constant(np.array(shape, np.int64)))

    def part(self, x: str, axis: int, begin: int, end: int) -> str:
        """Elements begin .. end - 1 along an axis."""
        one = [self.constant(np.array([value], np.int64)) for value in (begin, end, axis)]
        return self.node("Slice", x, *one)

    def weights(
        self, name: str, values: NDArray[Any], scale: NDArray[np.float64], shape: Sequence[int] = ()
    ) -> str:
        """Integers (out, in) with a scale, of all or of each output, as float32; `shape` is theirs in the graph."""
        stored = self.constant(values.reshape(shape or values.shape), name)
        steps = self.constant(scale.astype(np.float32))
        if not scale.ndim:
            return self.node("DequantizeLinear", stored, steps)
        return self.node("DequantizeLinear", stored, steps, axis=0)

    def rounded(self, x: str, scale: float, name: str) -> str:
        """To int16 steps of `scale` and back; `name` is the tensor's."""
        step, zero = self.number(scale), self.constant(np.array(0, np.int16))
        integers = self.node("QuantizeLinear", x, step, zero, name=f"{name}.int16")
        return self.node("DequantizeLinear", integers, step, zero, name=name)

    def rounded_wide(self, x: str, scale: float, bits: int, name: str = "") -> str:
        """The same to `bits` bits, which QuantizeLinear does not have."""
        step, top = self.number(scale), (1 << (bits - 1)) - 1
        whole = self.node("Round", self.node("Div", x, step))
        clipped = self.node("Clip", whole, self.number(-top - 1), self.number(top))
        return self.node("Mul", clipped, step, name=name)

    def model(
        self,
        name: str,
        inputs: Mapping[str, tuple[int, ...]],
        outputs: Mapping[str, tuple[int, ...]],
        metadata: dict[str, str],
    ) -> onnx.ModelProto:
        """The whole: inputs are uint8, outputs float32. It is checked."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(key, TensorProto.UINT8, shape) for key, shape in inputs.items()],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in outputs.items()],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph,
            producer_name=PRODUCER,
            producer_version=__version__,
            ir_version=IR,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _fresh(self, kind: str) -> str:
        self._number += 1
        return f"{kind}_{self._number}"
