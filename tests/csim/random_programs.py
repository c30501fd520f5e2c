# SPDX-License-Identifier: Apache-2.0
"""Random layer programs that use every operation with random shapes, strides and values."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgemoe.config import BuildConfig
from edgemoe.numerics import RESIDUAL_BITS
from edgemoe.program import Memory
from edgemoe.registers import (
    Descriptor,
    Epilogue,
    Format,
    Opcode,
    Region,
    Rule,
    Space,
    pack_program,
    store_beats,
)

ACT_WORDS = 600  # of `act`: sources lie here
TARGET = 1200  # of `act`, where results go


class ProgramWriter:
    """Collects descriptors and the regions that they refer to."""

    def __init__(self, build: BuildConfig, rng: np.random.Generator) -> None:
        self.build, self.rng = build, rng
        self.word_bytes = 2 * build.rows  # of int16
        self.descriptors: list[Descriptor] = []
        self.weights = b""
        self.image = b""
        self.output_bytes = 0

    def add(self, opcode: Opcode, **fields: int) -> None:
        stage = len(self.descriptors) + 100
        self.descriptors.append(
            Descriptor(opcode=int(opcode), stage=stage, **{k: int(v) for k, v in fields.items()})
        )

    def place_weights(self, data: bytes) -> int:
        """Appends to the weights region, returns the offset."""
        offset = len(self.weights)
        self.weights += data + bytes(-len(data) % self.build.beat_bytes)
        return offset

    def reserve_output(self, size: int) -> int:
        offset = self.output_bytes
        self.output_bytes += size + -size % self.build.beat_bytes
        return offset

    def store(self, space: Space, base: int, words: int) -> None:
        """A tap."""
        size = words * store_beats(self.build, space) * self.build.beat_bytes
        self.add(Opcode.STORE, space=space, src_base=base, size=words, offset=self.reserve_output(size))

    def load(self, space: Space, base: int, words: int, *, bytes_only: bool = False) -> None:
        """LOAD of random values from a random region; some of the residual's are beyond its width."""
        kind = Format.U8 if bytes_only else Format.I32 if space == Space.RESIDUAL else Format.I16
        bits, stored = {Format.U8: (8, "<i1"), Format.I16: (16, "<i2"), Format.I32: (RESIDUAL_BITS, "<i4")}[
            kind
        ]
        amplitude = int(self.rng.choice([3, 300, 1 << (bits - 1)]))
        values = self.rng.integers(-amplitude, amplitude, words * self.build.rows).astype(stored)
        if kind == Format.I32 and self.rng.random() < 0.2:
            values[self.rng.integers(len(values), size=9)] = self.rng.integers(-(1 << 31), 1 << 31, 9)
        data = values.tobytes()
        if self.rng.random() < 0.5:
            offset, region = self.place_weights(data), Region.WEIGHTS
        else:
            offset, region = len(self.image), Region.IMAGE
            self.image += data
        self.add(
            Opcode.LOAD, space=space, dst_base=base, size=words, format=kind, region=region, offset=offset
        )

    def tiles(self, n_tiles: int, k_tiles: int, bits: int, *, target_bits: int = 16) -> bytes:
        """Random weights with channel records whose scales bring the sums near `target_bits` bits."""
        parts = []
        limit = 1 << (bits - 1)
        for _ in range(n_tiles):
            parts.append(self.records(self.build.cols, k_tiles, bits, target_bits))
            weights = self.rng.integers(-limit, limit, k_tiles * self.build.macs)
            parts.append(weights.astype("<i1" if bits == 8 else "<i2").tobytes())
        return b"".join(parts)

    def records(self, count: int, k_tiles: int, bits: int, target_bits: int) -> bytes:
        sums = (k_tiles * self.build.rows // 32).bit_length() + 1
        shift = 16 + bits + 15 + sums - target_bits + self.rng.integers(-3, 3, count)
        bias = self.rng.integers(-(1 << 20), 1 << 20, count)
        multiplier = self.rng.integers(1 << 15, 1 << 16, count)
        shift = np.where(
            self.rng.random(count) < 0.02, self.rng.integers(0, 64, count), np.clip(shift, 1, 62)
        )
        words = (bias & ((1 << 40) - 1)) | multiplier << 40 | shift << 56
        return words.astype("<u8").tobytes()

    def linear(
        self, epilogue: Epilogue, tokens: int, k_tiles: int, n_tiles: int, bits: int, space: Space
    ) -> None:
        """LINEAR from the filled part of `act`, with a tap of what it wrote."""
        stride = tokens + int(self.rng.integers(0, 3))
        if space == Space.KEYS:  # no LOAD fills `keys`, so nothing of a tap of it may stay unwritten
            n_tiles, stride = n_tiles + -n_tiles % self.build.banks, tokens
        planes = -(-n_tiles // self.build.banks)
        offset = self.place_weights(self.tiles(n_tiles, k_tiles, bits))
        base = int(self.rng.integers(0, 40)) + (TARGET if space == Space.ACT else 0)
        size = (
            self.reserve_output(n_tiles * tokens * self.build.beat_bytes) if epilogue == Epilogue.DRAM else 0
        )
        self.add(
            Opcode.LINEAR,
            epilogue=epilogue,
            space=space,
            tokens=tokens,
            k_tiles=k_tiles,
            n_tiles=n_tiles,
            weight_bits=bits,
            src_base=int(self.rng.integers(0, 10)),
            src_stride=tokens + int(self.rng.integers(0, 3)),
            dst_base=base,
            dst_stride=stride,
            offset=offset,
            size=size,
            mult0=int(self.rng.integers(1 << 15, 1 << 16)),
            shift0=int(self.rng.integers(12, 20)),
        )
        if epilogue in (Epilogue.REQUANT, Epilogue.GELU, Epilogue.RESIDUAL):
            self.store(space, base, (planes - 1) * stride + tokens)

    def layernorm(self, tokens: int, k_tiles: int) -> None:
        """LAYERNORM of the filled part of `residual`; lanes beyond its width hold values like all others."""
        count = self.build.rows * k_tiles
        dim = min(count - int(self.rng.choice([0, 1, self.rng.integers(0, count)])), self.build.max_dim)
        gamma = self.rng.integers(-(1 << 15), 1 << 15, count)
        beta = self.rng.integers(-(1 << 20), 1 << 20, count)
        shift = np.where(
            self.rng.random(count) < 0.1, self.rng.integers(0, 64, count), self.rng.integers(13, 17, count)
        )
        words = (beta & ((1 << 40) - 1)) | (gamma & 0xFFFF) << 40 | shift << 56
        base = TARGET + int(self.rng.integers(0, 40))
        self.add(
            Opcode.LAYERNORM,
            tokens=tokens,
            k_tiles=k_tiles,
            dim=dim,
            eps=int(self.rng.choice([4, 1000, 1 << 47])),
            src_base=int(self.rng.integers(0, 10)),
            src_stride=tokens,
            dst_base=base,
            dst_stride=tokens,
            offset=self.place_weights(words.astype("<u8").tobytes()),
        )
        self.store(Space.ACT, base, k_tiles * tokens)

    def attention(self, tokens: int, heads: int, top_heads: int = 0, threshold: int = 0) -> None:
        """q, k and v by LINEAR from the filled part of `act`, a GATE if tokens are to choose heads, then ATTENTION."""
        values, out = heads * tokens, TARGET + heads * tokens
        for space, base in ((Space.ACT, TARGET), (Space.KEYS, 0), (Space.KEYS, values)):
            self.linear(Epilogue.REQUANT, tokens, 2, self.build.banks * heads, 8, space)
            place = {"dst_base": base, "dst_stride": tokens}
            tap = self.descriptors.pop()
            linear = self.descriptors.pop()
            self.descriptors.append(dataclasses.replace(linear, **place))
            self.descriptors.append(dataclasses.replace(tap, src_base=base, size=heads * tokens))
            self.output_bytes = tap.offset + heads * tokens * self.word_bytes
        if top_heads:
            self.gate(tokens, heads, top_heads, Rule.SOFTMAX_TOPK, threshold, 2)
        self.add(
            Opcode.ATTENTION,
            tokens=tokens,
            heads=heads,
            group=top_heads,
            src_base=TARGET,
            src_stride=tokens,
            aux_base=values,
            aux_stride=tokens,
            dst_base=out,
            dst_stride=tokens,
            key_base=0,
            key_stride=tokens,
            mult0=int(self.rng.integers(1 << 15, 1 << 16)),
            shift0=int(self.rng.integers(28, 36)),
            mult1=int(self.rng.integers(1 << 15, 1 << 16)),
            shift1=int(self.rng.integers(14, 17)),
        )
        self.store(Space.ACT, out, heads * tokens)

    def gate(
        self, tokens: int, choices: int, top_k: int, rule: Rule, threshold: int, k_tiles: int,
        *, all_on_one: bool = False,
    ) -> None:  # fmt: skip
        """Logits of the filled part of `act`, and the choices of every token."""
        tiles = -(-choices // self.build.cols)
        weights = self.tiles(tiles, k_tiles, 16)
        if all_on_one:  # one logit's bias beats all others
            first = bytearray(weights)
            first[0:5] = (1 << 38).to_bytes(5, "little")
            weights = bytes(first)
        self.add(
            Opcode.LINEAR, epilogue=Epilogue.RAW, tokens=tokens, k_tiles=k_tiles, n_tiles=tiles, weight_bits=16,
            src_stride=tokens, dst_stride=tokens, offset=self.place_weights(weights),
        )  # fmt: skip
        scale = {"mult0": int(self.rng.integers(1 << 15, 1 << 16)), "shift0": int(self.rng.integers(34, 40))}
        self.add(
            Opcode.GATE, tokens=tokens, heads=choices, group=top_k, rule=rule, threshold=threshold, **scale
        )
        self.store(Space.CHOICE, 0, tokens)

    def experts(
        self, tokens: int, experts: int, top_k: int, rule: Rule, threshold: int, k_tiles: int, n_tiles: int, bits: int,
        *, all_on_one: bool = False,
    ) -> None:  # fmt: skip
        """Gate, experts, combine; every memory they fill is tapped."""
        banks, src = self.build.banks, {"src_base": 0, "src_stride": tokens}
        self.gate(tokens, experts, top_k, rule, threshold, k_tiles, all_on_one=all_on_one)
        one = [
            self.tiles(n_tiles, k_tiles, bits, target_bits=17)
            + self.tiles(banks * k_tiles, n_tiles // banks, bits, target_bits=20)
            for _ in range(experts)
        ]
        self.add(
            Opcode.EXPERTS, tokens=tokens, heads=experts, k_tiles=k_tiles, n_tiles=n_tiles, weight_bits=bits,
            dst_base=3, dst_stride=tokens, aux_base=TARGET, aux_stride=tokens, offset=self.place_weights(b"".join(one)),
            size=len(one[0]), mult0=40000, shift0=15, **src,
        )  # fmt: skip
        self.store(Space.ACCUM, 3, k_tiles * tokens)
        self.add(Opcode.COMBINE, tokens=tokens, k_tiles=k_tiles, dst_base=3, dst_stride=tokens)
        self.store(Space.RESIDUAL, 3, k_tiles * tokens)

    def memory(self) -> Memory:
        """Closes the program."""
        self.add(Opcode.END)
        program = pack_program(self.descriptors)
        return Memory(program, self.weights, self.image, self.output_bytes, 64 * 40 * len(self.descriptors))


def random_program(build: BuildConfig, rng: np.random.Generator) -> Memory:
    """A program of every operation on random shapes; `act` and `residual` are filled first."""
    writer = ProgramWriter(build, rng)
    writer.load(Space.ACT, 0, build.act_depth, bytes_only=bool(rng.integers(2)))
    writer.load(Space.RESIDUAL, 0, build.residual_depth)
    beyond = min(
        130, (build.act_depth - TARGET - 40) // 3
    )  # so many tokens fill three planes of what is written
    for epilogue, space in (
        (Epilogue.REQUANT, Space.ACT),
        (Epilogue.REQUANT, Space.KEYS),
        (Epilogue.GELU, Space.ACT),
        (Epilogue.RESIDUAL, Space.RESIDUAL),
        (Epilogue.DRAM, Space.ACT),
    ):
        tokens = int(rng.choice([1, 5, 20, 21, build.max_tokens, int(rng.integers(22, 130))]))
        k_tiles = int(rng.integers(1, max(1, min(4, (ACT_WORDS - 20) // (tokens + 3))) + 1))
        writer.linear(epilogue, tokens, k_tiles, int(rng.integers(1, 9)), int(rng.choice([8, 16])), space)
    writer.layernorm(int(rng.integers(1, beyond)), int(rng.integers(1, 4)))
    tokens = int(rng.integers(1, 60))
    writer.attention(tokens, int(rng.integers(1, 4)))
    heads = int(rng.integers(2, 5))
    most = min(60, build.key_depth // (2 * heads), (build.act_depth - TARGET) // (2 * heads))
    tokens = int(rng.integers(1, most))
    writer.attention(tokens, heads, int(rng.integers(1, heads)), int(rng.choice([0, 0, 40000])))
    experts = min(int(rng.choice([1, 4, 8, 16])), build.max_experts)
    writer.experts(
        int(rng.integers(1, beyond)),
        experts,
        int(rng.integers(1, min(4, experts) + 1)),
        Rule(int(rng.integers(1, 3))),
        int(rng.choice([0, 6554, 30000])),
        2,
        build.banks * int(rng.integers(1, 4)),
        int(rng.choice([8, 16])),
        all_on_one=bool(rng.integers(4) == 0),
    )
    return writer.memory()
