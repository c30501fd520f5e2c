# SPDX-License-Identifier: Apache-2.0
"""Layer programs that are wrong, and the verdict on each: golden model, native build and RTL replay this one table.

`test_every_part_is_needed` takes the parts of the checks away one by one; each has to have a row here that sees it.
"""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import dataclass
from typing import Any

from edgemoe.config import BuildConfig, board
from edgemoe.program import Sizes
from edgemoe.registers import (
    NO_INDEX,
    Descriptor,
    Epilogue,
    Error,
    Format,
    Opcode,
    Region,
    Rule,
    Space,
    pack_program,
)

BUILD = board("sim-small")
SIZES = Sizes(program=1 << 16, weights=1 << 20, image=1 << 16, output=1 << 20, statistics=1 << 16)

LOAD = Descriptor(opcode=Opcode.LOAD, space=Space.ACT, format=Format.I16, region=Region.WEIGHTS, size=2048)
LINEAR = Descriptor(
    opcode=Opcode.LINEAR,
    weight_bits=8,
    epilogue=Epilogue.REQUANT,
    space=Space.ACT,
    tokens=160,
    k_tiles=2,
    n_tiles=8,
    src_base=0,
    src_stride=160,
    dst_base=320,
    dst_stride=160,
    shift0=1,
)
NORM = Descriptor(
    opcode=Opcode.LAYERNORM,
    tokens=129,
    k_tiles=2,
    src_stride=129,
    dst_stride=129,
    eps=4,
    dim=64,
)
ATTENTION = Descriptor(
    opcode=Opcode.ATTENTION,
    tokens=129,
    heads=2,
    group=8,
    query_stride=129,
    src_base=258,
    src_stride=129,
    aux_base=516,
    aux_stride=129,
    dst_stride=129,
    shift0=20,
    shift1=0,
)
GATE = Descriptor(opcode=Opcode.GATE, tokens=129, heads=8, group=2, shift0=20, rule=Rule.SOFTMAX_ALL)
EXPERTS = Descriptor(
    opcode=Opcode.EXPERTS,
    tokens=129,
    heads=8,
    k_tiles=2,
    n_tiles=16,
    weight_bits=8,
    size=17920,
    src_stride=129,
    aux_base=258,
    aux_stride=129,
    dst_stride=129,
    shift0=14,
)
COMBINE = Descriptor(opcode=Opcode.COMBINE, tokens=129, k_tiles=2, dst_stride=129)
STORE = Descriptor(opcode=Opcode.STORE, space=Space.RESIDUAL, size=512)
END = Descriptor(opcode=Opcode.END)
ALL = [LOAD, LINEAR, NORM, ATTENTION, GATE, EXPERTS, COMBINE, STORE]


def change(d: Descriptor, **fields: Any) -> Descriptor:
    return dataclasses.replace(d, **fields)


