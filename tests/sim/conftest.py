# SPDX-License-Identifier: Apache-2.0
"""The copier, a small hand-written accelerator, built once for all tests of the simulated board."""

from pathlib import Path

import pytest
from copier import copier_ip, verilated_copier

from edgemoe.sim.arena import Arena
from edgemoe.sim.hwh import hardware_description
from edgemoe.sim.overlay import write_files, write_overlay
from edgemoe.sim.verilate import VerilatedLibrary


@pytest.fixture(scope="session")
def copier_library() -> VerilatedLibrary:
    """The Verilated copier."""
    return verilated_copier()


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


@pytest.fixture
def arena() -> Arena:
    """A small DRAM."""
    return Arena(4 << 20)
