# SPDX-License-Identifier: Apache-2.0
"""The files of a run: pictures, arrays, report."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgemoe.inputs import Picture
from edgemoe.package import Package
from edgemoe.program import Run
from edgemoe.report import write_page
from edgemoe.results import RESULT_FILES, TaskOutput, write_results

REPORT = "report.json"
WAVES = "waves.fst"
SUMMARY_FILES = ("index.html", "summary.json")
"""What a run of many images leaves beside their folders."""
RUN_FILES = (*RESULT_FILES, REPORT, "report.html", "taps/*/*/*.npy")
"""What a run may leave, besides waveforms."""


def write_run(
    work: Path,
    package: Package,
    picture: Picture,
    runs: Mapping[str, Run],
    report: Mapping[str, Any],
    golden: Mapping[str, Run] | None = None,
) -> None:
    """Write all files of a run into `work`.

    Args:
        package, picture: what was run.
        runs: by task, the back end's.
        report: what report.json will hold.
        golden: by task, golden's runs, if every tapped tensor of both sides is to be kept.
    """
    results = {task: TaskOutput(run.features, run.head) for task, run in runs.items()}
    write_results(work, package, picture.original, results)
    if golden is not None:
        _save_taps(work / "taps", runs, golden)
    (work / REPORT).write_text(json.dumps(report, indent=2) + "\n")
    write_page(work)


def _save_taps(folder: Path, ours: Mapping[str, Run], golden: Mapping[str, Run]) -> None:
    """taps/<task>/<side>/<tensor>.npy"""
    for side, runs in (("got", ours), ("golden", golden)):
        for task, run in runs.items():
            target = folder / task / side
            target.mkdir(parents=True)
            for name in run.network.taps:
                np.save(target / f"{name}.npy", run.tap(name))
