# SPDX-License-Identifier: Apache-2.0
"""Compiled kernels in Verilator against their native build, under random stalls, resets and bus errors."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hardware import Outcome

from edgemoe.errors import DeviceError

pytestmark = pytest.mark.slow  # the first test builds the model

STALLS = [(0, 1), (20, 2), (60, 3), (90, 4)]
WORD = 16  # bytes


def values(rng: random.Random, width: int, count: int) -> list[int]:
    """Elements of ``width`` bits, the extremes among them."""
    edges = [0, 1, (1 << width) - 1, 1 << (width - 1), (1 << (width - 1)) - 1]
    return [rng.choice(edges) if rng.random() < 0.2 else rng.getrandbits(width) for _ in range(count)]


def compare(
    bench: Any, top: str, streams: dict[str, list[int]], scalars: dict[str, int], stall: int, seed: int
) -> Outcome:
    expected = bench.native[top].run(streams, scalars)
    got = bench.rtl.run(top, streams, scalars, stall=stall, seed=seed)
    where = f"{top}, stall {stall} %, seed {seed}"
    assert got.streams == expected.streams, where
    assert got.unread == expected.unread, where
    return got


@pytest.mark.parametrize(("stall", "seed"), STALLS)
def test_storage_of_every_kind(bench: Any, stall: int, seed: int) -> None:
    rng = random.Random(seed)
    pairs = rng.choice([0, 1, 20])
    streams = {
        "rows": values(rng, 64, 32),
        "picks": values(rng, 7, 64),
        "pairs": values(rng, 16, 2 * pairs),
    }
    got = compare(bench, "shapes", streams, {"pair_count": pairs}, stall, seed)
    expected = bench.native["shapes"].run(streams, {"pair_count": pairs}).outputs
    assert got.outputs["smallest"] & 0xFFFF == expected["smallest"]
    assert got.written["smallest"]
    rising = sum(_signed(a, 16) > _signed(b, 16) for a, b in zip(*[iter(streams["pairs"])] * 2, strict=True))
    assert got.written["above"] == (rising > 0)
    if rising:
        assert got.outputs["above"] == rising


@pytest.mark.parametrize(("stall", "seed"), STALLS)
def test_feedback_with_short_fifos(bench: Any, stall: int, seed: int) -> None:
    rng = random.Random(seed)
    count = rng.choice([1, 2, 90])
    compare(bench, "loopback", {"in": values(rng, 16, count)}, {"count": count}, stall, seed)


@pytest.mark.parametrize(("stall", "seed"), STALLS)
def test_modes_of_one_loop(bench: Any, stall: int, seed: int) -> None:
    rng = random.Random(seed)
    count = 200
    commands = values(rng, 26, count)
    extra = [0, *(command & 3 for command in commands[:-1])].count(3)
    streams = {"commands": commands, "extra": values(rng, 24, extra)}
    got = compare(bench, "modes", streams, {"count": count}, stall, seed)
    # One command a cycle when nothing stalls; natively the cycle counter stands still.
    assert got.outputs["cycles"] >= count
    if stall == 0:
        assert got.outputs["cycles"] < count + 20
    assert got.outputs["last"] == sum(command & 3 == 2 for command in commands)


@pytest.mark.parametrize(("stall", "seed"), STALLS)
def test_blocks_handed_over_without_a_pause(bench: Any, stall: int, seed: int) -> None:
    rng = random.Random(seed)
    count = [9, 2, 1, 5][seed - 1]
    streams = {"weights": values(rng, 64, 4 * count), "tokens": values(rng, 64, 20 * count)}
    got = compare(bench, "tiles", streams, {"count": count}, stall, seed)
    if stall == 0:
        assert got.cycles < 20 * count + 40  # loading hides behind computing


def copy(
    bench: Any, rng: random.Random, first: int, count: int, chunk: int, **options: Any
) -> tuple[Any, ...]:
    """One run of copy_scale and what it should leave in memory."""
    size = (first + count + 4) * WORD
    source = np.frombuffer(rng.randbytes(size), dtype=np.uint8).copy()
    target = np.zeros(size, dtype=np.uint8)
    gain = rng.getrandbits(32)
    words = source.view("<u4").reshape(-1, 4)
    want = target.view("<u4").reshape(-1, 4).copy()
    want[first : first + count] = words[first : first + count] * np.uint32(gain)
    scalars = {"first": first, "count": count, "gain": gain, "chunk": chunk}
    memories = {"from": source, "to": target}
    got = bench.rtl.run("copy_scale", {}, scalars, memories, **options)
    total = int(words[first : first + count, 0].astype(np.uint64).sum())
    return got, target.view("<u4").reshape(-1, 4), want, total


@pytest.mark.parametrize("seed", range(6))
def test_bursts_over_boundaries(bench: Any, seed: int) -> None:
    """Addresses off every boundary; the memory model checks 4 KiB, lengths, and VALID before READY."""
    rng = random.Random(seed)
    count = [0, 1, 15, 17, 300, 700][seed]
    chunk = rng.choice([1, 7, 256, 1000])
    options = {"stall": rng.choice([0, 30]), "seed": seed, "offset": WORD * rng.randrange(256)}
    got, target, want, total = copy(bench, rng, rng.randrange(9), count, chunk, **options)
    assert np.array_equal(target, want), f"seed {seed}"
    assert got.outputs == {"sum": total, "requests": -(-count // chunk)}
    assert got.bus_error == 0
    if count >= 300:
        assert got.most_reads["gmem0"] >= 8  # outstanding bursts hide the latency


def test_a_slow_reader_fills_the_fifo_and_no_more(bench: Any) -> None:
    """One word a request on the way out: reads run ahead until every slot is promised."""
    got, target, want, _ = copy(bench, random.Random(8), 0, 700, 1, stall=0, seed=1)
    assert np.array_equal(target, want)
    assert got.outputs["requests"] == 700


@pytest.mark.parametrize(("stall", "seed"), STALLS[:3])
def test_a_response_comes_after_the_last_burst(bench: Any, stall: int, seed: int) -> None:
    count = [300, 1000, 2][seed - 1]
    memory = np.zeros(4 * count, dtype=np.uint8)
    got = bench.rtl.run(
        "readback",
        {},
        {"count": count, "seed": seed},
        {"memory": memory},
        stall=stall,
        seed=seed,
        offset=4092,
    )
    written = [seed + 3 * i for i in range(count)]
    assert got.streams["out"] == written[-1:] + written[:-1]
    assert list(memory.view("<u4")) == written


@pytest.mark.parametrize(("stall", "seed"), STALLS[:3])
def test_four_masters_on_one_bus(bench: Any, stall: int, seed: int) -> None:
    rng = random.Random(seed)
    count = [500, 33, 1][seed - 1]
    words = {name: rng.randbytes(8 * count) for name in ("a", "b")}
    memories = {name: np.frombuffer(data, dtype=np.uint8).copy() for name, data in words.items()}
    memories |= {name: np.zeros(8 * count, dtype=np.uint8) for name in ("sum", "mix")}
    got = bench.rtl.run("shared_bus", {}, {"count": count}, memories, stall=stall, seed=seed, offset=8 * seed)
    a, b = (np.frombuffer(words[name], dtype="<u8") for name in ("a", "b"))
    assert np.array_equal(memories["sum"].view("<u8"), a + b)
    assert np.array_equal(memories["mix"].view("<u8"), a ^ b)
    assert got.bus_error == 0


@pytest.mark.parametrize("bus", ["from", "to"])
def test_bus_errors_are_latched_and_do_not_hang(bench: Any, bus: str) -> None:
    rng = random.Random(5)
    bad = {bus: range(40 * WORD, 41 * WORD)}
    got, *_ = copy(bench, rng, 0, 100, 64, stall=20, seed=3, bad=bad)
    assert got.bus_error == (1 if bus == "from" else 2)
    got, target, want, _ = copy(bench, rng, 0, 100, 64, stall=20, seed=3)
    assert got.bus_error == 0, "a new start forgets the error"
    assert np.array_equal(target, want)


@pytest.mark.parametrize("after", [3, 40, 90, 150, 333])
def test_reset_in_the_middle_leaves_nothing_behind(bench: Any, after: int) -> None:
    rng = random.Random(after)
    copy(bench, rng, 3, 300, 50, stall=20, seed=after, reset_after=after)
    got, target, want, total = copy(bench, rng, 1, 200, 64, stall=20, seed=after)
    assert np.array_equal(target, want)
    assert got.outputs["sum"] == total


def test_registers_survive_a_run_and_bytes_are_written_alone(bench: Any) -> None:
    rng = random.Random(1)
    copy(bench, rng, 0, 4, 4)
    model, registers = bench.rtl.model, bench.rtl.registers("copy_scale")
    assert model.read(registers["count"].offset) == 4
    assert model.read(registers["from"].offset + 4) == 1
    model.write(registers["sum"].offset, 123)  # read-only
    assert model.read(registers["sum"].offset) != 123
    assert model.read(0x0) & 0b1111 == 0b0100, "done and ready are cleared by reading them; idle stays"


def test_a_stuck_stream_is_a_device_error(bench: Any) -> None:
    with pytest.raises(DeviceError, match="loopback is not done after 2000 cycles"):
        bench.rtl.run("loopback", {"in": [1, 2]}, {"count": 3}, limit=2000)
    bench.rtl.model.reset()
    compare(bench, "loopback", {"in": [1, 2, 3]}, {"count": 3}, 0, 1)


def test_equal_sources_give_equal_files(bench: Any, tmp_path: Any) -> None:
    again = bench.compile("shapes", tmp_path)
    assert again.sha256 == bench.results["shapes"].sha256
    assert [path.name for path in again.files] == [path.name for path in bench.results["shapes"].files]


@pytest.mark.parametrize("stall", [0, 40])
def test_plain_control_ports(bench: Any, stall: int) -> None:
    """ap_start, ap_done, ap_idle and scalars as ports; two starts without a reset between them."""
    model, top = bench.rtl.model, "handshake"
    model.select(bench.rtl.kernels[top].prefix)
    model.stalls(7, stall)
    model.reset()
    for values_in, scale in (([1, 2, 250], 3), ([9], 200)):
        model.input("in", bytes(values_in), len(values_in))
        model.output("out")
        model.set("count", len(values_in))
        model.set("scale", scale)
        assert model.get("ap_idle") == 1
        model.set("ap_start", 1)
        assert model.until("ap_done", 1000) >= 0
        assert model.get("ap_ready") == 1
        model.set("ap_start", 0)
        model.steps(50)
        assert model.get("ap_idle") == 1
        expected = [value * scale & 0xFFFF for value in values_in]
        assert list(np.frombuffer(model.take("out", 2), "<u2")) == expected
        assert model.get("total") == sum(expected) & 0xFFFFFFFF
        assert model.get("total_ap_vld") == 1


def _signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value
