# SPDX-License-Identifier: Apache-2.0
"""From the C++ kernels to an overlay with a simulation behind it, each step kept by a hash of its sources."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from edgemoe.blockdesign import Design, Ip, board_facts, ip_of_report, lay_out
from edgemoe.built import digest, kept, writing
from edgemoe.caches import build_root
from edgemoe.config import BuildConfig
from edgemoe.errors import DeviceError
from edgemoe.kernels import hls_folder, include_folders, kernel_source
from edgemoe.registers import BUS_ERROR, INPUTS, IP_NAME, IP_VLNV, OUTPUTS, REGISTERS
from edgemoe.sim.overlay import write_overlay
from edgemoe.sim.verilate import Progress, VerilatedLibrary, verilate


@dataclass(frozen=True)
class Rtl:
    """What the compiler made of the kernels."""

    files: tuple[Path, ...]
    sha256: str
    """Over the SystemVerilog, file by file."""
    report: dict[str, Any]
    seconds: float
    """Time that compiling took, in the run that did it."""


@dataclass(frozen=True)
class Overlay:
    """An overlay's placeholder bitstream, and what stands behind it."""

    bitstream: Path
    rtl: Rtl
    library: VerilatedLibrary


def compile_rtl(
    build: BuildConfig, *, source: Path | None = None, top: str = IP_NAME, progress: Progress | None = None
) -> Rtl:
    """The accelerator of `build` as SystemVerilog, kept under `build/rtl/`."""
    hls = hls_folder()
    source = source or kernel_source(IP_NAME)
    with writing(build_root() / "headers"):
        include = include_folders(build)
    compiler = Path(__file__).parents[1] / "compiler"
    made_from = [
        Path(__file__),
        source,
        *_files(hls / "include", ".hpp"),
        *_files(hls / "shim", ".h", ".hpp"),
    ]
    made_from += [*_files(compiler, ".py"), *_files(compiler, ".sv")]
    clock_ns = 1000.0 / build.schedule_mhz
    family = board_facts(build.name).family.name
    key = digest(*made_from, *_files(include[-1], ".hpp"), top, f"{clock_ns} {family}")
    target = build_root() / "rtl" / f"{top}-{build.name}-{key[:16]}"

    def make(work: Path) -> None:
        if progress:
            progress("compiling the kernels", 0, 1)
        _compile(source, top, include, work, clock_ns, family)
        if progress:
            progress("compiling the kernels", 1, 1)

    kept(target, make)
    manifest = json.loads((target / "rtl.json").read_text())
    files = tuple(target / name for name in manifest["files"])
    return Rtl(files, manifest["sha256"], manifest["report"], manifest["seconds"])


def _compile(source: Path, top: str, include: list[Path], work: Path, clock_ns: float, family: str) -> None:
    from edgemoe.compiler import compile_into  # loads LLVM: only when there is something to compile

    started = time.monotonic()
    result = compile_into(source, top, include=include, folder=work, clock_ns=clock_ns, family=family)
    names = [Path(file).name for file in result.files]
    manifest: dict[str, Any] = {"files": names, "sha256": result.sha256, "report": result.report}
    manifest["seconds"] = round(time.monotonic() - started, 3)
    (work / "rtl.json").write_text(json.dumps(manifest))


def accelerator_ip(report: Mapping[str, Any]) -> Ip:
    """The accelerator as the hardware description shows it: laid out as the compiler's report says.

    Raises:
        DeviceError: the kernels' arguments are not the registers that `edgemoe.registers` names.
    """
    agreed = [(r.name, r.bits, r.writable) for r in (*INPUTS, *OUTPUTS)]
    made = [
        (r["name"], r["width"], r["writable"]) for r in report["registers"] if r["name"] != BUS_ERROR.name
    ]
    for ours, theirs in zip_longest(agreed, made):
        if ours != theirs:
            raise DeviceError(
                "The kernels' arguments and edgemoe.registers differ: expected (name, bits, writable) = "
                f"{ours}, the compiler's report has {theirs}. Change hls/kernels/accelerator.cpp or "
                "registers/interface.py."
            )
    meanings = {register.name: register.meaning for register in REGISTERS}
    return ip_of_report(IP_NAME, IP_VLNV, report, meanings)


def accelerator_design(build: BuildConfig, report: Mapping[str, Any]) -> Design:
    """The block design of the accelerator alone, on the board of its build."""
    ip = accelerator_ip(report)
    return lay_out("edgemoe", board_facts(build.name), [ip], clock_mhz=build.clock_mhz)


def build_overlay(build: BuildConfig, *, trace: bool = False, progress: Progress | None = None) -> Overlay:
    """Compile the kernels, Verilate the result and write the overlay into `build/overlay/<board>/`.

    With `trace` the simulation can write waveforms, and the folder is `<board>-waves`.
    """
    rtl = compile_rtl(build, progress=progress)
    library = verilate(rtl.files, IP_NAME, trace=trace, progress=progress)
    folder = build_root() / "overlay" / (f"{build.name}-waves" if trace else build.name)
    design = accelerator_design(build, rtl.report)
    bitstream = write_overlay(folder, design, {ip.instance: library.path for ip in design.ips})
    return Overlay(bitstream, rtl, library)


def _files(folder: Path, *suffixes: str) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in suffixes)
