# SPDX-License-Identifier: Apache-2.0
"""Weights and images in the order in which the accelerator streams them; docs/reference/machine.md has
the layout.

Channels are padded to whole tiles with zero weights and a zero multiplier, so that lanes beyond a tensor's
channels stay 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import WEIGHT_PORTS, BuildConfig, ModelConfig
from edgemoe.errors import UserError
from edgemoe.numerics import multiplier
from edgemoe.package import Package
from edgemoe.program.fits import check_fits

Array = NDArray[Any]


@dataclass(frozen=True)
class Weights:
    """The weights region: its bytes, where each part begins, and the widths of linear layers.

    `stride[name]` is the distance from one expert to the next.
    """

    data: bytes
    offset: dict[str, int]
    bits: dict[str, int]
    stride: dict[str, int]


def pack_records(bias: Array, m: Array, s: Array) -> bytes:
    """Channel records: bias int40 in bits 0..39, m in 40..55 (two's complement if negative), s in 56..61."""
    words = bias.astype(np.int64).astype(np.uint64) & np.uint64((1 << 40) - 1)
    words |= (m.astype(np.int64).astype(np.uint64) & np.uint64(0xFFFF)) << np.uint64(40)
    words |= s.astype(np.uint64) << np.uint64(56)
    return words.astype("<u8").tobytes()


def pack_linear(build: BuildConfig, weight: Array, bias: Array, m: Array, s: Array) -> bytes:
    """weight (N,K) int8 or int16 -> tiles: for n, for k: records at the first k, then columns of `rows` weights."""
    (outputs, inputs), rows, cols = weight.shape, build.rows, build.cols
    n_tiles, k_tiles = -(-outputs // cols), -(-inputs // rows)
    padded = np.zeros((n_tiles * cols, k_tiles * rows), dtype=weight.dtype)
    padded[:outputs, :inputs] = weight
    tiles = padded.reshape(n_tiles, cols, k_tiles, rows).transpose(0, 2, 1, 3)
    extra = (0, n_tiles * cols - outputs)
    bias, m, s = np.pad(bias, extra), np.pad(m, extra), np.pad(s, extra, constant_values=1)
    kind = "<i1" if weight.dtype == np.int8 else "<i2"
    parts = []
    for n in range(n_tiles):
        channels = slice(n * cols, (n + 1) * cols)
        parts += [pack_records(bias[channels], m[channels], s[channels]), tiles[n].astype(kind).tobytes()]
    return b"".join(parts)


def striped(build: BuildConfig, weights: bytes) -> bytes:
    """The weights region as its masters read it: stripe after stripe, each a whole number of words of its master.

    Word i of stripe s is word i * WEIGHT_PORTS + s of the region; a step of the array takes one of each.
    """
    data = np.frombuffer(weights + bytes(-len(weights) % build.feed_bytes), np.uint8)
    return data.reshape(-1, WEIGHT_PORTS, build.weight_bus_bits // 8).transpose(1, 0, 2).tobytes()


def patch_rows(image: Array, patch: int) -> Array:
    """image (height, width, 3) -> (patches, 3 * patch^2); patches row by row, inputs in order (c, y, x)."""
    height, width, channels = image.shape
    tiles = image.reshape(height // patch, patch, width // patch, patch, channels).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(tiles).reshape(-1, channels * patch * patch)


def to_planes(values: Array, rows: int) -> Array:
    """(T,C) -> words (planes * T, rows): lanes of plane c / rows, zero beyond C."""
    tokens, channels = values.shape
    padded = np.pad(values, ((0, 0), (0, -channels % rows)))
    return padded.reshape(tokens, -1, rows).transpose(1, 0, 2).reshape(-1, rows)


def from_planes(words: Array, tokens: int, channels: int, rows: int) -> Array:
    """The inverse of `to_planes`: words (planes * T, rows) -> (T,C)."""
    return words.reshape(-1, tokens, rows).transpose(1, 0, 2).reshape(tokens, -1)[:, :channels]


def pack_image(config: ModelConfig, build: BuildConfig, pixels: NDArray[np.uint8]) -> bytes:
    """uint8 (height, width, 3) -> the image region: patch rows in plane layout, one byte a lane."""
    expected = (config.height, config.width, 3)
    if pixels.shape != expected or pixels.dtype != np.uint8:
        raise UserError(
            f"Model {config.name!r} takes uint8 images {expected}, not {pixels.dtype} {pixels.shape}."
        )
    return to_planes(patch_rows(pixels, config.patch), build.rows).tobytes()


def pack_weights(package: Package, build: BuildConfig) -> Weights:
    """The weights region of a package, for all of its tasks, in the order of use."""
    config, tensors = package.config, package.tensors
    check_fits(config, build)
    region, rows = _Region(build), build.rows
    region.add("pos_embed", to_planes(tensors["pos_embed"], rows).astype("<i4").tobytes())
    region.linear("patch_embed", *_linear(tensors, "patch_embed"), pad_to=rows)
    for i in range(config.layers):
        block = f"blocks.{i}"
        region.norm(tensors, f"{block}.norm1")
        weight, bias, m, s = _linear(tensors, f"{block}.attn.qkv")
        for part, name in enumerate("qkv"):
            own = slice(part * config.dim, (part + 1) * config.dim)
            heads = _pad_heads(config, rows, weight[own], bias[own], m[own], s[own])
            region.linear(f"{block}.attn.{name}", *heads)
        weight, bias, m, s = _linear(tensors, f"{block}.attn.proj")
        region.linear(f"{block}.attn.proj", _pad_head_inputs(config, rows, weight), bias, m, s, pad_to=rows)
        for task in config.tasks if config.top_heads else ():
            region.router(tensors, f"{block}.attn.router.{task}")
        region.norm(tensors, f"{block}.norm2")
        if config.is_moe(i):
            for task in config.tasks:
                region.gate(tensors, f"{block}.moe.gate.{task}")
            region.experts(config, tensors, f"{block}.moe.experts")
        else:
            for layer in ("fc1", "fc2"):
                region.linear(f"{block}.mlp.{layer}", *_linear(tensors, f"{block}.mlp.{layer}"), pad_to=rows)
    for task in config.headed_tasks:
        region.norm(tensors, f"heads.{task}.norm")
        if config.head == "classes":
            if config.pool == "mean":
                region.linear(f"heads.{task}.copy", *_copy(config.dim), pad_to=rows)
            weight, bias, m, s = _linear(tensors, f"heads.{task}.fc")
            region.linear(f"heads.{task}.fc", _pad_pooled(config, rows, weight), bias, m, s)
            continue
        region.linear(f"heads.{task}.fc1", *_linear(tensors, f"heads.{task}.fc1"), pad_to=rows)
        region.linear(f"heads.{task}.fc2", *_linear(tensors, f"heads.{task}.fc2"))
    return Weights(bytes(region.data), region.offset, region.bits, region.stride)


class _Region:
    """The weights region while it grows; every part begins at a multiple of 64 bytes."""

    def __init__(self, build: BuildConfig) -> None:
        self.build = build
        self.data = bytearray()
        self.offset: dict[str, int] = {}
        self.bits: dict[str, int] = {}
        self.stride: dict[str, int] = {}

    def add(self, name: str, data: bytes) -> None:
        self.offset[name] = len(self.data)
        self.data += data + bytes(-len(data) % 64)

    def linear(self, name: str, weight: Array, bias: Array, m: Array, s: Array, pad_to: int = 1) -> None:
        self.bits[name] = 8 * weight.dtype.itemsize
        self.add(name, pack_linear(self.build, *_pad_outputs(weight, bias, m, s, pad_to)))

    def norm(self, tensors: dict[str, Array], name: str) -> None:
        gamma, beta = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        extra = (0, -len(gamma) % self.build.rows)
        shift = np.full(len(gamma) + extra[1], int(tensors[f"{name}.s"]))
        self.add(name, pack_records(np.pad(beta, extra), np.pad(gamma, extra), shift))

    def gate(self, tensors: dict[str, Array], name: str) -> None:
        """The gate's weights; RAW needs no requantiser."""
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        self.linear(name, weight, bias, np.zeros_like(bias), np.ones_like(bias))

    def router(self, tensors: dict[str, Array], name: str) -> None:
        """The same without a bias."""
        weight = tensors[f"{name}.weight"]
        none = np.zeros(len(weight), np.int64)
        self.linear(name, weight, none, none, np.ones_like(none))

    def experts(self, config: ModelConfig, tensors: dict[str, Array], name: str) -> None:
        """fc1 then fc2 of each expert, at equal distances; both get the wider of their two widths."""
        layers = [_linear(tensors, f"{name}.{layer}") for layer in ("fc1", "fc2")]
        kind = np.result_type(*(weight for weight, *_ in layers))
        parts = []
        for e in range(config.experts):
            both = [
                pack_linear(
                    self.build, *_pad_outputs(weight[e].astype(kind), bias[e], m[e], s[e], self.build.rows)
                )
                for weight, bias, m, s in layers
            ]
            parts.append(b"".join(both))
        self.bits[name] = 8 * kind.itemsize
        self.stride[name] = len(parts[0])
        self.add(name, b"".join(parts))


def _linear(tensors: dict[str, Array], name: str) -> tuple[Array, Array, Array, Array]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"], tensors[f"{name}.m"], tensors[f"{name}.s"]


def _copy(width: int) -> tuple[Array, Array, Array, Array]:
    """A linear layer of int8 weights that leaves its input as it is."""
    m, s = multiplier(1.0)
    return (
        np.eye(width, dtype=np.int8),
        np.zeros(width, np.int64),
        np.full(width, m, np.int32),
        np.full(width, s, np.int32),
    )


def _pad_pooled(config: ModelConfig, rows: int, weight: Array) -> Array:
    """Inputs of a head of classes, token after token, -> words as LayerNorm leaves them: plane by plane the tokens."""
    parts = weight.reshape(len(weight), -1, config.dim)
    padded = np.pad(parts, ((0, 0), (0, 0), (0, -config.dim % rows)))
    return padded.reshape(len(weight), parts.shape[1], -1, rows).swapaxes(1, 2).reshape(len(weight), -1)


def _pad_outputs(weight: Array, bias: Array, m: Array, s: Array, multiple: int) -> tuple[Array, ...]:
    """Outputs to a whole number of planes, so that every lane of the destination is written."""
    extra = -len(weight) % multiple
    return (
        np.pad(weight, ((0, extra), (0, 0))),
        np.pad(bias, (0, extra)),
        np.pad(m, (0, extra)),
        np.pad(s, (0, extra), constant_values=1),
    )


def _pad_heads(
    config: ModelConfig, rows: int, weight: Array, bias: Array, m: Array, s: Array
) -> tuple[Array, Array, Array, Array]:
    """Outputs (heads * head_dim) -> (heads * rows): each head has a plane of its own."""
    parts = [
        _pad_outputs(weight[own], bias[own], m[own], s[own], rows)
        for own in (
            slice(head * config.head_dim, (head + 1) * config.head_dim) for head in range(config.heads)
        )
    ]
    weight, bias, m, s = (np.concatenate(column) for column in zip(*parts, strict=True))
    return weight, bias, m, s


def _pad_head_inputs(config: ModelConfig, rows: int, weight: Array) -> Array:
    """Inputs (heads * head_dim) -> (heads * rows), the same for the layer that reads the context."""
    split = weight.reshape(len(weight), config.heads, config.head_dim)
    return np.pad(split, ((0, 0), (0, 0), (0, rows - config.head_dim))).reshape(len(weight), -1)
