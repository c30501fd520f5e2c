# SPDX-License-Identifier: Apache-2.0
"""The folder that a run leaves: pictures, arrays, report."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgemoe.inputs import Picture
from edgemoe.package import Package
from edgemoe.program import Run
from edgemoe.report import write_page
from edgemoe.results import TaskOutput, write_results

REPORT = "report.json"
OWN_FILES = (
    "input.png",
    "segmentation.png",
    "depth.png",
    "segmentation.npy",
    "depth.npy",
    "features.segmentation.npy",
    "features.depth.npy",
    "waves.fst",
    "report.html",
)
"""What a run may leave; those that this run does not make are removed, so that none is from an older run."""


def write_folder(
    out: Path,
    package: Package,
    picture: Picture,
    runs: Mapping[str, Run],
    report: Mapping[str, Any],
    *,
    golden: Mapping[str, Run] | None = None,
    waves: Path | None = None,
) -> None:
    """Write all files beside `out` first, then move them in, the report last: a report is never half true.

    Args:
        out: the folder; created if missing, and other files in it are left alone.
        package, picture: what was run.
        runs: by task, the back end's.
        report: what report.json will hold.
        golden: by task, golden's runs, if every tapped tensor of both sides is to be kept.
        waves: a waveform file to move in.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.resolve().parent, prefix=f".{out.name}-") as name:
        work = Path(name)
        results = {task: TaskOutput(run.features, run.head) for task, run in runs.items()}
        write_results(work, package, picture.original, results)
        if waves is not None:
            shutil.move(waves, work / "waves.fst")
        if golden is not None:
            _save_taps(work / "taps", runs, golden)
        (work / REPORT).write_text(json.dumps(report, indent=2) + "\n")
        write_page(work)
        _move_in(work, out)


def _save_taps(folder: Path, ours: Mapping[str, Run], golden: Mapping[str, Run]) -> None:
    """taps/<task>/<side>/<tensor>.npy"""
    for side, runs in (("got", ours), ("golden", golden)):
        for task, run in runs.items():
            target = folder / task / side
            target.mkdir(parents=True)
            for name in run.network.taps:
                np.save(target / f"{name}.npy", run.tap(name))


def _move_in(work: Path, out: Path) -> None:
    (out / REPORT).unlink(missing_ok=True)
    for name in OWN_FILES:
        if not (work / name).exists():
            (out / name).unlink(missing_ok=True)
    made = sorted(path for path in work.rglob("*") if path.is_file() and path.name != REPORT)
    for path in [*made, work / REPORT]:
        target = out / path.relative_to(work)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
