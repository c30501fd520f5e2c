# SPDX-License-Identifier: Apache-2.0
"""The copier, a small hand-written accelerator, built once for all tests of the simulated board."""

from dataclasses import asdict
from pathlib import Path

import pytest

from edgemoe.compiler.backend.registers import CONTROL
from edgemoe.sim.arena import Arena
from edgemoe.sim.hwh import HardwareIp, hardware_description, hardware_ip
from edgemoe.sim.overlay import write_files, write_overlay
from edgemoe.sim.verilate import VerilatedLibrary, verilate

FIXTURES = Path(__file__).parent / "fixtures"
ARGUMENTS = (
    ("src", 0x10, 64, True),
    ("dst", 0x1C, 64, True),
    ("beats", 0x28, 32, True),
    ("delta", 0x30, 32, True),
    ("fault", 0x38, 32, True),
    ("cycles", 0x40, 32, False),
    ("bus_error", 0x48, 32, False),
)


@pytest.fixture(scope="session")
def copier_library() -> VerilatedLibrary:
    """The Verilated copier."""
    return verilate([FIXTURES / "copier.sv"], "copier", optimise="-O1")


@pytest.fixture(scope="session")
def copier_overlay(copier_library: VerilatedLibrary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the copier's placeholder bitstream, with its hardware description and simulation beside it."""
    ip = copier_ip(copier_library)
    return write_overlay(tmp_path_factory.mktemp("overlay"), "copier", ip, copier_library.path)


@pytest.fixture(scope="session")
def other_overlay(copier_library: VerilatedLibrary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copier's overlay once more, with everything 128 KiB further on."""
    ip = copier_ip(copier_library)
    text = hardware_description("other", ip, part="xck26", clock_mhz=200.0)
    for digits in ("A0000000", "A000FFFF", "A0010000", "A001FFFF"):
        moved = f"{int(digits, 16) + 0x20000:08X}"
        text = text.replace(f"0x{digits}", f"0x{moved}").replace(f"0x{digits.lower()}", f"0x{moved.lower()}")
    folder = tmp_path_factory.mktemp("other")
    return write_files(folder, "other", text, ip.vlnv, {ip.instance: copier_library.path})


def copier_ip(library: VerilatedLibrary) -> HardwareIp:
    """The copier as the hardware description shows it."""
    report = {
        "control": [asdict(register) for register in CONTROL],
        "registers": [dict(zip(("name", "offset", "width", "writable"), a, strict=True)) for a in ARGUMENTS],
        "masters": [{"name": name, "bits": 128} for name in library.ports],
    }
    return hardware_ip("copier_0", "tests:hls:copier:1.0", report)


@pytest.fixture
def arena() -> Arena:
    """A small DRAM."""
    return Arena(4 << 20)
