# SPDX-License-Identifier: Apache-2.0
"""`edgemoe cosim`: build, run, compare, report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgemoe.backends import Golden
from edgemoe.caches import build_root
from edgemoe.cosim.compare import Comparison, compare
from edgemoe.cosim.course import Course
from edgemoe.cosim.folder import RUN_FILES, SUMMARY_FILES, WAVES, write_run
from edgemoe.cosim.report import Facts, Runs, ours_of, report_of
from edgemoe.cosim.words import verdict
from edgemoe.errors import DeviceError, UserError
from edgemoe.folders import OutFolder, claim
from edgemoe.inputs import (
    Picture,
    find_package,
    find_tasks,
    folder_name,
    list_pictures,
    places,
    read_picture,
    room_bytes,
)
from edgemoe.program import Workload, build_for
from edgemoe.progress import Progress
from edgemoe.report import write_summary
from edgemoe.shipped import image_path

if TYPE_CHECKING:
    from edgemoe.backends.rtl import Rtl
    from edgemoe.sim.dram import DramConfig

WAVES_BYTES_PER_CYCLE = 10_000
"""Room that is asked for on the disk before waveforms are recorded."""


@dataclass
class Outcome:
    """What a cosimulation came to: a report for each image that ran, a message for each that could not be read."""

    out: Path
    reports: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def exit_status(self) -> int:
        """1 if a comparison failed, else 2 if an image could not be read, else 0."""
        if not all(report["bit_exact"] for report in self.reports):
            return 1
        return 2 if self.refused else 0


def run_cosim(
    *,
    model: str = "nano",
    board: str | None = None,
    image: Path | None = None,
    images: Path | None = None,
    task: str = "both",
    out: Path | None = None,
    waves: bool = False,
    taps: bool = False,
    dram: DramConfig | None = None,
    quiet: bool = False,
) -> Outcome:
    """Run image(s) through the Verilated accelerator, compare with the golden model, leave a folder.

    The arguments are those of the command line; `quiet` leaves the verdict to the caller. A folder's image that
    can't be read is told of and left out.

    Raises:
        UserError: bad input, or a folder `out` that can't take the results; before anything is simulated.
        DeviceError: the accelerator failed.
    """
    name, package = find_package(model)
    build = build_for(package.config, board)
    workload = Workload(package, build)
    tasks = find_tasks(package.config, task)
    paths = [image_path(image)] if images is None else list_pictures(images)
    single = read_picture(paths[0], package.config) if images is None else None
    base = build_root() / "cosim"
    target = out or base / folder_name(name, package, build.name)
    grow = WAVES_BYTES_PER_CYCLE * len(paths) * sum(workload.about_cycles(t) for t in tasks) if waves else 0
    with Progress() as progress, _claimed(target, paths, single is None, waves, grow) as whole:
        backend, facts = _open(workload, name, whole.work / WAVES if waves else None, dram, progress)
        with closing(backend):
            cosimulation = _Cosimulation(
                workload, backend, tasks, taps, facts, progress, quiet or single is not None
            )
            if single is not None:
                cosimulation.run(single, whole)
            else:
                cosimulation.run_folder(paths, whole)
    if single is not None and not quiet:
        print(verdict(cosimulation.reports[0], target))  # when the bars are gone: the last word
    _link_latest(base / "latest", target)
    return Outcome(target, cosimulation.reports, cosimulation.refused)


class _Cosimulation:
    """The RTL and golden side by side, an image at a time."""

    def __init__(
        self,
        workload: Workload,
        backend: Rtl,
        tasks: tuple[str, ...],
        taps: bool,
        facts: Facts,
        progress: Progress,
        quiet: bool,
    ) -> None:
        self.workload, self.backend, self.golden = workload, backend, Golden(workload)
        self.tasks, self.taps, self.facts = tasks, taps, facts
        self.progress, self.quiet = progress, quiet
        self.course = Course(workload, tasks, progress.step)
        backend.watch(self.course.passed)
        self.reports: list[dict[str, Any]] = []
        self.refused: dict[str, str] = {}

    def run_folder(self, paths: Sequence[Path], whole: OutFolder) -> None:
        """Each image into a folder of its own, then the summary of all, also of a run that the device ended."""
        entries: list[dict[str, Any]] = []
        self.course.begin(f"simulating {len(paths)} images", len(paths))
        try:
            for path, place in zip(paths, places(paths), strict=True):
                try:
                    picture = read_picture(path, self.workload.package.config)
                except UserError as error:
                    self.refused[path.name] = str(error)
                    entries.append({"name": path.name, "error": str(error)})
                    self.progress.note(str(error))
                    self.course.ended(self.tasks)
                    continue
                try:
                    with claim(whole.path / place, RUN_FILES, need_bytes=room_bytes(path)) as folder:
                        report = self.run(picture, folder, last=False)
                except DeviceError as error:
                    entries.append({"name": path.name, "error": str(error)})
                    raise
                entries.append({"name": path.name, "folder": place, "report": report})
        finally:
            self.backend.close()
            whole.fill(lambda work: write_summary(work, whole.path, entries))
        if not self.quiet:
            self.progress.say(
                f"{len(self.reports)} of {len(paths)} images ran; the summary is in {whole.path}"
            )

    def run(self, picture: Picture, folder: OutFolder, *, last: bool = True) -> dict[str, Any]:
        """One image into `folder`; its report. After the last one the waveforms are complete."""
        if last:
            self.course.begin(f"simulating {picture.path.name}", 1)
        runs = self._tasks(picture)
        if last:
            self.backend.close()
        report = report_of(self.facts, picture, runs, self.taps)
        ours = ours_of(runs)
        golden = {task: run for task, (_, run, _) in runs.items()} if self.taps else None
        folder.fill(
            lambda work: write_run(work, self.workload.package, picture, ours, report, golden),
            build_root() / "rescued",
        )
        self.reports.append(report)
        if not self.quiet:
            self.progress.say(verdict(report, folder.path))
        return report

    def _tasks(self, picture: Picture) -> Runs:
        """Every task on both sides. Where outputs differ, once more with taps, to find the first difference."""
        runs = {}
        for task in self.tasks:
            ours = self.backend.run(picture.pixels, task, taps=self.taps)
            theirs = self.golden.run(picture.pixels, task, taps=self.taps)
            result = compare(theirs, ours)
            if result.mismatches and not self.taps:
                tapped = [side.run(picture.pixels, task, taps=True) for side in (self.golden, self.backend)]
                result = Comparison(result.mismatches, compare(*tapped).first or result.first)
            runs[task] = (ours, theirs, result)
            self.course.ended([task])
        return runs


def _open(
    workload: Workload, name: str, waves: Path | None, dram: DramConfig | None, progress: Progress
) -> tuple[Rtl, Facts]:
    """The RTL of the build, made if need be, and what the reports say of it."""
    from edgemoe.backends.rtl import Rtl
    from edgemoe.sim.build import build_overlay

    overlay = build_overlay(workload.build, trace=waves is not None, progress=progress.step)
    backend = Rtl(workload, overlay.bitstream, waves=waves, dram=dram)
    seconds = {"synth": overlay.rtl.seconds, "verilate": overlay.library.seconds}
    return backend, Facts(name, workload, overlay.rtl.sha256, backend.dram, seconds)


@contextmanager
def _claimed(
    target: Path, paths: Sequence[Path], many: bool, waves: bool, grow_bytes: int
) -> Iterator[OutFolder]:
    """The folder of the run, and for many images a look at the folder of each: all before the simulation."""
    names = [*(SUMMARY_FILES if many else RUN_FILES), *([WAVES] if waves else [])]
    need = sum(room_bytes(path) for path in paths)
    with claim(target, names, need_bytes=need, grow_bytes=grow_bytes) as whole:
        for place in places(paths) if many else ():
            with claim(target / place, RUN_FILES):
                pass
        yield whole


def _link_latest(link: Path, target: Path) -> None:
    """Point build/cosim/latest at the folder of the last run; what somebody else put there stays. The results are
    whole whether or not that works.
    """
    if link.exists() and not link.is_symlink():
        return
    fresh = link.with_name(f".latest-{os.getpid()}")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.path.relpath(target.resolve(), link.parent.resolve()))
        fresh.replace(link)
    except OSError as error:
        print(f"note: {link} does not point at this run: {error.strerror}.", file=sys.stderr)
