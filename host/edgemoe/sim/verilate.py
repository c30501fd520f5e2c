# SPDX-License-Identifier: Apache-2.0
"""SystemVerilog with Vitis HLS ports → a shared library that simulates it.

Verilator turns the design into C++; this module binds its ports to the test bench in `native/` (clock,
AXI4-Lite, DRAM, DMA) and compiles both. The result is kept under `build/verilator/` by a hash of its sources, and so
are the objects of its parts (`parts`), of which the next build takes those that are still right.
"""

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgemoe import verilator
from edgemoe.built import digest, kept
from edgemoe.caches import build_root
from edgemoe.errors import DeviceError
from edgemoe.sim import parts

NATIVE = Path(__file__).parent / "native"
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
    options = [*verilator.LENIENT, "--no-timing", "--output-split", "4000"]
    options += ["--trace-fst"] if trace else []
    ours = (Path(__file__), Path(parts.__file__))
    key = digest(*sources, *native, *ours, top, *options, optimise, verilator.identity())
    cache = cache or build_root() / "verilator"
    target = cache / f"{top}-{key[:16]}"

    def make(work: Path) -> None:
        started = time.monotonic()
        verilator.translate(parts.separate(sources, top, work), top, work, options)
        model = parts.Model(work)
        _bind_ports(model, top)
        _compile(model, cache, trace, optimise, jobs or os.cpu_count() or 1, progress)
        (work / "seconds.txt").write_text(f"{time.monotonic() - started:.3f}\n")

    kept(target, make)
    names = tuple((target / "masters.txt").read_text().split())
    seconds = float((target / "seconds.txt").read_text())
    return VerilatedLibrary(target / "libsimulation.so", top, names, seconds)


def _bind_ports(model: parts.Model, top: str) -> None:
    """Write `ports.hpp`, which ties the model's ports and probes to the test bench's structures."""
    work = model.work
    ports = verilator.ports(work)
    lines = [f"ports.all.push_back({{&top.{member}, {bits}}});" for member, bits in ports.values()]

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
    lines += _probes(model, top)
    body = "\n".join("    " + line for line in lines)
    (work / "ports.hpp").write_text(
        f'#pragma once\n#include "{verilator.PREFIX}__Syms.h"\n#include "signals.hpp"\n\nnamespace edgemoe {{\n'
        f"inline void bind_ports({verilator.PREFIX} &top, Ports &ports) {{\n{body}\n}}\n}}  // namespace edgemoe\n"
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


def _probes(model: parts.Model, top: str) -> list[str]:
    """Bind the registers worth showing when a run hangs: fills of FIFOs and states of processes.

    Verilator keeps every register as a member named by its path, from its part on.
    """
    member = re.compile(r"[CSI]Data/\*(\d+):0\*/ ((?!__V)(?:\w+__DOT__)?(?:__PVT__)?(?:count|state));")
    lines = []
    for instance in model.instances:
        part = instance.removeprefix("TOP").lstrip("_").split("__DOT__")
        for high, name in member.findall(model.members(instance)):
            path = [word for word in part if word] + name.removeprefix("__PVT__").split("__DOT__")
            if path[0] == top and len(path) > 1:
                shown = ".".join(path[1:]).replace("___05F", "__")  # 05F: an underscore's code
                value = f"top.rootp->vlSymsp->{instance}.{name}"
                lines.append(f'ports.probes.push_back({{"{shown}", {{&{value}, {int(high) + 1}}}}});')
    return lines


def _compile(
    model: parts.Model, cache: Path, trace: bool, optimise: str, jobs: int, progress: Progress | None
) -> None:
    """Compile every C++ file of the model that is not kept, and the test bench, and link them with the runtime."""
    work = model.work
    cxx = verilator.Cxx((NATIVE, NATIVE / "waves"), ("-DVL_USER_FATAL", "-DVL_USER_STOP"), trace)
    units = [*work.glob(f"{verilator.PREFIX}*.cpp"), NATIVE / BENCH]
    steps = len(units) + 1
    lasting = (work / parts.RULES).exists()
    how = (verilator.identity(), str(trace), *cxx.flags)

    def unit(source: Path) -> Path:
        slow = "__Slow" in source.name or "__Syms" in source.name
        level = "-O0" if slow else optimise
        if not lasting or source.name == BENCH:
            return cxx.object(source, work, optimise=level)

        def make(folder: Path) -> None:
            cxx.object(source, folder, optimise=level, headers=work)

        target = cache / "objects" / model.key(source, level, *how)[:32]
        return kept(target, make) / f"{source.stem}.o"

    def told(done: int) -> None:
        if progress:
            progress("compiling the simulation", done, steps)

    runtime = _runtime(cache, cxx, jobs)
    objects = verilator.side_by_side(unit, units, jobs, told)
    verilator.link([*sorted(objects), *runtime], work / "libsimulation.so")
    for made in objects:
        if made.parent == work:
            made.unlink()
    told(steps)


def _runtime(cache: Path, cxx: verilator.Cxx, jobs: int) -> list[Path]:
    """Objects of what every simulation has: Verilator's runtime, DRAM and DMA. Compiled once, kept in `cache`."""
    ours = sorted(path for path in NATIVE.rglob("*") if path.is_file() and path.name != BENCH)
    units = verilator.runtime(*(["verilated_fst_c"] if cxx.trace else []))
    units += [path for path in ours if path.suffix == ".cpp"]
    return verilator.shared(cache, cxx, units, ours, jobs=jobs).objects
