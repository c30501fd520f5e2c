# SPDX-License-Identifier: Apache-2.0
"""C++ kernels of one's own to an overlay on the simulated board: bitstream placeholder, .hwh, register map, simulation.

The folder holds all that `pynq.Overlay` needs there; it can be moved and given away. For a real board `build.tcl` is
in it, with which Vivado builds the bitstream.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from edgemoe.blockdesign import (
    Design,
    Ip,
    board_facts,
    build_tcl,
    check_name,
    ip_files,
    ip_of_report,
    lay_out,
)
from edgemoe.compiler import compile_into
from edgemoe.config import BuildConfig, board, write_if_changed
from edgemoe.errors import UserError
from edgemoe.folders import OutFolder, claim
from edgemoe.kernels import include_folders, kernel_source
from edgemoe.progress import Progress
from edgemoe.registers import IP_NAME, IP_VLNV
from edgemoe.sim.build import accelerator_ip
from edgemoe.sim.overlay import MANIFEST, write_overlay
from edgemoe.sim.verilate import verilate
from edgemoe.synth.kernel import show_notes, show_report
from edgemoe.synth.registers import register_map, register_page

RTL, SIMULATION, REPORT, SCRIPT = "rtl", "simulation", "report.json", "build.tcl"
ACCELERATOR_DESIGN = "edgemoe"


@dataclass(frozen=True)
class Kernel:
    """A function to be hardware; `source` is a C++ file."""

    source: Path
    top: str

    @property
    def is_accelerator(self) -> bool:
        """Whether it is the project's own, with the registers and the driver of that name."""
        return self.top == IP_NAME and self.source.resolve() == kernel_source(IP_NAME).resolve()

    @property
    def vlnv(self) -> str:
        if self.is_accelerator:
            return IP_VLNV
        # Another function of that name must not get the accelerator's driver.
        return f"edgemoe:{'user' if self.top == IP_NAME else 'hls'}:{self.top}:1.0"


def chosen_kernels(sources: Sequence[Path], tops: Sequence[str]) -> list[Kernel]:
    """The kernels in the order in which they are asked for; without sources and tops the accelerator.

    One source goes with every top, several with a top each; a top that is there twice becomes two IPs.

    Raises:
        UserError: their numbers do not go together, a source is missing, or two sources have a top of one name.
    """
    if not sources and not tops:
        return [Kernel(kernel_source(IP_NAME), IP_NAME)]
    if not sources:
        sources = [kernel_source(IP_NAME)]
    if len(sources) == 1:
        sources = list(sources) * len(tops)
    if len(sources) != len(tops):
        raise UserError(
            f"There are {len(sources)} files and {len(tops)} --top; give one file, or a --top for each file in the "
            "same order."
        )
    for source in sources:
        if not source.is_file():
            raise UserError(f"{source} does not exist or is no file; give a C++ source.")
    kernels = [Kernel(source, top) for source, top in zip(sources, tops, strict=True)]
    for kernel in kernels:
        check_name("kernel", kernel.top)
        first = next(k for k in kernels if k.top == kernel.top)
        if first.source.resolve() != kernel.source.resolve():
            raise UserError(
                f"Both {first.source} and {kernel.source} have a kernel {kernel.top!r}; drivers could not tell them "
                "apart. Rename one of the functions."
            )
    return kernels


