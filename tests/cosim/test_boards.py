# SPDX-License-Identifier: Apache-2.0
"""Builds of other sizes, each with `nano` and the largest of the presets that it holds, a random package of each."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edgemoe.backends import Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.config import MODELS, BuildConfig, board
from edgemoe.cosim.compare import compare
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.program import Workload
from edgemoe.program.figures import task_figures
from edgemoe.sim.build import build_overlay

from .conftest import back_ends

pytestmark = pytest.mark.slow
MODELS_OF = {"zcu102-max": ("nano", "tiny")}
CYCLES = {("zcu102-max", "tiny"): 700_000}
"""At most, of the backbone, k = 2, one task, the default DRAM model."""


@pytest.fixture(scope="module", params=MODELS_OF)
def on(request: pytest.FixtureRequest) -> Iterator[tuple[BuildConfig, Callable[..., Rtl]]]:
    """A build, and what makes the back end for a package on it."""
    build = board(request.param)
    for make in back_ends(build, build_overlay(build).bitstream):
        yield build, make


@pytest.mark.parametrize("place", [0, 1])
def test_every_tensor_and_counter(on: tuple[BuildConfig, Callable[..., Rtl]], place: int) -> None:
    build, rtl = on
    names = MODELS_OF[build.name]
    if place >= len(names):
        pytest.skip(f"{names[0]} is the largest that {build.name} holds")
    config = MODELS[names[place]]
    package = random_package(config, 1)
    pixels = random_image(config, np.random.default_rng(1))
    run = rtl(package).run(pixels, "segmentation", taps=True)
    result = compare(Golden(Workload(package, build)).run(pixels, "segmentation", taps=True), run)
    assert result.mismatches == 0, result.first
    if limit := CYCLES.get((build.name, config.name)):
        plain = rtl(package).run(pixels, "segmentation")
        assert task_figures(plain)["backbone_cycles"] <= limit
