# SPDX-License-Identifier: Apache-2.0
"""Makes what `models/` holds from the checkpoints there: packages or ranges, the street image and the figures.

    python -m edgemoe.quant.ship

Prints how good the models are: the README's table. Works in as many processes as there are processors. Rendered scenes
are kept in build/scenes, what was measured on some of them in build/quant: a run that was ended goes on where it was,
and the next one renders nothing.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from edgemoe import faults, shipped
from edgemoe import package as packages
from edgemoe.built import digest
from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import MODELS, ModelConfig, model_preset
from edgemoe.files import write
from edgemoe.images import write_png
from edgemoe.model.predict import load_model, predict
from edgemoe.model.scenes import CALIBRATION, VALIDATION, render, write_scenes
from edgemoe.quant.calibrate import calibrate, read_folder
from edgemoe.quant.evaluate import Scores, accuracy_table, integer_model, score
from edgemoe.quant.profile import features_sqnr, profile
from edgemoe.quant.quantise import float_state
from edgemoe.quant.report import far_images
from edgemoe.quant.scenes import load_prior, read_scene
from edgemoe.ranges import write_ranges
from edgemoe.tensors import INDEX, SUFFIX

STREET_SEED = VALIDATION.start + 100_004  # trees, people, a sign, a car and shadows in one picture
STREET_SIZE = (256, 512)
CALIBRATION_SCENES = 32
VALIDATION_SCENES = 512
RENDERED = 16  # scenes that a process renders at a time
PROFILED_SCENES = 4  # of the validation's, that a model is profiled on
SCORED = 32  # scenes that a process measures at a time
PACKAGE_MOST = 2_000_000  # bytes of a package that is kept in models/; a larger one is made when it is wanted
SCORES = "scores"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Log = Callable[[str], None]


@dataclass(frozen=True)
class Member:
    """A model whose checkpoint is in models/: a preset, or its dense twin."""

    name: str
    checkpoint: Path
    prior: Path
    calibration: Path
    validation: Path
    work: Path

    def package(self, corrected: bool = shipped.BIAS_CORRECTION) -> Path:
        """Where its package is made, with corrected biases or without; nothing but this module reads it there."""
        return self.work / f"package{'-corrected' if corrected else ''}{SUFFIX}"

    @property
    def ranges(self) -> Path:
        """Where its ranges are kept."""
        return self.work / f"ranges{SUFFIX}"


def write_street(path: Path) -> None:
    """The image that commands take when they are given none: larger than the models' input."""
    batch = render([STREET_SEED], *STREET_SIZE, model_preset("nano").depth_range)
    write_png(batch.image[0].permute(1, 2, 0).numpy(), path)


def scene_folder(
    name: str, seeds: range, config: ModelConfig, build: Path, pool: ProcessPoolExecutor, log: Log
) -> Path:
    """The scenes of `seeds` at a model's size in `build`/scenes; renders those that are missing."""
    folder = build / "scenes" / f"{name}-{config.height}x{config.width}"
    parts = [seeds[start : start + RENDERED] for start in range(0, len(seeds), RENDERED)]
    missing = [part for part in parts if not all((folder / f"{seed}.png").is_file() for seed in part)]
    if missing:
        log(f"rendering {sum(map(len, missing))} scenes into {folder}")
        list(pool.map(partial(_render, folder, config), missing))
    return folder


def _render(folder: Path, config: ModelConfig, seeds: range) -> None:
    write_scenes(seeds.start, len(seeds), folder, config.height, config.width, config.depth_range)


def make_packages(member: Member) -> dict[str, Any]:
    """Calibrates and quantises; leaves the packages without and with bias correction, and the ranges beside them.

    Returns what a profile of the shipped one has found worst, and the features' SQNR without and with correction.
    """
    source = read_checkpoint(member.checkpoint)
    config, state = source.config, float_state(source)
    ranges = calibrate(config, state, read_folder(member.calibration, config), detailed=False)
    write_ranges(member.ranges, ranges, source)
    made = {
        corrected: shipped.quantised(source, ranges, member.checkpoint, bias_correction=corrected)
        for corrected in (False, True)
    }
    for corrected, package in made.items():
        packages.save(package, member.package(corrected))
    unseen = read_folder(member.validation, config)[:PROFILED_SCENES]
    rows = profile(made[shipped.BIAS_CORRECTION], state, unseen)
    pictures = {"scenes": unseen} | {name: [image] for name, image in far_images(config).items()}
    return {
        "worst_sqnr": sorted(
            (row for row in rows if "sqnr_db" in row), key=lambda row: float(row["sqnr_db"])
        )[:3],
        "most_clipped": [row for row in rows if row.get("clipped")][:3],
        "gate_agreement": [row for row in rows if "agreement" in row],
        "features_db": {
            name: [round(features_sqnr(made[corrected], state, images), 2) for corrected in (False, True)]
            for name, images in pictures.items()
        },
    }


def measured(member: Member, key: str, seeds: range) -> list[Scores]:
    """As `measure`; from a file if an earlier run with the same `key` got so far."""
    path = member.work / SCORES / f"{key}-{seeds.start}.json"
    if not path.is_file():
        write(path, json.dumps([scores.to_dict() for scores in measure(member, seeds)]))
    return [Scores.from_dict(entry) for entry in json.loads(path.read_text())]


