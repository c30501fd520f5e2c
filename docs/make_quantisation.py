# SPDX-License-Identifier: Apache-2.0
"""The figures of the page on quantisation, of the trained models: `make quantisation`.

Writes docs/pictures/quantisation.json, one part at a time, and the page's tables. The parts that are named are measured
again, or all; scenes are rendered into build/scenes and kept.
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from matplotlib import cbook
from numpy.typing import NDArray
from PIL import Image

from edgemoe import checkpoint, faults, shipped
from edgemoe.caches import build_root
from edgemoe.config import MODELS, ModelConfig
from edgemoe.golden.model import forward
from edgemoe.images import Pixels, fitted
from edgemoe.model.scenes import CALIBRATION, VALIDATION
from edgemoe.package import Package
from edgemoe.quant.calibrate import calibrate, read_folder
from edgemoe.quant.compare import scored
from edgemoe.quant.means import input_moments
from edgemoe.quant.profile import Ratio, Runner, features_sqnr
from edgemoe.quant.quantise import float_state, make_package
from edgemoe.quant.recipe import Recipe
from edgemoe.quant.report import far_images
from edgemoe.quant.search import chosen, measured
from edgemoe.quant.ship import CALIBRATION_SCENES, ONE_THREAD, scene_folder
from edgemoe.quant.weights import layer_bits, weight_bytes
from edgemoe.ranges import Ranges

FIGURES = Path(__file__).resolve().parent / "pictures" / "quantisation.json"
PROFILED, SEEN = 4, 8
"""Scenes that features are compared on, none of them the calibration's; scenes of a short calibration."""
FAR = {"default": Recipe(), "margin3": Recipe(margin=3.0), "margin1.5": Recipe(margin=1.5, bounds=False)}
EVERY16 = (("*", 16),)
ACCURACY = {
    "W16A16": Recipe(weights=EVERY16),
    "W8A16": Recipe(),
    "W8A16, rounded to nearest": Recipe(rounding="nearest"),
    "W8A16, smoothed": Recipe(smooth=True),
    "W8A8": Recipe(act_bits=8),
    "W8A8, smoothed": Recipe(act_bits=8, smooth=True),
}
WAYS: dict[str, dict[str, Any]] = {
    "greatest, margin 6 and bounds": {},
    "greatest, margin 1.5": {"margin": 1.5, "bounds": False},
    "MSE": {"ranges_by": "mse"},
    "99.999 %": {"ranges_by": "percentile", "percentile": 99.999},
    "99.99 %": {"ranges_by": "percentile", "percentile": 99.99},
    "99.9 %": {"ranges_by": "percentile", "percentile": 99.9},
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """A shipped model as floats, with scenes."""

    config: ModelConfig
    state: dict[str, NDArray[np.float64]]
    path: Path
    scenes: list[Pixels]  # of the calibration
    unseen: list[Pixels]

    def package(self, found: Ranges, recipe: Recipe, images: list[Pixels]) -> Package:
        """Made of ranges, and of the images that they are of."""
        return make_package(self.config, self.state, found, recipe, images=images).package

    def decibels(self, package: Package, images: list[Pixels]) -> float:
        """Features of some images together."""
        return round(features_sqnr(package, self.state, images), 1)


def trained(name: str, pool: ProcessPoolExecutor) -> Trained:
    """The model and its scenes, rendered if they are missing."""
    path = shipped.checkpoint_path(name)
    source = checkpoint.read_checkpoint(path)
    config = source.config
    folders = [
        scene_folder(kind, seeds, config, build_root(), pool, click.echo)
        for kind, seeds in (
            ("calibration", CALIBRATION[:CALIBRATION_SCENES]),
            ("validation", VALIDATION[:PROFILED]),
        )
    ]
    scenes, unseen = (read_folder(folder, config) for folder in folders)
    return Trained(config, float_state(source), path, scenes[:CALIBRATION_SCENES], unseen[:PROFILED])


def photographs(config: ModelConfig) -> list[Pixels]:
    """Pieces of the photograph that comes with matplotlib (Grace Hopper, public domain), at a model's size."""
    with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as file:
        photo = np.asarray(file.convert("RGB"))
    height, width = photo.shape[:2]
    found = []
    for share in (1.0, 0.6, 0.35):
        wide = int(width * share)
        high = wide * config.height // config.width
        for down in (0.0, 0.5, 1.0):
            for across in (0.1, 0.9):
                top, left = int((height - high) * down), int((width - wide) * across)
                piece = np.ascontiguousarray(photo[top : top + high, left : left + wide])
                found.append(fitted(piece, config))
    return found


def far_rows(model: Trained) -> Iterator[Row]:
    """What images far from the calibration's lose by smaller margins, however little calibration has seen."""
    photos = photographs(model.config)
    shown = {name: [image] for name, image in far_images(model.config).items()}
    size = (model.config.height, model.config.width, 3)
    noise = [np.random.default_rng(seed).integers(0, 256, size, np.uint8) for seed in range(PROFILED)]
    shown |= {"noise": noise, "scenes": model.unseen, "photographs": photos[2:6]}
    for kind, images in {
        "1 scene": model.scenes[:1],
        f"{len(model.scenes)} scenes": model.scenes,
        "1 photograph": photos[:1],
        f"{len(photos)} photographs": photos,
    }.items():
        found = calibrate(model.config, model.state, images)
        runners = [Runner(model.package(found, recipe, images), taps=False) for recipe in FAR.values()]
        for name, pictures in shown.items():
            found_by = dict(zip(FAR, _features(model, runners, pictures), strict=True))
            yield {
                "calibrated": kind,
                "images": name,
                **{f"{of}_db": value for of, (value, _) in found_by.items()},
                **{f"{of}_clipped": count for of, (_, count) in found_by.items()},
            }


def _features(model: Trained, runners: list[Runner], images: list[Pixels]) -> list[tuple[float, int]]:
    """Of each runner dB of the features of all images, and values that were clipped for their range: scores, whose
    format is fixed, are clipped in every package of a model and are not counted.
    """
    totals, clipped = [Ratio() for _ in runners], [0 for _ in runners]
    fixed = "blocks.0.attn.context" if model.config.name == "tiny" else ""
    for image in images:
        for task in model.config.tasks:
            exact = forward(model.config, model.state, image, task)["features"]
            for number, runner in enumerate(runners):
                run = runner.finished(image, task)
                value = runner.programs[task].features(run.output)
                totals[number].add(exact, value * runner.workload.package.scale("residual"))
                counts = runner.clipped(run, task)
                clipped[number] += sum(count for stage, count in counts.items() if stage != fixed)
    return [(round(total.decibel, 1), count) for total, count in zip(totals, clipped, strict=True)]


def ways_rows(model: Trained) -> Iterator[Row]:
    """Features of unseen scenes by what a range is, for each width of activations."""
    found = calibrate(model.config, model.state, model.scenes[:SEEN])
    for name, changes in WAYS.items():
        row: Row = {"ranges": name}
        for bits in (16, 8):
            if bits == 8 and name == "greatest, margin 6 and bounds":
                recipe = Recipe(act_bits=8)
            else:
                recipe = Recipe(act_bits=bits, **changes)
            row[f"W8A{bits}_db"] = model.decibels(
                model.package(found, recipe, model.scenes[:SEEN]), model.unseen
            )
        yield row


def budget_rows(model: Trained) -> Iterator[Row]:
    """Features of unseen scenes by the bytes that weights may take."""
    config, scenes = model.config, model.scenes[:SEEN]
    found, bits = calibrate(config, model.state, scenes), layer_bits(config, ())
    means = found.means(config)
    moments = input_moments(config, model.state, scenes, means)
    candidates = measured(config, model.state, scenes, bits, means, moments)
    least, most = (weight_bytes(config, layer_bits(config, rules)) for rules in ((), EVERY16))
    for share in (0.0, 0.1, 0.25, 0.5, 1.0):
        spent = chosen(config, bits, candidates, round(least + share * (most - least)))
        package = model.package(found, Recipe(weights=tuple(spent.bits.items())), scenes)
        taken = [" and ".join(choice.layers) for choice in spent.choices if choice.taken]
        yield {
            "share": share,
            "bytes": spent.bytes,
            "db": model.decibels(package, model.unseen),
            "first": taken[:3],
            "layers": len(taken),
        }


def accuracy_rows(model: Trained, pool: ProcessPoolExecutor, count: int) -> Iterator[Row]:
    """Both tasks on validation scenes, by widths; calibrated as the shipped packages are."""
    folder = scene_folder("validation", VALIDATION[:count], model.config, build_root(), pool, click.echo)
    found = calibrate(model.config, model.state, model.scenes)
    packages = {name: model.package(found, recipe, model.scenes) for name, recipe in ACCURACY.items()}
    seeds = VALIDATION[:count]
    totals = scored(model.config, packages, folder, seeds, pool, checkpoint=model.path)
    for name, scores in totals.items():
        row: Row = {"widths": name, "scenes": scores.scenes, "miou": scores.own.miou, "rmse": scores.own.rmse}
        if name in packages:
            row["features_db"] = model.decibels(packages[name], model.unseen)
        yield row


def keep(part: str, model: str, rows: list[Row]) -> None:
    """Puts a model's rows of a part into the record, in the place of older ones."""
    record: dict[str, list[Row]] = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    others = [row for row in record.get(part, []) if row["model"] != model]
    merged = [*others, *({"model": model, **row} for row in rows)]
    record[part] = sorted(merged, key=lambda row: list(MODELS).index(row["model"]))
    FIGURES.write_text(json.dumps(record, indent=1) + "\n")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(["far", "ways", "budget", "accuracy"]))
@click.option(
    "--model", "names", multiple=True, type=click.Choice(list(MODELS)), help="One of them; may be repeated."
)
@click.option("--scenes", default=512, show_default=True, help="Validation scenes of the accuracy.")
@click.option("--processes", default=os.cpu_count(), show_default="processors")
def main(parts: tuple[str, ...], names: tuple[str, ...], scenes: int, processes: int) -> None:
    """Measures the parts that are named, or all, of the models that are named, or all."""
    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        work: dict[str, Callable[[Trained], Iterator[Row]]] = {
            "far": far_rows,
            "ways": ways_rows,
            "budget": budget_rows,
            "accuracy": lambda model: accuracy_rows(model, pool, scenes),
        }
        for name in names or MODELS:
            model = trained(name, pool)
            for part in parts or work:
                rows = []
                for row in work[part](model):
                    click.echo(f"{part} {name} {row}")
                    rows.append(row)
                keep(part, name, rows)


if __name__ == "__main__":
    faults.end(partial(main, standalone_mode=False))
