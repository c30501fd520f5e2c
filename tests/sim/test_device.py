# SPDX-License-Identifier: Apache-2.0
"""PYNQ on the simulated board: an unchanged program, strict memory, limits on every wait."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pynq
import pytest
from copier import copier_design

from edgemoe import sim
from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.dram import DramConfig
from edgemoe.sim.overlay import write_overlay
from edgemoe.sim.verilate import verilate

PROGRAM = Path(__file__).parent / "fixtures" / "user_script.py"


@pytest.fixture
def copier(copier_overlay: Path) -> Iterator[object]:
    """The copier's driver on a freshly loaded overlay with a short limit on waits."""
    device = sim.activate()
    before, device.wait_limit = device.wait_limit, 50_000
    overlay = pynq.Overlay(str(copier_overlay))
    yield overlay.copier_0
    device.wait_limit = before
    device.unload()


def run(copier, source, destination, *, fault: int = 0) -> None:
    copier.write(0x10, source.device_address)
    copier.write(0x1C, destination.device_address)
    copier.write(0x28, source.nbytes // 16)
    copier.write(0x30, 1)
    copier.write(0x38, fault)
    copier.write(0x00, 1)
    while not copier.read(0x00) & 2:
        pass


def test_program_runs_unchanged(copier_overlay: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "error::UserWarning:pynq",
        "-m",
        "edgemoe.sim",
        str(PROGRAM),
        str(copier_overlay),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["equal True", "equal True", "beats 75 idle True"]


@pytest.mark.parametrize("forgotten", ["invalidate", None])
def test_strict_memory(copier, forgotten: str | None) -> None:
    """A forgotten invalidate gives wrong data; with it, right data. (A forgotten flush: test_flush.)"""
    source, destination = pynq.allocate(64), pynq.allocate(64)
    source[:] = np.arange(64)
    destination[:] = 0
    destination.flush()
    source.flush()
    run(copier, source, destination)
    if forgotten != "invalidate":
        destination.invalidate()
    assert np.array_equal(destination, source + np.uint32(1)) == (forgotten is None)


def test_views_flush_their_part(copier) -> None:
    """A slice knows its own device address and flushes only itself."""
    source, destination = pynq.allocate((4, 64)), pynq.allocate(64)
    source[:] = 7
    part = source[2]
    part.flush()
    assert part.device_address == source.device_address + 512
    run(copier, part, destination)
    destination.invalidate()
    assert np.all(destination == 8)
    with pytest.raises(DeviceError, match="byte 256 of the buffer"):
        run(copier, source[1], destination)


def test_poll_has_a_limit(copier) -> None:
    source = pynq.allocate(64)
    with pytest.raises(DeviceError, match=r"(?s)copier_0 did not finish.*R waits for RREADY") as caught:
        run(copier, source, source, fault=4)
    assert caught.value.exit_status == 3


def test_interrupt_wait_has_a_limit(copier) -> None:
    """A program that awaits an interrupt that never comes is woken and told why."""
    source = pynq.allocate(64)
    copier.register_map.GIER.Enable = 1
    copier.register_map.IP_IER.CHAN0_INT_EN = 1
    copier.write(0x10, source.device_address)
    copier.write(0x28, 4)
    copier.write(0x38, 4)
    copier.write(0x00, 1)

    async def wait() -> None:
        while not copier.register_map.CTRL.AP_DONE:
            await copier.interrupt.wait()

    with pytest.raises(DeviceError, match="wait for an interrupt went on"):
        asyncio.run(asyncio.wait_for(wait(), 60))


def test_interrupts_one_after_the_other(copier) -> None:
    source, destination = pynq.allocate(64), pynq.allocate(64)
    copier.register_map.GIER.Enable = 1
    copier.register_map.IP_IER.CHAN0_INT_EN = 1

    async def runs() -> None:
        for value in range(5):
            source[:] = value
            source.flush()
            copier.write(0x10, source.device_address)
            copier.write(0x1C, destination.device_address)
            copier.write(0x28, 16)
            copier.write(0x30, 100)
            copier.write(0x00, 1)
            while not copier.register_map.CTRL.AP_IDLE:
                await copier.interrupt.wait()
            copier.register_map.IP_ISR = 1
            destination.invalidate()
            assert np.all(destination == value + 100)

    asyncio.run(asyncio.wait_for(runs(), 60))


def test_clock_is_programmed(copier) -> None:
    assert pynq.Clocks.fclk0_mhz == pytest.approx(200, rel=1e-3)
    pynq.Clocks.fclk0_mhz = 100
    assert pynq.Clocks.fclk0_mhz == pytest.approx(100, rel=1e-3)


def test_private_names_of_pynq_that_are_used() -> None:
    """These are not PYNQ's public interface: a new version may drop them, and then this says so."""
    from pynq.interrupt import _InterruptController

    assert isinstance(_InterruptController._uio_devices, dict)
    buffer = pynq.allocate(4)
    assert {"memory", "pointer", "return_to", "freed"} <= set(vars(buffer))


def test_missing_files_are_named(copier_overlay: Path, tmp_path: Path) -> None:
    bit = tmp_path / "copier.bit"
    bit.write_text("")
    with pytest.raises(UserError, match=r"copier\.hwh"):
        pynq.Overlay(str(bit))
    bit.with_suffix(".hwh").write_text(copier_overlay.with_suffix(".hwh").read_text())
    with pytest.raises(UserError, match=r"overlay\.json"):
        pynq.Overlay(str(bit))


def test_unknown_address(copier) -> None:
    with pytest.raises(DeviceError, match="Nothing answers at address 0xb0000000"):
        pynq.MMIO(0xB0000000, 16).read(0)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (lambda tmp: tmp / "none" / "waves.fst", "there is no folder"),
        (lambda tmp: tmp, "it is not a file"),
        (lambda tmp: Path("/dev/full"), "it is not a file"),
        (lambda tmp: Path("/proc/waves.fst"), "Waveforms cannot go to"),
        (lambda tmp: _file(tmp / "notes.txt") / "waves.fst", "Waveforms cannot go to"),
        (lambda tmp: tmp / "a\0b.fst", "null byte"),
        (lambda tmp: tmp / ("x" * 300), "File name too long"),
        (lambda tmp: _file(tmp / "notes.txt"), "would overwrite .*notes.txt, which is no waveform file"),
    ],
)
def test_waves_that_cannot_be_written_are_refused_before_the_run(tmp_path: Path, place, words: str) -> None:
    path = place(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match=words):
        sim.activate().record_waves(path)
    assert sorted(tmp_path.iterdir()) == before


