# SPDX-License-Identifier: Apache-2.0
"""The Verilated design with its DRAM: data, time, counters, faults and breaches of AXI."""

import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgemoe.errors import DeviceError
from edgemoe.sim.arena import PAGE, Arena
from edgemoe.sim.dram import DramConfig
from edgemoe.sim.verilate import VerilatedLibrary, verilate
from edgemoe.sim.verilated import VerilatedDesign

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def copier(copier_library: VerilatedLibrary, arena: Arena) -> Iterator[VerilatedDesign]:
    with VerilatedDesign(copier_library.path, arena) as design:
        yield design


def write64(design: VerilatedDesign, offset: int, value: int) -> None:
    design.write(offset, value)
    design.write(offset + 4, value >> 32)


def start(
    design: VerilatedDesign, source: int, destination: int, beats: int, delta: int, fault: int = 0
) -> None:
    write64(design, 0x10, source)
    write64(design, 0x1C, destination)
    for offset, value in ((0x28, beats), (0x30, delta), (0x38, fault), (0x04, 1), (0x08, 1), (0x00, 1)):
        design.write(offset, value)


def random_words(arena: Arena, address: int, beats: int, seed: int) -> np.ndarray:
    words = np.random.default_rng(seed).integers(0, 2**32, beats * 4, dtype=np.uint32)
    arena.view(address, beats * 16).view(np.uint32)[:] = words
    return words


@pytest.mark.parametrize("seed", range(20))
def test_copy_under_stalls(copier: VerilatedDesign, arena: Arena, seed: int) -> None:
    """Any stall rate, any length and alignment to a beat: the same data, and not a byte beside it."""
    rng = random.Random(seed)
    stall = 0 if seed == 0 else rng.randint(1, 90)
    copier.configure(
        dataclasses.replace(DramConfig(), stall_percent=stall, seed=seed, latency=rng.randint(1, 90))
    )
    source, destination = arena.allocate(64 << 10), arena.allocate(64 << 10)
    for run in range(2):
        beats = rng.randint(1, 600)
        first = source + 16 * rng.randint(0, 300)
        to = destination + 16 * rng.randint(0, 255)
        to += (first - to) % PAGE  # the copier splits its writes where it splits its reads
        words = random_words(arena, first, beats, seed)
        arena.view(destination, 64 << 10)[:] = 0xAA
        start(copier, first, to, beats, seed + run)
        assert copier.run(200_000, until_interrupt=True) < 200_000, copier.diagnosis()
        copier.write(0x0C, 1)
        assert np.array_equal(arena.view(to, beats * 16).view(np.uint32), words + np.uint32(seed + run))
        whole = arena.view(destination, 64 << 10)
        assert np.all(whole[: to - destination] == 0xAA)
        assert np.all(whole[to - destination + beats * 16 :] == 0xAA)
    assert copier.violations() == (0, [])


def test_counters_and_access_map(copier: VerilatedDesign, arena: Arena) -> None:
    source, destination = arena.allocate(PAGE), arena.allocate(PAGE)
    start(copier, source + 64, destination + 64, 20, 0)
    copier.run(10_000, until_interrupt=True)
    port = copier.counters()["gmem0"]
    assert (port.read_bytes, port.write_bytes, port.read_bursts, port.write_bursts) == (320, 320, 2, 2)
    assert copier.accesses(source, 448).tolist() == [0] * 4 + [1] * 20 + [0] * 4
    assert copier.accesses(destination, 448, writes=True).tolist() == [0] * 4 + [1] * 20 + [0] * 4
    copier.clear_counters()
    assert copier.counters()["gmem0"].read_bytes == 0
    assert not copier.accesses(source, 448).any()


def test_latency_is_latency(copier: VerilatedDesign, arena: Arena) -> None:
    """One burst: `latency` more cycles for the read and for the write's response, one each."""
    source, destination = arena.allocate(PAGE), arena.allocate(PAGE)
    cycles = {}
    for latency in (1, 65):
        copier.configure(DramConfig(latency=latency, refresh_interval=0, turnaround=0))
        start(copier, source, destination, 1, 0)
        copier.run(10_000, until_interrupt=True)
        copier.write(0x0C, 1)
        cycles[latency] = copier.read(0x40)
    assert cycles[65] - cycles[1] == 128


