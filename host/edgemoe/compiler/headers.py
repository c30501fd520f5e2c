# SPDX-License-Identifier: Apache-2.0
"""The standard headers that kernels may use: neither build, native nor for hardware, has a standard library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

#: The folder beside our own headers.
FOLDER = "freestanding"


def standard_headers(include: Sequence[Path]) -> list[str]:
    """clang's flags for the folders of ``include`` that have such headers."""
    return [f"-isystem{path / FOLDER}" for path in include if (path / FOLDER).is_dir()]
