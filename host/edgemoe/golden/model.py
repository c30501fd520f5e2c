# SPDX-License-Identifier: Apache-2.0
"""The whole network in float64 on a float state dict: no integers, no layer program, no machine.

It is the independent reference of `golden.machine`, and names every activation tensor, so that
calibration can take their ranges from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import HEAD_RULE, ModelConfig
from edgemoe.export import folded_gate, positions
from edgemoe.golden.attention import attention_float
from edgemoe.golden.embedding import embedding_float
from edgemoe.golden.experts import gate_float
from edgemoe.golden.gelu import gelu_float
from edgemoe.golden.heads import classes_float, head_float
from edgemoe.golden.layernorm import layernorm_float
from edgemoe.golden.linear import linear_float
from edgemoe.package import head_tensors

Float = NDArray[np.float64]
State = Mapping[str, Float]


def forward(
    config: ModelConfig, state: State, image: NDArray[np.uint8], task: str
) -> dict[str, NDArray[Any]]:
    """uint8 image (height, width, 3) -> every tensor by name.

    Per layer `blocks.{i}.` norm1, q, k (without its bias), v, context, proj (the residual after it), norm2,
    hidden, out (the residual at the end), and in MoE layers chosen (T,k) and score (T,k), 0 if dropped; where tokens
    choose heads heads_chosen and heads_score (T, top_heads), and context has the scores in it, 0 of other heads;
    `embedding` and `features` (T,D); `heads.{task}.` of `package.head_tensors`.
    """
    tensors: dict[str, NDArray[Any]] = {}
    x = embedding_float(
        image,
        state["patch_embed.weight"],
        state["patch_embed.bias"],
        positions(config, state),
    )
    tensors["embedding"] = x
    for i in range(config.layers):
        block = f"blocks.{i}"
        x = x + _attention(config, state, block, task, x, tensors)
        tensors[f"{block}.proj"] = x
        y = layernorm_float(x, state[f"{block}.norm2.weight"], state[f"{block}.norm2.bias"], config.eps)
        tensors[f"{block}.norm2"] = y
        if config.is_moe(i):
            x = x + _mixture(config, state, i, task, y, tensors)
        else:
            hidden = gelu_float(linear_float(y, *_layer(state, f"{block}.mlp.fc1")))
            tensors[f"{block}.hidden"] = hidden
            x = x + linear_float(hidden, *_layer(state, f"{block}.mlp.fc2"))
        tensors[f"{block}.out"] = x
    tensors["features"] = x
    for name, tensor in _head(config, state, task, x).items():
        tensors[f"heads.{task}.{name}"] = tensor
    return tensors


def _head(config: ModelConfig, state: State, task: str, x: Float) -> dict[str, Float]:
    """What a task's head makes of the features (T,D)."""
    if config.head == "classes":
        return classes_float(x, state, task, config)
    return head_float(x[len(config.prefix) :], state, task, config.eps) if config.head == "pixels" else {}


def ranges(config: ModelConfig, tensors: Mapping[str, NDArray[Any]], task: str) -> dict[str, float]:
    """Greatest magnitude of each tensor that `export_package` wants a scale for (those that this task
    has).
    """
    greatest = {name: float(np.abs(tensor).max()) for name, tensor in tensors.items() if tensor.size}
    residual = ["embedding", *(f"blocks.{i}.{t}" for i in range(config.layers) for t in ("proj", "out"))]
    result = {"residual": max(greatest[name] for name in residual)}
    for i in range(config.layers):
        for t in ("norm1", "q", "k", "v", "context", "norm2", "hidden"):
            result[f"blocks.{i}.{t}"] = greatest.get(f"blocks.{i}.{t}", 0.0)
    for t in head_tensors(config):
        result[f"heads.{task}.{t}"] = greatest[f"heads.{task}.{t}"]
    return result


def queue_of(expert: int, chosen: NDArray[Any], score: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Tokens that an expert works on, and in which of their slots it stands. chosen, score (T,k) as of `forward`.

    `hidden` of a layer with experts has its rows in this order, one expert after the other.
    """
    token, slot = np.nonzero((chosen == expert) & (score > 0))
    return token, slot


def _layer(state: State, name: str) -> tuple[Float, Float]:
    return state[f"{name}.weight"], state[f"{name}.bias"]


def _attention(
    config: ModelConfig, state: State, block: str, task: str, x: Float, tensors: dict[str, Any]
) -> Float:
    """norm1, multi-head attention, projection: the update of the residual."""
    D, d = config.dim, config.head_dim
    y = layernorm_float(x, state[f"{block}.norm1.weight"], state[f"{block}.norm1.bias"], config.eps)
    weight, bias = _layer(state, f"{block}.attn.qkv")
    q, k, v = (linear_float(y, weight[j * D :][:D], bias[j * D :][:D]) for j in range(3))
    heads = [slice(h * d, (h + 1) * d) for h in range(config.heads)]
    context = np.concatenate([attention_float(q[:, h], k[:, h], v[:, h]) for h in heads], axis=1)
    if config.top_heads:
        logits = y @ state[f"{block}.attn.router.{task}.weight"].T
        chosen, score = gate_float(logits, config.top_heads, HEAD_RULE, 0.0)
        share = np.zeros_like(logits)
        np.put_along_axis(share, chosen, score, axis=1)
        context *= np.repeat(share, d, axis=1)
        tensors[f"{block}.heads_chosen"], tensors[f"{block}.heads_score"] = chosen, score
    parts = {"norm1": y, "q": q, "k": k - bias[D : 2 * D], "v": v, "context": context}
    tensors.update({f"{block}.{name}": tensor for name, tensor in parts.items()})
    return linear_float(context, *_layer(state, f"{block}.attn.proj"))


def _mixture(
    config: ModelConfig, state: State, layer: int, task: str, y: Float, tensors: dict[str, Any]
) -> Float:
    """Gate and experts: the update of the residual. Tokens one expert at a time."""
    block = f"blocks.{layer}"
    logits = linear_float(y, *folded_gate(config, state, layer, task))
    chosen, score = gate_float(logits, config.top_k, config.score_rule, config.threshold)
    update, hiddens = np.zeros_like(y), [np.zeros((0, config.expert_hidden))]
    w1, b1 = _layer(state, f"{block}.moe.experts.fc1")
    w2, b2 = _layer(state, f"{block}.moe.experts.fc2")
    for e in range(config.experts):
        token, slot = queue_of(e, chosen, score)
        hidden = gelu_float(linear_float(y[token], w1[e], b1[e]))
        update[token] += score[token, slot, None] * linear_float(hidden, w2[e], b2[e])
        hiddens.append(hidden)
    tensors[f"{block}.hidden"] = np.concatenate(hiddens)
    tensors[f"{block}.chosen"], tensors[f"{block}.score"] = chosen, score
    return update