BAD = [
    (change(LOAD, opcode=9), Error.OPCODE),
    (change(LOAD, opcode=255), Error.OPCODE),
    (change(LINEAR, tokens=0), Error.TOKENS),
    (change(LINEAR, tokens=161, src_stride=161, dst_base=330, dst_stride=161), Error.TOKENS),
    (change(NORM, tokens=0), Error.TOKENS),
    (change(ATTENTION, tokens=0), Error.TOKENS),
    (change(COMBINE, tokens=161), Error.TOKENS),
    (change(LINEAR, k_tiles=0), Error.K_TILES),
    (change(LINEAR, k_tiles=33, tokens=1), Error.K_TILES),
    (change(NORM, k_tiles=0), Error.K_TILES),
    (change(COMBINE, k_tiles=0), Error.K_TILES),
    (change(LINEAR, n_tiles=0), Error.N_TILES),
    (change(LINEAR, n_tiles=129, epilogue=Epilogue.DRAM), Error.N_TILES),
    (change(LINEAR, n_tiles=3, epilogue=Epilogue.RAW), Error.N_TILES),
    (change(LINEAR, weight_bits=0), Error.WEIGHT_BITS),
    (change(LINEAR, weight_bits=12), Error.WEIGHT_BITS),
    (change(LINEAR, epilogue=Epilogue.EXPERT), Error.EPILOGUE),
    (change(LINEAR, epilogue=6), Error.EPILOGUE),
    (change(LINEAR, epilogue=15), Error.EPILOGUE),
    (change(LINEAR, space=Space.RESIDUAL), Error.SPACE),
    (change(LOAD, space=Space.QUERY), Error.SPACE),
    (change(LOAD, space=15), Error.SPACE),
    (change(STORE, space=5), Error.SPACE),
    (change(LOAD, format=2), Error.FORMAT),
    (change(LOAD, region=2), Error.REGION),
    (change(ATTENTION, heads=0), Error.HEADS),
    (change(ATTENTION, heads=33, tokens=1), Error.HEADS),
    (change(GATE, heads=0), Error.HEADS),
    (change(GATE, heads=17), Error.HEADS),
    (change(ATTENTION, group=0), Error.GROUP),
    (change(ATTENTION, group=9), Error.GROUP),
    (change(GATE, group=0), Error.GROUP),
    (change(GATE, group=5), Error.GROUP),
    (change(GATE, group=3, heads=2), Error.GROUP),
    (change(LOAD, size=0), Error.SIZE),
    (change(STORE, size=0), Error.SIZE),
    (change(LINEAR, src_stride=159), Error.STRIDE),
    (change(LINEAR, dst_stride=159), Error.STRIDE),
    (change(NORM, src_stride=128), Error.STRIDE),
    (change(ATTENTION, query_stride=128), Error.STRIDE),
    (change(COMBINE, dst_stride=0), Error.STRIDE),
    (change(LOAD, dst_base=1), Error.ADDRESS),
    (change(LOAD, size=1 << 31), Error.ADDRESS),
    (change(LOAD, space=Space.RESIDUAL, size=513), Error.ADDRESS),
    (change(STORE, size=513), Error.ADDRESS),
    (change(STORE, space=Space.CHOICE, size=161), Error.ADDRESS),
    (change(STORE, src_base=65535, size=0xFFFFFFFF), Error.ADDRESS),
    (change(LINEAR, dst_base=2048 - 319), Error.ADDRESS),
    (change(LINEAR, src_base=65535), Error.ADDRESS),
    (change(LINEAR, space=Space.QUERY, dst_base=193), Error.ADDRESS),
    (change(LINEAR, epilogue=Epilogue.RESIDUAL, dst_base=193), Error.ADDRESS),
    (change(NORM, src_base=255), Error.ADDRESS),
    (change(NORM, src_stride=65535), Error.ADDRESS),
    (change(ATTENTION, aux_base=2048 - 257), Error.ADDRESS),
    (change(ATTENTION, query_base=255), Error.ADDRESS),
    (change(COMBINE, dst_base=255), Error.ADDRESS),
    (change(LINEAR, dst_base=319), Error.OVERLAP),
    (change(LINEAR, epilogue=Epilogue.GELU, dst_base=0), Error.OVERLAP),
    (change(ATTENTION, dst_base=1), Error.OVERLAP),
    (change(ATTENTION, dst_base=516 + 257), Error.OVERLAP),
    (change(LINEAR, epilogue=Epilogue.GELU, shift0=0), Error.SHIFT),
    (change(LINEAR, epilogue=Epilogue.GELU, shift0=63), Error.SHIFT),
    (change(ATTENTION, shift0=0), Error.SHIFT),
    (change(ATTENTION, shift1=37), Error.SHIFT),
    (change(GATE, shift0=255), Error.SHIFT),
    (change(GATE, rule=0), Error.RULE),
    (change(GATE, rule=3), Error.RULE),
    (change(GATE, threshold=65537), Error.RULE),
    (change(NORM, eps=3), Error.EPSILON),
    (change(NORM, eps=1 << 48), Error.EPSILON),
    (change(NORM, eps=1 << 63), Error.EPSILON),
    (change(NORM, dim=0), Error.DIM),
    (change(NORM, dim=65), Error.DIM),
    (change(NORM, k_tiles=32, tokens=1, src_stride=1, dst_stride=1, dim=1024), Error.DIM),
    (change(LOAD, offset=8), Error.ALIGN),
    (change(LINEAR, offset=1), Error.ALIGN),
    (change(LINEAR, epilogue=Epilogue.DRAM, size=8), Error.ALIGN),
    (change(NORM, offset=4), Error.ALIGN),
    (change(STORE, offset=15), Error.ALIGN),
    (change(LOAD, region=Region.IMAGE), Error.DRAM),
    (change(LOAD, offset=(1 << 20) - 2048 * 64 + 16), Error.DRAM),
    (change(LINEAR, offset=0xFFFFFFF0), Error.DRAM),
    (change(LINEAR, offset=(1 << 20) - 8 * (2 * 256 + 64) + 16), Error.DRAM),
    (change(LINEAR, epilogue=Epilogue.DRAM, size=(1 << 20) - 8 * 160 * 16 + 16), Error.DRAM),
    (change(NORM, offset=(1 << 20) - 496), Error.DRAM),
    (change(STORE, offset=(1 << 20) - 512 * 64 + 16), Error.DRAM),
    (change(STORE, space=Space.ACCUM, offset=(1 << 20) - 512 * 64), Error.DRAM),
    (change(EXPERTS, n_tiles=15), Error.N_TILES),
    (change(EXPERTS, n_tiles=0), Error.N_TILES),
    (change(EXPERTS, n_tiles=132, tokens=129), Error.N_TILES),
    (change(EXPERTS, k_tiles=0), Error.K_TILES),
    (change(EXPERTS, weight_bits=4), Error.WEIGHT_BITS),
    (change(EXPERTS, aux_stride=128), Error.STRIDE),
    (change(EXPERTS, aux_base=2048 - 515), Error.ADDRESS),
    (change(EXPERTS, dst_base=255), Error.ADDRESS),
    (change(EXPERTS, aux_base=257), Error.OVERLAP),
    (change(EXPERTS, shift0=0), Error.SHIFT),
    (change(EXPERTS, size=17928), Error.ALIGN),
    (change(EXPERTS, offset=2), Error.ALIGN),
    (change(EXPERTS, size=147264), Error.DRAM),
    (change(EXPERTS, size=0xFFFFFFF0), Error.DRAM),
    (change(EXPERTS, tokens=128), Error.SEQUENCE),
    (change(EXPERTS, heads=7), Error.SEQUENCE),
    (change(NORM, dst_stride=128), Error.STRIDE),
    (change(NORM, dst_base=2048 - 257), Error.ADDRESS),
    (change(ATTENTION, src_stride=128), Error.STRIDE),
    (change(ATTENTION, aux_stride=128), Error.STRIDE),
    (change(ATTENTION, dst_stride=128), Error.STRIDE),
    (change(ATTENTION, src_base=2048 - 257), Error.ADDRESS),
    (change(ATTENTION, dst_base=2048 - 257), Error.ADDRESS),
    (change(EXPERTS, src_stride=128), Error.STRIDE),
    (change(EXPERTS, dst_stride=128), Error.STRIDE),
    (change(EXPERTS, src_base=2048 - 257), Error.ADDRESS),
]

