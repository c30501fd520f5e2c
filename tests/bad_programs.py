# SPDX-License-Identifier: Apache-2.0
"""Layer programs that are wrong, and good ones at the edge, with their verdicts: one table for golden, native and RTL.

`test_every_part_is_needed` takes the parts of the checks away one by one and moves each limit by one; each has to have
a row here that sees it.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgemoe.config import BuildConfig, board
from edgemoe.numerics import CONTEXT_SHIFT_MAX, EPS_BITS, EPS_MIN, SCORE_UNIT, SHIFT_MAX
from edgemoe.program import Sizes
from edgemoe.registers import (
    DESCRIPTOR_BYTES,
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
    pack_program,
    store_beats,
)

SIZES = Sizes(program=1 << 16, weights=1 << 20, image=1 << 16, output=1 << 21, statistics=1 << 16)
END = Descriptor(opcode=Opcode.END)
T = 129  # tokens of most rows; their tensors have two planes

BUILD = board("sim-small")
#: The table is made for all three. The second has longer words, wider beats, and feeds of several beats; the third has
#: narrower beats, of which a choice takes two.
WIDE = board("zcu102")
SLIM = board("pynq-z2")
BUILDS = (BUILD, WIDE, SLIM)
#: Builds in which one limit of tiles is below what the other implies, as they are in `sim-small`, or no multiple of the
#: banks; and one of few descriptors.
NARROW = dataclasses.replace(BUILD, name="narrow", max_n_tiles=64)
ODD = dataclasses.replace(BUILD, name="odd", max_n_tiles=67)
SHALLOW = dataclasses.replace(BUILD, name="shallow", max_k_tiles=8)
SLENDER = dataclasses.replace(BUILD, name="slender", max_n_tiles=1)  # fewer columns than experts
FEW = dataclasses.replace(BUILD, name="few", max_descriptors=3)


@dataclass(frozen=True)
class Case:
    """A program, its regions' sizes, and the verdict on it."""

    name: str
    program: bytes
    error: Error
    index: int = NO_INDEX
    sizes: Sizes = SIZES
    build: BuildConfig = BUILD


def change(d: Descriptor, **fields: Any) -> Descriptor:
    return dataclasses.replace(d, **fields)


def program_of(*descriptors: Descriptor) -> bytes:
    """The program of these and END."""
    return pack_program([*descriptors, END])