def measuring_key(member: Member) -> str:
    """Changes with everything that figures may depend on: the models, the scenes, any line of this package. Removes
    what was measured with another one.
    """
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    key = digest(member.checkpoint, *map(member.package, (False, True)), member.prior, *sources)[:16]
    for path in (member.work / SCORES).glob("*.json"):
        if not path.name.startswith(key):
            path.unlink()
    return key


def measure(member: Member, seeds: range) -> list[Scores]:
    """On some of the validation scenes: the integer model as it is shipped, with the prior, the one that differs in
    bias correction, and the float model.
    """
    package, other = (packages.load(member.package(shipped.BIAS_CORRECTION ^ odd)) for odd in (False, True))
    config = package.config
    size, classes = (config.height, config.width), len(config.classes)
    scenes = [read_scene(member.validation, str(seed), size, classes) for seed in seeds]
    model, _ = load_model(member.checkpoint)
    return [
        score(config, integer_model(package), scenes, load_prior(member.prior)),
        score(config, integer_model(other), scenes),
        score(config, lambda image, task: predict(model, image, task)[0], scenes),
    ]


def _merged(parts: Iterable[list[Scores]]) -> list[Scores]:
    total, *others = parts
    for part in others:
        for scores, more in zip(total, part, strict=True):
            scores.merge(more)
    return total


def ship(models: Path, build: Path, log: Log = print) -> dict[str, Any]:
    """Writes packages or ranges, street.png and figures.json to `models`; returns the figures."""
    write_street(models / "street.png")
    seeds = VALIDATION[:VALIDATION_SCENES]
    figures: dict[str, Any] = {"validation_seeds": [seeds.start, seeds.stop]}
    # Not forked: torch's threads don't live through that.
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), spawning, partial(torch.set_num_threads, 1)) as pool:
        members = list(_members(models, build, pool, log))
        log(f"quantising {', '.join(member.name for member in members)}")
        profiles = pool.map(make_packages, members)
        parts = [seeds[start : start + SCORED] for start in range(0, len(seeds), SCORED)]
        for member, profiled in zip(members, profiles, strict=True):
            _keep(member, models)
            log(f"measuring {member.name} on {len(seeds)} scenes")
            scores = _merged(pool.map(partial(measured, member, measuring_key(member)), parts))
            figures[member.name] = _figures(member, models, profiled, *scores)
    for name in MODELS:
        figures.setdefault(f"{name}-dense", _recorded(models / f"{name}-dense.json"))
    write(models / "figures.json", json.dumps(figures, indent=1) + "\n")
    log(accuracy_table(figures))
    return figures


def _members(models: Path, build: Path, pool: ProcessPoolExecutor, log: Log) -> Iterable[Member]:
    """Every model with a checkpoint in `models`, with its scenes rendered."""
    for name, config in MODELS.items():
        calibration = scene_folder("calibration", CALIBRATION[:CALIBRATION_SCENES], config, build, pool, log)
        validation = scene_folder("validation", VALIDATION[:VALIDATION_SCENES], config, build, pool, log)
        for member in (name, f"{name}-dense"):
            for checkpoint in (models / f"{member}{SUFFIX}", models / f"{member}{INDEX}"):
                if checkpoint.is_file():
                    prior, work = models / f"{name}.prior.npz", build / "quant" / member
                    yield Member(member, checkpoint, prior, calibration, validation, work)


def _keep(member: Member, models: Path) -> None:
    """Of a preset, the package if it is small, else what it is made from; a twin is only measured."""
    if member.name not in MODELS:
        return
    package = member.package()
    if package.stat().st_size <= PACKAGE_MOST:
        write(models / f"{member.name}.package{SUFFIX}", package.read_bytes(), "Package")
    else:
        write(models / f"{member.name}.ranges{SUFFIX}", member.ranges.read_bytes(), "Ranges")


def _figures(
    member: Member, models: Path, profiled: dict[str, Any], integer: Scores, other: Scores, real: Scores
) -> dict[str, Any]:
    package = packages.load(member.package())
    record = json.loads((models / f"{member.name}.json").read_text())
    return {
        "package_sha256": package.sha256,
        "bias_correction": shipped.BIAS_CORRECTION,
        "integer": integer.figures(package.config),
        "other_bias_correction": other.figures(package.config),
        "float": real.figures(package.config),
        "steps": record["steps"],
        "parameters": record["parameters"],
        **profiled,
    }


def _recorded(path: Path) -> dict[str, Any]:
    """Of a twin whose checkpoint is not kept, what its training has measured; of rounded weights if it rounded them."""
    record = json.loads(path.read_text())
    return {
        "float": record.get("half", record["float"]),
        "steps": record["steps"],
        "parameters": record["parameters"],
    }


def main() -> None:
    """Everything, of this checkout."""
    os.environ |= dict.fromkeys(ONE_THREAD, "1")  # read by the processes, of which there is one a processor
    ship(Path("models"), Path("build"))


if __name__ == "__main__":
    faults.end(main)
