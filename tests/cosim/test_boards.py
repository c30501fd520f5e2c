# SPDX-License-Identifier: Apache-2.0
"""Boards with shapes of their own run `nano` and the largest model that fits: every stage tensor and counter in RTL.

`zcu102` has tests of its own; `tiny` whole, trained, on `kv260` is `make cosim MODEL=tiny BOARD=kv260`.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edgemoe.backends import Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.config import MODELS, BuildConfig, ModelConfig, board, model_preset
from edgemoe.cosim.compare import compare
from edgemoe.dense import Recipe, make_dense
from edgemoe.errors import UserError
from edgemoe.export import export_package
from edgemoe.golden.random_package import random_image, random_package, random_state
from edgemoe.package import Package
from edgemoe.program import Workload, build_for
from edgemoe.program.figures import task_figures
from edgemoe.quant.calibrate import calibrate
from edgemoe.sim.build import build_overlay

from .conftest import back_ends

NANO, TINY = MODELS["nano"], MODELS["tiny"]
#: The largest of the shape of the paper's models at the size of nano's images: nothing of it can be a plane wider.
NANO_96 = dataclasses.replace(
    NANO, name="nano-96", dim=96, heads=3, layers=12, dense_hidden=256, experts=8, expert_hidden=192
)
LARGEST = {
    "pynq-z2": NANO_96,
    "kv260": TINY,
    "zcu104": TINY,
    "zcu102-max": TINY,
    "zcu102-deep": model_preset("vit-small-14"),
}
CYCLES = {"zcu102-max": 700_000}
"""At most, of the backbone of `tiny`: 129 tokens, k = 2, one task, the default DRAM model."""


@pytest.fixture(scope="module", params=sorted(LARGEST))
def build(request: pytest.FixtureRequest) -> BuildConfig:
    return board(request.param)


@pytest.fixture(scope="module")
def rtl(build: BuildConfig) -> Iterator[Callable[..., Rtl]]:
    """The back end for a package, on the board's build."""
    yield from back_ends(build, build_overlay(build).bitstream)


def assert_equal(rtl: Callable[..., Rtl], build: BuildConfig, config: ModelConfig) -> None:
    """A random package."""
    assert_runs_equal(rtl, build, random_package(config, 1))


def assert_runs_equal(rtl: Callable[..., Rtl], build: BuildConfig, package: Package) -> None:
    """All tasks of a package, taps on."""
    config = package.config
    backend, golden = rtl(package), Golden(Workload(package, build))
    pixels = random_image(config, np.random.default_rng(1))
    for task in config.tasks:
        expected, got = golden.run(pixels, task, taps=True), backend.run(pixels, task, taps=True)
        result = compare(expected, got)
        assert result.mismatches == 0, result.first
        assert expected.output == got.output


@pytest.mark.slow
def test_two_layers_of_nano(rtl: Callable[..., Rtl], build: BuildConfig) -> None:
    assert_equal(rtl, build, dataclasses.replace(NANO, layers=2))


@pytest.mark.slow
def test_the_largest_model(rtl: Callable[..., Rtl], build: BuildConfig) -> None:
    """Whole on the smallest board; of the others two layers, which use all of the memories that twelve use."""
    largest = LARGEST[build.name]
    assert_equal(rtl, build, largest if largest is NANO_96 else dataclasses.replace(largest, layers=2))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["average", "most-used"])
def test_experts_made_dense_on_the_smallest(rtl: Callable[..., Rtl], build: BuildConfig, how: str) -> None:
    """From the float model with experts, which this board holds as well, to what its dense form computes."""
    if build.name != "pynq-z2":
        return
    config, rng = dataclasses.replace(NANO, layers=2), np.random.default_rng(3)
    images = [random_image(config, rng) for _ in range(2)]
    dense, state, _ = make_dense(config, random_state(config, rng), images, Recipe(how))
    package = export_package(dense, state, calibrate(dense, state, images).scales())
    assert not any(".moe." in name for name in package.tensors)
    assert_runs_equal(rtl, build, package)


@pytest.mark.slow
def test_cycles_of_tiny(rtl: Callable[..., Rtl], build: BuildConfig) -> None:
    if build.name in CYCLES:
        package, pixels = random_package(TINY, 1), random_image(TINY, np.random.default_rng(1))
        run = rtl(package).run(pixels, "segmentation")
        result = compare(Golden(Workload(package, build)).run(pixels, "segmentation"), run)
        assert result.mismatches == 0, result.first
        assert task_figures(run)["backbone_cycles"] <= CYCLES[build.name]


@pytest.mark.parametrize(
    "changes", [{"dense_hidden": 288}, {"dim": 128, "heads": 4}, {"experts": 16}, {"height": 128}]
)
def test_no_larger_one_fits_pynq_z2(changes: dict[str, int]) -> None:
    assert build_for(NANO_96, "pynq-z2") == board("pynq-z2")
    with pytest.raises(UserError, match="does not fit board 'pynq-z2'"):
        build_for(dataclasses.replace(NANO_96, **changes), "pynq-z2")
