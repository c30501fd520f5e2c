# SPDX-License-Identifier: Apache-2.0
"""A small network, pages that are served, and the browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import browser as browser  # the fixture
from served import Served, serving
from small import small

from edgemoe.config import board
from edgemoe.golden.random_package import random_package
from edgemoe.inputs import Picture
from edgemoe.program import Workload


@pytest.fixture(scope="session")
def workload() -> Workload:
    """A network that golden runs in a blink."""
    return Workload(random_package(small(), 1), board("sim-small"))


MakePicture = Callable[[int], Picture]


@pytest.fixture
def make_picture(workload: Workload) -> MakePicture:
    """Pictures of the small network's size, each of its own seed."""

    def make(seed: int) -> Picture:
        config = workload.package.config
        pixels = np.random.default_rng(seed).integers(0, 256, (config.height, config.width, 3), np.uint8)
        return Picture(Path(f"{seed}.png"), pixels, pixels, f"{seed:064x}")

    return make


@pytest.fixture(scope="session")
def golden_page() -> Iterator[Served]:
    """One page on golden for the tests that leave it as it was."""
    with serving("--backend", "golden") as served:
        yield served