def test_a_narrow_port_takes_several_cycles_a_beat(copier: VerilatedDesign, arena: Arena) -> None:
    """A burst takes as many cycles a beat as the port needs to move it."""
    source, destination = arena.allocate(PAGE), arena.allocate(PAGE)
    cycles = {}
    for port_bytes in (64, 16, 8, 5):
        copier.configure(DramConfig(port_bytes=port_bytes, refresh_interval=0, turnaround=0))
        start(copier, source, destination, 16, 0)
        copier.run(10_000, until_interrupt=True)
        copier.write(0x0C, 1)
        cycles[port_bytes] = copier.read(0x40)
    assert cycles[64] == cycles[16]
    for port_bytes, each in ((8, 2), (5, 4)):
        assert 15 * (each - 1) <= cycles[port_bytes] - cycles[16] <= 2 * 16 * (each - 1)


@pytest.mark.parametrize(("access", "bit"), [("read", 1), ("write", 2)])
def test_injected_faults(copier: VerilatedDesign, arena: Arena, access: str, bit: int) -> None:
    source, destination = arena.allocate(PAGE), arena.allocate(PAGE)
    where = (source if access == "read" else destination) + 40 * 16
    copier.add_fault(where, where + 15, access=access, response=2)  # type: ignore[arg-type]
    start(copier, source, destination, 64, 0)
    copier.run(10_000, until_interrupt=True)
    assert copier.read(0x48) == bit
    assert copier.counters()["gmem0"].faults == 1
    copier.clear_faults()
    copier.write(0x0C, 1)
    start(copier, source, destination, 64, 0)
    copier.run(10_000, until_interrupt=True)
    assert copier.read(0x48) == 0


def test_addresses_outside_the_memory(copier: VerilatedDesign, arena: Arena) -> None:
    """Reads and writes beyond the arena are answered with DECERR and touch nothing."""
    start(copier, arena.base + arena.size - 64, arena.base + arena.size - 64, 8, 0)
    copier.run(10_000, until_interrupt=True)
    assert copier.read(0x48) == 3
    assert copier.counters()["gmem0"].out_of_range == 8


@pytest.mark.parametrize(
    ("fault", "words"), [(1, "ARVALID fell"), (2, "crosses a 4 KiB border"), (3, "WLAST 2 beats early")]
)
def test_breaches_are_seen(copier: VerilatedDesign, arena: Arena, fault: int, words: str) -> None:
    copier.configure(DramConfig(stall_percent=60, seed=3))
    source, destination = arena.allocate(2 * PAGE), arena.allocate(2 * PAGE)
    start(copier, source + PAGE - 64, destination + PAGE - 64, 64, 0, fault)
    copier.run(5_000, until_interrupt=True)
    count, lines = copier.violations()
    assert count > 0
    assert words in "\n".join(lines)


def test_what_reset_forgets_starts_as_noise(copier_library: VerilatedLibrary, arena: Arena) -> None:
    """The noise is the seed's; an initial value stays."""

    def starts(seed: int) -> tuple[int, int]:
        with VerilatedDesign(copier_library.path, arena, seed=seed) as design:
            return design.read(0x50), design.read(0x54)

    first, second = starts(1), starts(2)
    assert starts(1) == first
    assert first[0] != second[0]
    assert first[1] == second[1] == 0x600D_600D


def test_hang_is_diagnosed(copier: VerilatedDesign, arena: Arena) -> None:
    source = arena.allocate(PAGE)
    start(copier, source, source, 16, 0, fault=4)
    assert copier.run(3_000, until_interrupt=True) == 3_000
    assert "R waits for RREADY" in copier.diagnosis()
    assert "state = 2" in copier.diagnosis()


