# SPDX-License-Identifier: Apache-2.0
"""The folder of a board as `edgemoe bitstream` writes it, and its scripts run against the recorders."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BOARDS = ("zcu102", "zcu104", "kv260", "pynq-z2")


@dataclass(frozen=True)
class Run:
    """What a script did: its exit status, what it said, and the recorder's file."""

    status: int
    said: str
    record: Path


Recorder = Callable[..., Run]


@pytest.fixture(scope="session")
def tclsh() -> str:
    """Tcl's shell; where there is none the test is skipped, or fails under EDGEMOE_REQUIRE_TCLSH=1."""
    program = shutil.which("tclsh")
    if program is None:
        say = "no tclsh in PATH; Debian's package `tcl` has it"
        if os.environ.get("EDGEMOE_REQUIRE_TCLSH") == "1":
            pytest.fail(say)
        pytest.skip(say)
    return program


@pytest.fixture
def run_script(tclsh: str, tmp_path: Path) -> Recorder:
    """`run_script("vivado.tcl", script, *arguments, **environment)` runs a script against a recorder."""

    def run(recorder: str, script: Path, *arguments: str, **environment: str) -> Run:
        record = tmp_path / "record"
        done = subprocess.run(
            [tclsh, str(HERE / recorder), str(record), str(script), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **environment},
        )
        return Run(done.returncode, done.stdout + done.stderr, record)

    return run