#: The largest that fits, and other values at the edge of what is allowed; each is a program of its own.
GOOD = [
    change(LOAD, offset=(1 << 20) - 2048 * 64),
    change(LINEAR, dst_base=2048 - 320),
    change(LINEAR, epilogue=Epilogue.DRAM, size=(1 << 20) - 8 * 160 * 16),
    change(STORE, offset=SIZES.output - 512 * 64),
    change(LOAD, format=Format.U8),
    change(LINEAR, weight_bits=16),
    change(LINEAR, shift0=0),
    change(LINEAR, space=Space.QUERY, dst_base=0),
    change(LINEAR, epilogue=Epilogue.GELU, space=15),
    change(LINEAR, epilogue=Epilogue.RAW, n_tiles=2, dst_stride=0, dst_base=65535),
    change(GATE, rule=Rule.SOFTMAX_TOPK),
    change(EXPERTS, weight_bits=16, size=2 * 17920),
]

#: Builds in which one limit of tiles is below what the other implies, as they are in `sim-small`.
NARROW = dataclasses.replace(BUILD, name="narrow", max_n_tiles=64)
SHALLOW = dataclasses.replace(BUILD, name="shallow", max_k_tiles=8)
SHAPED = [
    ("fc2 of EXPERTS has too many columns", NARROW, change(EXPERTS, k_tiles=17), Error.K_TILES),
    ("fc1 of EXPERTS has too many columns", NARROW, change(EXPERTS, n_tiles=68), Error.N_TILES),
    ("fc1 of EXPERTS has too many inputs", SHALLOW, change(EXPERTS, k_tiles=9), Error.K_TILES),
    ("fc2 of EXPERTS has too many inputs", SHALLOW, change(EXPERTS, n_tiles=36), Error.N_TILES),
]


@dataclass(frozen=True)
class Case:
    """A program, its regions' sizes, and the verdict on it."""

    name: str
    program: bytes
    error: Error
    index: int = NO_INDEX
    sizes: Sizes = SIZES
    build: BuildConfig = BUILD


def program_of(*descriptors: Descriptor) -> bytes:
    """The program of these and END."""
    return pack_program([*descriptors, END])


