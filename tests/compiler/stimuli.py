# SPDX-License-Identifier: Apache-2.0
"""The test programs of ``tests/compiler/programs`` and random calls of each."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PROGRAMS = Path(__file__).parent / "programs"
#: Periods other than 5 ns: sums of 300 bits, whose carry chain does not fit the default clock; clocks that exit tests
#: do not fit; a clock that a block RAM does not meet without its output register.
CLOCK_NS = {"wide": 8.0, "array_vectors": 3.333, "countdown": 2.5, "banks": 1.6}


@dataclass
class Call:
    """Arguments of one call of a kernel; memories are written in place."""

    streams: dict[str, list[int]] = field(default_factory=dict)
    scalars: dict[str, int] = field(default_factory=dict)
    memories: dict[str, np.ndarray] = field(default_factory=dict)

    def copy(self) -> Call:
        return Call(
            {k: list(v) for k, v in self.streams.items()},
            dict(self.scalars),
            {k: v.copy() for k, v in self.memories.items()},
        )


def bits(rng: random.Random, width: int, count: int) -> list[int]:
    """Random elements with the extremes among them."""
    extremes = [0, 1, (1 << width) - 1, 1 << (width - 1), (1 << (width - 1)) - 1]
    return [rng.choice(extremes) if rng.random() < 0.15 else rng.getrandbits(width) for _ in range(count)]


def stencil(rng: random.Random) -> Call:
    height, width = rng.randint(1, 9), rng.randint(1, 64)
    return Call({"in": bits(rng, 8, height * width)}, {"height": height, "width": width})


def collatz(rng: random.Random) -> Call:
    values = [0, 1, 2, 27, 65535] + [rng.randrange(5000) for _ in range(4)]
    return Call({"in": values}, {"count": len(values)})


def search(rng: random.Random) -> Call:
    table = bits(rng, 12, 64)
    keys = [rng.choice(table) if rng.random() < 0.7 else rng.getrandbits(12) for _ in range(12)]
    return Call({"in": table, "keys": keys}, {"count": len(keys)})


def offload(rng: random.Random) -> Call:
    words = rng.choice([0, 1, 16, 17, rng.randint(2, 300)])
    memory = np.frombuffer(rng.randbytes(4 * 320), dtype=np.uint8).copy()
    scalars = {"words": words, "gain": rng.getrandbits(32)}
    return Call({}, scalars, {"from": memory, "to": np.zeros(4 * 320, dtype=np.uint8)})


def histogram(rng: random.Random) -> Call:
    count = rng.choice([0, 1, 200])
    values = [rng.choice([5, 37, 6]) if rng.random() < 0.5 else rng.getrandbits(8) for _ in range(count)]
    return Call({"in": values}, {"count": count})


def fir(rng: random.Random) -> Call:
    count = rng.choice([0, 1, 60])
    return Call({"coefficients": bits(rng, 12, 8), "in": bits(rng, 16, count)}, {"count": count})


def matmul(rng: random.Random) -> Call:
    products = rng.randint(1, 3)
    return Call({"a": bits(rng, 64, 8 * products), "b": bits(rng, 64, 8 * products)}, {"products": products})


def softmax_lanes(rng: random.Random) -> Call:
    count = rng.choice([1, 3, 4, 65])
    return Call({"in": bits(rng, 16, count)}, {"count": count})


def banks(rng: random.Random) -> Call:
    return Call({"rows": bits(rng, 64, 64), "picks": bits(rng, 8, 128)})


def feedback(rng: random.Random) -> Call:
    count = rng.choice([1, 2, 80])
    return Call({"in": bits(rng, 16, count)}, {"count": count})


def wide(rng: random.Random) -> Call:
    count = rng.randint(1, 12)
    return Call({"in": bits(rng, 256, count)}, {"count": count})


def biquad(rng: random.Random) -> Call:
    count = rng.choice([1, 50])
    return Call({"in": bits(rng, 16, count)}, {"count": count})


def division(rng: random.Random) -> Call:
    count = rng.choice([1, 20])
    return Call({"a": bits(rng, 20, count), "b": bits(rng, 12, count)}, {"count": count})


def packets(rng: random.Random) -> Call:
    count = rng.randint(1, 14)
    headers, payload = [], 0
    for index in range(count):
        kind, length = rng.randrange(4), rng.randrange(20)
        payload += length if kind == 0 else 0
        headers.append(kind | length << 2 | (index == count - 1) << 8)
    return Call({"headers": headers, "payload": bits(rng, 36, payload)})


def nested(rng: random.Random) -> Call:
    return Call({"in": bits(rng, 16, 64)})


def sequencer(rng: random.Random) -> Call:
    return Call({"program": bits(rng, 32, 64)}, {"limit": rng.choice([0, 1, 120])})


def sine(rng: random.Random) -> Call:
    count = rng.choice([1, 100])
    return Call({"phase": bits(rng, 16, count)}, {"count": count})


def ping_pong(rng: random.Random) -> Call:
    count = rng.randint(1, 5)
    return Call({"in": bits(rng, 8, 16 * count)}, {"count": count})


def dot_module(rng: random.Random) -> Call:
    # Two rounds touch one sum `tokens` iterations apart: enough for the pipeline's latency.
    rounds, tokens = rng.randint(1, 3), rng.randint(10, 16)
    return Call(
        {"weights": bits(rng, 32, 4 * rounds), "in": bits(rng, 32, rounds * tokens)},
        {"rounds": rounds, "tokens": tokens},
    )


def running(rng: random.Random) -> Call:
    return Call({}, {"seed": rng.getrandbits(32), "rounds": rng.choice([0, 1, 77])})


def shared_port(rng: random.Random) -> Call:
    count = rng.choice([1, 16, 60])
    return Call({"in": bits(rng, 64, 2 * count)}, {"count": count})


def wrapping(rng: random.Random) -> Call:
    count = rng.choice([1, 5, 90])
    return Call({"in": bits(rng, 16, count)}, {"count": count})


def partitions(rng: random.Random) -> Call:
    return Call({"in": bits(rng, 16, 32 + 60)})


def array_vectors(rng: random.Random) -> Call:
    n, tiles = rng.choice([0, 1, 2, 9]), rng.choice([0, 1, 6])
    return Call(
        {"xs": bits(rng, 64, tiles * (n + 1)), "weights": bits(rng, 64, tiles * min(2, n + 1))},
        {"n": n, "tiles": tiles},
    )


def array_packed(rng: random.Random) -> Call:
    return array_vectors(rng)


def countdown(rng: random.Random) -> Call:
    first, second = rng.choice([0, 1, 30]), rng.choice([0, 1, 30])
    return Call({"in": bits(rng, 16, first + second)}, {"first": first, "second": second})


def cascade(rng: random.Random) -> Call:
    count = rng.choice([0, 1, 2, 3, 37, 61])
    loads = sum(i % 4 < 2 for i in range(count))
    streams = {"columns": bits(rng, 128, loads), "in": bits(rng, 128, 3 * count)}
    return Call(streams, {"count": count, "bias": rng.getrandbits(20)})


STIMULI: dict[str, Callable[[random.Random], Call]] = {
    f.__name__: f
    for f in (
        stencil, collatz, search, offload, histogram, fir, matmul, softmax_lanes, banks, feedback, wide, biquad,
        division, packets, nested, sequencer, sine, ping_pong, dot_module, cascade, running, shared_port,
        wrapping, partitions, array_vectors, array_packed, countdown,
    )
}  # fmt: skip
