# SPDX-License-Identifier: Apache-2.0
"""What a check of the board gets to work with, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import BuildConfig

if TYPE_CHECKING:
    from edgemoe.runtime.accelerator import Accelerator

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class Check:
    """One line of the test's verdict."""

    name: str
    verdict: str
    """PASSED, FAILED, or SKIPPED: this board has not what it needs."""
    detail: str
    figures: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a report."""
        return asdict(self)


@dataclass(frozen=True)
class Bench:
    """A board with an overlay on it, and what to try there."""

    accelerator: Accelerator
    build: BuildConfig
    pixels: NDArray[np.uint8]
    """Of the package's input size, (height, width, 3)."""
    frames: int
    """How many frames the rate is measured over."""
    simulated: bool
    seed: int = 0

    @property
    def tasks(self) -> tuple[str, ...]:
        """Of the package that is loaded."""
        return self.accelerator.workload.package.config.tasks


def judged(name: str, wrong: list[str], right: str, **figures: Any) -> Check:
    """Passed if nothing is wrong; else the first few things that are."""
    if not wrong:
        return Check(name, PASSED, right, figures)
    more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
    return Check(name, FAILED, "; ".join(wrong[:3]) + more, figures)


Tried = Callable[[Bench], Check]
"""A check: tries one thing on the board."""