def _differing(bad: Descriptor) -> str:
    """The operation and the fields that the row gives another value than its base."""
    base = next((d for d in ALL if d.opcode == bad.opcode), LOAD)
    fields = dataclasses.asdict(bad)
    changed = [f"{name}={value}" for name, value in fields.items() if value != getattr(base, name)]
    return " ".join([Opcode(base.opcode).name.lower(), *changed])


def _before(bad: Descriptor) -> Descriptor:
    """A good descriptor that the one behind it needs, or any."""
    return GATE if bad.opcode == Opcode.EXPERTS else LOAD


def _around(good: Descriptor) -> list[Descriptor]:
    """The descriptor with the one that it needs before or behind it."""
    return {Opcode.EXPERTS: [GATE, good], Opcode.GATE: [good, EXPERTS]}.get(Opcode(good.opcode), [good])


def patched(word: int, value: int) -> bytes:
    """A good program with one word of its header changed."""
    data = bytearray(program_of(LOAD))
    struct.pack_into("<I", data, 4 * word, value)
    return bytes(data)


def wrong_sum(program: bytes) -> bytes:
    """The program with another checksum."""
    return program[:12] + bytes([program[12] ^ 1]) + program[13:]


def _sized(name: str, made: bytes, error: Error, index: int = NO_INDEX, **sizes: int) -> Case:
    return Case(name, made, error, index, dataclasses.replace(SIZES, **sizes))


_FULL = 64 * (8 + 8)  # bytes of records of ALL, whose EXPERTS has 8 experts, in the worst case
_LENGTH = len(program_of(LOAD))

CASES = [
    *(
        Case(f"{error.name}: {_differing(bad)}", program_of(_before(bad), bad), error, 1)
        for bad, error in BAD
    ),
    *(Case(f"good: {_differing(good)}", program_of(*_around(good)), Error.NONE) for good in GOOD),
    Case("good: all", program_of(*ALL), Error.NONE),
    Case("good: none", program_of(), Error.NONE),
    Case("good: gates in turn", program_of(GATE, STORE, EXPERTS, GATE, EXPERTS), Error.NONE),
    Case("good: the last byte that EXPERTS reads", program_of(GATE, change(EXPERTS, size=147232)), Error.NONE),
    Case("SEQUENCE: two gates", program_of(GATE, GATE, EXPERTS), Error.SEQUENCE, 1),
    Case("SEQUENCE: experts without a gate", program_of(EXPERTS), Error.SEQUENCE, 0),
    Case("SEQUENCE: experts twice", program_of(GATE, EXPERTS, EXPERTS), Error.SEQUENCE, 2),
    Case("SEQUENCE: a gate without experts", program_of(GATE), Error.SEQUENCE, 1),
    Case("END: in the middle", program_of(END, LOAD), Error.END, 0),
    Case("END: missing", pack_program([LOAD]), Error.END, 0),
    Case("the first bad descriptor and its lowest code",
         program_of(change(LINEAR, tokens=0, offset=1, k_tiles=0), change(LOAD, opcode=9)), Error.TOKENS, 0),
    *(
        Case(f"{build.name}: {name}", program_of(GATE, bad), error, 1, build=build)
        for name, build, bad, error in SHAPED
    ),
    _sized("good: records just fit", program_of(*ALL), Error.NONE, statistics=_FULL),
    _sized("STATISTICS: a byte too few", program_of(*ALL), Error.STATISTICS, 7, statistics=_FULL - 1),
    _sized("STATISTICS: experts count", program_of(*ALL), Error.STATISTICS, 5, statistics=64 * 13),
    Case("MAGIC", patched(0, 0), Error.MAGIC),
    Case("VERSION", patched(1, 2), Error.VERSION),
    Case("COUNT: none", patched(2, 0), Error.COUNT),
    _sized("COUNT: one too many", pack_program([LOAD] * 1024 + [END]), Error.COUNT, program=1 << 17),
    Case("COUNT: most", patched(2, 0xFFFFFFFF), Error.COUNT),
    Case("CHECKSUM", patched(3, 1), Error.CHECKSUM),
    Case("CHECKSUM before wrong fields", wrong_sum(program_of(change(LOAD, opcode=9))), Error.CHECKSUM),
    _sized("good: the program fills its region", program_of(LOAD), Error.NONE, program=_LENGTH),
    _sized("COUNT: a byte too few", program_of(LOAD), Error.COUNT, program=_LENGTH - 1),
    _sized("COUNT: no header", program_of(LOAD), Error.COUNT, program=63),
    _sized("COUNT: no program", b"", Error.COUNT, program=0),
]  # fmt: skip
