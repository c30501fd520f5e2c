# SPDX-License-Identifier: Apache-2.0
"""A whole network through driver and session, with the golden machine behind the registers."""

from pathlib import Path

import numpy as np
import pynq
import pytest
from small import small

from edgemoe.config import board
from edgemoe.errors import DeviceError, UserError
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.package import Package
from edgemoe.runtime import session

SMALL = small()


@pytest.fixture(scope="module")
def package() -> Package:
    return random_package(SMALL, 3)


def test_pictures(golden_overlay: Path, package: Package) -> None:
    """Both tasks from one session, twice: same pictures, right shapes, nothing left allocated."""
    accelerator = pynq.Overlay(str(golden_overlay)).accelerator
    device = pynq.Device.active_device
    before = device.memory.held
    image = random_image(SMALL, np.random.default_rng(0))
    with session.Session(package, board("sim-small"), accelerator) as running:
        first = running.segmentation(image), running.depth(image)
        second = running.segmentation(image), running.depth(image)
        near, far = SMALL.depth_range
        assert first[0].shape == first[1].shape == (16, 32)
        assert (first[0].dtype, first[1].dtype) == (np.uint8, np.float32)
        assert first[0].max() < len(SMALL.classes)
        assert near <= first[1].min() <= first[1].max() <= far
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert device.memory.held == before


def test_result_does_not_depend_on_the_group(golden_overlay: Path, package: Package) -> None:
    accelerator = pynq.Overlay(str(golden_overlay)).accelerator
    image = random_image(SMALL, np.random.default_rng(1))
    with session.Session(package, board("sim-small"), accelerator) as running:
        features = [running.infer(image, "depth", group=group).features for group in (2, 4, 8)]
    assert all(np.array_equal(features[0], other) for other in features[1:])


def test_a_session_over_downloads(golden_overlay: Path, package: Package) -> None:
    """Its buffers are the board's: after a new download of the same overlay it goes on."""
    overlay = pynq.Overlay(str(golden_overlay))
    image = random_image(SMALL, np.random.default_rng(2))
    with session.Session(package, board("sim-small"), overlay.accelerator) as running:
        first = running.depth(image)
        overlay.download()
        assert np.array_equal(running.depth(image), first)
        pynq.Overlay(str(golden_overlay))
        assert np.array_equal(running.depth(image), first)


def test_a_closed_session_says_so(golden_overlay: Path, package: Package) -> None:
    running = session.Session(package, board("sim-small"), pynq.Overlay(str(golden_overlay)).accelerator)
    image = random_image(SMALL, np.random.default_rng(2))
    running.depth(image)
    running.close()
    running.close()
    with pytest.raises(UserError, match="session was closed"):
        running.depth(image)


def test_a_session_survives_full_memory(golden_overlay: Path, package: Package) -> None:
    """No room for a run's buffers: an error, and once there is room the same session goes on."""
    overlay = pynq.Overlay(str(golden_overlay))
    image = random_image(SMALL, np.random.default_rng(2))
    with session.Session(package, board("sim-small"), overlay.accelerator) as running:
        first = running.depth(image)
        memory, size = pynq.Device.active_device.memory, 1 << 28
        hogs = []
        while size >= 4096:
            try:
                hogs.append(memory.allocate(size, np.uint8))
            except DeviceError:
                size //= 2
        for task in ("segmentation", "depth", "segmentation"):
            with pytest.raises(DeviceError, match="memory is full"):
                running.infer(image, task, taps=True)
        for hog in hogs:
            hog.freebuffer()
        assert running.infer(image, "segmentation", taps=True).check()
        assert np.array_equal(running.depth(image), first)
