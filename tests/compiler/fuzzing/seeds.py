# SPDX-License-Identifier: Apache-2.0
"""Programs that once failed, each shrunk to ``found/<name>.cpp`` with a top of that name, and why they failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOUND_FOLDER = Path(__file__).parents[1] / "found"


@dataclass(frozen=True)
class Found:
    """``seed`` made the program; ``cause`` is in a sentence; ``open`` says what still has to be mended."""

    cause: str
    seed: int = 0
    open: str = ""


FOUND: dict[str, Found] = {}
