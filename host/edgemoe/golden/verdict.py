# SPDX-License-Identifier: Apache-2.0
"""The checks that a layer program must pass before anything of it runs: same codes as the walker's."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from edgemoe.config import BuildConfig
from edgemoe.numerics import CONTEXT_SHIFT_MAX, EPS_BITS, EPS_MIN, SCORE_UNIT, SHIFT_MAX
from edgemoe.program import Sizes
from edgemoe.registers import (
    DESCRIPTOR_BYTES,
    MAGIC,
    NO_INDEX,
    VERSION,
    Descriptor,
    Epilogue,
    Error,
    Format,
    Opcode,
    Region,
    Rule,
    Space,
    linear_beats,
    load_beats,
    norm_beats,
    store_beats,
)


@dataclass(frozen=True)
class Verdict:
    """An error code and the descriptor that it is about (NO_INDEX: none)."""

    error: Error
    index: int = NO_INDEX


def depth(build: BuildConfig, space: int) -> int:
    """Words of an on-chip memory."""
    return {
        Space.ACT: build.act_depth,
        Space.KEYS: build.key_depth,
        Space.RESIDUAL: build.residual_depth,
        Space.ACCUM: build.residual_depth,
        Space.CHOICE: build.max_tokens,
    }[Space(space)]


def check_program(build: BuildConfig, program: bytes, sizes: Sizes) -> Verdict:
    """The verdict on a whole program."""
    if sizes.program < DESCRIPTOR_BYTES:
        return Verdict(Error.COUNT)
    magic, version, count, checksum = struct.unpack_from("<4I", program)
    if magic != MAGIC:
        return Verdict(Error.MAGIC)
    if version != VERSION:
        return Verdict(Error.VERSION)
    if not 1 <= count <= build.max_descriptors or (count + 1) * DESCRIPTOR_BYTES > sizes.program:
        return Verdict(Error.COUNT)
    body = program[DESCRIPTOR_BYTES : (count + 1) * DESCRIPTOR_BYTES]
    if word_sum(body) != checksum:
        return Verdict(Error.CHECKSUM)
    reading = Reading(build, sizes)
    for index in range(count):
        error = reading.error(Descriptor.unpack(body[index * DESCRIPTOR_BYTES :]), last=index == count - 1)
        if error != Error.NONE:
            return Verdict(error, index)
    return Verdict(Error.NONE)


def word_sum(data: bytes) -> int:
    """The sum of 32-bit words modulo 2^32."""
    return sum(struct.unpack(f"<{len(data) // 4}I", data)) & 0xFFFFFFFF


class Reading:
    """The checks of descriptors in order, with what they carry from one to the next."""

    def __init__(self, build: BuildConfig, sizes: Sizes) -> None:
        self.build, self.sizes = build, sizes
        self.gate: Descriptor | None = None  # a GATE whose queues are still to be taken
        self.records = 0

    def error(self, d: Descriptor, last: bool) -> Error:
        """The lowest code that applies to the next descriptor."""
        return min([*_errors(self.build, d, self.sizes), *self._in_sequence(d, last)], default=Error.NONE)

    def _in_sequence(self, d: Descriptor, last: bool) -> Iterator[Error]:
        """What is wrong with one descriptor after those before it."""
        if (d.opcode == Opcode.END) != last:
            yield Error.END
        if d.opcode == Opcode.GATE:
            if self.gate is not None:
                yield Error.SEQUENCE
            self.gate = d
        elif d.opcode == Opcode.EXPERTS:
            if self.gate is None or (self.gate.tokens, self.gate.heads) != (d.tokens, d.heads):
                yield Error.SEQUENCE
            self.gate = None
        elif d.opcode == Opcode.ATTENTION and d.group:
            group = None if self.gate is None else (self.gate.tokens, self.gate.heads, self.gate.group)
            if group != (d.tokens, d.heads, d.group):
                yield Error.SEQUENCE
            self.gate = None
        elif d.opcode == Opcode.END and self.gate is not None:
            yield Error.SEQUENCE
        if d.opcode != Opcode.END:
            self.records += 1 + (d.heads if d.opcode == Opcode.EXPERTS else 0)
        if self.records * DESCRIPTOR_BYTES > self.sizes.statistics:
            yield Error.STATISTICS


def _errors(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    """What is wrong with one descriptor by itself."""
    check = {
        Opcode.END: _nothing,
        Opcode.LOAD: _load,
        Opcode.LINEAR: _linear,
        Opcode.LAYERNORM: _layernorm,
        Opcode.ATTENTION: _attention,
        Opcode.GATE: _gate,
        Opcode.EXPERTS: _experts,
        Opcode.COMBINE: _combine,
        Opcode.STORE: _store,
    }.get(d.opcode)  # type: ignore[call-overload]
    if check is None:
        yield Error.OPCODE
        return
    if d.opcode not in (Opcode.END, Opcode.LOAD, Opcode.STORE) and not 1 <= d.tokens <= build.max_tokens:
        yield Error.TOKENS
    yield from check(build, d, sizes)


def _end(base: int, stride: int, planes: int, tokens: int) -> int:
    """One past the last word of a tensor."""
    return base + (planes - 1) * stride + tokens


def _fits(d: Descriptor, depth_: int, base: int, stride: int, planes: int) -> Iterator[Error]:
    if stride < d.tokens:
        yield Error.STRIDE
    if _end(base, stride, planes, d.tokens) > depth_:
        yield Error.ADDRESS


def _overlap(
    d: Descriptor, base: int, stride: int, planes: int, base2: int, stride2: int, planes2: int
) -> bool:
    """Whether two tensors of the same memory have words between each other's ends."""
    return base < _end(base2, stride2, planes2, d.tokens) and base2 < _end(base, stride, planes, d.tokens)


