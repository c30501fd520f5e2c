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

from edgemoe import faults
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
from edgemoe.quant.profile import profile
from edgemoe.quant.quantise import PROFILED_IMAGES, float_state
from edgemoe.quant.scenes import load_prior, read_scene
from edgemoe.ranges import quantised, write_ranges
from edgemoe.tensors import INDEX, SUFFIX

STREET_SEED = VALIDATION.start + 100_004  # trees, people, a sign, a car and shadows in one picture
STREET_SIZE = (256, 512)
CALIBRATION_SCENES = 32
VALIDATION_SCENES = 512
RENDERED = 16  # scenes that a process renders at a time
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

    @property
    def package(self) -> Path:
        """Where its package is made; nothing but this module reads it there."""
        return self.work / f"package{SUFFIX}"


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


def make_package(member: Member) -> list[dict[str, Any]]:
    """Calibrates and quantises; leaves the package, and its ranges beside it. Returns the rows of its profile."""
    source = read_checkpoint(member.checkpoint)
    images, state = read_folder(member.calibration, source.config), float_state(source)
    ranges = calibrate(source.config, state, images)
    package = quantised(source, ranges, member.checkpoint)
    write_ranges(member.work / "ranges.json", ranges, source)
    packages.save(package, member.package)
    return profile(package, state, images[:PROFILED_IMAGES])


def measured(member: Member, key: str, seeds: range) -> tuple[Scores, Scores]:
    """As `measure`; from a file if an earlier run with the same `key` got so far."""
    path = member.work / SCORES / f"{key}-{seeds.start}.json"
    if not path.is_file():
        write(path, json.dumps([scores.to_dict() for scores in measure(member, seeds)]))
    integer, real = map(Scores.from_dict, json.loads(path.read_text()))
    return integer, real


def measuring_key(member: Member) -> str:
    """Changes with everything that figures may depend on: the models, the scenes, any line of this package. Removes
    what was measured with another one.
    """
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    key = digest(member.checkpoint, member.package, member.prior, *sources)[:16]
    for path in (member.work / SCORES).glob("*.json"):
        if not path.name.startswith(key):
            path.unlink()
    return key


def measure(member: Member, seeds: range) -> tuple[Scores, Scores]:
    """The integer model, with the prior, and the float model on some of the validation scenes."""
    package = packages.load(member.package)
    config = package.config
    size, classes = (config.height, config.width), len(config.classes)
    scenes = [read_scene(member.validation, str(seed), size, classes) for seed in seeds]
    model, _ = load_model(member.checkpoint)
    return (
        score(config, integer_model(package), scenes, load_prior(member.prior)),
        score(config, lambda image, task: predict(model, image, task)[0], scenes),
    )


def _merged(parts: Iterable[tuple[Scores, Scores]]) -> tuple[Scores, Scores]:
    (integer, real), *others = parts
    for more_integer, more_real in others:
        integer.merge(more_integer)
        real.merge(more_real)
    return integer, real


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
        profiles = pool.map(make_package, members)
        parts = [seeds[start : start + SCORED] for start in range(0, len(seeds), SCORED)]
        for member, rows in zip(members, profiles, strict=True):
            _keep(member, models)
            log(f"measuring {member.name} on {len(seeds)} scenes")
            scores = _merged(pool.map(partial(measured, member, measuring_key(member)), parts))
            figures[member.name] = _figures(member, models, rows, *scores)
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
    if member.package.stat().st_size <= PACKAGE_MOST:
        write(models / f"{member.name}.package{SUFFIX}", member.package.read_bytes(), "Package")
    else:
        write(models / f"{member.name}.ranges.json", (member.work / "ranges.json").read_bytes(), "Ranges")


def _figures(
    member: Member, models: Path, rows: list[dict[str, Any]], integer: Scores, real: Scores
) -> dict[str, Any]:
    package = packages.load(member.package)
    record = json.loads((models / f"{member.name}.json").read_text())
    return {
        "package_sha256": package.sha256,
        "integer": integer.figures(package.config),
        "float": real.figures(package.config),
        "steps": record["steps"],
        "parameters": record["parameters"],
        "worst_sqnr": [row for row in rows if "sqnr_db" in row][:3],
        "gate_agreement": [row for row in rows if "agreement" in row],
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
