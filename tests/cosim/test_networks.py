# SPDX-License-Identifier: Apache-2.0
"""Whole networks in RTL against the golden model: every stage tensor and every counter, without a rebuild."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from edgemoe.backends import Golden
from edgemoe.config import TASKS, ModelConfig, board, model_preset
from edgemoe.cosim.compare import compare
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.package import Package
from edgemoe.program import Workload
from edgemoe.sim.dram import DramConfig

BUILD = board("sim-small")
VARIANTS: list[dict[str, Any]] = [
    {"top_k": 1},
    {"top_k": 2, "score_rule": "softmax_topk"},
    {"top_k": 3, "gate": "task_embedding"},
    {"top_k": 4, "experts": 5, "score_rule": "softmax_topk", "gate": "task_embedding"},
    {"experts": 1, "top_k": 1},
    {"experts": 0},
    {"experts": 16, "top_k": 2},
    {"layers": 1},
    {"layers": 4},
    {"all_on_one_expert": True, "top_k": 1},
    {"all_on_one_expert": True, "top_k": 2, "experts": 3},
    {"threshold": 0.2},
    {"threshold": 0.6, "score_rule": "softmax_topk", "top_k": 3},
    {"weight_bits": 16},
]


def image_of(config: ModelConfig, seed: int) -> np.ndarray:
    return random_image(config, np.random.default_rng(seed))


def assert_equal(rtl, package: Package, seed: int, *, dram: DramConfig | None = None) -> None:
    """Both tasks of a package, taps on, from one session."""
    pixels = image_of(package.config, seed)
    backend, golden = rtl(package, dram=dram), Golden(Workload(package, BUILD))
    for task in TASKS:
        expected = golden.run(pixels, task, taps=True)
        result = compare(expected, backend.run(pixels, task, taps=True))
        assert result.mismatches == 0, result.first


@pytest.mark.parametrize("seed", range(len(VARIANTS)))
def test_random_packages(rtl, small: ModelConfig, seed: int) -> None:
    assert_equal(rtl, random_package(small, seed, **VARIANTS[seed]), seed)


@pytest.mark.parametrize("seed", range(6))
def test_random_shapes(rtl, small: ModelConfig, seed: int) -> None:
    """Sizes that are no multiples of anything: tokens, width, heads, hidden layers."""
    rng = np.random.default_rng(seed)
    heads = int(rng.integers(1, 4))
    config = dataclasses.replace(
        small,
        height=8 * int(rng.integers(1, 5)),
        width=8 * int(rng.integers(1, 6)),
        dim=heads * int(rng.integers(3, 33)),
        heads=heads,
        layers=int(rng.integers(1, 4)),
        dense_hidden=int(rng.integers(1, 130)),
        expert_hidden=int(rng.integers(1, 70)),
        head_hidden=int(rng.integers(1, 70)),
        experts=int(rng.integers(2, 10)),
    )
    assert_equal(rtl, random_package(config, seed), seed)


def test_threshold_leaves_tokens_without_an_expert(rtl, small: ModelConfig) -> None:
    """The case itself is in the test: some tokens keep no expert, some keep one."""
    package = random_package(small, 12, threshold=0.3, top_k=2)
    pixels = image_of(small, 12)
    golden = Golden(Workload(package, BUILD)).run(pixels, "depth", taps=True)
    valid = golden.tap("blocks.1.moe.gate")[:, :, 1].sum(axis=1)
    assert 0 < np.count_nonzero(valid == 0) < len(valid)
    assert_equal(rtl, package, 12)


@pytest.mark.parametrize("seed", range(20))
def test_stalls(rtl, small: ModelConfig, seed: int) -> None:
    """0 to 90 % of all handshakes with memory held back: the same results, no rule of AXI4 broken."""
    rng = np.random.default_rng(100 + seed)
    stall = int(rng.integers(1, 91)) if seed else 0
    dram = DramConfig(
        stall_percent=stall,
        seed=seed,
        latency=int(rng.integers(1, 200)),
        outstanding=int(rng.integers(1, 17)),
    )
    package = random_package(small, seed % 3)
    pixels = image_of(small, seed)
    task = TASKS[seed % 2]
    golden = Golden(Workload(package, BUILD)).run(pixels, task, taps=True)
    result = compare(golden, rtl(package, dram=dram).run(pixels, task, taps=True))
    assert result.mismatches == 0, (stall, result.first)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_nano_with_random_weights(rtl, seed: int) -> None:
    """The full size of `nano`."""
    assert_equal(rtl, random_package(model_preset("nano"), seed, top_k=2 + seed), seed)
