# SPDX-License-Identifier: Apache-2.0
"""What a network's choices are worth: each variant trained alike, quantised, and measured: `make accuracy`.

Writes docs/pictures/accuracy.json; `make tables` makes the page's tables of it. Checkpoints, records and scenes are
kept in build/accuracy and build/scenes, so that a run that was ended goes on; training `tiny` wants a GPU.
"""

import dataclasses
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click
import torch

from edgemoe import faults
from edgemoe.caches import build_root
from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import MODELS, ModelConfig, model_preset
from edgemoe.files import write
from edgemoe.model.scenes import CALIBRATION, VALIDATION
from edgemoe.model.train import TrainOptions, checkpoint_name, train_and_save
from edgemoe.powers import POWER_OF_TWO
from edgemoe.quant.calibrate import calibrate, read_folder
from edgemoe.quant.compare import scored, tokens_per_expert
from edgemoe.quant.profile import features_sqnr
from edgemoe.quant.quantise import float_state, make_package
from edgemoe.quant.recipe import Recipe
from edgemoe.quant.ship import CALIBRATION_SCENES, ONE_THREAD, scene_folder
from edgemoe.quant.weights import read_rules

FIGURES = Path(__file__).resolve().parent / "pictures" / "accuracy.json"
PROFILED, COUNTED = 4, 16
"""Scenes that features are compared on, and that the use of experts is counted on."""
RARE = 0.01
"""Of a layer's choices: an expert that gets less of them is hardly used."""
WIDTHS = {
    "W16A16": Recipe(weights=read_rules(["16"])),
    "W8A16": Recipe(),
    "W8A8": Recipe(act_bits=8),
}
Row = dict[str, Any]


VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "k2": ("a gate per task, k = 2", {}),
    "k4": ("a gate per task, k = 4", {"top_k": 4}),
    "embedding": ("one gate, told the task by an embedding, k = 2", {"gate": "task_embedding"}),
    "heads": ("a gate per task, k = 2; attention of 2 heads a token", {"top_heads": 2}),
    "powers": ("a gate per task, k = 2; experts of powers of two", {"expert_weights": POWER_OF_TWO}),
    "dense": ("dense, of equal compute to k = 2", {"experts": 0}),
}
"""What is said of a network, and what of the model's config it changes."""


def variant(model: str, name: str) -> ModelConfig:
    """That network, under a name of its own."""
    return dataclasses.replace(model_preset(model), name=f"{model}-{name}", **VARIANTS[name][1])


def float_row(config: ModelConfig, folder: Path) -> Row:
    """What a variant's training has measured of the weights that it left."""
    real = json.loads((folder / f"{config.name}.json").read_text())["half"]
    return {"widths": "float32", "scenes": real["scenes"], "miou": real["miou"], "rmse": real["rmse"]}


def keep(model: str, name: str, folder: Path, rows: list[Row]) -> None:
    """Puts a variant's rows into the record, in the place of older ones of these widths."""
    trained = json.loads((folder / f"{variant(model, name).name}.json").read_text())
    said = {"model": model, "variant": name, "said": VARIANTS[name][0]}
    said |= {field: trained[field] for field in ("parameters", "steps")}
    found: list[Row] = json.loads(FIGURES.read_text()) if FIGURES.is_file() else []
    by_place = {(row["model"], row["variant"], row["widths"]): row for row in found}
    for row in rows:
        place = (model, name, row["widths"])
        by_place[place] = by_place.get(place, {}) | said | row
    orders = (list(MODELS), list(VARIANTS), ["float32", *WIDTHS])
    record = sorted(
        by_place.items(), key=lambda item: [o.index(x) for o, x in zip(orders, item[0], strict=True)]
    )
    write(FIGURES, json.dumps([row for _, row in record], indent=1) + "\n")


def measure(config: ModelConfig, folder: Path, scenes: int, pool: ProcessPoolExecutor) -> list[Row]:
    """The rows of one trained variant: float32 as its training has measured it, then each width."""
    source = read_checkpoint(folder / checkpoint_name(config, half=True))
    state, build = float_state(source), build_root()
    seen = scene_folder("calibration", CALIBRATION[:CALIBRATION_SCENES], config, build, pool, click.echo)
    judged = scene_folder("validation", VALIDATION[:scenes], config, build, pool, click.echo)
    shown = read_folder(seen, config)[:CALIBRATION_SCENES]
    found = calibrate(config, state, shown, detailed=False)
    packages = {
        name: make_package(config, state, found, recipe, images=shown).package
        for name, recipe in WIDTHS.items()
    }
    unseen = read_folder(judged, config)[:COUNTED]
    used: Row = {}
    if config.experts:
        counts = [tokens for _, _, tokens in tokens_per_expert(packages["W8A16"], unseen)]
        shares = [layer.sum(axis=0) / layer.sum() for layer in counts]
        used = {
            "experts_of_an_image": round(
                sum(float((c > 0).sum(axis=1).mean()) for c in counts) / len(counts), 2
            ),
            "busiest": round(sum(float(share.max()) for share in shares) / len(shares), 4),
            "rare": round(sum(int((share < RARE).sum()) for share in shares) / len(shares), 2),
        }
    rows = [float_row(config, folder) | used]
    for name, scores in scored(config, packages, judged, VALIDATION[:scenes], pool).items():
        figures = scores.figures(config)
        decibel = features_sqnr(packages[name], state, unseen[:PROFILED])
        kept = {"scenes": scores.scenes, "miou": figures["miou"], "rmse": figures["rmse"]}
        rows.append({"widths": name, **kept, "features_db": round(decibel, 1)})
    return rows


@click.command()
@click.option("--model", default="tiny", show_default=True, type=click.Choice(list(MODELS)))
@click.option("--steps", default=2500, show_default=True, help="Of each training.")
@click.option("--pool", "size", default=20_000, show_default=True, help="Scenes that are trained on.")
@click.option("--scenes", default=512, show_default=True, help="Validation scenes.")
@click.option("--only", multiple=True, type=click.Choice(list(VARIANTS)), help="A variant; may be repeated.")
@click.option("--stage", type=click.Choice(["train", "measure"]), help="One of both.")
@click.option("--device", help="What torch computes on.")
@click.option("--processes", default=os.cpu_count(), show_default="processors")
def main(
    model: str,
    steps: int,
    size: int,
    scenes: int,
    only: tuple[str, ...],
    stage: str | None,
    device: str | None,
    processes: int,
) -> None:
    """Trains the variants that are not there yet, and measures all."""
    folder = build_root() / "accuracy"
    folder.mkdir(parents=True, exist_ok=True)
    configs = {name: variant(model, name) for name in only or VARIANTS}
    missing = [config for config in configs.values() if not (folder / f"{config.name}.json").is_file()]
    if stage != "measure" and missing:
        mixed = torch.cuda.is_available()
        options = TrainOptions(scenes=size, steps=steps, learning_rate=2e-3, validation=scenes, mixed=mixed)
        train_and_save(missing, options, folder, device, click.echo, half=True)
    if stage == "train":
        for name, config in configs.items():
            keep(model, name, folder, [float_row(config, folder)])
        return
    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for name, config in configs.items():
            rows = measure(config, folder, scenes, pool)
            for row in rows:
                click.echo(str({"variant": name} | row))
            keep(model, name, folder, rows)


if __name__ == "__main__":
    faults.end(partial(main, standalone_mode=False))