def test_reset_in_mid_run(copier: VerilatedDesign, arena: Arena) -> None:
    """After a reset at any moment the next run is right."""
    source, destination = arena.allocate(PAGE), arena.allocate(PAGE)
    words = random_words(arena, source, 100, seed=5)
    for cycles in (1, 30, 90, 120, 200, 333):
        start(copier, source, destination, 100, 1)
        copier.run(cycles)
        copier.reset()
        assert copier.read(0x00) == 4
        start(copier, source, destination, 100, cycles)
        copier.run(10_000, until_interrupt=True)
        assert np.array_equal(arena.view(destination, 1600).view(np.uint32), words + np.uint32(cycles))
    assert copier.violations()[0] == 0


def fst_hierarchy(data: bytes) -> bytes:
    """The signal names in an FST file: its block of type 6, which is an LZ4 block behind its plain size."""
    at = 0
    while at < len(data):
        kind, length = data[at], int.from_bytes(data[at + 1 : at + 9], "big")
        if kind == 6:
            names = lz4_block(data[at + 17 : at + 1 + length])
            assert len(names) == int.from_bytes(data[at + 9 : at + 17], "big")
            return names
        at += 1 + length
    raise AssertionError("the file has no hierarchy")


def lz4_block(data: bytes) -> bytes:
    """Decompress: sequences of a token, literals, and (but for the last) a match."""
    out, at = bytearray(), 0

    def length(short: int) -> int:
        nonlocal at
        total = short
        while short == 15:
            total += data[at]
            at += 1
            if data[at - 1] != 255:
                break
        return total

    while at < len(data):
        token = data[at]
        at += 1
        literals = length(token >> 4)
        out += data[at : at + literals]
        at += literals
        if at == len(data):
            break
        offset = data[at] | data[at + 1] << 8
        at += 2
        for _ in range(length(token & 15) + 4):
            out.append(out[-offset])
    return bytes(out)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("copier_with_no_end", "copier.sv"),
        (("assign running = state != IDLE;", "assign runing = state != IDLE;"), "runing"),
        (("output logic         interrupt,", "output logic         interupt,"), "interrupt"),
        (("ap_rst_n", "reset_n"), "no port ap_rst_n"),
    ],
)
def test_bad_designs_are_refused(tmp_path: Path, change: str | tuple[str, str], words: str) -> None:
    """A syntax error, a misspelt wire (which would simulate as zero), a port that the board needs."""
    text = (FIXTURES / "copier.sv").read_text()
    text = text.replace("endmodule", "") if isinstance(change, str) else text.replace(*change)
    (tmp_path / "copier.sv").write_text(text)
    with pytest.raises(DeviceError, match=words):
        verilate([tmp_path / "copier.sv"], "copier", cache=tmp_path / "cache")


@pytest.mark.slow
def test_waves(arena: Arena, tmp_path: Path) -> None:
    """A build with waveforms writes a file that names the design's signals."""
    library = verilate([FIXTURES / "copier.sv"], "copier", trace=True, optimise="-O0")
    with VerilatedDesign(library.path, arena) as design:
        design.trace(tmp_path / "waves.fst")
        start(design, arena.allocate(PAGE), arena.allocate(PAGE), 40, 3)
        design.run(1000)
    names = fst_hierarchy((tmp_path / "waves.fst").read_bytes())
    for signal in (b"ap_clk", b"m_axi_gmem0_ARVALID", b"bus_error", b"burst"):
        assert signal in names


def test_waves_need_a_build_with_them(copier: VerilatedDesign, arena: Arena, tmp_path) -> None:
    with pytest.raises(DeviceError, match="without waveforms"):
        copier.trace(tmp_path / "waves.fst")


def test_arena_reuses_memory(arena: Arena) -> None:
    first, second, third = (arena.allocate(n) for n in (1, 3 * PAGE, PAGE))
    assert (second - first, third - second) == (PAGE, 3 * PAGE)
    arena.free(first)
    arena.free(second)
    assert arena.allocate(4 * PAGE) == first
    with pytest.raises(DeviceError, match="full"):
        arena.allocate(arena.size)
    with pytest.raises(DeviceError, match="outside"):
        arena.view(arena.base + arena.size - 8, 16)
