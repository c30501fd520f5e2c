# SPDX-License-Identifier: Apache-2.0
"""The paper's model at full size: `nano`, `tiny` and `deit-tiny` on one build of `zcu102`, without a rebuild.

Cycles are those of the default DRAM model, a random package, one image, one task, the backbone without its head.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from edgemoe.backends import Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.config import MODELS, ModelConfig, board, model_preset
from edgemoe.cosim.compare import compare
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.package import Package
from edgemoe.program import Run, Weights, Workload
from edgemoe.program.figures import expert_figures, task_figures
from edgemoe.sim.build import build_overlay
from edgemoe.sim.dram import DramConfig

from .conftest import back_ends

pytestmark = pytest.mark.slow
BUILD = board("zcu102")
TINY = MODELS["tiny"]
DENSE = dataclasses.replace(TINY, name="dense", height=224, width=224, experts=0)
DEIT = model_preset("deit-tiny")
VARIANTS: list[tuple[ModelConfig, dict[str, Any]]] = [
    (MODELS["nano"], {}),
    (TINY, {"top_k": 1, "layers": 2, "all_on_one_expert": True}),
    (TINY, {"top_k": 4, "layers": 4}),
    (TINY, {"threshold": 0.3, "layers": 2, "weight_bits": 16}),
    (dataclasses.replace(TINY, name="heads", heads=6, top_heads=2), {"layers": 2}),
    (DENSE, {"layers": 2}),
    (DEIT, {"layers": 2}),
]


@pytest.fixture(scope="module")
def rtl() -> Iterator[Callable[..., Rtl]]:
    """The back end for a package, on the one build."""
    yield from back_ends(BUILD, build_overlay(BUILD).bitstream)


def image_of(config: ModelConfig) -> np.ndarray:
    return random_image(config, np.random.default_rng(1))


@pytest.mark.parametrize("case", range(len(VARIANTS)))
def test_every_tensor_and_counter(rtl: Callable[..., Rtl], case: int) -> None:
    config, changes = VARIANTS[case]
    package = random_package(config, case, **changes)
    backend, golden = rtl(package), Golden(Workload(package, BUILD))
    pixels = image_of(config)
    for task in config.tasks:
        result = compare(golden.run(pixels, task, taps=True), backend.run(pixels, task, taps=True))
        assert result.mismatches == 0, result.first


def backbone(run: Run) -> int:
    return int(task_figures(run)["backbone_cycles"])


@pytest.fixture(scope="module")
def tiny(rtl: Callable[..., Rtl]) -> tuple[Package, Run]:
    """All of `tiny`, k = 2, one task."""
    package = random_package(TINY, 1)
    return package, rtl(package).run(image_of(TINY), "segmentation")


def test_tiny_whole(tiny: tuple[Package, Run]) -> None:
    package, run = tiny
    result = compare(Golden(Workload(package, BUILD)).run(image_of(TINY), "segmentation"), run)
    assert result.mismatches == 0, result.first
    assert backbone(run) <= 900_000


def test_weights_are_read_once(tiny: tuple[Package, Run]) -> None:
    """What DRAM gives is hardly more than the weights that the run uses."""
    package, run = tiny
    weights = Workload(package, BUILD).weights
    stride, unused = 0, 0
    for layer in range(1, TINY.layers, 2):
        stride = weights.stride[f"blocks.{layer}.moe.experts"]
        unused += stride * TINY.experts
    used = sum(entry["weight_reads"] for entry in expert_figures(run))
    other = sum(size for name, size in sizes(weights).items() if other_task(name))
    assert run.traffic is not None
    assert run.traffic.read_bytes <= 1.05 * (len(weights.data) - unused - other + used * stride)


def sizes(weights: Weights) -> dict[str, int]:
    """Bytes of each part of the weights region."""
    names = sorted(weights.offset, key=weights.offset.__getitem__)
    ends = [*(weights.offset[name] for name in names[1:]), len(weights.data)]
    return {name: end - weights.offset[name] for name, end in zip(names, ends, strict=True)}


def other_task(name: str) -> bool:
    """Whether a part belongs to the task that was not run."""
    return name.startswith("heads.depth") or name.endswith("gate.depth")


def test_twice_the_latency_costs_little(rtl: Callable[..., Rtl], tiny: tuple[Package, Run]) -> None:
    package, run = tiny
    slow = dataclasses.replace(DramConfig(), latency=2 * DramConfig().latency)
    assert backbone(rtl(package, dram=slow).run(image_of(TINY), "segmentation")) <= 1.05 * backbone(run)


def test_half_the_bandwidth_costs_what_the_roofline_says(
    rtl: Callable[..., Rtl], tiny: tuple[Package, Run]
) -> None:
    """Each stage as long as it was or as its bytes take, and a tenth more."""
    package, run = tiny
    half = dataclasses.replace(DramConfig(), port_bytes=DramConfig().port_bytes // 2)
    slow = rtl(package, dram=half).run(image_of(TINY), "segmentation")
    roofline = sum(
        max(
            record.cycle_end - record.cycle_start,
            record.read_beats * BUILD.beat_bytes * 2 // BUILD.feed_bytes,
        )
        for record in run.records
        if record.cycle_end <= backbone(run)
    )
    assert backbone(slow) <= 1.1 * roofline


def test_deit_tiny_whole(rtl: Callable[..., Rtl]) -> None:
    """All twelve layers, 197 tokens: the last layer's tokens and the scores of all classes."""
    package = random_package(DEIT, 1)
    run = rtl(package).run(image_of(DEIT), "classification")
    golden = Golden(Workload(package, BUILD)).run(image_of(DEIT), "classification")
    result = compare(golden, run)
    assert result.mismatches == 0, result.first
    assert run.features.shape == (197, 192) and np.array_equal(run.features, golden.features)
    assert run.head.shape == (1, 1000) and np.array_equal(run.head, golden.head)
    assert backbone(run) <= 1_400_000
