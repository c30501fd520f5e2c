# SPDX-License-Identifier: Apache-2.0
"""Float weights and activation scales -> package: the rounding of weights, biases and requantisers.

Works on NumPy arrays under the PyTorch model's state-dict names, so it needs no torch. Where the scales and the mean
inputs come from (calibration on images) is the caller's matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe import numerics
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError
from edgemoe.package import Package, head_tensors
from edgemoe.powers import power_layers
from edgemoe.rounding import (
    check_powers_width,
    multiplier,
    quantise_linear,
    quantise_norm,
    quantise_powers,
    rounded,
)

Float = NDArray[np.float64]
WeightBits = Callable[[str], int]

PIXEL_SCALE = 1 / 256
PIXELS = "pixels"
"""The input of the patch embedding; its values are 0 .. 255 / 256, so it needs no scale from calibration."""


def default_bits(name: str) -> int:
    """int8 weights, but int16 where pixels come in: no mean is subtracted of them, so the error of a rounded weight is
    the same for every token, and attention can't average it away. It costs no cycle.
    """
    return 16 if name == "patch_embed" else 8


def scale_names(config: ModelConfig) -> list[str]:
    """Names of the activation tensors whose scales `export_package` wants, in the order of the network."""
    names = ["residual"]
    for i in range(config.layers):
        names += [f"blocks.{i}.{t}" for t in ("norm1", "q", "k", "v", "context", "norm2", "hidden")]
    for task in config.tasks:
        names += [f"heads.{task}.{t}" for t in head_tensors(config)]
    return names


def linear_inputs(config: ModelConfig) -> dict[str, str]:
    """Linear layer -> the tensor that it reads, of `scale_names` or `PIXELS`, in the order of the network."""
    inputs = {"patch_embed": PIXELS}
    for i in range(config.layers):
        block, mlp = f"blocks.{i}", "moe.experts" if config.is_moe(i) else "mlp"
        inputs |= {f"{block}.attn.qkv": f"{block}.norm1", f"{block}.attn.proj": f"{block}.context"}
        inputs |= {f"{block}.{mlp}.fc1": f"{block}.norm2", f"{block}.{mlp}.fc2": f"{block}.hidden"}
    for task in config.tasks:
        head = f"heads.{task}"
        if config.head == "pixels":
            inputs |= {f"{head}.fc1": f"{head}.norm", f"{head}.fc2": f"{head}.hidden"}
        elif config.head == "classes":
            inputs |= {f"{head}.fc": f"{head}.pool" if config.pool == "mean" else f"{head}.norm"}
    return inputs


def act_scale(name: str, greatest: float, margin: float) -> float:
    """Scale of a tensor of `scale_names` whose values reach `greatest` in calibration; margin >= 1 is headroom."""
    bits = numerics.RESIDUAL_BITS if name == "residual" else numerics.ACT_BITS
    return max(greatest, 1e-3) * margin / ((1 << (bits - 1)) - 1)


def folded_gate(
    config: ModelConfig, state: Mapping[str, Float], layer: int, task: str
) -> tuple[Float, Float]:
    """The gate of one layer and task as weight (E,D) and bias (E), whatever its kind.

    A shared gate sees the token with the task's embedding appended; the embedding is a constant of the task,
    so its part of the product is a bias.
    """
    if config.gate != "task_embedding":
        weight = _float(state, f"blocks.{layer}.moe.gate.{task}.weight")
        biased = config.gate == "biased"
        return weight, _float(state, f"blocks.{layer}.moe.gate.{task}.bias") if biased else np.zeros(
            len(weight)
        )
    shared = _float(state, f"blocks.{layer}.moe.gate.shared.weight")
    return shared[:, : config.dim], shared[:, config.dim :] @ task_embedding(config, state, task)


def task_embedding(config: ModelConfig, state: Mapping[str, Float], task: str) -> Float:
    """A one-hot task vector through linear, ReLU, linear and LayerNorm: (embedding dim)."""
    one_hot = np.eye(len(config.tasks))[config.tasks.index(task)]
    name = "task_embedding"
    hidden = _float(state, f"{name}.fc1.weight") @ one_hot + _float(state, f"{name}.fc1.bias")
    y = _float(state, f"{name}.fc2.weight") @ np.maximum(hidden, 0) + _float(state, f"{name}.fc2.bias")
    y = (y - y.mean()) / np.sqrt(y.var() + 1e-6)
    return y * _float(state, f"{name}.norm.weight") + _float(state, f"{name}.norm.bias")


def export_package(
    config: ModelConfig,
    state: Mapping[str, Float],
    scales: Mapping[str, float],
    *,
    weight_bits: int | WeightBits = default_bits,
    means: Mapping[str, Float] | None = None,
    moments: Mapping[str, Float] | None = None,
    provenance: dict[str, Any] | None = None,
) -> Package:
    """Quantises a float model.

    Args:
        config: the network.
        state: the float state dict.
        scales: a positive scale for every name of `scale_names`.
        weight_bits: 8 or 16 for all linear layers, or a function of the layer's name ("blocks.0.attn.qkv"). Weights
            that are powers of two have 8, which is all of them.
        means: the mean input, (in) or (E, in), of every layer of `linear_inputs`, for bias correction; None: none.
        moments: the second moment of that, (in, in) or (E, in, in), for compensated rounding; None: to nearest.
        provenance: what the package says of where it comes from.
    """
    for name in scale_names(config):
        if not (name in scales and math.isfinite(scales[name]) and scales[name] > 0):
            raise UserError(f"Activation tensor {name!r} needs a positive scale, got {scales.get(name)}.")
    powers = power_layers(config)
    bits = weight_bits if callable(weight_bits) else lambda name: 8 if name in powers else weight_bits
    tensors: dict[str, NDArray[Any]] = {
        f"scale.{name}": np.array(scales[name], dtype=np.float64) for name in scale_names(config)
    }
    residual, to_log2 = scales["residual"], math.log2(math.e) * 2**numerics.SCORE_FRACTION

    def linear(name: str, inputs: float, outputs: float | Float) -> None:
        weight = _float(state, f"{name}.weight")
        if name == "patch_embed":
            weight = weight.reshape(config.dim, config.patch_inputs)
        bias = _float(state, f"{name}.bias").copy()
        # Softmax cancels a bias of k, and so what would correct it.
        unbiased = slice(config.dim, 2 * config.dim) if name.endswith("attn.qkv") else slice(0)
        bias[unbiased] = 0
        mean, moment = (None if of is None else of[name] for of in (means, moments))
        if name in powers:
            check_powers_width(name, bits(name))
            layer = quantise_powers(weight, bias, inputs, outputs, name)
        else:
            layer = quantise_linear(weight, bias, inputs, outputs, bits(name), name, mean, moment)
        layer["bias"][unbiased] = 0
        tensors.update(_prefixed(name, layer))

    def scalar(name: str, scale: float) -> None:
        m, s = multiplier(scale, name)
        tensors[f"{name}.m"] = np.array(m, dtype=np.int32)
        tensors[f"{name}.s"] = np.array(s, dtype=np.int32)

    def choice(name: str, weight: Float, bias: Float, inputs: float) -> float:
        """A gate or a router: its weights, with one scale that leaves room for the bias and is returned."""
        scale = max(float(np.abs(weight).max()), float(np.abs(bias).max()) / inputs * 2.0**-20, 1e-9) / 32767
        tensors[f"{name}.weight"] = rounded(weight / scale, 16).astype(np.int16)
        tensors[f"{name}.weight_scale"] = np.array(scale)
        scalar(name, to_log2 * scale * inputs)
        return scale

    def norm(name: str, out: float) -> None:
        gamma, beta = _float(state, f"{name}.weight"), _float(state, f"{name}.bias")
        tensors.update(_prefixed(name, quantise_norm(gamma, beta, out)))
        epsilon = max(numerics.EPS_MIN, round(config.eps * config.dim**2 / residual**2))
        if epsilon >= 1 << numerics.EPS_BITS:
            raise UserError(f"{name}: eps {config.eps} is too large for the residual's scale {residual:.3g}.")
        tensors[f"{name}.eps"] = np.array(epsilon, dtype=np.int64)

    hidden = 2.0**-numerics.HIDDEN_FRACTION
    expert = residual / 2**numerics.EXPERT_FRACTION
    position = positions(config, state)
    tensors["pos_embed"] = rounded(position / residual, numerics.RESIDUAL_BITS).astype(np.int32)
    linear("patch_embed", PIXEL_SCALE, residual)
    for i in range(config.layers):
        block = f"blocks.{i}"
        norm1, q, k, v, context, norm2, h = (
            scales[f"{block}.{t}"] for t in ("norm1", "q", "k", "v", "context", "norm2", "hidden")
        )
        norm(f"{block}.norm1", norm1)
        linear(f"{block}.attn.qkv", norm1, np.repeat([q, k, v], config.dim))
        scalar(f"{block}.attn.score", to_log2 / math.sqrt(config.head_dim) * q * k)
        scalar(f"{block}.attn.context", v / context)
        linear(f"{block}.attn.proj", context, residual)
        for task in config.tasks if config.top_heads else ():
            router = f"{block}.attn.router.{task}"
            choice(router, _float(state, f"{router}.weight"), np.zeros(config.heads), norm1)
        norm(f"{block}.norm2", norm2)
        if not config.is_moe(i):
            linear(f"{block}.mlp.fc1", norm2, hidden)
            scalar(f"{block}.mlp.act", hidden / h)
            linear(f"{block}.mlp.fc2", h, residual)
            continue
        for task in config.tasks:
            gate = f"{block}.moe.gate.{task}"
            weight, bias = folded_gate(config, state, i, task)
            scale = choice(gate, weight, bias, norm2)
            tensors[f"{gate}.bias"] = rounded(bias / (scale * norm2), numerics.BIAS_BITS)
        linear(f"{block}.moe.experts.fc1", norm2, hidden)
        scalar(f"{block}.moe.experts.act", hidden / h)
        linear(f"{block}.moe.experts.fc2", h, expert)
    for task in config.headed_tasks:
        head = f"heads.{task}"
        norm_scale, out = scales[f"{head}.norm"], scales[f"{head}.out"]
        norm(f"{head}.norm", norm_scale)
        if config.head == "classes":
            seen = norm_scale
            if config.pool == "mean":
                seen = scales[f"{head}.pool"]
                scalar(f"{head}.pool", norm_scale / seen)
            linear(f"{head}.fc", seen, out)
            continue
        h = scales[f"{head}.hidden"]
        linear(f"{head}.fc1", norm_scale, hidden)
        scalar(f"{head}.act", hidden / h)
        linear(f"{head}.fc2", h, out)
    return Package(config, tensors, provenance or {})


def positions(config: ModelConfig, state: Mapping[str, Float]) -> Float:
    """What the residual holds before the patches are added to it, (T,D): positions, and the tokens of the prefix."""
    position = _float(state, "pos_embed").reshape(config.tokens, config.dim).copy()
    if config.prefix:
        tokens = [_float(state, name).reshape(-1, config.dim) for name in config.prefix_tensors]
        position[: len(config.prefix)] += np.concatenate(tokens)
    return position


def _float(state: Mapping[str, Float], name: str) -> Float:
    if name not in state:
        raise UserError(f"The model's weights lack {name!r}.")
    return np.asarray(state[name], dtype=np.float64)


def _prefixed(prefix: str, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}
