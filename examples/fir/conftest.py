# SPDX-License-Identifier: Apache-2.0
"""The kernels natively and as an overlay, each built once for all tests of this folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe.caches import build_root, keep_inside
from edgemoe.compiler.native import NativeKernel, build_native
from edgemoe.kernels import hls_folder

keep_inside()
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # for filter_noise.py


@pytest.fixture(scope="session")
def native() -> NativeKernel:
    """The C++ of `fir`, compiled for this machine."""
    headers = hls_folder() / "shim"
    return NativeKernel(
        build_native(HERE / "fir.cpp", "fir", include=[headers], out=build_root() / "native", checks=True)
    )


@pytest.fixture(scope="session")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an overlay with `fir` and `fir_stream`."""
    folder = tmp_path_factory.mktemp("overlay")
    command = [sys.executable, "-m", "edgemoe", "synth", "fir.cpp", "--top", "fir", "--top", "fir_stream"]
    subprocess.run([*command, "--overlay", str(folder)], cwd=HERE, check=True)
    return folder
