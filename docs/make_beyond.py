# SPDX-License-Identifier: Apache-2.0
"""The figures of the page on what goes beyond the paper: `make beyond`.

Writes docs/pictures/beyond.json, one model at a time, and the page's tables, which `beyond_tables` makes of it.
Scenes are rendered into build/scenes and kept.
"""

import dataclasses
import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click
import make_tables
import numpy as np
import torch
from numpy.typing import NDArray

from edgemoe import faults, shipped, sim
from edgemoe import package as packages
from edgemoe.backends import Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.caches import build_root
from edgemoe.checkpoint import read_checkpoint
from edgemoe.config import MODELS, ModelConfig, board
from edgemoe.cosim.compare import compare
from edgemoe.dense import Recipe as Joining
from edgemoe.dense import make_dense
from edgemoe.images import Pixels, fitted, read_image
from edgemoe.model.experts import settle
from edgemoe.model.m3vit import M3ViT
from edgemoe.model.predict import predict
from edgemoe.model.scenes import CALIBRATION, VALIDATION
from edgemoe.package import Package
from edgemoe.powers import POWER_OF_TWO, with_powers
from edgemoe.program import Workload
from edgemoe.program.figures import task_figures
from edgemoe.quant.evaluate import integer_model, score
from edgemoe.quant.quantise import float_state, quantise
from edgemoe.quant.scenes import Scene, read_scene
from edgemoe.quant.ship import CALIBRATION_SCENES, VALIDATION_SCENES, scene_folder
from edgemoe.sim.build import build_overlay
from edgemoe.tensors import SUFFIX

FIGURES = Path(__file__).resolve().parent / "pictures" / "beyond.json"
BOARD = "pynq-z2"
TASK = "segmentation"
PACKAGED = ("rounded", "average", "most used")
"""Variants that are quantised and run in RTL."""
State = dict[str, NDArray[np.float64]]
Row = dict[str, Any]
Log = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Network:
    """A float model; it is what `quantise` takes."""

    config: ModelConfig
    state: State

    def state_dict(self) -> State:
        """As PyTorch's models give theirs."""
        return self.state


def trained(name: str) -> Network:
    """A model of models/, or a dense twin."""
    folder = shipped.STREET.parent
    source = read_checkpoint(
        folder / f"{name}{SUFFIX}" if name.endswith("-dense") else shipped.checkpoint_path(name)
    )
    return Network(source.config, float_state(source))


def rounded(model: Network) -> Network:
    """With experts rounded to powers of two, which nothing has trained for."""
    config = dataclasses.replace(
        model.config, name=f"{model.config.name}-rounded", expert_weights=POWER_OF_TWO
    )
    return Network(config, with_powers(config, model.state))


def joined(model: Network, images: list[Pixels], joining: Joining) -> Network:
    """Dense, by `edgemoe.dense`."""
    config, state, _ = make_dense(model.config, model.state, images, joining)
    return Network(config, state)


def without(model: Network, images: list[Pixels]) -> Network:
    """With layers of experts adding nothing to their tokens: as good as a way of joining that is worth nothing."""
    dense = joined(model, images, Joining(fit=False))
    gone = {
        name: np.zeros_like(tensor) if name.partition(".mlp.")[0] in _moe_places(model.config) else tensor
        for name, tensor in dense.state.items()
    }
    return Network(dense.config, gone)


def _moe_places(config: ModelConfig) -> set[str]:
    return {f"blocks.{i}" for i in range(config.layers) if config.is_moe(i)}


def variants(model: Network, images: list[Pixels]) -> Iterator[tuple[str, Network]]:
    """Every row of the tables on `nano` that has to be made, by its key."""
    experts = model.config.experts
    yield "rounded", rounded(model)
    yield "average", joined(model, images, Joining())
    yield "average, not fitted", joined(model, images, Joining(fit=False))
    yield "most used", joined(model, images, Joining("most-used"))
    yield "most used, not fitted", joined(model, images, Joining("most-used", fit=False))
    yield "all side by side", joined(model, images, Joining("most-used", experts=experts))
    yield "left out", without(model, images)


def floats(model: Network, scenes: list[Scene]) -> Row:
    """mIoU and RMSE in floating point."""
    network = M3ViT(model.config).eval()
    network.load_state_dict({name: torch.tensor(t, dtype=torch.float32) for name, t in model.state.items()})
    settle(network)
    return _figures(
        model.config, score(model.config, lambda pixels, task: predict(network, pixels, task)[0], scenes)
    )


