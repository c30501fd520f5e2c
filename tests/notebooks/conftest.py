# SPDX-License-Identifier: Apache-2.0
"""Makes the scripts of docs/ importable, and the accelerator's overlay before a notebook would have to."""

import sys
from pathlib import Path

import pytest

from edgemoe.config import board
from edgemoe.sim.build import build_overlay

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))


@pytest.fixture(scope="session")
def overlay() -> Path:
    """The accelerator's overlay of the simulated board."""
    return build_overlay(board("sim-small")).bitstream
