# SPDX-License-Identifier: Apache-2.0
"""Networks with other tokens, tasks, layers and heads in RTL: every stage's tensor and counter."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from wide import WIDE

from edgemoe import cli
from edgemoe.backends import Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.config import BuildConfig
from edgemoe.cosim.compare import compare
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.package import save
from edgemoe.program import Workload
from edgemoe.sim.dram import DramConfig


@pytest.mark.slow
@pytest.mark.parametrize("name", WIDE)
def test_every_stage(rtl: Callable[..., Rtl], build: BuildConfig, name: str) -> None:
    package = random_package(WIDE[name], 4)
    backend, golden = rtl(package), Golden(Workload(package, build))
    pixels = random_image(package.config, np.random.default_rng(4))
    for task in package.config.tasks:
        expected, got = golden.run(pixels, task, taps=True), backend.run(pixels, task, taps=True)
        result = compare(expected, got)
        assert result.mismatches == 0, result.first
        assert expected.output == got.output


@pytest.mark.slow
@pytest.mark.parametrize("stall", [30, 80])
def test_heads_by_choice_under_stalls(rtl: Callable[..., Rtl], build: BuildConfig, stall: int) -> None:
    package = random_package(WIDE["heads-by-choice"], 5)
    backend = rtl(package, dram=DramConfig(stall_percent=stall, seed=stall))
    golden = Golden(Workload(package, build))
    pixels = random_image(package.config, np.random.default_rng(5))
    for task in package.config.tasks:
        expected, got = golden.run(pixels, task, taps=True), backend.run(pixels, task, taps=True)
        assert compare(expected, got).first is None
        assert expected.output == got.output


@pytest.mark.slow
@pytest.mark.parametrize("name", ["class", "features", "one-task", "heads-by-choice"])
def test_the_command_line(name: str, tmp_path: Path) -> None:
    """A package of such a model through `edgemoe cosim`: what it leaves, and the best classes."""
    package = random_package(WIDE[name], 4)
    save(package, tmp_path / "own.safetensors")
    out = tmp_path / "out"
    assert cli.run(["cosim", "--model", str(tmp_path / "own.safetensors"), "--out", str(out)]) == 0
    report = json.loads((out / "report.json").read_text())
    assert report["bit_exact"] and list(report["task"]) == list(package.config.tasks)
    assert {path.name for path in out.glob("features.*.npy")} == {
        f"features.{task}.npy" for task in package.config.tasks
    }
    if name == "heads-by-choice":  # the choices of heads are none of experts
        routing = report["task"]["depth"]["routing"]
        assert [entry["layer"] for entry in routing] == [1]
        used = {expert for token in routing[0]["experts"] for expert in token}
        assert used == {entry["expert"] for entry in report["task"]["depth"]["experts"]}
    if name == "class":
        scores = np.load(out / "classification.npy")
        best = report["task"]["classification"]["classes"]
        assert len(best) == 5 and best[0]["class"] == int(scores.argmax())
        assert f"{best[0]['name']}" in (out / "report.html").read_text()
    assert (out / "depth.npy").is_file() == (name in ("one-task", "heads-by-choice"))
