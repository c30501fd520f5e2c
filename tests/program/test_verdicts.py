# SPDX-License-Identifier: Apache-2.0
"""Bad layer programs: each error code, on the descriptor that causes it, and nothing runs."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

import pytest

from edgemoe.config import board
from edgemoe.golden import machine
from edgemoe.golden.verdict import Sizes, check_program
from edgemoe.program import Memory
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


def verdict(*descriptors: Descriptor, sizes: Sizes = SIZES) -> tuple[Error, int]:
    """Of the program made of these descriptors and END."""
    result = check_program(BUILD, pack_program([*descriptors, END]), sizes)
    return result.error, result.index


def test_good_programs_pass() -> None:
    assert verdict(*ALL) == (Error.NONE, NO_INDEX)
    assert verdict() == (Error.NONE, NO_INDEX)
    assert verdict(GATE, STORE, EXPERTS, GATE, EXPERTS) == (Error.NONE, NO_INDEX)


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
]


@pytest.mark.parametrize(("bad", "error"), BAD, ids=lambda x: x.name if isinstance(x, Error) else "")
def test_each_error(bad: Descriptor, error: Error) -> None:
    assert verdict(LOAD, bad) == (error, 1)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"n_tiles": 15}, Error.N_TILES),
        ({"n_tiles": 0}, Error.N_TILES),
        ({"n_tiles": 132, "tokens": 129}, Error.N_TILES),
        ({"k_tiles": 0}, Error.K_TILES),
        ({"weight_bits": 4}, Error.WEIGHT_BITS),
        ({"aux_stride": 128}, Error.STRIDE),
        ({"aux_base": 2048 - 515}, Error.ADDRESS),
        ({"dst_base": 255}, Error.ADDRESS),
        ({"aux_base": 257}, Error.OVERLAP),
        ({"shift0": 0}, Error.SHIFT),
        ({"size": 17928}, Error.ALIGN),
        ({"offset": 2}, Error.ALIGN),
        ({"size": 147264}, Error.DRAM),
        ({"size": 0xFFFFFFF0}, Error.DRAM),
        ({"tokens": 128}, Error.SEQUENCE),
        ({"heads": 7}, Error.SEQUENCE),
    ],
)
def test_errors_of_experts(fields: dict[str, int], error: Error) -> None:
    assert verdict(GATE, change(EXPERTS, **fields)) == (error, 1)


def test_the_largest_that_fits_passes() -> None:
    assert verdict(change(LOAD, offset=(1 << 20) - 2048 * 64)) == (Error.NONE, NO_INDEX)
    assert verdict(change(LINEAR, dst_base=2048 - 320)) == (Error.NONE, NO_INDEX)
    assert verdict(change(LINEAR, epilogue=Epilogue.DRAM, size=(1 << 20) - 8 * 160 * 16)) == (
        Error.NONE,
        NO_INDEX,
    )
    assert verdict(GATE, change(EXPERTS, size=147232 // 16 * 16)) == (Error.NONE, NO_INDEX)


def test_gate_and_experts_alternate() -> None:
    assert verdict(GATE, GATE, EXPERTS) == (Error.SEQUENCE, 1)
    assert verdict(EXPERTS) == (Error.SEQUENCE, 0)
    assert verdict(GATE, EXPERTS, EXPERTS) == (Error.SEQUENCE, 2)
    assert verdict(GATE) == (Error.SEQUENCE, 1)


def test_end_must_be_last() -> None:
    assert verdict(END, LOAD) == (Error.END, 0)
    result = check_program(BUILD, pack_program([LOAD]), SIZES)
    assert (result.error, result.index) == (Error.END, 0)


def test_the_first_bad_descriptor_and_its_lowest_code_count() -> None:
    assert verdict(change(LINEAR, tokens=0, offset=1, k_tiles=0), change(LOAD, opcode=9)) == (Error.TOKENS, 0)


def test_statistics_need_room_in_the_worst_case() -> None:
    exact = dataclasses.replace(SIZES, statistics=64 * (8 + 8))
    assert verdict(*ALL, sizes=exact) == (Error.NONE, NO_INDEX)
    assert verdict(*ALL, sizes=dataclasses.replace(exact, statistics=64 * 16 - 1)) == (Error.STATISTICS, 7)
    assert verdict(*ALL, sizes=dataclasses.replace(exact, statistics=64 * 13)) == (Error.STATISTICS, 5)


def patched(word: int, value: int) -> bytes:
    """A good program with one header word changed."""
    data = bytearray(pack_program([LOAD, END]))
    struct.pack_into("<I", data, 4 * word, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("word", "value", "error"),
    [
        (0, 0, Error.MAGIC),
        (1, 2, Error.VERSION),
        (2, 0, Error.COUNT),
        (2, 1025, Error.COUNT),
        (2, 0xFFFFFFFF, Error.COUNT),
        (3, 1, Error.CHECKSUM),
    ],
)
def test_headers(word: int, value: int, error: Error) -> None:
    result = check_program(BUILD, patched(word, value), SIZES)
    assert (result.error, result.index) == (error, NO_INDEX)


def test_a_wrong_checksum_goes_before_wrong_fields() -> None:
    data = bytearray(pack_program([change(LOAD, opcode=9), END]))
    data[12] ^= 1
    assert check_program(BUILD, bytes(data), SIZES).error == Error.CHECKSUM


def test_count_beyond_the_buffer() -> None:
    data = pack_program([LOAD, END])
    exact = dataclasses.replace(SIZES, program=len(data))
    assert check_program(BUILD, data, exact).error == Error.NONE
    assert check_program(BUILD, data, dataclasses.replace(exact, program=len(data) - 1)).error == Error.COUNT
    assert check_program(BUILD, b"", dataclasses.replace(exact, program=0)).error == Error.COUNT


def test_nothing_of_a_bad_program_runs() -> None:
    program = pack_program([STORE, change(LOAD, opcode=77), END])
    memory = Memory(program, bytes(1 << 18), bytes(64), 1 << 16, 1 << 10)
    result = machine.run(BUILD, memory)
    assert (result.status, result.error_index, result.records) == (Error.OPCODE, 1, ())
    assert not any(result.output)


def test_every_error_is_tested() -> None:
    seen = {error for _, error in BAD} | {Error.NONE, Error.MAGIC, Error.VERSION, Error.COUNT, Error.CHECKSUM}
    seen |= {Error.END, Error.SEQUENCE, Error.STATISTICS}
    assert seen == set(Error)
