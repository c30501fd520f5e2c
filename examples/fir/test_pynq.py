# SPDX-License-Identifier: Apache-2.0
"""The program of a PYNQ user, unchanged, on the simulated board."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_program(overlay):
    program = Path(__file__).with_name("filter_noise.py")
    command = [sys.executable, "-m", "edgemoe.sim", str(program), str(overlay / "fir.bit")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "memory: as NumPy computes it\nstreams: as NumPy computes it\n"
