# SPDX-License-Identifier: Apache-2.0
"""A layer program that something overwrites in DRAM once the accelerator has checked it: an error, and no harm."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pynq
import pytest
from changed_programs import with_descriptor

from edgemoe.backends.rtl import Rtl
from edgemoe.config import BuildConfig, ModelConfig
from edgemoe.errors import DeviceError
from edgemoe.golden import machine
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.program import Memory, Run, striped
from edgemoe.registers import DESCRIPTOR_BYTES, NO_INDEX, Descriptor, Error, Opcode
from edgemoe.runtime.driver import Buffers

from .conftest import design_of

PATIENCE = 100_000
"""Cycles until the first reading of the program has surely ended."""


@pytest.fixture
def backend(rtl: Callable[..., Rtl], small: ModelConfig) -> Rtl:
    return rtl(random_package(small, 3))


@pytest.fixture
def memory(backend: Rtl, small: ModelConfig) -> Memory:
    program = backend.workload.program("depth")
    image = backend.workload.image(random_image(small, np.random.default_rng(3)))
    sizes = program.output_bytes, program.statistics_bytes
    return Memory(program.data, backend.workload.weights.data, image, *sizes)


def descriptors(program: bytes) -> list[Descriptor]:
    places = range(DESCRIPTOR_BYTES, len(program), DESCRIPTOR_BYTES)
    return [Descriptor.unpack(program[at:]) for at in places]


def changed(program: bytes, index: int, **fields: int) -> bytes:
    return with_descriptor(program, index, dataclasses.replace(descriptors(program)[index], **fields))


def run_changed(backend: Rtl, memory: Memory, reread: bytes) -> Run:
    """Runs a program whose buffer holds `reread` as soon as the accelerator has read it once.

    Fails if anything is written outside of the two regions that are there to be written.
    """

    def region(data: bytes) -> pynq.buffer.PynqBuffer:
        buffer = pynq.allocate(len(data), np.uint8)
        buffer[:] = np.frombuffer(data, np.uint8)
        return buffer

    output, statistics = bytes(memory.output_bytes), bytes(memory.statistics_bytes)
    weights = striped(backend.workload.build, memory.weights)
    buffers = Buffers(*map(region, (memory.program, weights, memory.image, output, statistics)))
    ip, design = backend.accelerator.ip, design_of(backend)
    ip.until_idle()
    design.clear_counters()
    ip.start(buffers, interrupt=False)
    for _ in range(PATIENCE):
        if design.counters()["gmem0"].read_bytes >= len(memory.program):
            break
        design.run(1)
    assert design.counters()["gmem0"].read_bytes == len(memory.program)
    buffers.program[:] = np.frombuffer(reread, np.uint8)
    buffers.program.flush()
    ip.wait()
    result = ip.result(buffers)
    writes = design.accesses(design.arena.base, design.arena.size, writes=True)
    for written in (buffers.output, buffers.statistics):
        first = (written.device_address - design.arena.base) // 16
        writes[first : first + written.nbytes // 16] = 0
    assert not writes.any(), "written outside of the output and the statistics"
    assert design.violations() == (0, [])
    for buffer in vars(buffers).values():
        buffer.freebuffer()
    return result


def found(memory: Memory, opcode: Opcode) -> int:
    """The last descriptor of that operation."""
    return max(index for index, d in enumerate(descriptors(memory.program)) if d.opcode == opcode)


@pytest.mark.parametrize(
    ("opcode", "fields"),
    [
        pytest.param(Opcode.STORE, {"offset": "output"}, id="a STORE leaves its region"),
        pytest.param(Opcode.LINEAR, {"tokens": 4096}, id="a LINEAR gets more tokens than there are"),
        pytest.param(Opcode.EXPERTS, {"heads": 255}, id="EXPERTS gets more experts than its GATE"),
        pytest.param(Opcode.EXPERTS, {"mult0": 12345}, id="a scale"),
        pytest.param(Opcode.END, {"opcode": Opcode.STORE, "size": 1}, id="END is gone"),
    ],
)
def test_a_descriptor_changes(
    backend: Rtl, build: BuildConfig, memory: Memory, opcode: Opcode, fields: dict[str, int | str]
) -> None:
    """The run ends with CHANGED, as the golden machine's does, and the next one is right again."""
    index = found(memory, opcode)
    values = {
        name: memory.output_bytes if value == "output" else int(value) for name, value in fields.items()
    }
    reread = changed(memory.program, index, **values)
    result, golden = run_changed(backend, memory, reread), machine.run(build, memory, reread=reread)
    end = found(memory, Opcode.END)
    assert (result.status, result.error_index) == (Error.CHANGED, end if "mult0" in fields else index)
    assert (result.status, result.error_index) == (golden.status, golden.error_index)
    assert result.output == golden.output
    assert [record.counts() for record in result.records] == [record.counts() for record in golden.records]
    with pytest.raises(DeviceError, match="was changed in DRAM while the accelerator ran it"):
        result.check()

    again, golden = run_changed(backend, memory, memory.program), machine.run(build, memory)
    assert (again.status, again.error_index, again.output) == (Error.NONE, NO_INDEX, golden.output)


@pytest.mark.parametrize("seed", range(4))
def test_any_bits_change(backend: Rtl, build: BuildConfig, memory: Memory, seed: int) -> None:
    """Random bits of random descriptors: always CHANGED, where the golden machine says, and never a hang."""
    rng = np.random.default_rng(seed)
    for _ in range(8):
        reread = bytearray(memory.program)
        for at in rng.integers(DESCRIPTOR_BYTES, len(reread), int(rng.choice([1, 1, 3, 40]))):
            reread[at] ^= 1 << int(rng.integers(8))
        golden = machine.run(build, memory, reread=bytes(reread))
        result = run_changed(backend, memory, bytes(reread))
        assert golden.status == Error.CHANGED, seed
        assert (result.status, result.error_index) == (golden.status, golden.error_index), (
            seed,
            bytes(reread),
        )
