# SPDX-License-Identifier: Apache-2.0
"""The native build of the whole accelerator against the golden machine, bit for bit."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_programs import ProgramWriter, random_program

from edgemoe import csim
from edgemoe.config import BuildConfig, board
from edgemoe.golden import machine
from edgemoe.program import Memory, Run
from edgemoe.registers import VERSION, Descriptor, Epilogue, Error, Opcode, Rule, Space, pack_program

BUILD = board("sim-small")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csim")


def compare(build: BuildConfig, memory: Memory, work: Path, *, checks: bool = False) -> Run:
    """Runs both; the first difference names the tap that shows it."""
    golden = machine.run(build, memory)
    native = csim.run(build, memory, work=work, checks=checks)
    assert (native.status, native.error_index) == (golden.status, golden.error_index)
    if native.output != golden.output:
        want, got = (np.frombuffer(result.output, "<i2") for result in (golden, native))
        first = int(np.flatnonzero(want != got)[0])
        taps = [Descriptor.unpack(memory.program[at:]) for at in range(64, len(memory.program), 64)]
        before = [
            (i, d.space) for i, d in enumerate(taps) if d.opcode == Opcode.STORE and d.offset <= 2 * first
        ]
        pytest.fail(f"{(want != got).sum()} of {len(want)} values differ, first {first}: {want[first]} != {got[first]}"
                    f" in (descriptor, memory) {before[-1:]}")  # fmt: skip
    assert [r.counts() for r in native.records] == [r.counts() for r in golden.records]
    return golden


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int, work: Path) -> None:
    memory = random_program(BUILD, np.random.default_rng(seed))
    assert compare(BUILD, memory, work).status == Error.NONE


@pytest.mark.parametrize("seed", [100, 101])
def test_random_programs_with_checks(seed: int, work: Path) -> None:
    """Uninitialised variables hold a pattern, shifts and bit ranges are checked."""
    compare(BUILD, random_program(BUILD, np.random.default_rng(seed)), work, checks=True)


def test_other_build(work: Path) -> None:
    """Sizes come from the build alone."""
    build = replace(
        BUILD, name="other", act_depth=2304, max_tokens=257, max_experts=8, residual_depth=600, beats_depth=16
    )
    memory = random_program(build, np.random.default_rng(4))
    compare(build, memory, work)


@pytest.mark.parametrize(("rows", "cols"), [(64, 16), (32, 16), (64, 8), (64, 32), (32, 4)])
def test_other_arrays(rows: int, cols: int, work: Path) -> None:
    """Other shapes of the array, with words of four, two and eight sub-words, and choices of two beats."""
    build = replace(
        BUILD,
        name=f"array-{rows}x{cols}",
        rows=rows,
        cols=cols,
        bus_bits=16 * cols,
        norm_lanes=cols,
        weight_bus_bits=max(4 * cols, 32),
        max_k_tiles=16,
        max_experts=max(16, cols),
    )
    for seed in range(4):
        memory = random_program(build, np.random.default_rng(seed))
        assert compare(build, memory, work).status == Error.NONE


@pytest.mark.parametrize("name", ["kv260", "pynq-z2"])
def test_boards_of_their_own_shape(name: str, work: Path) -> None:
    """Feeds of several beats, more lanes of LayerNorm than columns; zcu102's, and so zcu104's, runs networks."""
    build = board(name)
    for seed in range(4):
        memory = random_program(build, np.random.default_rng(seed))
        assert compare(build, memory, work).status == Error.NONE


def test_shallow_streams(work: Path) -> None:
    """Depths change the timing, never the result, and two processes never wait for each other."""
    build = replace(BUILD, name="shallow", command_depth=1, feeds_depth=1, beats_depth=1, store_depth=1)
    compare(build, random_program(build, np.random.default_rng(5)), work)


@pytest.mark.parametrize("experts", [4, 8, 16])
@pytest.mark.parametrize("top_k", [1, 2, 3, 4])
def test_experts(experts: int, top_k: int, work: Path) -> None:
    rng = np.random.default_rng(10 * experts + top_k)
    writer = ProgramWriter(BUILD, rng)
    writer.load(Space.ACT, 0, 400)
    writer.load(Space.RESIDUAL, 0, BUILD.residual_depth)
    for rule in Rule:
        writer.experts(129, experts, top_k, rule, int(rng.choice([0, 6554, 20000])), 2, 8, 8)
    compare(BUILD, writer.memory(), work)


def test_all_tokens_on_one_expert(work: Path) -> None:
    writer = ProgramWriter(BUILD, np.random.default_rng(1))
    writer.load(Space.ACT, 0, 400)
    writer.load(Space.RESIDUAL, 0, BUILD.residual_depth)
    writer.experts(129, 8, 1, Rule.SOFTMAX_ALL, 0, 2, 8, 8, all_on_one=True)
    result = compare(BUILD, writer.memory(), work)
    assert [r.tokens for r in result.records if r.expert != 0xFFFFFFFF] == [129]


def test_threshold_drops_every_expert(work: Path) -> None:
    """No queue is used: no weight is fetched, nothing waits."""
    writer = ProgramWriter(BUILD, np.random.default_rng(2))
    writer.load(Space.ACT, 0, 400)
    writer.load(Space.RESIDUAL, 0, BUILD.residual_depth)
    writer.experts(40, 8, 2, Rule.SOFTMAX_ALL, 65536, 2, 4, 8)
    result = compare(BUILD, writer.memory(), work)
    assert all(r.expert == 0xFFFFFFFF for r in result.records)


@pytest.mark.parametrize("tokens", [1, 7, 8, 9, 31, 32, 33, 40, 64, 160])
def test_attention_of_any_number_of_tokens(tokens: int, work: Path) -> None:
    writer = ProgramWriter(BUILD, np.random.default_rng(tokens))
    writer.load(Space.ACT, 0, BUILD.act_depth)
    writer.attention(tokens, 2)
    compare(BUILD, writer.memory(), work)


@pytest.mark.parametrize("top_heads", [1, 2, 3])
@pytest.mark.parametrize("tokens", [1, 33, 100])
def test_tokens_choose_heads(tokens: int, top_heads: int, work: Path) -> None:
    """Where all do, where a threshold drops some, and where it drops all and every context is 0."""
    for threshold in (0, 20000, 65536):
        writer = ProgramWriter(BUILD, np.random.default_rng(tokens + top_heads))
        writer.load(Space.ACT, 0, BUILD.act_depth)
        writer.attention(tokens, 4, top_heads, threshold)
        result = compare(BUILD, writer.memory(), work)
        (record,) = (r for r in result.records if r.kind == Opcode.ATTENTION)
        assert record.tokens == tokens
        if not threshold:
            assert record.score_writes == top_heads * tokens * tokens
        if threshold == 65536:
            assert record.key_reads == record.mac_steps == 0
            assert not any(result.output[-4 * tokens * writer.word_bytes :])


def small_memory(rng: np.random.Generator) -> Memory:
    writer = ProgramWriter(BUILD, rng)
    writer.load(Space.ACT, 0, 100)
    writer.linear(Epilogue.DRAM, 5, 1, 1, 8, Space.ACT)
    writer.experts(5, 4, 2, Rule.SOFTMAX_TOPK, 0, 1, 4, 8)
    return writer.memory()


@pytest.mark.parametrize("seed", range(60))
def test_corrupt_programs(seed: int, work: Path) -> None:
    """A random field of a random descriptor gets a random or extreme value: same verdict, and the run ends."""
    rng = np.random.default_rng(seed)
    good = small_memory(rng)
    descriptors = [Descriptor.unpack(good.program[at:]) for at in range(64, len(good.program), 64)]
    index = int(rng.integers(len(descriptors)))
    field = str(rng.choice([name for name in vars(descriptors[index]) if name != "stage"]))
    value = int(rng.choice([0, 1, 3, 9, 17, 255, 0x1000, int(rng.integers(1 << 16))]))
    for width in (64, 32, 17, 16, 8, 4, 2):
        try:
            replaced = replace(descriptors[index], **{field: value & ((1 << width) - 1)})
            replaced.pack()
        except ValueError:
            continue
        break
    descriptors[index] = replaced
    compare(BUILD, replace(good, program=pack_program(descriptors)), work)


@pytest.mark.parametrize(
    ("at", "words", "error"),
    [
        (0, (0,), Error.MAGIC),
        (4, (VERSION + 1,), Error.VERSION),
        (8, (0,), Error.COUNT),
        (8, (1000,), Error.COUNT),
        (12, (1,), Error.CHECKSUM),
        (64, (77,), Error.CHECKSUM),
    ],
)
def test_corrupt_headers(at: int, words: tuple[int, ...], error: Error, work: Path) -> None:
    good = small_memory(np.random.default_rng(0))
    program = bytearray(good.program)
    struct.pack_into(f"<{len(words)}I", program, at, *words)
    assert compare(BUILD, replace(good, program=bytes(program)), work).status == error


def test_no_program(work: Path) -> None:
    assert compare(BUILD, Memory(b"EMoe", b"", b"", 16, 64), work).status == Error.COUNT


def test_statistics_buffer_too_small(work: Path) -> None:
    good = small_memory(np.random.default_rng(0))
    assert compare(BUILD, replace(good, statistics_bytes=640), work).status == Error.STATISTICS


@pytest.mark.parametrize("value", [-32768, 32767])
def test_attention_at_the_largest_sums(value: int, work: Path) -> None:
    """All scores equal, all values at an end of their range, as many keys as the build holds: sums at their limit."""
    tokens = BUILD.max_tokens
    writer = ProgramWriter(BUILD, np.random.default_rng(0))
    writer.attention(tokens, 1)
    attention = next(d for d in writer.descriptors if d.opcode == Opcode.ATTENTION)
    writer.descriptors.clear()
    writer.output_bytes = 0
    zeros = writer.place_weights(bytes(4 * (64 + 8 * 32)))  # weights, bias and shift 0: q = k = 0
    ones = bytearray()  # a bias as large as a value can be
    for _ in range(4):
        ones += np.full(8, (value & ((1 << 40) - 1)) | 1 << 40, dtype="<u8").tobytes() + bytes(8 * 32)
    places = ((Space.ACT, attention.src_base, zeros), (Space.KEYS, attention.key_base, zeros),
              (Space.KEYS, attention.aux_base, writer.place_weights(bytes(ones))))  # fmt: skip
    writer.load(Space.ACT, 0, tokens)
    for space, base, offset in places:
        writer.add(
            Opcode.LINEAR, epilogue=Epilogue.REQUANT, space=space, tokens=tokens, k_tiles=1, n_tiles=4,
            weight_bits=8, src_stride=tokens, dst_base=base, dst_stride=tokens, offset=offset,
        )  # fmt: skip
    writer.descriptors.append(replace(attention, shift1=15, mult1=1 << 15))
    writer.store(Space.ACT, attention.dst_base, tokens)
    result = compare(BUILD, writer.memory(), work)
    context = np.frombuffer(result.output, "<i2")
    assert np.abs(context.astype(int) - value).max() <= 4
