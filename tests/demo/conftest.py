# SPDX-License-Identifier: Apache-2.0
"""A small network, pages that are served, and the browser."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from acting import Acting
from between import Between
from browser import Browser, Driven
from browser import browser as browser  # the fixture
from served import Served, serving
from small import small

from edgemoe.config import board
from edgemoe.demo.engine import Engine
from edgemoe.demo.intake import offered
from edgemoe.demo.server import application, listen, web_server
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


@pytest.fixture
def device(workload: Workload) -> Acting:
    """A device that does what the test tells it."""
    return Acting(workload)


@contextmanager
def page_of(engine: Engine, uploads: Path, between: Between) -> Iterator[str]:
    """The page of an engine of the test's own, served by a thread; its address."""
    with mock.patch.dict(os.environ), closing(listen("127.0.0.1", 0)) as listener:
        server = web_server(application(engine, offered(None), uploads, "127.0.0.1"))
        server.config.app = between.of(server.config.app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def driven(browser: Browser) -> Iterator[Driven]:
    """The browser, to be told what to do."""
    with browser.driven() as running:
        yield running


@pytest.fixture
def between() -> Between:
    """What stands between the browser and `acting_page`."""
    return Between()


@pytest.fixture
def acting_page(device: Acting, between: Between, tmp_path: Path) -> Iterator[str]:
    """A page of `device` with room for one run that waits; its address."""
    with (
        closing(Engine("small", device.device, waiting=1)) as engine,
        page_of(engine, tmp_path, between) as address,
    ):
        yield address
