# SPDX-License-Identifier: Apache-2.0
"""A package as ONNX: the integer model with QuantizeLinear and DequantizeLinear where the accelerator rounds.

Weights are the package's integers, activations are rounded to the package's scales, the residual to its 18 bits. What
is between two roundings (sums, softmax, GELU, LayerNorm) is float32, where the accelerator has integers and tables; so
it agrees with the golden model closely, and not bit by bit. `onnx_files` says how closely, in figures.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgemoe import numerics
from edgemoe.config import HEAD_RULE
from edgemoe.errors import UserError
from edgemoe.export import PIXEL_SCALE
from edgemoe.package import Package
from edgemoe.quant.graph import Graph

Float = NDArray[np.float64]
OUTPUTS = {"pixels": "maps", "classes": "scores", "none": "features"}
"""Name of a graph's first output, by the model's head; `features` is the second of the others."""


def qdq_model(package: Package, task: str) -> onnx.ModelProto:
    """The graph of a task: input `pixels` uint8 (1,3,height,width); outputs as `OUTPUTS` says, and `features` (T,D).

    `maps` is (1, maps, height, width), `scores` (1, classes); float32.

    Raises:
        UserError: the model has no such task.
    """
    if task not in package.config.tasks:
        raise UserError(
            f"Model {package.config.name!r} has no task {task!r}; it has {', '.join(package.config.tasks)}."
        )
    return _Builder(package, task).model()


class _Builder:
    """The network, operation by operation; tensors are (T, channels)."""

    def __init__(self, package: Package, task: str) -> None:
        self.package, self.config, self.task = package, package.config, task
        self.graph = Graph()

    def model(self) -> onnx.ModelProto:
        config, graph = self.config, self.graph
        x = self.embedding()
        for i in range(config.layers):
            block = f"blocks.{i}"
            x = self.residual(x, self.attention(block, x), f"{block}.proj")
            y = self.norm(f"{block}.norm2", x)
            x = self.residual(
                x, self.mixture(block, y) if config.is_moe(i) else self.mlp(block, y), f"{block}.out"
            )
        outputs: dict[str, tuple[int, ...]] = {"features": (config.tokens, config.dim)}
        graph.node("Identity", x, name="features")
        if config.head == "classes":
            self.classes_head(x)
            outputs = {"scores": (1, config.head_outputs(self.task)), **outputs}
        elif config.head == "pixels":
            outputs = {"maps": (1, self.pixels_head(x), config.height, config.width), **outputs}
        about = {"edgemoe-config": json.dumps(config.to_dict()), "edgemoe-package": self.package.sha256}
        pixels = {"pixels": (1, 3, config.height, config.width)}
        return graph.model(f"{config.name}.{self.task}", pixels, outputs, about | {"edgemoe-task": self.task})

    def embedding(self) -> str:
        """Patches onto the positions, which hold the tokens of the prefix."""
        config, graph = self.config, self.graph
        pixels = graph.node(
            "Mul", graph.node("Cast", "pixels", to=onnx.TensorProto.FLOAT), graph.number(PIXEL_SCALE)
        )
        name = "patch_embed"
        weight = graph.weights(
            f"{name}.weight", self.tensor(f"{name}.weight"), self.tensor(f"{name}.weight_scale"),
            (config.dim, 3, config.patch, config.patch),
        )  # fmt: skip
        maps = graph.node(
            "Conv", pixels, weight, self.bias(name, PIXEL_SCALE),
            kernel_shape=[config.patch] * 2, strides=[config.patch] * 2,
        )  # fmt: skip
        rows = graph.node("Transpose", graph.shaped(maps, config.dim, config.patches), perm=[1, 0])
        scale = self.package.scale("residual")
        position = self.tensor("pos_embed") * scale
        first = len(config.prefix)
        behind = graph.constant(position[first:].astype(np.float32), "pos_embed")
        x = self.residual(behind, rows, "patches" if first else "embedding")
        if not first:
            return x
        before = graph.constant(position[:first].astype(np.float32), "prefix")
        return graph.node("Concat", before, x, axis=0, name="embedding")

    def attention(self, block: str, x: str) -> str:
        """norm1, q, k, v, heads, projection: the update of the residual."""
        config, graph = self.config, self.graph
        scale = {part: self.package.scale(f"{block}.{part}") for part in ("norm1", "q", "k", "v", "context")}
        y = self.norm(f"{block}.norm1", x)
        qkv = self.linear(f"{block}.attn.qkv", y, scale["norm1"])
        heads = {}
        for number, part in enumerate("qkv"):
            own = graph.part(qkv, 1, number * config.dim, (number + 1) * config.dim)
            whole = graph.rounded(own, scale[part], f"{block}.{part}")
            split = graph.shaped(whole, config.tokens, config.heads, config.head_dim)
            heads[part] = graph.node("Transpose", split, perm=[1, 2, 0] if part == "k" else [1, 0, 2])
        # In log2, as the accelerator has them: that is where their format ends.
        factor = math.log2(math.e) / math.sqrt(config.head_dim)
        scores = graph.node("Mul", graph.node("MatMul", heads["q"], heads["k"]), graph.number(factor))
        step, bits = 2.0**-numerics.SCORE_FRACTION, numerics.SCORE_BITS
        scores = graph.node("Mul", graph.rounded_wide(scores, step, bits), graph.number(math.log(2)))
        context = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), heads["v"])
        if config.top_heads:
            router = f"{block}.attn.router.{self.task}"
            shares = self.scores(router, y, scale["norm1"], config.heads, config.top_heads, HEAD_RULE, 0.0)
            turned = graph.node("Transpose", shares, perm=[1, 0])
            context = graph.node("Mul", context, graph.shaped(turned, config.heads, config.tokens, 1))
        joined = graph.shaped(graph.node("Transpose", context, perm=[1, 0, 2]), config.tokens, config.dim)
        whole = graph.rounded(joined, scale["context"], f"{block}.context")
        return self.linear(f"{block}.attn.proj", whole, scale["context"])

    def mlp(self, block: str, y: str) -> str:
        """The dense feed-forward layer."""
        hidden = self.hidden(f"{block}.mlp.fc1", y, self.package.scale(f"{block}.norm2"), f"{block}.hidden")
        return self.linear(f"{block}.mlp.fc2", hidden, self.package.scale(f"{block}.hidden"))

    def mixture(self, block: str, y: str) -> str:
        """Gate and experts; each expert takes all tokens, and those that did not choose it weigh nothing."""
        config, graph, package = self.config, self.graph, self.package
        scale, name, total = package.scale(f"{block}.norm2"), f"{block}.moe.experts", ""
        rule, threshold = config.score_rule, config.threshold
        gate = f"{block}.moe.gate.{self.task}"
        scores = self.scores(gate, y, scale, config.experts, config.top_k, rule, threshold)
        hidden_scale = package.scale(f"{block}.hidden")
        for expert in range(config.experts):
            hidden = self.hidden(f"{name}.fc1", y, scale, f"{block}.hidden", expert)
            out = self.linear(f"{name}.fc2", hidden, hidden_scale, expert)
            weighted = graph.node("Mul", out, graph.part(scores, 1, expert, expert + 1))
            total = graph.node("Add", total, weighted) if total else weighted
        return total

    def scores(
        self, gate: str, y: str, scale: float, count: int, top_k: int, rule: str, threshold: float
    ) -> str:
        """Of each token for each of `count` experts or heads, 0 where it was not chosen, (T, count)."""
        graph = self.graph
        logits = self.linear(gate, y, scale)
        most = graph.constant(np.array([top_k], np.int64))
        best, chosen = graph.nodes("TopK", [logits, most], [f"{gate}.best", f"{gate}.chosen"], axis=1)
        if rule == "softmax_all":
            kept = graph.node("GatherElements", graph.node("Softmax", logits, axis=1), chosen, axis=1)
        else:
            kept = graph.node("Softmax", best, axis=1)
        if threshold:
            above = graph.node("Not", graph.node("Less", kept, graph.number(threshold)))
            kept = graph.node("Mul", kept, graph.node("Cast", above, to=onnx.TensorProto.FLOAT))
        none = graph.constant(np.zeros((self.config.tokens, count), np.float32))
        return graph.node("ScatterElements", none, chosen, kept, axis=1, name=f"{gate}.scores")

    def pixels_head(self, x: str) -> int:
        """Adds `maps`, and returns how many there are."""
        config, graph, head = self.config, self.graph, f"heads.{self.task}"
        y = self.norm(f"{head}.norm", graph.part(x, 0, len(config.prefix), config.tokens))
        hidden = self.hidden(f"{head}.fc1", y, self.package.scale(f"{head}.norm"), f"{head}.hidden")
        out = self.linear(f"{head}.fc2", hidden, self.package.scale(f"{head}.hidden"))
        whole = graph.rounded(out, self.package.scale(f"{head}.out"), f"{head}.out")
        (rows, columns), P = config.grid, config.patch
        count = config.head_outputs(self.task) // P**2
        tiles = graph.shaped(whole, rows, columns, count, P, P)
        turned = graph.node("Transpose", tiles, perm=[2, 0, 3, 1, 4])
        shape = graph.constant(np.array([1, count, config.height, config.width], np.int64))
        graph.node("Reshape", turned, shape, name="maps")
        return count

    def classes_head(self, x: str) -> None:
        """Adds `scores`."""
        config, graph, head = self.config, self.graph, f"heads.{self.task}"
        mean = config.pool == "mean"
        rows = (len(config.prefix), config.tokens) if mean else (0, config.pooled // config.dim)
        seen = self.norm(f"{head}.norm", graph.part(x, 0, *rows))
        scale = self.package.scale(f"{head}.norm")
        if mean:
            scale = self.package.scale(f"{head}.pool")
            axis = graph.constant(np.array([0], np.int64))
            seen = graph.rounded(graph.node("ReduceMean", seen, axis, keepdims=1), scale, f"{head}.pool")
        out = self.linear(f"{head}.fc", graph.shaped(seen, 1, config.pooled), scale)
        graph.node(
            "Identity", graph.rounded(out, self.package.scale(f"{head}.out"), f"{head}.out"), name="scores"
        )

    def hidden(self, name: str, y: str, scale: float, tensor: str, expert: int | None = None) -> str:
        """Linear, GELU, rounded."""
        own = tensor if expert is None else f"{tensor}.{expert}"
        value = self.graph.node("Gelu", self.linear(name, y, scale, expert))
        return self.graph.rounded(value, self.package.scale(tensor), own)

    def linear(self, name: str, x: str, scale: float, expert: int | None = None) -> str:
        """A layer of the package, or one expert's part of it; `scale` is that of its input. Routers have no bias."""
        weight, step = self.tensor(f"{name}.weight"), self.tensor(f"{name}.weight_scale")
        own = name
        if expert is not None:
            weight, step, own = weight[expert], step[expert], f"{name}.{expert}"
        values = self.graph.weights(f"{own}.weight", weight, step)
        bias = [self.bias(name, scale, expert)] if f"{name}.bias" in self.package.tensors else []
        return self.graph.node("Gemm", x, values, *bias, transB=1, name=own)

    def bias(self, name: str, scale: float, expert: int | None = None) -> str:
        """A layer's bias, which the package has in steps of its accumulator."""
        bias, step = self.tensor(f"{name}.bias"), self.tensor(f"{name}.weight_scale")
        values = bias * step * scale
        own = f"{name}.bias" if expert is None else f"{name}.{expert}.bias"
        return self.graph.constant((values if expert is None else values[expert]).astype(np.float32), own)

    def norm(self, name: str, x: str) -> str:
        """LayerNorm with the package's gamma and beta, rounded."""
        scale, shift = self.package.scale(name), int(self.tensor(f"{name}.s"))
        gamma = self.tensor(f"{name}.weight") * scale / 2.0 ** (shift - numerics.NORM_FRACTION)
        beta = self.tensor(f"{name}.bias") * scale / 2.0**shift
        residual = self.package.scale("residual")
        epsilon = self.package.integer(f"{name}.eps") * residual**2 / self.config.dim**2
        both = [
            self.graph.constant(value.astype(np.float32), f"{name}.{part}")
            for part, value in (("weight", gamma), ("bias", beta))
        ]
        y = self.graph.node("LayerNormalization", x, *both, axis=-1, epsilon=epsilon)
        return self.graph.rounded(y, scale, name)

    def residual(self, x: str, update: str, name: str) -> str:
        """x + update, in the residual's format."""
        scale = self.package.scale("residual")
        return self.graph.rounded_wide(self.graph.node("Add", x, update), scale, numerics.RESIDUAL_BITS, name)

    def tensor(self, name: str) -> NDArray[Any]:
        return self.package.tensors[name]
