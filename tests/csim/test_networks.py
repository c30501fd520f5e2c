# SPDX-License-Identifier: Apache-2.0
"""Whole random networks through the native build of the accelerator: every tap is the golden machine's."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wide import WIDE

from edgemoe import csim
from edgemoe.config import MODELS, TASKS, BuildConfig, ModelConfig, board
from edgemoe.golden import machine
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.package import Package
from edgemoe.program import Memory, build_program, pack_image, pack_weights

BUILD = board("sim-small")
LARGE = board("zcu102")
NANO = MODELS["nano"]
ODD = dataclasses.replace(
    NANO,
    name="odd",
    height=24,
    width=40,
    dim=42,
    heads=3,
    dense_hidden=70,
    experts=5,
    expert_hidden=45,
    head_hidden=37,
)

CASES: list[tuple[ModelConfig, dict[str, Any]]] = [
    (NANO, {}),
    (NANO, {"gate": "task_embedding", "score_rule": "softmax_topk", "top_k": 3}),
    (NANO, {"top_k": 4, "experts": 16}),
    (NANO, {"top_k": 1, "experts": 3, "layers": 2}),
    (NANO, {"all_on_one_expert": True}),
    (NANO, {"threshold": 0.35}),
    (NANO, {"threshold": 1.0}),
    (NANO, {"weight_bits": 16}),
    (ODD, {}),
    (ODD, {"score_rule": "softmax_topk", "weight_bits": lambda name: 16 if "fc1" in name else 8}),
    (dataclasses.replace(NANO, experts=0), {}),
]


#: 64 lanes of a word hold heads of 32 channels and of 64; the image of `tiny` is smaller here.
LARGE_CASES = [
    NANO,
    dataclasses.replace(MODELS["tiny"], layers=2, height=64, width=128),
    dataclasses.replace(MODELS["tiny"], layers=1, height=128, width=128, experts=0),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csim")


@pytest.mark.parametrize("case", range(len(CASES)))
def test_every_tap(case: int, work: Path) -> None:
    config, options = CASES[case]
    check(BUILD, random_package(config, seed=case, **options), TASKS[case % len(TASKS)], case, work)


@pytest.mark.parametrize("case", range(len(LARGE_CASES)))
def test_every_tap_of_a_large_build(case: int, work: Path) -> None:
    check(LARGE, random_package(LARGE_CASES[case], seed=case), TASKS[case % len(TASKS)], case, work)


@pytest.mark.parametrize("name", WIDE)
def test_every_tap_of_other_networks(name: str, work: Path) -> None:
    """Other tokens, tasks, layers and heads."""
    for build in (BUILD, LARGE):
        check(build, random_package(WIDE[name], seed=2), WIDE[name].tasks[-1], 2, work)


def check(build: BuildConfig, package: Package, task: str, seed: int, work: Path) -> None:
    """All taps of an image, golden and native."""
    weights = pack_weights(package, build)
    program = build_program(package, build, task, weights, taps=True)
    image = pack_image(package.config, build, random_image(package.config, np.random.default_rng(seed)))
    memory = Memory(program.data, weights.data, image, program.output_bytes, program.statistics_bytes)
    golden, native = machine.run(build, memory), csim.run(build, memory, work=work)
    assert native.status == golden.status == 0
    for name in program.taps:
        want, got = program.tap(golden.output, name), program.tap(native.output, name)
        assert (want == got).all(), f"{name}: {(want != got).sum()} of {want.size} values differ"
    assert native.output == golden.output
    assert [r.counts() for r in native.records] == [r.counts() for r in golden.records]
