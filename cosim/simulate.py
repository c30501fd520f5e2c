# SPDX-License-Identifier: Apache-2.0
"""Builds a design with Verilator and runs cocotb tests in it.

Building is `edgemoe.verilator`'s, as for every simulation here. Only the ports of the top are visible to the tests,
which keeps large designs fast; FIFOs inside report by themselves (``fifo_watch.sv``).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import cocotb_tools.config
import find_libpython

from edgemoe import verilator
from edgemoe.built import digest, kept

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
CACHE = ROOT / "build" / "cache" / "cocotb"
WATCH = HERE / "fifo_watch.sv"
OPTIONS = ["--exe", "--vpi", "--public-depth", "1", "--timescale", "1ns/1ps", "--output-split", "20000"]
OPTIONS += [*verilator.LENIENT, "-Wno-style"]


@dataclass
class Outcome:
    """What a simulation said: failures by test and the extremes that each FIFO reached."""

    log: str
    failures: dict[str, str] = field(default_factory=dict)
    fifos: dict[str, tuple[bool, bool]] = field(default_factory=dict)  #: path: (seen full, seen empty)


def build(sources: Sequence[Path], top: str, *, optimise: str = "-O1") -> Path:
    """An executable model of module ``top``, reused while the sources stay the same."""
    sources = [*sources, WATCH]
    key = digest(*sources, Path(__file__), optimise, top, verilator.identity(), version("cocotb"))

    def make(entry: Path) -> None:
        cxx = verilator.Cxx()
        main = cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"
        libraries = str(cocotb_tools.config.libs_dir)
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            verilator.translate(sources, top, work, OPTIONS)
            shared = verilator.shared(CACHE, cxx, verilator.runtime("verilated_vpi"))
            objects = [
                cxx.object(verilator.one_unit(work), work, optimise=optimise),
                cxx.object(main, work, optimise="-O1"),  # reads the model's header
            ]
            more = [f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lcocotbvpi_verilator", "-latomic"]
            verilator.link([*objects, *shared.objects], entry / top, program=True, libraries=more)

    return kept(CACHE / f"{top}-{key[:16]}", make) / top


def run(executable: Path, test_module: Path, *, seed: int = 1, parameters: object = None) -> Outcome:
    """Runs every cocotb test of ``test_module``; ``parameters`` reaches it as ``bench.parameters()``."""
    results = executable.parent / f"results-{os.getpid()}.xml"
    given = results.with_suffix(".json")
    given.write_text(json.dumps(parameters))
    environment = os.environ | {
        "GPI_USERS": f"{find_libpython.find_libpython()};{cocotb_tools.config.pygpi_entry_point()}",
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": os.pathsep.join([str(test_module.parent), str(HERE), str(ROOT / "host")]),
        "COCOTB_TOPLEVEL": executable.name,
        "COCOTB_TEST_MODULES": test_module.stem,
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "COCOTB_RESULTS_FILE": str(results),
        "COCOTB_RANDOM_SEED": str(seed),
        "COCOTB_LOG_LEVEL": os.environ.get("COCOTB_LOG_LEVEL", "WARNING"),
        "EDGEMOE_BENCH": str(given),
    }
    done = subprocess.run(
        [str(executable), f"+verilator+seed+{seed}", "+verilator+rand+reset+2"],
        env=environment, cwd=executable.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    given.unlink()
    outcome = Outcome(done.stdout + done.stderr)
    if not results.exists():
        outcome.failures["simulation"] = f"it left no result (exit status {done.returncode})"
        return outcome
    for case in xml.parse(results).getroot().iter("testcase"):
        for failure in case.findall("failure") + case.findall("error"):
            outcome.failures[case.get("name", "?")] = (
                failure.get("error_msg") or failure.get("message") or "failed"
            )
    results.unlink()
    if done.returncode:
        outcome.failures.setdefault("simulation", f"exit status {done.returncode}")
    for path, full, empty in re.findall(r"FIFO (\S+) full=([01]) empty=([01])", outcome.log):
        before = outcome.fifos.get(path, (False, False))
        outcome.fifos[path] = (before[0] or full == "1", before[1] or empty == "1")
    return outcome


def check(outcome: Outcome) -> None:
    """Raises with the log when a test failed."""
    if outcome.failures:
        names = "\n".join(f"{name}: {reason}" for name, reason in outcome.failures.items())
        raise AssertionError(f"{names}\n\n{outcome.log[-6000:]}")