def expert_bytes(build: BuildConfig, d: Descriptor) -> int:
    """Bytes that an EXPERTS descriptor fetches of one expert."""
    fc1 = linear_beats(build, d.n_tiles, d.k_tiles, d.weight_bits)
    fc2 = linear_beats(build, build.banks * d.k_tiles, d.n_tiles // build.banks, d.weight_bits)
    return (fc1 + fc2) * build.beat_bytes


class Bases:
    """A good descriptor of each operation for a build; the rows are changes of them."""

    def __init__(self, build: BuildConfig) -> None:
        t, banks = build.max_tokens, build.banks
        self.load = Descriptor(
            opcode=Opcode.LOAD,
            space=Space.ACT,
            format=Format.I16,
            region=Region.WEIGHTS,
            size=build.act_depth,
        )
        self.linear = Descriptor(
            opcode=Opcode.LINEAR, weight_bits=8, epilogue=Epilogue.REQUANT, space=Space.ACT, tokens=t, k_tiles=2,
            n_tiles=2 * banks, src_stride=t, dst_base=2 * t, dst_stride=t, shift0=1,
        )  # fmt: skip
        self.norm = Descriptor(
            opcode=Opcode.LAYERNORM,
            tokens=T,
            k_tiles=2,
            src_stride=T,
            dst_stride=T,
            eps=EPS_MIN,
            dim=2 * build.rows,
        )
        self.attention = Descriptor(
            opcode=Opcode.ATTENTION, tokens=T, heads=2, key_stride=T, src_base=2 * T, src_stride=T,
            aux_base=4 * T, aux_stride=T, dst_stride=T, shift0=20,
        )  # fmt: skip
        self.gate = Descriptor(
            opcode=Opcode.GATE, tokens=T, heads=8, group=2, shift0=20, rule=Rule.SOFTMAX_ALL
        )
        experts = Descriptor(
            opcode=Opcode.EXPERTS, tokens=T, heads=8, k_tiles=2, n_tiles=4 * banks, weight_bits=8, src_stride=T,
            aux_base=2 * T, aux_stride=T, dst_stride=T, shift0=14,
        )  # fmt: skip
        self.experts = change(experts, size=expert_bytes(build, experts))
        self.combine = Descriptor(opcode=Opcode.COMBINE, tokens=T, k_tiles=2, dst_stride=T)
        self.store = Descriptor(opcode=Opcode.STORE, space=Space.RESIDUAL, size=build.residual_depth)
        self.all = [
            self.load, self.linear, self.norm, self.attention, self.gate, self.experts, self.combine, self.store,
        ]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A descriptor and the verdict on it; `sizes` are those that differ from SIZES."""

    d: Descriptor
    error: Error = Error.NONE
    sizes: tuple[tuple[str, int], ...] = ()


def _just(d: Descriptor, region: str, size: int) -> Iterator[Row]:
    """A descriptor that needs so many bytes of a region has them, and has a byte less."""
    yield Row(d, sizes=((region, size),))
    yield Row(d, Error.DRAM, ((region, size - 1),))


def _load(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    act, residual, beat, feed = build.act_depth, build.residual_depth, build.beat_bytes, build.feed_bytes
    yield from (
        Row(change(d, space=space), Error.SPACE) for space in (Space.KEYS, Space.ACCUM, Space.CHOICE, 15)
    )
    wide = change(d, space=Space.RESIDUAL, format=Format.I32, size=residual)
    yield from (Row(change(d, format=form), Error.FORMAT) for form in (Format.I32, 3))
    yield from (Row(change(wide, format=form), Error.FORMAT) for form in (Format.U8, Format.I16, 3))
    yield from (Row(change(d, region=region), Error.REGION) for region in (2, 3))
    yield Row(change(d, size=0), Error.SIZE)
    yield Row(change(d, size=1, dst_base=act - 1))
    yield Row(change(d, dst_base=1), Error.ADDRESS)
    yield Row(change(d, size=1 << 31), Error.ADDRESS)
    yield Row(wide)
    yield Row(change(wide, size=residual + 1), Error.ADDRESS)
    yield Row(change(d, offset=feed))
    yield Row(change(d, offset=feed // 2), Error.ALIGN)
    yield Row(change(d, size=1, region=Region.IMAGE, offset=beat))
    yield Row(change(d, size=1, region=Region.IMAGE, offset=beat // 2), Error.ALIGN)
    for good in (change(d, format=Format.U8), d, wide):
        size = beat * good.size * load_beats(build, good.format)
        yield from _just(good, "weights", size)
        yield from _just(change(good, offset=feed), "weights", size + feed)
        yield from _just(change(good, region=Region.IMAGE), "image", size)


def _of_others(base: Bases) -> Iterator[Row]:
    """Only LOAD looks at the region, and only LINEAR at the epilogue that writes to DRAM."""
    for d in (base.linear, base.norm, base.experts):
        yield Row(change(d, region=Region.IMAGE), sizes=(("image", 0),))
    yield Row(change(base.experts, epilogue=Epilogue.DRAM), sizes=(("output", 0),))
    yield Row(change(base.store, epilogue=Epilogue.DRAM, size=1))


def _linear(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    t, act, beat, feed = build.max_tokens, build.act_depth, build.beat_bytes, build.feed_bytes
    gelu, raw = change(d, epilogue=Epilogue.GELU), change(d, epilogue=Epilogue.RAW, n_tiles=1)
    dram, residual = change(d, epilogue=Epilogue.DRAM), change(d, epilogue=Epilogue.RESIDUAL, dst_base=0)
    query = change(d, space=Space.KEYS, dst_base=0)
    yield Row(d)
    yield Row(change(d, tokens=0), Error.TOKENS)
    yield Row(change(d, tokens=1))
    yield Row(change(d, tokens=t + 1, src_stride=t + 1, dst_base=2 * t + 2, dst_stride=t + 1), Error.TOKENS)
    yield Row(change(d, k_tiles=0), Error.K_TILES)
    yield Row(change(d, k_tiles=1))
    yield Row(change(d, k_tiles=build.max_k_tiles, tokens=1, src_stride=1, dst_base=64))
    yield Row(change(d, k_tiles=build.max_k_tiles + 1, tokens=1, src_stride=1, dst_base=64), Error.K_TILES)
    yield Row(change(d, n_tiles=0), Error.N_TILES)
    yield Row(change(d, n_tiles=1))
    yield Row(change(dram, n_tiles=build.max_n_tiles))
    yield Row(change(dram, n_tiles=build.max_n_tiles + 1), Error.N_TILES)
    yield Row(change(raw, n_tiles=0), Error.N_TILES)
    yield Row(change(raw, n_tiles=build.max_experts // build.cols, dst_stride=0, dst_base=65535))
    yield Row(change(raw, n_tiles=build.max_experts // build.cols + 1), Error.N_TILES)
    yield from (Row(change(d, weight_bits=bits), Error.WEIGHT_BITS) for bits in (0, 7, 9, 12, 15, 17))
    yield Row(change(d, weight_bits=16))
    yield from (Row(change(d, epilogue=e), Error.EPILOGUE) for e in (Epilogue.EXPERT, 6, 15))
    yield from (Row(change(d, space=space), Error.SPACE) for space in (Space.RESIDUAL, Space.ACCUM, 15))
    yield from (
        Row(change(other, space=15)) for other in (gelu, raw, dram, residual)
    )  # only REQUANT looks at it

    yield Row(change(d, src_stride=t - 1), Error.STRIDE)
    yield from (Row(change(other, dst_stride=t - 1), Error.STRIDE) for other in (d, gelu, residual, query))
    yield from (Row(change(other, dst_stride=0, dst_base=65534)) for other in (raw, dram))
    yield Row(change(d, src_base=act - 2 * t, dst_base=0))
    yield Row(change(d, src_base=act - 2 * t + 1, dst_base=0), Error.ADDRESS)
    yield Row(change(d, src_base=65535, dst_base=0), Error.ADDRESS)
    yield Row(change(d, src_stride=65535), Error.ADDRESS)
    for other, depth in ((d, act), (gelu, act), (query, build.key_depth), (residual, build.residual_depth)):
        yield Row(change(other, dst_base=depth - 2 * t))
        yield Row(change(other, dst_base=depth - 2 * t + 1), Error.ADDRESS)
    yield Row(change(gelu, space=Space.KEYS, dst_base=act - 2 * t))
    # A plane of the destination takes `banks` column tiles, and a rest of them a whole one.
    yield Row(change(d, dst_base=act - t, n_tiles=build.banks))
    yield Row(change(d, dst_base=act - t, n_tiles=build.banks + 1), Error.ADDRESS)
    for other in (d, gelu):
        yield Row(change(other, dst_base=2 * t - 1), Error.OVERLAP)
        yield Row(change(other, src_base=2 * t, dst_base=0))
        yield Row(change(other, src_base=2 * t, dst_base=1), Error.OVERLAP)
    yield from (Row(change(other, src_base=0, dst_base=0)) for other in (query, raw, dram, residual))

    yield Row(change(gelu, shift0=0), Error.SHIFT)
    yield Row(change(gelu, shift0=1))
    yield Row(change(gelu, shift0=SHIFT_MAX))
    yield Row(change(gelu, shift0=SHIFT_MAX + 1), Error.SHIFT)
    yield from (Row(change(other, shift0=0)) for other in (d, raw, dram, residual))  # only GELU looks at it
    yield Row(change(d, offset=feed))
    yield Row(change(d, offset=feed // 2), Error.ALIGN)
    yield Row(change(dram, size=beat))
    yield Row(change(dram, size=beat // 2), Error.ALIGN)
    yield from (Row(change(other, size=beat // 2 + 1)) for other in (d, gelu, raw, residual))
    yield Row(change(d, offset=(1 << 32) - feed), Error.DRAM)
    for bits in (8, 16):
        size = beat * linear_beats(build, d.n_tiles, d.k_tiles, bits)
        yield from _just(change(d, weight_bits=bits), "weights", size)
        yield from _just(change(d, weight_bits=bits, offset=feed), "weights", size + feed)
    yield from _just(dram, "output", beat * d.n_tiles * t)
    yield from _just(change(dram, size=beat), "output", beat * d.n_tiles * t + beat)


def _layernorm(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    act, residual, feed = build.act_depth, build.residual_depth, build.feed_bytes
    thin = change(d, tokens=1, src_stride=1, dst_stride=1)
    yield from (Row(change(d, tokens=tokens), Error.TOKENS) for tokens in (0, build.max_tokens + 1))
    yield from (Row(change(thin, k_tiles=k), Error.K_TILES) for k in (0, build.max_k_tiles + 1))
    yield Row(change(d, src_stride=T - 1), Error.STRIDE)
    yield Row(change(d, dst_stride=T - 1), Error.STRIDE)
    yield Row(change(d, src_base=residual - 2 * T, dst_base=act - 2 * T))
    yield Row(change(d, src_base=residual - 2 * T + 1), Error.ADDRESS)
    yield Row(change(d, dst_base=act - 2 * T + 1), Error.ADDRESS)
    yield Row(change(d, src_stride=65535), Error.ADDRESS)
    yield from (Row(change(d, eps=eps), Error.EPSILON) for eps in (0, EPS_MIN - 1, 1 << EPS_BITS, 1 << 63))
    yield Row(change(d, eps=(1 << EPS_BITS) - 1))
    yield from (Row(change(d, dim=dim), Error.DIM) for dim in (0, 2 * build.rows + 1, 1 << 31))
    yield Row(change(d, dim=1))
    yield Row(change(thin, k_tiles=build.max_k_tiles, dim=build.max_dim))
    yield Row(change(thin, k_tiles=build.max_k_tiles, dim=build.max_dim + 1), Error.DIM)
    yield Row(change(d, offset=feed // 2), Error.ALIGN)
    size = build.beat_bytes * norm_beats(build, 2)
    yield from _just(d, "weights", size)
    yield from _just(change(d, offset=feed), "weights", size + feed)


def _attention(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    act, keys = build.act_depth, build.key_depth
    bases = {
        "src_base": 64,
        "aux_base": 128,
        "key_stride": 1,
        "src_stride": 1,
        "aux_stride": 1,
        "dst_stride": 1,
    }
    thin = change(d, tokens=1, **bases)
    yield from (Row(change(d, tokens=tokens), Error.TOKENS) for tokens in (0, build.max_tokens + 1))
    yield from (Row(change(thin, heads=heads), Error.HEADS) for heads in (0, build.max_k_tiles + 1))
    yield from (Row(change(thin, heads=heads)) for heads in (1, build.max_k_tiles))
    for name in ("src_stride", "dst_stride", "aux_stride", "key_stride"):
        yield Row(change(d, **{name: T - 1}), Error.STRIDE)
        yield Row(change(d, **{name: 65535}), Error.ADDRESS)
    for name, depth in (("src_base", act), ("dst_base", act), ("aux_base", keys), ("key_base", keys)):
        yield Row(change(d, **{name: depth - 2 * T}))
        yield Row(change(d, **{name: depth - 2 * T + 1}), Error.ADDRESS)
    yield Row(change(d, dst_base=1), Error.OVERLAP)  # with src, from below
    yield Row(change(d, src_base=0, dst_base=2 * T))
    yield Row(change(d, src_base=0, dst_base=2 * T - 1), Error.OVERLAP)
    yield Row(change(d, src_base=6 * T, aux_base=0, key_base=0))  # keys and values are in another memory
    yield Row(change(d, dst_base=4 * T))
    yield Row(change(d, dst_base=4 * T - 1), Error.OVERLAP)
    yield from (Row(change(d, shift0=shift)) for shift in (1, SHIFT_MAX))
    yield from (Row(change(d, shift0=shift), Error.SHIFT) for shift in (0, SHIFT_MAX + 1))
    yield Row(change(d, shift1=CONTEXT_SHIFT_MAX))
    yield Row(change(d, shift1=CONTEXT_SHIFT_MAX + 1), Error.SHIFT)


def _gate(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    most, slots = build.max_experts, build.max_top_k
    yield from (Row(change(d, tokens=tokens), Error.TOKENS) for tokens in (0, build.max_tokens + 1))
    yield from (Row(change(d, heads=heads), Error.HEADS) for heads in (0, most + 1))
    yield from (Row(change(d, heads=heads, group=1)) for heads in (1, most))
    yield from (Row(change(d, group=group), Error.GROUP) for group in (0, slots + 1))
    yield Row(change(d, group=slots))
    yield Row(change(d, group=3, heads=3))
    yield Row(change(d, group=3, heads=2), Error.GROUP)
    yield from (Row(change(d, shift0=shift)) for shift in (1, SHIFT_MAX))
    yield from (Row(change(d, shift0=shift), Error.SHIFT) for shift in (0, SHIFT_MAX + 1, 255))
    yield from (Row(change(d, rule=rule), Error.RULE) for rule in (0, 3))
    yield Row(change(d, rule=Rule.SOFTMAX_TOPK))
    yield Row(change(d, threshold=SCORE_UNIT))
    yield Row(change(d, threshold=SCORE_UNIT + 1), Error.RULE)


def _experts(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    act, residual, feed, banks = build.act_depth, build.residual_depth, build.feed_bytes, build.banks
    thin = change(d, tokens=1, src_stride=1, aux_stride=1, dst_stride=1, size=0)
    most_n = min(build.max_n_tiles, banks * build.max_k_tiles)
    yield from (Row(change(thin, k_tiles=k), Error.K_TILES) for k in (0, build.max_k_tiles + 1))
    yield from (Row(change(thin, k_tiles=k)) for k in (1, min(build.max_k_tiles, build.max_n_tiles // banks)))
    yield from (Row(change(thin, n_tiles=n)) for n in (banks, most_n))
    yield from (
        Row(change(thin, n_tiles=n), Error.N_TILES)
        for n in (0, banks - 1, banks + 1, 4 * banks - 1, most_n + banks)
    )
    yield from (Row(change(d, weight_bits=bits), Error.WEIGHT_BITS) for bits in (0, 4, 7, 9, 15, 17))
    yield from (Row(change(d, heads=heads, size=0)) for heads in (1, build.max_experts))
    for name in ("src_stride", "aux_stride", "dst_stride"):
        yield Row(change(d, **{name: T - 1}), Error.STRIDE)
        yield Row(change(d, **{name: 65535}), Error.ADDRESS)
    for name, planes, depth in (("src_base", 2, act), ("aux_base", 4, act), ("dst_base", 2, residual)):
        yield Row(change(d, **{name: depth - planes * T}))
        yield Row(change(d, **{name: depth - planes * T + 1}), Error.ADDRESS)
    yield Row(change(d, aux_base=2 * T - 1), Error.OVERLAP)
    yield Row(change(d, src_base=4 * T, aux_base=0))
    yield Row(change(d, src_base=4 * T, aux_base=1), Error.OVERLAP)
    yield from (Row(change(d, shift0=shift)) for shift in (1, SHIFT_MAX))
    yield from (Row(change(d, shift0=shift), Error.SHIFT) for shift in (0, SHIFT_MAX + 1))
    yield Row(change(d, size=d.size + feed // 2), Error.ALIGN)
    yield Row(change(d, offset=feed // 2), Error.ALIGN)
    yield Row(change(d, size=(1 << 32) - feed), Error.DRAM)
    for bits in (8, 16):
        wide = change(d, weight_bits=bits)
        size = expert_bytes(build, wide)
        yield from _just(wide, "weights", 7 * d.size + size)
        yield from _just(change(wide, offset=feed, size=0), "weights", size + feed)


def _combine(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    residual = build.residual_depth
    thin = change(d, tokens=1, dst_stride=1)
    yield from (Row(change(d, tokens=tokens), Error.TOKENS) for tokens in (0, build.max_tokens + 1))
    yield from (Row(change(thin, k_tiles=k), Error.K_TILES) for k in (0, build.max_k_tiles + 1))
    yield Row(change(d, dst_stride=T - 1), Error.STRIDE)
    yield Row(change(d, dst_stride=65535), Error.ADDRESS)
    yield Row(change(d, dst_base=residual - 2 * T))
    yield Row(change(d, dst_base=residual - 2 * T + 1), Error.ADDRESS)


def _store(build: BuildConfig, d: Descriptor) -> Iterator[Row]:
    beat, residual = build.beat_bytes, build.residual_depth
    depths = {Space.ACT: build.act_depth, Space.KEYS: build.key_depth, Space.CHOICE: build.max_tokens}
    yield from (Row(change(d, space=space), Error.SPACE) for space in (5, 15))
    yield Row(change(d, size=0), Error.SIZE)
    yield Row(change(d, size=1, src_base=residual - 1))
    yield Row(change(d, size=1, src_base=residual), Error.ADDRESS)
    yield Row(change(d, src_base=65535, size=0xFFFFFFFF), Error.ADDRESS)
    yield Row(change(d, offset=beat))
    yield Row(change(d, offset=beat - 1), Error.ALIGN)
    for space in Space:
        whole = change(d, space=space, size=depths.get(space, residual))
        size = beat * whole.size * store_beats(build, space)
        yield from _just(whole, "output", size)
        yield from _just(change(whole, offset=beat), "output", size + beat)
        yield Row(change(whole, size=whole.size + 1), Error.ADDRESS)


def _rows(build: BuildConfig) -> Iterator[Row]:
    base = Bases(build)
    yield from (Row(change(base.load, opcode=code), Error.OPCODE) for code in (9, 255))
    yield from _load(build, base.load)
    yield from _linear(build, base.linear)
    yield from _layernorm(build, base.norm)
    yield from _attention(build, base.attention)
    yield from _gate(build, base.gate)
    yield from _experts(build, base.experts)
    yield from _combine(build, base.combine)
    yield from _store(build, base.store)
    yield from _of_others(base)
    yield from (
        Row(change(base.experts, **fields), Error.SEQUENCE) for fields in ({"tokens": T - 1}, {"heads": 7})
    )


def _case(build: BuildConfig, row: Row) -> Case:
    """A row as a program: the descriptor is the second, behind or before the one that it needs."""
    base, d = Bases(build), row.d
    before = change(base.store, space=Space.CHOICE, size=1)  # needs next to nothing of any region
    if d.opcode == Opcode.EXPERTS:
        agreeing = change(base.gate, tokens=d.tokens, heads=d.heads, group=1)
        program = [base.gate if row.error == Error.SEQUENCE else agreeing, d]
    elif d.opcode == Opcode.GATE:
        program = [before, d, change(base.experts, tokens=d.tokens, heads=d.heads, size=0)]
    else:
        program = [before, d]
    return Case(
        f"{build.name}, {row.error.name}: {_differing(base, row)}",
        program_of(*program),
        row.error,
        NO_INDEX if row.error == Error.NONE else 1,
        dataclasses.replace(SIZES, **dict(row.sizes)),
        build,
    )


def _differing(base: Bases, row: Row) -> str:
    """The operation, and the fields and sizes that the row gives another value than its base."""
    of = next((d for d in base.all if d.opcode == row.d.opcode), base.load)
    fields = dataclasses.asdict(row.d)
    changed = [f"{name}={value}" for name, value in fields.items() if value != getattr(of, name)]
    sizes = [f"{name} of {size}" for name, size in row.sizes]
    return " ".join([Opcode(of.opcode).name.lower(), *changed, *sizes])


def _patched(program: bytes, word: int, value: int) -> bytes:
    """A program with one word of its header changed."""
    data = bytearray(program)
    struct.pack_into("<I", data, 4 * word, value)
    return bytes(data)


def wrong_sum(program: bytes) -> bytes:
    """The program with another checksum."""
    return program[:12] + bytes([program[12] ^ 1]) + program[13:]


def _whole_programs(build: BuildConfig) -> Iterator[Case]:
    """What concerns more than one descriptor, and the header."""
    base = Bases(build)
    load, gate, experts, store = base.load, base.gate, base.experts, base.store
    one, records = program_of(load), DESCRIPTOR_BYTES * (8 + 8)  # `all` has an EXPERTS of 8 experts

    def case(
        name: str, program: bytes, error: Error = Error.NONE, index: int = NO_INDEX, /, **sizes: int
    ) -> Case:
        return Case(
            f"{build.name}, {error.name}: {name}",
            program,
            error,
            index,
            dataclasses.replace(SIZES, **sizes),
            build,
        )

    yield case("every operation", program_of(*base.all))
    yield case("END alone", program_of())
    yield case("gates in turn", program_of(gate, store, experts, gate, experts))
    yield case("two gates", program_of(gate, gate, experts), Error.SEQUENCE, 1)
    yield case("experts without a gate", program_of(experts), Error.SEQUENCE, 0)
    yield case("experts twice", program_of(gate, experts, experts), Error.SEQUENCE, 2)
    yield case("a gate without experts", program_of(gate), Error.SEQUENCE, 1)
    router, heads = change(gate, heads=2), change(base.attention, group=2)
    yield case("heads and experts in turn", program_of(router, heads, gate, store, experts, router, heads))
    yield case("all heads beside an open gate", program_of(gate, base.attention, experts))
    yield case("heads without a gate", program_of(heads), Error.SEQUENCE, 0)
    yield case("heads twice", program_of(router, heads, heads), Error.SEQUENCE, 2)
    yield case("all heads leave a gate open", program_of(router, base.attention), Error.SEQUENCE, 2)
    yield case("experts behind heads", program_of(router, heads, change(experts, heads=2)), Error.SEQUENCE, 2)
    yield case("a group of what has none", program_of(change(store, group=2)))
    for fields in ({"tokens": T - 1}, {"heads": 3}, {"group": 1}):
        agreed = program_of(change(router, **fields), heads)
        yield case(f"heads of another gate, {fields}", agreed, Error.SEQUENCE, 1)
    yield case("in the middle", program_of(END, load), Error.END, 0)
    yield case("missing", pack_program([load]), Error.END, 0)
    worse = program_of(change(base.linear, tokens=0, offset=1, k_tiles=0), change(load, opcode=9))
    yield case("the first bad descriptor and its lowest code", worse, Error.TOKENS, 0)
    yield case("records just fit", program_of(*base.all), statistics=records)
    yield case("a byte too few", program_of(*base.all), Error.STATISTICS, 7, statistics=records - 1)
    yield case("experts count", program_of(*base.all), Error.STATISTICS, 5, statistics=DESCRIPTOR_BYTES * 13)
    yield case("another number", _patched(one, 0, 0), Error.MAGIC)
    yield from (
        case(f"{version}", _patched(one, 1, version), Error.VERSION) for version in (0, 1, VERSION + 1)
    )
    yield case("no descriptor", _patched(one, 2, 0), Error.COUNT)
    yield case("most", _patched(one, 2, 0xFFFFFFFF), Error.COUNT)
    more = pack_program([load] * build.max_descriptors + [END])
    yield case("one too many", more, Error.COUNT, program=1 << 17)
    yield case("another sum", _patched(one, 3, 1), Error.CHECKSUM)
    yield case("it goes before wrong fields", wrong_sum(program_of(change(load, opcode=9))), Error.CHECKSUM)
    yield case("the program fills its region", one, program=len(one))
    yield case("a byte too few for the program", one, Error.COUNT, program=len(one) - 1)
    yield from (case(f"{size} bytes", b"", Error.COUNT, program=size) for size in (0, DESCRIPTOR_BYTES - 1))
    yield case("of a header alone", bytes(DESCRIPTOR_BYTES), Error.MAGIC, program=DESCRIPTOR_BYTES)
    yield case(
        "a header alone", _patched(one, 2, 0)[:DESCRIPTOR_BYTES], Error.COUNT, program=DESCRIPTOR_BYTES
    )


def _of_limits() -> Iterator[Case]:
    """Limits that those of `sim-small` hide, in builds in which they show."""
    for build, fields, error in (
        (NARROW, {"k_tiles": 16}, Error.NONE),
        (NARROW, {"k_tiles": 17}, Error.K_TILES),
        (ODD, {"k_tiles": 17}, Error.K_TILES),  # fc2 has too many columns
        (NARROW, {"n_tiles": 64}, Error.NONE),
        (ODD, {"n_tiles": 68}, Error.N_TILES),  # fc1 has too many columns
        (SHALLOW, {"k_tiles": 8}, Error.NONE),
        (SHALLOW, {"k_tiles": 9}, Error.K_TILES),  # fc1 has too many inputs
        (SHALLOW, {"n_tiles": 32}, Error.NONE),
        (SHALLOW, {"n_tiles": 36}, Error.N_TILES),  # fc2 has too many inputs
    ):
        thin = {"tokens": 1, "src_stride": 1, "aux_stride": 1, "dst_stride": 1, "size": 0, "src_base": 1024}
        yield _case(build, Row(change(Bases(build).experts, **thin, **fields), error))
    raw = change(
        Bases(SLENDER).linear, epilogue=Epilogue.RAW, k_tiles=1, n_tiles=SLENDER.max_experts // SLENDER.cols
    )
    for row in _just(raw, "weights", linear_beats(SLENDER, raw.n_tiles, 1, 8) * SLENDER.beat_bytes):
        yield _case(SLENDER, row)
    few = [Bases(FEW).load] * (FEW.max_descriptors - 1)
    yield Case("few, NONE: as many as it takes", program_of(*few), Error.NONE, build=FEW)
    yield Case("few, COUNT: one too many", program_of(*few, few[0]), Error.COUNT, build=FEW)


CASES = [
    *(case for build in BUILDS for case in _whole_programs(build)),
    *(_case(build, row) for build in BUILDS for row in _rows(build)),
    *_of_limits(),
]