def _file(path: Path) -> Path:
    path.write_text("not a waveform")
    return path


def test_waves_need_a_build_with_them_and_leave_the_loaded_overlay(
    copier, copier_overlay: Path, tmp_path
) -> None:
    device = sim.activate()
    device.record_waves(tmp_path / "waves.fst")
    with pytest.raises(DeviceError, match="without waveforms"):
        pynq.Overlay(str(copier_overlay))
    assert copier.read(0) == 4
    device.record_waves(None)
    pynq.Overlay(str(copier_overlay))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_waves_over_reloads(tmp_path: Path) -> None:
    """A second recording into the same file replaces the first; a program that ends leaves a whole file."""
    library = verilate([PROGRAM.parent / "copier.sv"], "copier", trace=True, optimise="-O0")
    bit = write_overlay(tmp_path, copier_design("copier", library), {"copier_0": library.path})
    code = (
        "import sys, pynq, edgemoe.sim\nfrom pathlib import Path\ndevice = edgemoe.sim.activate()\n"
        "for _ in range(3):\n    device.record_waves(Path(sys.argv[2]))\n    pynq.Overlay(sys.argv[1])\n"
        "    device.design('copier_0').run(100)\n"
    )
    waves = tmp_path / "waves.fst"
    done = subprocess.run(
        [sys.executable, "-c", code, str(bit), str(waves)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    content = waves.read_bytes()
    at, kinds = 0, []
    while at < len(content):  # blocks: type, length
        kinds.append(content[at])
        at += 1 + int.from_bytes(content[at + 1 : at + 9], "big")
    assert at == len(content) and kinds[0] == 0 and 6 in kinds


def test_bad_dram_parameters_are_refused() -> None:
    for values, words in (
        ({"latency": -1}, "latency is -1"),
        ({"seed": 1 << 32}, "seed is 4294967296"),
        ({"dwell": 1.5}, "dwell is 1.5"),
        ({"stall_percent": 100}, "stall_percent is 100; it must be 0 to 99"),
        ({"port_bytes": 0}, "port_bytes is 0; a port must move at least a byte"),
        ({"refresh_cycles": 1560}, "the memory never answers"),
    ):
        with pytest.raises(UserError, match=words):
            DramConfig(**values)