def integers(package: Package, scenes: list[Scene]) -> Row:
    """mIoU and RMSE of a package, as `edgemoe eval` has them."""
    return _figures(package.config, score(package.config, integer_model(package), scenes))


def _figures(config: ModelConfig, scores: Any) -> Row:
    found = scores.figures(config)
    return {name: round(found[name], 4) for name in ("miou", "rmse")}


def cycles(package: Package) -> Row:
    """One street through the RTL of the smallest board, compared bit by bit. Tokens of each expert and the output's
    digest show that runs of equal cycles are different runs."""
    build = board(BOARD)
    device = sim.activate()
    device.wait_limit = 10_000_000
    workload = Workload(package, build)
    backend = Rtl(workload, build_overlay(build).bitstream)
    pixels = fitted(read_image(shipped.STREET), package.config)
    run = backend.run(pixels, TASK)
    backend.close()
    result = compare(Golden(workload).run(pixels, TASK), run)
    if result.mismatches:
        raise SystemExit(f"{package.config.name}: {result.mismatches} mismatches, first {result.first}")
    assert run.traffic is not None
    task = task_figures(run)
    return {
        "backbone": task["backbone_cycles"],
        "read": run.traffic.read_bytes,
        "tokens": [entry["tokens"] for entry in task["experts"]],
        "output_sha256": hashlib.sha256(bytes(run.output)).hexdigest()[:16],
    }


def bytes_of(package: Package) -> Row:
    """Bytes of all weights and of the experts' alone."""
    weights = {
        name: tensor.nbytes for name, tensor in package.tensors.items()
        if name.endswith(".weight") and f"{name}_scale" in package.tensors
    }  # fmt: skip
    experts = sum(size for name, size in weights.items() if ".moe.experts." in name)
    return {"weights": sum(weights.values()), "experts": experts}


def measure(name: str, log: Log) -> dict[str, Row]:
    """Everything of a shipped model but what training and `make models` leave."""
    model = trained(name)
    images, scenes = _scenes(model.config, log)
    made = dict(variants(model, images)) if name == "nano" else {"rounded": rounded(model)}
    rows: dict[str, Row] = {}
    for key, network in made.items():
        rows[key] = {"float": floats(network, scenes)}
        log(f"{name}, {key}: {json.dumps(rows[key])}")
    if name == "nano":
        for key in PACKAGED:
            package = quantise(made[key], images, {})
            rows[key] |= in_hardware(package) | {"integers": integers(package, scenes)}
            log(f"{name}, {key}: {json.dumps(rows[key])}")
        rows["experts"] = in_hardware(packages.load(shipped.package_path(name, log)))
        rows["twin"] = in_hardware(quantise(trained(f"{name}-dense"), images, {}))
    return rows


def in_hardware(package: Package) -> Row:
    """What a package takes of time and memory."""
    return cycles(package) | bytes_of(package)


def _scenes(config: ModelConfig, log: Log) -> tuple[list[Pixels], list[Scene]]:
    """The calibration's images and the validation's scenes."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        render = partial(scene_folder, config=config, build=build_root(), pool=pool, log=log)
        calibration = render("calibration", CALIBRATION[:CALIBRATION_SCENES])
        validation = render("validation", VALIDATION[:VALIDATION_SCENES])
    size, classes = (config.height, config.width), len(config.classes)
    seeds = VALIDATION[:VALIDATION_SCENES]
    images = [
        fitted(read_image(calibration / f"{seed}.png"), config) for seed in CALIBRATION[:CALIBRATION_SCENES]
    ]
    return images, [read_scene(validation, str(seed), size, classes) for seed in seeds]


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(MODELS)))
def main(names: tuple[str, ...]) -> None:
    """Measure the models that are named, or all, and write."""
    torch.set_num_threads(1)  # two threads of so small a network wait for each other
    kept = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    for name in names or MODELS:
        kept[name] = measure(name, click.echo)
        FIGURES.write_text(json.dumps(kept, indent=1) + "\n")
    page = "explanation/beyond.md"
    (make_tables.DOCS / page).write_text(make_tables.rendered(page))


if __name__ == "__main__":
    faults.end(partial(main, standalone_mode=False))
