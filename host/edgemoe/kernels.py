# SPDX-License-Identifier: Apache-2.0
"""Where the C++ kernels lie, and the folders of headers that compiling one needs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgemoe.caches import build_root, checkout
from edgemoe.config import BuildConfig
from edgemoe.errors import UserError
from edgemoe.registers import registers_hpp, write_headers

HELPERS = frozenset(("compute", "engine_control", "fixed", "memories", "packing", "statistics", "tables"))
"""Headers whose functions serve the stages; the others are stages of the machine, or units beside it."""


def hls_folder() -> Path:
    """The folder of C++ kernels and headers: the checkout's, or the copy that an installed package carries."""
    root = checkout()
    return (root or Path(__file__).resolve().parent) / "hls"


def kernel_source(name: str) -> Path:
    """`hls/kernels/<name>.cpp`."""
    path = hls_folder() / "kernels" / f"{name}.cpp"
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.cpp"))
        raise UserError(f"There is no kernel {name!r}; there are {', '.join(known)}.")
    return path


def include_folders(build: BuildConfig, work: Path | None = None) -> list[Path]:
    """Our headers with the Vitis HLS names, the kernels', and the generated ones of `build`, which are written below
    `work` (build/headers by default).
    """
    number = hashlib.sha256(registers_hpp(build).encode()).hexdigest()[:12]
    generated = (work or build_root() / "headers") / f"headers-{build.name}-{number}"
    write_headers(build, generated)
    hls = hls_folder()
    return [hls / "shim", hls / "include", generated]
