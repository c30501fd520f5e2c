# SPDX-License-Identifier: Apache-2.0
"""The overlays of these tests: those in `$EDGEMOE_PYNQ_OVERLAYS`, where `matrix.py` has built them, or built now."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def overlays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with one folder an overlay."""
    if built := os.environ.get("EDGEMOE_PYNQ_OVERLAYS"):
        return Path(built)
    folder = tmp_path_factory.mktemp("overlays")
    subprocess.run([sys.executable, str(HERE / "overlays.py"), str(folder)], check=True)
    return folder