def synth_overlay(
    kernels: Sequence[Kernel],
    *,
    include: list[Path],
    clock_ns: float | None,
    out: Path,
    board_name: str,
    name: str | None = None,
    waves: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Make the overlay of `kernels` in the folder `out` and return its register map.

    clock_ns: period to schedule for and to run with; None is the board's. name: of the files, without suffix; the
    first kernel's by default. waves: whether the simulation can record waveforms, which makes it slower.

    Raises:
        UserError: the design does not fit the board, or the folder holds files that no earlier run made.
        CompileError: a kernel can't be compiled.
    """
    build = board(board_name)
    name = name or (ACCELERATOR_DESIGN if kernels[0].is_accelerator else kernels[0].top)
    check_name("design", name)
    clock_mhz = 1000 / clock_ns if clock_ns else build.clock_mhz
    made = (f"{name}.bit", f"{name}.hwh", MANIFEST, "registers.json", "registers.md", REPORT, SCRIPT)
    distinct = list(dict.fromkeys(kernels))
    with claim(out, made, need_bytes=len(distinct) << 24) as claimed, Progress() as progress:
        reports = {
            kernel.top: _compile(kernel, build, include, clock_mhz, claimed, progress, (index, len(distinct)))
            for index, kernel in enumerate(distinct)
        }
        ips = _ips(kernels, reports)
        design = lay_out(name, board_facts(build.name), list(ips), clock_mhz=clock_mhz)
        libraries = {
            kernel.top: _simulation(kernel, reports[kernel.top], claimed, waves, progress)
            for kernel in distinct
        }
        write_overlay(
            claimed.work, design, {ip.instance: libraries[kernel.top] for ip, kernel in ips.items()}
        )
        found = register_map(design)
        _write(claimed.work / "registers.json", found)
        (claimed.work / "registers.md").write_text(register_page(design), encoding="utf-8")
        if design.board.board_part:
            _vivado(design, reports, claimed.work)
        _write(claimed.work / REPORT, _merged(list(reports.values())))
        claimed.fill(lambda work: None)  # all of it is there
    if not quiet:
        for report in reports.values():
            show_report(report)
        instances = ", ".join(ip.instance for ip in design.ips)
        Console().print(
            f"The overlay {out / f'{name}.bit'} has {instances}; registers.md has their registers.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    return found | {"overlay": str(out / f"{name}.bit")}


def _compile(
    kernel: Kernel,
    build: BuildConfig,
    include: list[Path],
    clock_mhz: float,
    claimed: OutFolder,
    progress: Progress,
    place: tuple[int, int],
) -> dict[str, Any]:
    """Compile one kernel into its folder; its report. `place`: how many kernels are done, of how many."""
    done, total = place
    progress.step("compiling the kernels", done, total)
    folder = claimed.work / RTL / kernel.top
    result = compile_into(
        kernel.source,
        kernel.top,
        include=[*include, *include_folders(build)],
        folder=folder,
        clock_ns=1000 / clock_mhz,
        family=board_facts(build.name).family.name,
    )
    progress.step("compiling the kernels", done + 1, total)
    show_notes(result.program.notes)
    # In the order in which they are read.
    return result.report | {"files": [str(path.relative_to(claimed.work)) for path in result.files]}


def _ips(kernels: Sequence[Kernel], reports: Mapping[str, Mapping[str, Any]]) -> dict[Ip, Kernel]:
    """An IP for each kernel; instances are numbered as Vivado does it, so that no name is one of `Overlay`'s own."""
    count: Counter[str] = Counter()
    ips = {}
    for kernel in kernels:
        report = reports[kernel.top]
        if kernel.is_accelerator and not count[kernel.top]:
            ip = accelerator_ip(report)
        else:
            ip = ip_of_report(f"{kernel.top}_{count[kernel.top]}", kernel.vlnv, report)
        count[kernel.top] += 1
        ips[ip] = kernel
    return ips


def _simulation(
    kernel: Kernel, report: Mapping[str, Any], claimed: OutFolder, waves: bool, progress: Progress
) -> Path:
    """The Verilated kernel, inside the folder."""
    files = [claimed.work / name for name in report["files"]]

    def told(what: str, done: int, total: int) -> None:
        progress.step(f"{what} of {kernel.top}", done, total)

    library = verilate(files, report.get("axis_top", report["module"]), trace=waves, progress=told)
    target = claimed.work / SIMULATION / f"{kernel.top}.so"
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(library.path, target)
    return target


def _vivado(design: Design, reports: Mapping[str, Mapping[str, Any]], work: Path) -> None:
    """Vivado's script for the design, and beside each kernel's RTL the module that it packages."""
    for top, report in reports.items():
        for name, text in ip_files(top, [work / file for file in report["files"]]).items():
            write_if_changed(work / RTL / top / name, text)
    (work / SCRIPT).write_text(build_tcl(design), encoding="utf-8")


def _merged(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """The compiler's report; of several kernels one with the loops and modules of all, and each whole in `kernels`."""
    if len(reports) == 1:
        return reports[0]
    slowest = max(reports, key=lambda report: report["clock"]["estimated_ns"])
    return {
        "clock": slowest["clock"],
        "loops": [loop for report in reports for loop in report["loops"]],
        "modules": [module for report in reports for module in report["modules"]],
        "kernels": {report["top"]: report for report in reports},
    }


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
