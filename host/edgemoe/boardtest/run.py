# SPDX-License-Identifier: Apache-2.0
"""The board test: load the overlay, try one thing after the other, and write down what was found."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from edgemoe import __version__
from edgemoe.boardtest.check import FAILED, PASSED, Bench, Check, Tried
from edgemoe.boardtest.golden import golden, interrupt
from edgemoe.boardtest.memory import memory
from edgemoe.boardtest.registers import registers
from edgemoe.boardtest.speed import power, speed
from edgemoe.config import board as board_config
from edgemoe.errors import DeviceError, MismatchError, UserError
from edgemoe.files import check_regular
from edgemoe.folders import claim
from edgemoe.inputs import find_package, read_picture
from edgemoe.progress import Progress
from edgemoe.registers import build_id
from edgemoe.shipped import image_path

CHECKS: tuple[Tried, ...] = (registers, memory, golden, interrupt, speed, power)
REPORT = "board-test.json"
LIMIT_SECONDS = 10.0
MODEL_FILE = Path("/proc/device-tree/model")


def board_test(
    *,
    overlay: Path,
    model: str = "nano",
    image: Path | None = None,
    frames: int = 20,
    seed: int = 0,
    out: Path,
    simulated: bool = False,
    limit_seconds: float | None = LIMIT_SECONDS,
) -> dict[str, Any]:
    """Test the board with this overlay; the report, which is in `out`/board-test.json too.

    Args:
        overlay: the bitstream's path.
        model, image: what the golden comparison runs; a shipped one's name or a file.
        frames: how many the rate is measured over.
        seed: of the random data.
        simulated: the board is the simulated one, on which no rate and no power can be measured.
        limit_seconds: after which a run counts as hung; None: the simulated board's own limit, in cycles.

    Raises:
        UserError: no such overlay, another build than any of ours, a package that does not fit, an unusable `out`.
        DeviceError: the accelerator does not answer at all. What fails later is in the report.
    """
    from edgemoe.runtime.accelerator import Accelerator

    with claim(out, (REPORT,)) as claimed, Progress() as progress:
        _, package = find_package(model)
        picture = read_picture(image_path(image), package.config)
        with Accelerator(overlay) as accelerator:
            accelerator.ip.timeout_seconds = limit_seconds
            accelerator.load(package)
            bench = Bench(accelerator, accelerator.build, picture.pixels, frames, simulated, seed)
            checks = []
            for number, check in enumerate(CHECKS):
                progress.step("testing the board", number, len(CHECKS))
                checks.append(_tried(check, bench))
            progress.step("testing the board", len(CHECKS), len(CHECKS))
            report = {
                **_about(overlay, simulated),
                "build": accelerator.build.name,
                "build_id": f"{build_id(accelerator.build):#010x}",
                "package": package.sha256,
                "image": picture.sha256,
                "seed": seed,
                "passed": all(check.verdict != FAILED for check in checks),
                "checks": [check.to_dict() for check in checks],
            }
        claimed.fill(lambda work: (work / REPORT).write_text(json.dumps(report, indent=2) + "\n", "utf-8"))
    return report


def find_overlay(overlay: Path | None, simulated: bool, board: str) -> Path:
    """The bitstream to test: the one given, or for the simulated board that of `board`, made if need be.

    UserError if there is neither, or no board.
    """
    if simulated:
        from edgemoe import sim
        from edgemoe.sim.build import build_overlay

        if overlay is None:
            with Progress() as progress:
                overlay = build_overlay(board_config(board), progress=progress.step).bitstream
        sim.activate()
        return overlay
    if overlay is None:
        raise UserError(
            "Name the bitstream to test with --overlay PATH, on the board that it is for. "
            "Without a board, --simulated tests the simulated one."
        )
    check_regular(overlay, "Overlay", "it does not exist; docs/how-to/board.md says how to make one")
    return overlay


def _tried(check: Tried, bench: Bench) -> Check:
    """What the check found; a device that fails in it fails the check, and the next one starts anew."""
    try:
        return check(bench)
    except (DeviceError, MismatchError) as failure:
        bench.accelerator.reset(bench.accelerator.ip.timeout_seconds or LIMIT_SECONDS)
        return Check(check.__name__, FAILED, str(failure))


def _about(overlay: Path, simulated: bool) -> dict[str, Any]:
    """Board, software and overlay, as a report to others needs them."""
    return {
        "board": "simulated" if simulated else _board(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pynq": _version("pynq"),
        "edgemoe": __version__,
        "overlay": overlay.name,
    }


def _board() -> str:
    """What the device tree calls this board."""
    try:
        return MODEL_FILE.read_text(encoding="utf-8", errors="replace").rstrip("\0\n") or "unknown"
    except OSError:
        return "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def words(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    head = f"{report['board']}, build {report['build']} ({report['build_id']}), pynq {report['pynq']}"
    width = max(len(check["name"]) for check in report["checks"])
    lines = [f"  {c['verdict']:8}{c['name']:{width + 2}}{c['detail']}" for c in report["checks"]]
    count = sum(check["verdict"] == PASSED for check in report["checks"])
    failed = sum(check["verdict"] == FAILED for check in report["checks"])
    end = f"{count} passed, {failed} failed, {len(lines) - count - failed} skipped"
    return "\n".join([head, *lines, end])