def _dram(build: BuildConfig, offset: int, beats: int, limit: int) -> Iterator[Error]:
    """``beats`` beats from ``offset`` bytes on lie in a region of ``limit`` bytes."""
    yield from _range(offset, build.beat_bytes, beats * build.beat_bytes, limit)


def _weights(build: BuildConfig, d: Descriptor, beats: int, sizes: Sizes, before: int = 0) -> Iterator[Error]:
    """The same of the weights region, which is read in feeds; after ``before`` bytes."""
    yield from _range(d.offset, build.feed_bytes, before + beats * build.beat_bytes, sizes.weights)


def _range(offset: int, unit: int, size: int, limit: int) -> Iterator[Error]:
    if offset % unit:
        yield Error.ALIGN
    if offset + size > limit:
        yield Error.DRAM


def _shift(shift: int, low: int = 1, high: int = SHIFT_MAX) -> Iterator[Error]:
    if not low <= shift <= high:
        yield Error.SHIFT


def _tiles(build: BuildConfig, d: Descriptor) -> Iterator[Error]:
    if not 1 <= d.k_tiles <= build.max_k_tiles:
        yield Error.K_TILES


def _nothing(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    return iter(())


def _load(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    if d.space not in (Space.ACT, Space.RESIDUAL):
        yield Error.SPACE
    elif d.dst_base + d.size > depth(build, d.space):
        yield Error.ADDRESS
    if d.region not in (Region.WEIGHTS, Region.IMAGE):
        yield Error.REGION
    if d.size == 0:
        yield Error.SIZE
    if d.space == Space.ACT and d.format not in (Format.U8, Format.I16):
        yield Error.FORMAT
    if d.space == Space.RESIDUAL and d.format != Format.I32:
        yield Error.FORMAT
    if d.format in list(Format):
        beats = d.size * load_beats(build, d.format)
        if d.region == Region.IMAGE:
            yield from _dram(build, d.offset, beats, sizes.image)
        else:
            yield from _weights(build, d, beats, sizes)


def _linear(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    yield from _tiles(build, d)
    n_max = build.max_experts // build.cols if d.epilogue == Epilogue.RAW else build.max_n_tiles
    if not 1 <= d.n_tiles <= n_max:
        yield Error.N_TILES
    if d.weight_bits not in (8, 16):
        yield Error.WEIGHT_BITS
    yield from _fits(d, build.act_depth, d.src_base, d.src_stride, d.k_tiles)
    yield from _weights(build, d, linear_beats(build, d.n_tiles, d.k_tiles, d.weight_bits), sizes)
    planes = -(-d.n_tiles // build.banks)
    space: int | None = None
    if d.epilogue == Epilogue.REQUANT:
        space = d.space
        if space not in (Space.ACT, Space.KEYS):
            yield Error.SPACE
            return
    elif d.epilogue == Epilogue.GELU:
        space = Space.ACT
        yield from _shift(d.shift0)
    elif d.epilogue == Epilogue.RESIDUAL:
        space = Space.RESIDUAL
    elif d.epilogue == Epilogue.DRAM:
        yield from _dram(build, d.size, d.n_tiles * d.tokens, sizes.output)
    elif d.epilogue != Epilogue.RAW:
        yield Error.EPILOGUE
    if space is not None:
        yield from _fits(d, depth(build, space), d.dst_base, d.dst_stride, planes)
    if space == Space.ACT and _overlap(
        d, d.src_base, d.src_stride, d.k_tiles, d.dst_base, d.dst_stride, planes
    ):
        yield Error.OVERLAP


def _layernorm(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    yield from _tiles(build, d)
    yield from _fits(d, build.residual_depth, d.src_base, d.src_stride, d.k_tiles)
    yield from _fits(d, build.act_depth, d.dst_base, d.dst_stride, d.k_tiles)
    if not EPS_MIN <= d.eps < 1 << EPS_BITS:
        yield Error.EPSILON
    if not 1 <= d.dim <= min(build.rows * d.k_tiles, build.max_dim):
        yield Error.DIM
    yield from _weights(build, d, norm_beats(build, d.k_tiles), sizes)


def _attention(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    if not 1 <= d.heads <= build.max_k_tiles:
        yield Error.HEADS
    for base, stride in ((d.key_base, d.key_stride), (d.aux_base, d.aux_stride)):
        yield from _fits(d, build.key_depth, base, stride, d.heads)
    yield from _fits(d, build.act_depth, d.src_base, d.src_stride, d.heads)
    if _overlap(d, d.src_base, d.src_stride, d.heads, d.dst_base, d.dst_stride, d.heads):
        yield Error.OVERLAP
    yield from _fits(d, build.act_depth, d.dst_base, d.dst_stride, d.heads)
    yield from _shift(d.shift0)
    yield from _shift(d.shift1, 0, CONTEXT_SHIFT_MAX)


def _gate(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    if not 1 <= d.heads <= build.max_experts:
        yield Error.HEADS
    if not 1 <= d.group <= min(build.max_top_k, d.heads):
        yield Error.GROUP
    yield from _shift(d.shift0)
    if d.rule not in (Rule.SOFTMAX_ALL, Rule.SOFTMAX_TOPK) or d.threshold > SCORE_UNIT:
        yield Error.RULE


def _experts(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    yield from _tiles(build, d)
    if build.banks * d.k_tiles > build.max_n_tiles:
        yield Error.K_TILES
    hidden_planes, rest = divmod(d.n_tiles, build.banks)
    if rest or not 1 <= hidden_planes <= build.max_k_tiles or d.n_tiles > build.max_n_tiles:
        yield Error.N_TILES
    if d.weight_bits not in (8, 16):
        yield Error.WEIGHT_BITS
    if not 1 <= d.heads <= build.max_experts:
        yield Error.HEADS
    yield from _fits(d, build.act_depth, d.src_base, d.src_stride, d.k_tiles)
    yield from _fits(d, build.act_depth, d.aux_base, d.aux_stride, hidden_planes)
    yield from _fits(d, build.residual_depth, d.dst_base, d.dst_stride, d.k_tiles)
    if _overlap(d, d.src_base, d.src_stride, d.k_tiles, d.aux_base, d.aux_stride, hidden_planes):
        yield Error.OVERLAP
    yield from _shift(d.shift0)
    if d.size % build.feed_bytes:
        yield Error.ALIGN
    one = linear_beats(build, d.n_tiles, d.k_tiles, d.weight_bits)
    one += linear_beats(build, build.banks * d.k_tiles, hidden_planes, d.weight_bits)
    yield from _weights(build, d, one, sizes, before=(d.heads - 1) * d.size)


def _combine(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    yield from _tiles(build, d)
    yield from _fits(d, build.residual_depth, d.dst_base, d.dst_stride, d.k_tiles)


def _store(build: BuildConfig, d: Descriptor, sizes: Sizes) -> Iterator[Error]:
    if d.size == 0:
        yield Error.SIZE
    if d.space not in list(Space):
        yield Error.SPACE
        return
    space = Space(d.space)
    if d.src_base + d.size > depth(build, space):
        yield Error.ADDRESS
    yield from _dram(build, d.offset, d.size * store_beats(build, space), sizes.output)
