# SPDX-License-Identifier: Apache-2.0
"""What the page computes with: any back end, by the name that the command line has for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgemoe.backends import Backend, open_backend
from edgemoe.infer import overlay_path
from edgemoe.package import Package
from edgemoe.program import Workload, build_for

WORDS = {
    "golden": "the golden model in NumPy: the specification; no device, no clock",
    "csim": "the C++ kernels compiled for this computer: no device, no clock",
    "rtl": "simulated: the accelerator's SystemVerilog on a simulated PYNQ board",
}
"""Back end -> what it is, in words."""


@dataclass(frozen=True)
class Device:
    """A back end that has been opened once and can be opened again."""

    backend: str
    words: str
    """What it is, for the page."""
    workload: Workload
    opened: Callable[[], Backend]


def find_device(
    backend: str,
    package: Package,
    board: str | None,
    *,
    overlay: Path | None = None,
    dram: Any = None,
    progress: Any = None,
) -> Device:
    """Open the back end once, so that what can fail or takes long is seen here and not by the first visitor.

    Args:
        board, dram, overlay: as of `infer`.
        progress: told of each step of building, as of `open_backend`.

    Raises:
        UserError: the package does not fit the build, or there is no such overlay or no PYNQ device.
    """
    if backend == "board":
        return _board(package, overlay or overlay_path(build_for(package.config, board)))
    workload = Workload(package, build_for(package.config, board))
    open_backend(backend, workload, dram=dram, progress=progress).close()
    return Device(backend, WORDS[backend], workload, lambda: open_backend(backend, workload, dram=dram))


def _board(package: Package, overlay: Path) -> Device:
    from edgemoe.backends.board import Board

    first = Board(package, overlay)
    try:
        workload, simulated = first.workload, getattr(first.accelerator.ip.device, "simulated", False)
    finally:
        first.close()
    words = f"{'the simulated board' if simulated else 'the board'}, with {overlay.name}"
    return Device("board", words, workload, lambda: Board(workload, overlay))
