# SPDX-License-Identifier: Apache-2.0
"""Memory: random data go from DRAM through the accelerator's memories and back, wherever they lie."""

from __future__ import annotations

import numpy as np

from edgemoe.boardtest.check import Bench, Check, judged
from edgemoe.config import BuildConfig
from edgemoe.golden import machine
from edgemoe.numerics import RESIDUAL_BITS
from edgemoe.program import Memory
from edgemoe.registers import (
    DESCRIPTOR_BYTES,
    Descriptor,
    Format,
    Opcode,
    Region,
    Space,
    pack_program,
)
from edgemoe.runtime.places import moving_places

ROUNDS = 8
GUARD = 1024
"""Bytes of the output region before and after the copy; they must stay 0."""
KEPT = 1 << 20
"""Bytes that each round leaves allocated, so that the next one's buffers lie elsewhere."""


def memory(bench: Bench) -> Check:
    """LOAD and STORE of random words, 1 to all of a memory's, each round at other addresses."""
    rng, wrong, moved = np.random.default_rng(bench.seed), [], 0
    with moving_places(KEPT) as move:
        for number in range(ROUNDS):
            given = _round(bench.build, rng, number)
            expected = machine.run(bench.build, given)
            run = bench.accelerator.ip.run_regions(
                given.program, given.weights, given.image, given.output_bytes, given.statistics_bytes
            )
            wrong += _compare(number, expected.check().output, run.check().output)
            moved += 2 * len(given.image)
            move()
    return judged(
        "memory", wrong, f"{moved:,} bytes to the accelerator and back, {ROUNDS} places in DRAM", bytes=moved
    )


def _round(build: BuildConfig, rng: np.random.Generator, number: int) -> Memory:
    """One LOAD and one STORE; the first round moves one word, the last ones whole memories."""
    space, depth, form, bits = (
        (Space.ACT, build.act_depth, Format.I16, 16),
        (Space.RESIDUAL, build.residual_depth, Format.I32, RESIDUAL_BITS),
    )[number % 2]
    words = 1 if number == 0 else depth if number >= ROUNDS - 2 else int(rng.integers(2, depth))
    values = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), words * build.rows)
    image = values.astype("<i2" if form == Format.I16 else "<i4").tobytes()
    region = Region.IMAGE
    load = Descriptor(
        opcode=Opcode.LOAD, space=space, format=form, region=region, size=words, dst_base=depth - words
    )
    store = Descriptor(
        opcode=Opcode.STORE, space=space, size=words, src_base=depth - words, offset=GUARD, stage=1
    )
    program = pack_program([load, store, Descriptor(opcode=Opcode.END, stage=2)])
    return Memory(program, bytes(build.beat_bytes), image, len(image) + 2 * GUARD, 8 * DESCRIPTOR_BYTES)


def _compare(number: int, expected: bytes, got: bytes) -> list[str]:
    different = np.flatnonzero(np.frombuffer(expected, np.uint8) != np.frombuffer(got, np.uint8))
    if not different.size:
        return []
    first = int(different[0])
    return [
        f"round {number}: {different.size} of {len(expected)} bytes differ, the first at {first} "
        f"(expected {expected[first]:#04x}, got {got[first]:#04x})"
    ]
