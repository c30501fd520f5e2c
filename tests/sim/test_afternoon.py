# SPDX-License-Identifier: Apache-2.0
"""What a notebook's user does over an afternoon in one kernel, in random order and in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "fixtures" / "afternoon.py"


@pytest.mark.parametrize("seed", range(4))
def test_an_afternoon(copier_overlay: Path, other_overlay: Path, seed: int) -> None:
    """No crash, no wrong result, and each error in the project's words."""
    arguments = [str(copier_overlay), str(other_overlay), "60", str(seed)]
    command = [sys.executable, "-X", "faulthandler", str(SCRIPT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0 and done.stdout.startswith("done"), (seed, done.stdout, done.stderr)
