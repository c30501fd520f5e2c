# SPDX-License-Identifier: Apache-2.0
"""Cycles of a run follow from image, package and DRAM alone, not from what ran before."""

import asyncio
import signal

import numpy as np
import pytest

from edgemoe.config import ModelConfig
from edgemoe.errors import DeviceError
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.sim.dram import DramConfig

from .conftest import design_of

SEG, DEPTH = "segmentation", "depth"


@pytest.mark.parametrize(
    "dram", [DramConfig(), DramConfig(stall_percent=30, seed=5)], ids=["plain", "stalls"]
)
def test_cycles_do_not_depend_on_what_ran_before(rtl, small: ModelConfig, dram: DramConfig) -> None:
    """Alone, in either order, repeated, after taps, a reset in mid-run, a refused program and an idle while."""
    package = random_package(small, 1)
    image = random_image(small, np.random.default_rng(0))

    def fresh(*tasks: str) -> list[int | None]:
        backend = rtl(package, dram=dram)
        return [backend.run(image, task).cycles for task in tasks]

    seg, depth = fresh(SEG)[0], fresh(DEPTH)[0]
    assert fresh(SEG, DEPTH) == [seg, depth]
    assert fresh(DEPTH, SEG) == [depth, seg]
    backend = rtl(package, dram=dram)
    design = design_of(backend)
    for task, expected in ((SEG, seg), (DEPTH, depth), (DEPTH, depth), (SEG, seg)):
        for before in (
            lambda: design.run(777),
            lambda: backend.run(image, DEPTH, taps=True),
            lambda: backend.accelerator.ip.run_regions(b"", b"", b"", 64, 64),
            lambda: (backend.accelerator.ip.set("CTRL", 1), design.run(1234), design.reset()),
        ):
            before()
            assert backend.run(image, task).cycles == expected


def test_another_seed_gives_other_cycles(rtl, small: ModelConfig) -> None:
    """The stalls are those of the seed: else the test above would hold of a memory without any."""
    package = random_package(small, 1)
    image = random_image(small, np.random.default_rng(0))
    cycles = {
        rtl(package, dram=DramConfig(stall_percent=30, seed=s)).run(image, DEPTH).cycles for s in range(3)
    }
    assert len(cycles) == 3


def test_the_design_runs_on_after_a_wait_that_was_cut_short(rtl, small: ModelConfig) -> None:
    """A limit that is too short is an error; with a longer one the same run ends as if nothing had been."""
    backend = rtl(random_package(small, 1))
    image = random_image(small, np.random.default_rng(0))
    expected = backend.run(image, DEPTH)
    target = backend.device._targets[backend.instance]
    limit, target.wait_limit = target.wait_limit, 4000
    with pytest.raises(DeviceError, match="went on for more than 4000 cycles"):
        backend.run(image, DEPTH)
    target.wait_limit = limit
    again = backend.run(image, DEPTH)
    assert (again.cycles, again.output) == (expected.cycles, expected.output)


@pytest.mark.parametrize("interrupt", [True, False])
def test_the_stop_button(rtl, small: ModelConfig, interrupt: bool) -> None:
    """Ctrl-C while the accelerator works: the next run waits for the end of that one, and is right."""

    def ring(*_: object) -> None:
        raise KeyboardInterrupt

    backend = rtl(random_package(small, 1))
    image = random_image(small, np.random.default_rng(0))
    expected = backend.run(image, DEPTH)

    def start() -> object:
        return (
            asyncio.run(backend.accelerator.run_async(image, SEG)) if interrupt else backend.run(image, SEG)
        )

    before = signal.signal(signal.SIGALRM, ring)
    stopped = 0
    try:
        for step in range(12):
            signal.setitimer(signal.ITIMER_REAL, 0.01 * (1 + step))
            try:
                start()
            except KeyboardInterrupt:
                stopped += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            again = backend.run(image, DEPTH)
            assert (again.cycles, again.output) == (expected.cycles, expected.output)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert stopped
