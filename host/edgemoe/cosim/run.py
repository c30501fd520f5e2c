# SPDX-License-Identifier: Apache-2.0
"""`edgemoe cosim`: build, run, compare, report."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from edgemoe.caches import build_root
from edgemoe.config import BuildConfig
from edgemoe.config import board as board_config
from edgemoe.cosim.backends import Backend, Execution, Golden, Rtl
from edgemoe.cosim.compare import Comparison, compare
from edgemoe.cosim.figures import dram_figures, task_figures, utilisation
from edgemoe.cosim.folder import write_folder
from edgemoe.cosim.inputs import Picture, find_package, find_pictures, find_tasks
from edgemoe.cosim.versions import versions
from edgemoe.program import check_fits


def run_cosim(
    *,
    model: str = "nano",
    board: str = "sim-small",
    image: Path | None = None,
    images: Path | None = None,
    task: str = "both",
    out: Path | None = None,
    waves: bool = False,
    taps: bool = False,
) -> bool:
    """Run image(s) through the Verilated accelerator, compare with the golden model, leave a folder.

    Returns whether every element of every output was equal. The arguments are those of the command line.
    """
    console = Console(stderr=True)
    build = board_config(board)
    name, package = find_package(model)
    check_fits(package.config, build)
    tasks = find_tasks(task)
    pictures = find_pictures(image, images, package.config)
    base = build_root() / "cosim"
    target = out or base / f"{name}-{build.name}"
    with _progress(console) as progress, tempfile.TemporaryDirectory() as scratch:
        overlay = _build(build, waves, progress)
        waves_file = Path(scratch) / "waves.fst" if waves else None
        backend = Rtl(package, build, overlay.bitstream, waves=waves_file)
        golden = Golden(package, build)
        facts = {
            "model": name,
            "board": build.name,
            "package": package.sha256,
            "backend": "rtl",
            "rtl": overlay.rtl.sha256,
        }
        seconds = {"synth": overlay.rtl.seconds, "verilate": overlay.library.seconds}
        exact = []
        for picture in pictures:
            place = target if images is None else target / picture.path.stem
            step = progress.add_task(f"simulating {picture.path.name}", total=len(tasks))
            runs = _run(backend, golden, picture, tasks, taps, lambda step=step: progress.advance(step))
            last = picture is pictures[-1]
            if last:
                backend.close()
            report = _report(facts, build, runs, picture, seconds, asdict(backend.device.dram), taps)
            kept = {t: ours for t, (ours, _, _) in runs.items()}
            ideal = {t: theirs for t, (_, theirs, _) in runs.items()}
            write_folder(
                place,
                package,
                picture,
                kept,
                report,
                golden=ideal if taps else None,
                waves=waves_file if last else None,
            )
            exact.append(report["bit_exact"])
            _show(Console(), report, place)
    _link_latest(base / "latest", target)
    return all(exact)


Runs = Mapping[str, tuple[Execution, Execution, Comparison]]
"""By task: the back end's execution, golden's, and how they compare."""


def _run(
    backend: Backend, golden: Backend, picture: Picture, tasks: tuple[str, ...], taps: bool, advance: Any
) -> Runs:
    """Every task on both sides. Where outputs differ, once more with taps, to find the first difference."""
    runs = {}
    for task in tasks:
        ours = backend.run(picture.pixels, task, taps=taps)
        theirs = golden.run(picture.pixels, task, taps=taps)
        result = compare(theirs, ours)
        if result.mismatches and not taps:
            tapped = [side.run(picture.pixels, task, taps=True) for side in (golden, backend)]
            closer = compare(*tapped)
            result = Comparison(result.mismatches, closer.first or result.first)
        runs[task] = (ours, theirs, result)
        advance()
    return runs


def _build(build: BuildConfig, waves: bool, progress: Progress) -> Any:
    from edgemoe.sim.build import build_overlay

    bars: dict[str, Any] = {}

    def told(what: str, done: int, total: int) -> None:
        if what not in bars:
            bars[what] = progress.add_task(what, total=total)
        progress.update(bars[what], completed=done)

    return build_overlay(build, trace=waves, progress=told)


def _report(
    facts: Mapping[str, Any],
    build: BuildConfig,
    runs: Runs,
    picture: Picture,
    seconds: Mapping[str, float],
    dram: Mapping[str, Any],
    taps: bool,
) -> dict[str, Any]:
    """What report.json holds; docs/reference/report.md describes the keys."""
    comparisons = [result for _, _, result in runs.values()]
    mismatches = sum(result.mismatches for result in comparisons)
    first = next((result.first for result in comparisons if result.first), None)
    figures = {task: task_figures(ours) for task, (ours, _, _) in runs.items()}
    cycles = sum(task["cycles"] for task in figures.values())
    simulate = sum(ours.seconds for ours, _, _ in runs.values())
    return {
        **facts,
        "image": picture.sha256,
        "image_name": picture.path.name,
        "bit_exact": mismatches == 0,
        "mismatches": mismatches,
        "first_divergence": asdict(first) if first else None,
        "taps": taps,
        "task": figures,
        "macs_per_cycle_peak": build.macs,
        **utilisation(build, figures),
        "clock_mhz": build.clock_mhz,
        "fps_at_clock": build.clock_mhz * 1e6 / cycles if cycles else 0.0,
        "dram": dram_figures({task: ours for task, (ours, _, _) in runs.items()}, dram),
        "config": build.to_dict(),
        "seconds": {**seconds, "simulate": simulate},
        "versions": versions(),
    }


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    return Progress(*columns, TimeElapsedColumn(), console=console)


def _show(console: Console, report: Mapping[str, Any], out: Path) -> None:
    """The result in a few lines."""
    if report["bit_exact"]:
        console.print("[green]bit-exact[/green]: every output equals the golden model's")
    else:
        console.print(f"[red]not bit-exact[/red]: {report['mismatches']} elements differ")
        first = report["first_divergence"]
        if first:
            where = (
                f"stage {first['stage']}, layer {first['layer']}, tensor {first['tensor']}{first['index']}"
            )
            console.print(f"  first: {first['task']}, {where}", highlight=False)
            console.print(
                f"  golden {first['golden']}, got {first['got']}, in {first['source']}", highlight=False
            )
    for name, task in report["task"].items():
        console.print(f"{name}: {task['cycles']} cycles, backbone {task['backbone_cycles']}", highlight=False)
    console.print(f"MAC utilisation {report['mac_utilisation']:.1%}; results in {out}", highlight=False)


def _link_latest(link: Path, target: Path) -> None:
    """Point build/cosim/latest at the folder of the last run."""
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".latest-{os.getpid()}")
    fresh.symlink_to(os.path.relpath(target.resolve(), link.parent.resolve()))
    fresh.replace(link)
