# SPDX-License-Identifier: Apache-2.0
"""The copier, a small hand-written accelerator, built once for all tests of the simulated board."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from edgemoe.blockdesign import Design, board_facts, ip_of_report, lay_out
from edgemoe.compiler.backend.registers import CONTROL
from edgemoe.sim.arena import Arena
from edgemoe.sim.overlay import write_overlay
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
    design = copier_design("copier", copier_library)
    return write_overlay(tmp_path_factory.mktemp("overlay"), design, {"copier_0": copier_library.path})


@pytest.fixture(scope="session")
def other_overlay(copier_library: VerilatedLibrary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copier's overlay once more, with everything 128 KiB further on."""
    design = copier_design("other", copier_library)
    moved = tuple(replace(window, base=window.base + 0x20000) for window in design.windows)
    folder = tmp_path_factory.mktemp("other")
    return write_overlay(folder, replace(design, windows=moved), {"copier_0": copier_library.path})


def copier_design(name: str, library: VerilatedLibrary) -> Design:
    """A block design of the copier alone."""
    report = {
        "control": [asdict(register) for register in CONTROL],
        "registers": [dict(zip(("name", "offset", "width", "writable"), a, strict=True)) for a in ARGUMENTS],
        "masters": [{"name": name, "bits": 128} for name in library.ports],
        "streams": [],
    }
    ip = ip_of_report("copier_0", "tests:hls:copier:1.0", report)
    return lay_out(name, board_facts("sim-small"), [ip], clock_mhz=200.0)


@pytest.fixture
def arena() -> Arena:
    """A small DRAM."""
    return Arena(4 << 20)
