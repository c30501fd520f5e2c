# SPDX-License-Identifier: Apache-2.0
"""Walker kernel: the verdict against the golden model's, the commands against the native build, DRAM over AXI."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bad_programs import BUILDS, CASES, SIZES, Case
from changed_programs import Changed, changed_programs, changed_walker
from random_programs import random_program

import kernels
from edgemoe import csim
from edgemoe.compiler.native import NativeKernel
from edgemoe.config import BuildConfig
from edgemoe.golden.verdict import Verdict, check_program
from edgemoe.program import Sizes
from edgemoe.registers import DESCRIPTOR_BYTES, Error, Opcode

COUNTS = 64  # queue lengths offered at most


def call(rng: np.random.Generator) -> kernels.Call:
    """A random layer program; every second one with a bit flipped somewhere or a wrong size."""
    build = kernels.build_config()
    memory = random_program(build, rng)
    program = bytearray(memory.program)
    sizes = [
        len(program),
        len(memory.weights),
        len(memory.image),
        memory.output_bytes,
        memory.statistics_bytes,
    ]
    kind = rng.integers(0, 6)
    if kind == 0:  # anywhere: mostly a wrong checksum
        program[rng.integers(0, len(program))] ^= 1 << int(rng.integers(0, 8))
    elif kind == 1:  # a wrong field under a right checksum
        at = DESCRIPTOR_BYTES + 4 * int(rng.integers(0, (len(program) - DESCRIPTOR_BYTES) // 4))
        program[at + int(rng.integers(0, 4))] ^= 1 << int(rng.integers(0, 8))
        words = np.frombuffer(bytes(program[DESCRIPTOR_BYTES:]), "<u4")
        program[12:16] = (int(words.sum(dtype=np.uint64)) % (1 << 32)).to_bytes(4, "little")
    elif kind == 2:
        index = int(rng.integers(0, 5))
        sizes[index] = int(rng.integers(0, sizes[index] + 1)) & ~15
    verdict = check_program(build, bytes(program[: sizes[0]]), Sizes(*sizes))
    return called(bytes(program), Sizes(*sizes), rng.integers(0, 9, COUNTS).tolist(), verdict)


def called(
    program: bytes, sizes: Sizes, counts: list[int], verdict: Verdict, build: BuildConfig | None = None
) -> kernels.Call:
    """A program and what the native build makes of it; its verdict has to be that one."""
    walker = csim.kernel("walker", build or kernels.build_config(), kernels.CACHE / "native", True)
    padded = np.frombuffer(program + bytes(-len(program) % 64), dtype=np.uint8).copy()
    return recorded(walker, {"program": padded}, sizes, counts, verdict)


def recorded(
    walker: NativeKernel,
    memories: dict[str, np.ndarray],
    sizes: Sizes,
    counts: list[int],
    verdict: Verdict,
) -> kernels.Call:
    """A call of the native build, whose verdict has to be that one; of a refused program nothing is issued."""
    scalars, before = sizes.registers(), memories["program"].tobytes()
    result = walker.run({"expert_tokens": counts}, scalars, memories)
    taken = len(counts) - result.unread["expert_tokens"]
    assert (result.outputs["status"], result.outputs["error_index"]) == (verdict.error, verdict.index)
    if verdict.error not in (Error.NONE, Error.CHANGED):
        ends = [len(result.streams[name]) for name in ("commands", "fetches", "stores")]
        assert (taken, ends, result.outputs["records"]) == (0, [1, 1, 1], 0)
    return kernels.Call(
        {"expert_tokens": counts[:taken]},
        scalars | {"program": 0},
        {name: list(values) for name, values in result.streams.items()},
        {"gmem0": before},
        {"gmem0": memories["program"].tobytes()},
        result.outputs,
    )


def row(case: Case) -> kernels.Call:
    """A row of the table of bad programs, and of good ones at the edge."""
    program = case.program.ljust(64, b"\0")
    return called(program, case.sizes, [1] * COUNTS, Verdict(case.error, case.index), case.build)


def changed(build: BuildConfig, case: Changed) -> kernels.Call:
    """A program that is another one when it is read again."""
    program, reread = (np.frombuffer(data, np.uint8).copy() for data in (case.program, case.reread))
    sizes = dataclasses.replace(SIZES, program=len(case.program))
    walker = changed_walker(build, kernels.CACHE / "native")
    made = recorded(
        walker, {"program": program, "later": reread}, sizes, [1] * COUNTS, Verdict(case.error, case.index)
    )
    made.changes = {"gmem0": (len(case.program) // build.beat_bytes, case.reread)}
    return made


def in_rtl(build: BuildConfig, calls: list[kernels.Call]) -> None:
    """Every call in the hardware, under stalls and most of them without a reset between."""
    jobs = [calls[start : start + 8] for start in range(0, len(calls), 8)]
    kernels.check_calls("walker", jobs, ports="axi", build=build)


def test_rows_natively() -> None:
    for case in CASES:
        row(case)


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_changes_natively(build: BuildConfig) -> None:
    """A descriptor that no longer passes the checks ends the run: only what stood before it has been issued."""
    good = changed(build, changed_programs(build)[0])
    for case in changed_programs(build):
        made = changed(build, case)
        if case.error == Error.CHANGED and case.differs_at == case.index:
            for stream in ("commands", "fetches", "stores"):
                *issued, _ = made.want[stream]
                assert issued == good.want[stream][: len(issued)], case.name
            assert (
                made.want_outputs["records"] < good.want_outputs["records"] or case.index == len(Opcode) - 1
            )


@pytest.mark.slow
@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_rows_in_rtl(build: BuildConfig) -> None:
    """Every row gets its verdict from the hardware, and of a bad one nothing is issued."""
    in_rtl(build, [row(case) for case in CASES if case.build == build])


@pytest.mark.slow
@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_changes_in_rtl(build: BuildConfig) -> None:
    """A program that changes in DRAM between its check and its run ends as in the native build."""
    in_rtl(build, [changed(build, case) for case in changed_programs(build)])


def test_verdict_as_golden() -> None:
    for seed in range(100, 160):
        call(np.random.default_rng(seed))


@pytest.mark.slow
def test_rtl_as_native() -> None:
    # The walker takes a beat of its program every cycle, so nothing piles up on the way to it.
    kernels.check_rtl(
        "walker", call, range(20), ports="axi", never_full=("program__ar_buffer", "program_reader")
    )
