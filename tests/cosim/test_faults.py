# SPDX-License-Identifier: Apache-2.0
"""The accelerator when something is wrong: programs, memory, resets, hangs. It must say so and go on."""

import struct

import numpy as np
import pytest

from edgemoe.backends import Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.config import BuildConfig, ModelConfig
from edgemoe.cosim.compare import compare
from edgemoe.errors import DeviceError
from edgemoe.golden import machine
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.package import Package
from edgemoe.program import Memory, striped
from edgemoe.registers import DESCRIPTOR_FIELDS, NO_INDEX, Error, build_id, limits
from edgemoe.sim.dram import DramConfig

from .conftest import buffer_of, design_of


@pytest.fixture(scope="module")
def package(small: ModelConfig) -> Package:
    return random_package(small, 9)


@pytest.fixture
def pixels(small: ModelConfig) -> np.ndarray:
    return random_image(small, np.random.default_rng(9))


@pytest.fixture
def backend(rtl, package: Package) -> Rtl:
    return rtl(package)


def regions(backend: Rtl, pixels: np.ndarray, task: str = "depth") -> Memory:
    program = backend.workload.program(task)
    return Memory(
        program.data,
        backend.workload.weights.data,
        backend.workload.image(pixels),
        program.output_bytes,
        program.statistics_bytes,
    )


def run(backend: Rtl, memory: Memory):
    return backend.accelerator.ip.run_regions(
        memory.program,
        striped(backend.workload.build, memory.weights),
        memory.image,
        memory.output_bytes,
        memory.statistics_bytes,
    )


def with_checksum(program: bytes) -> bytes:
    words = list(struct.unpack(f"<{len(program) // 4}I", program))
    words[3] = sum(words[16:]) & 0xFFFFFFFF
    return struct.pack(f"<{len(words)}I", *words)


