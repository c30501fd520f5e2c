# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of full size under other people's names: imported, quantised, and in RTL bit by bit."""

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from edgemoe.backends import Csim, Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import board
from edgemoe.cosim.compare import compare
from edgemoe.golden.model import forward
from edgemoe.imports import Options, import_checkpoint
from edgemoe.model.scenes import render
from edgemoe.package import Package
from edgemoe.program import Workload
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.profile import Runner
from edgemoe.quant.quantise import float_state, make_package
from edgemoe.sim.build import build_overlay

from .conftest import back_ends

sys.path.append(str(Path(__file__).parents[1] / "imports"))
import at_random
import authors

pytestmark = pytest.mark.slow
BUILD = board("zcu102")
SEEN = 16
JUDGED = 50
Pictures = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def rtl() -> Iterator[Callable[..., Rtl]]:
    """The back end for a package, on the one build."""
    yield from back_ends(BUILD, build_overlay(BUILD).bitstream)


def pictures(count: int, height: int, width: int) -> Pictures:
    """Rendered streets."""
    return [
        render([1 << 25 | number], height, width, (1.0, 80.0)).image[0].permute(1, 2, 0).numpy()
        for number in range(count)
    ]


def quantised(
    path: Path, options: Options, images: Pictures
) -> tuple[Package, dict[str, NDArray[np.float64]]]:
    """The package of a checkpoint of others, by the defaults, and its float weights."""
    out = path.parent / "float.safetensors"
    import_checkpoint(path, out, options)
    source = read_checkpoint(out)
    state = float_state(source)
    return make_package(
        source.config, state, calibrate(source.config, state, images), images=images
    ).package, state


def test_deit_tiny(tmp_path: Path, rtl: Callable[..., Rtl]) -> None:
    """Its classes: near the float model's on 50 images, and on one bit by bit in RTL."""
    save_file(at_random.vit(192, 12, 16, classes=1000), tmp_path / "deit.safetensors")
    images = pictures(SEEN + JUDGED, *at_random.IMAGENET)
    options = dataclasses.replace(at_random.OPTIONS, heads=3, pool="class")
    package, state = quantised(tmp_path / "deit.safetensors", options, images[:SEEN])
    config, task = package.config, package.config.tasks[0]
    assert config.tokens == 197
    runner, scale = Runner(package, taps=False), package.scale(f"heads.{task}.out")
    exact, found = [], []
    for image in images[SEEN:]:
        exact.append(forward(config, state, image, task)[f"heads.{task}.out"][0])
        found.append(runner.programs[task].head(runner.run(image, task))[0] * scale)
    real, own = np.array(exact), np.array(found)
    assert 10 * np.log10(np.square(real).sum() / np.square(real - own).sum()) >= 30
    best = [np.sort(np.argsort(-scores, axis=1, kind="stable")[:, :5], axis=1) for scores in (real, own)]
    assert (best[0] == best[1]).all(axis=1).sum() >= 0.95 * JUDGED
    golden = Golden(Workload(package, BUILD)).run(images[-1], task)
    assert compare(golden, rtl(package).run(images[-1], task)).mismatches == 0


def test_vit_small_of_patches_of_14(tmp_path: Path) -> None:
    """DINO's kind: 257 tokens, LayerScale, no head; two layers of it, in the C++ kernels of its board."""
    save_file(at_random.vit(384, 2, 14, layer_scale=0.1), tmp_path / "dino.safetensors")
    images = pictures(3, *at_random.IMAGENET)
    options = dataclasses.replace(at_random.OPTIONS, heads=6)
    package, _ = quantised(tmp_path / "dino.safetensors", options, images[:2])
    config = package.config
    assert config.tokens == 257 and config.head == "none"
    workload = Workload(package, board("zcu102-deep"))
    golden = Golden(workload).run(images[2], config.tasks[0], taps=True)
    assert compare(golden, Csim(workload).run(images[2], config.tasks[0], taps=True)).mismatches == 0


@pytest.mark.parametrize("kind", ["multi", "embedded", "raw"])
def test_m3vit(kind: str, tmp_path: Path, rtl: Callable[..., Rtl]) -> None:
    """Two layers of the authors' network: its state dict with either gate, and the raw files."""
    gate = "multi" if kind == "raw" else kind
    sizes = authors.Sizes(128, 256, 16, 192, 3, 2, 768, 16, 384, 2, 2, 64)
    state = authors.state_dict(sizes, gate, seed=3)
    path = tmp_path / "m3vit.pth"
    if kind == "raw":
        path = tmp_path / "weights"
        authors.write_raw(state, path)
    else:
        torch.save(state, path)
    options = Options(
        heads=3,
        normalise="imagenet",
        size=(128, 256),
        top_k=2,
        tasks=("semseg", "depth"),
        score_rule="softmax_all",
    )
    images = pictures(5, 128, 256)
    package, _ = quantised(path, options, images[:4])
    config, backend, golden = package.config, rtl(package), Golden(Workload(package, BUILD))
    assert config.tokens == 129 and config.experts == 16
    for task in config.tasks:
        result = compare(golden.run(images[4], task, taps=True), backend.run(images[4], task, taps=True))
        assert result.mismatches == 0, result.first
