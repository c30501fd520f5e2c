# SPDX-License-Identifier: Apache-2.0
"""The copier, a small hand-written accelerator, built once for all tests of the simulated board."""

from dataclasses import replace
from pathlib import Path

import pytest
from copier import copier_design, verilated_copier
from streams import SECOND, write_streams_overlay

from edgemoe.sim.arena import Arena
from edgemoe.sim.overlay import write_overlay
from edgemoe.sim.verilate import VerilatedLibrary


@pytest.fixture(scope="session")
def copier_library() -> VerilatedLibrary:
    """The Verilated copier."""
    return verilated_copier()


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


@pytest.fixture(scope="session")
def streams_overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the placeholder bitstream of two kernels with streams."""
    return write_streams_overlay(tmp_path_factory.mktemp("streams"))


@pytest.fixture(scope="session")
def more_streams_overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of two others."""
    return write_streams_overlay(tmp_path_factory.mktemp("streams"), SECOND)


@pytest.fixture
def arena() -> Arena:
    """A small DRAM."""
    return Arena(4 << 20)
