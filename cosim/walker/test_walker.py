# SPDX-License-Identifier: Apache-2.0
"""Walker kernel: the verdict against the golden model's, the commands against the native build, DRAM over AXI."""

from __future__ import annotations

import numpy as np
import pytest
from bad_programs import CASES, Case
from random_programs import random_program

import kernels
from edgemoe import csim
from edgemoe.golden.verdict import Sizes, Verdict, check_program
from edgemoe.registers import DESCRIPTOR_BYTES, Error

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


def called(program: bytes, sizes: Sizes, counts: list[int], verdict: Verdict) -> kernels.Call:
    """A program and what the native build makes of it; its verdict has to be that one."""
    scalars = sizes.registers()
    padded = np.frombuffer(program + bytes(-len(program) % 64), dtype=np.uint8).copy()
    walker = csim.kernel("walker", kernels.build_config(), kernels.CACHE / "native", True)
    result = walker.run({"expert_tokens": counts}, scalars, {"program": padded})
    taken = COUNTS - result.unread["expert_tokens"]
    assert (result.outputs["status"], result.outputs["error_index"]) == (verdict.error, verdict.index)
    if verdict.error != Error.NONE:
        assert taken == 0
    return kernels.Call(
        {"expert_tokens": counts[:taken]},
        scalars | {"program": 0},
        {name: list(values) for name, values in result.streams.items()},
        {"gmem0": padded.tobytes()},
        {"gmem0": padded.tobytes()},
        result.outputs,
    )


def row(case: Case) -> kernels.Call:
    """A row of the table of bad programs, and of good ones at the edge."""
    program = case.program.ljust(64, b"\0")
    return called(program, case.sizes, [1] * COUNTS, Verdict(case.error, case.index))


ROWS = [case for case in CASES if case.build == kernels.build_config()]


def test_rows_natively() -> None:
    for case in ROWS:
        row(case)


@pytest.mark.slow
def test_rows_in_rtl() -> None:
    """Every row gets its verdict from the hardware, under stalls and without a reset between."""
    rows = [row(case) for case in ROWS]
    kernels.check_calls("walker", [rows[start : start + 8] for start in range(0, len(rows), 8)], ports="axi")


def test_verdict_as_golden() -> None:
    for seed in range(100, 160):
        call(np.random.default_rng(seed))


@pytest.mark.slow
def test_rtl_as_native() -> None:
    # The walker takes a beat of its program every cycle, so nothing piles up on the way to it.
    kernels.check_rtl(
        "walker", call, range(20), ports="axi", never_full=("program__ar_buffer", "program_reader")
    )
