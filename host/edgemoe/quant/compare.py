# SPDX-License-Identifier: Apache-2.0
"""Packages of one network beside each other on rendered scenes, in several processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.package import Package
from edgemoe.program.figures import expert_figures
from edgemoe.quant.evaluate import Answer, Scores, integer_model, score
from edgemoe.quant.profile import Pixels, Runner
from edgemoe.quant.scenes import read_scene

PART = 16  # scenes that a process measures at a time


def scored(
    config: ModelConfig,
    packages: Mapping[str, Package],
    folder: Path,
    seeds: range,
    pool: ProcessPoolExecutor,
    checkpoint: Path | None = None,
) -> dict[str, Scores]:
    """What each package reaches on the scenes of `seeds` in `folder`; "float32" is the checkpoint's own model."""
    parts = [seeds[start : start + PART] for start in range(0, len(seeds), PART)]
    totals: dict[str, Scores] = {}
    for part in pool.map(partial(_scored, config, packages, folder, checkpoint), parts):
        for name, data in part.items():
            scores = Scores.from_dict(data)
            if name in totals:
                totals[name].merge(scores)
            else:
                totals[name] = scores
    return totals


def _scored(
    config: ModelConfig, packages: Mapping[str, Package], folder: Path, checkpoint: Path | None, seeds: range
) -> dict[str, dict[str, Any]]:
    size, classes = (config.height, config.width), len(config.classes)
    scenes = [read_scene(folder, str(seed), size, classes) for seed in seeds]
    found = {}
    if checkpoint is not None:
        found["float32"] = score(config, _float_model(checkpoint), scenes)
    found |= {name: score(config, integer_model(package), scenes) for name, package in packages.items()}
    return {name: scores.to_dict() for name, scores in found.items()}


def _float_model(checkpoint: Path) -> Answer:
    from edgemoe.model.predict import load_model, predict

    model, _ = load_model(checkpoint)
    return lambda image, task: predict(model, image, task)[0]


def tokens_per_expert(package: Package, images: list[Pixels]) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
    """Task, layer, and how many tokens of each image each expert got, (images, experts), of layers with experts."""
    config, runner = package.config, Runner(package, taps=False)
    for task in config.tasks:
        counts = np.zeros((config.layers, len(images), config.experts), np.int64)
        for number, image in enumerate(images):
            run = replace(runner.finished(image, task), program=runner.programs[task])
            for used in expert_figures(run):
                counts[used["layer"], number, used["expert"]] = used["tokens"]
        for layer in range(config.layers):
            if config.is_moe(layer):
                yield task, layer, counts[layer]