def corrupted(program: bytes, rng: np.random.Generator) -> bytes:
    """A field of a descriptor, or a word of the header, set to an edge or random value."""
    data = int.from_bytes(program, "little")
    if rng.random() < 0.15:
        bit, width = 32 * int(rng.integers(0, 3)), 32
    else:
        field = DESCRIPTOR_FIELDS[rng.integers(len(DESCRIPTOR_FIELDS))]
        descriptor = int(rng.integers(1, len(program) // 64))
        bit, width = 512 * descriptor + 32 * field.word + field.lsb, min(field.width, 32)
    value = int(rng.choice([0, 1, (1 << width) - 1, int(rng.integers(0, 1 << width)), 1 << (width - 1)]))
    mask = ((1 << width) - 1) << bit
    changed = (data & ~mask | value << bit).to_bytes(len(program), "little")
    return changed if rng.random() < 0.1 else with_checksum(changed)


@pytest.mark.parametrize("seed", range(8))
def test_verdicts_equal_golden_s(backend: Rtl, build: BuildConfig, pixels: np.ndarray, seed: int) -> None:
    """Corrupted programs: the same code and descriptor as the golden machine, nothing written, no hang.

    A corruption that leaves a valid program must run to its end through the same stages. Its
    output is not compared: it may read words that no stage wrote, which hold what the last run left there.
    """
    rng = np.random.default_rng(seed)
    memory = regions(backend, pixels)
    for _ in range(25):
        bad = Memory(
            corrupted(memory.program, rng),
            memory.weights,
            memory.image,
            memory.output_bytes,
            memory.statistics_bytes,
        )
        expected, got = machine.run(build, bad), run(backend, bad)
        assert (got.status, got.error_index) == (expected.status, expected.error_index), (seed, bad.program)
        if expected.status != Error.NONE:
            assert not any(got.output)
        stages = [
            [r.stage for r in records if r.expert == NO_INDEX] for records in (got.records, expected.records)
        ]
        assert stages[0] == stages[1]
    assert design_of(backend).violations() == (0, [])


@pytest.mark.parametrize("size", [0, 16, 63, 64, 80, 1000])
def test_short_programs(backend: Rtl, build: BuildConfig, pixels: np.ndarray, size: int) -> None:
    memory = regions(backend, pixels)
    short = Memory(memory.program[:size], memory.weights, memory.image, 64, 64)
    expected, got = machine.run(build, short), run(backend, short)
    assert (got.status, got.error_index) == (expected.status, expected.error_index)


@pytest.mark.parametrize(("region", "access"), [("weights", "read"), ("image", "read"), ("output", "write")])
def test_error_responses(
    backend: Rtl, build: BuildConfig, pixels: np.ndarray, region: str, access: str
) -> None:
    """SLVERR anywhere: the run ends, the port is named, and the next run is right again."""
    design = design_of(backend)
    golden = Golden(backend.workload)
    assert compare(golden.run(pixels, "depth"), backend.run(pixels, "depth")).mismatches == 0
    memory = regions(backend, pixels)
    sizes = {"weights": len(memory.weights), "image": len(memory.image), "output": memory.output_bytes}
    at = buffer_of(backend, region).device_address + sizes[region] // 2 // 16 * 16
    design.add_fault(at, at + 15, access=access)  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match=r"error on gmem[1-5]"):
        backend.run(pixels, "depth")
    design.clear_faults()
    assert compare(golden.run(pixels, "depth"), backend.run(pixels, "depth")).mismatches == 0


def test_error_on_the_program(backend: Rtl, pixels: np.ndarray) -> None:
    """An unreadable program is refused or reported, never run to a hang."""
    backend.run(pixels, "depth")
    code = buffer_of(backend, "program")
    design_of(backend).add_fault(code.device_address, code.device_address + code.nbytes - 1, access="read")
    with pytest.raises(DeviceError):
        backend.run(pixels, "depth")
    design_of(backend).clear_faults()
    backend.run(pixels, "depth")


def test_address_outside_the_memory(backend: Rtl, pixels: np.ndarray) -> None:
    """A wrong base address gives error responses (DECERR), and the run still ends."""
    backend.run(pixels, "depth")
    weights = buffer_of(backend, "weights")
    address = weights.device_address
    weights.device_address = 0xF000_0000
    with pytest.raises(DeviceError, match="error on gmem1"):
        backend.run(pixels, "depth")
    weights.device_address = address
    backend.run(pixels, "depth")


@pytest.mark.parametrize("seed", range(6))
def test_reset_in_mid_run(backend: Rtl, build: BuildConfig, pixels: np.ndarray, seed: int) -> None:
    """Reset at a random moment, then a run from scratch: as if nothing had been."""
    design = design_of(backend)
    golden = Golden(backend.workload).run(pixels, "depth")
    assert compare(golden, backend.run(pixels, "depth")).mismatches == 0
    rng = np.random.default_rng(seed)
    for _ in range(2):
        for name in ("GIER", "IP_IER"):
            backend.accelerator.ip.set(name, 0)
        backend.accelerator.ip.set("CTRL", 1)  # the registers still hold the last run's buffers
        design.run(int(rng.integers(1, 12_000)))
        design.reset()
        assert compare(golden, backend.run(pixels, "depth")).mismatches == 0
    assert design.violations() == (0, [])


def test_memory_that_never_answers(backend: Rtl, pixels: np.ndarray) -> None:
    """The wait ends with a diagnosis: which channel waits, and which FIFOs hold what."""
    design = design_of(backend)
    device = backend.device
    design.configure(DramConfig(outstanding=0))
    target = device._targets[backend.instance]
    target.wait_limit = 20_000
    with pytest.raises(DeviceError, match=r"(?s)gmem0: AR waits for ARREADY.*count = "):
        backend.accelerator.ip.run_regions(backend.workload.program("depth").data, b"", b"", 64, 64)


def test_build_registers(backend: Rtl, build: BuildConfig) -> None:
    """Identity and maxima in the registers are this build's."""
    accelerator = backend.accelerator.ip
    assert accelerator.get("build_id") == build_id(build)
    assert tuple(accelerator.get(f"limits{i}") for i in range(4)) == limits(build)
    assert accelerator.get("status") in {int(code) for code in Error}
