# SPDX-License-Identifier: Apache-2.0
"""Makes what `models/` holds from the checkpoints there: the package, the street image and the figures.

    python -m edgemoe.quant.ship

Prints how good the models are: the README's table. Rendered scenes are kept in build/scenes, so that a second run
takes a minute.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgemoe import faults
from edgemoe import package as packages
from edgemoe.config import ModelConfig, model_preset
from edgemoe.files import write
from edgemoe.images import write_png
from edgemoe.model.scenes import CALIBRATION, VALIDATION, render, write_scenes
from edgemoe.quant.evaluate import accuracy_table, evaluate
from edgemoe.quant.quantise import quantize_checkpoint
from edgemoe.quant.scenes import load_prior, read_scenes

STREET_SEED = VALIDATION.start + 100_004  # trees, people, a sign, a car and shadows in one picture
STREET_SIZE = (256, 512)
CALIBRATION_SCENES = 32
VALIDATION_SCENES = 256

Log = Callable[[str], None]


def write_street(path: Path) -> None:
    """The image that commands take when they are given none: larger than the models' input."""
    batch = render([STREET_SEED], *STREET_SIZE, model_preset("nano").depth_range)
    write_png(batch.image[0].permute(1, 2, 0).numpy(), path)


def scene_folder(name: str, seeds: range, config: ModelConfig, build: Path, log: Log) -> Path:
    """Renders the scenes of `seeds` that `build`/scenes/`name` lacks."""
    folder = build / "scenes" / name
    missing = [seed for seed in seeds if not (folder / f"{seed}.png").is_file()]
    if missing:
        log(f"rendering {len(missing)} scenes into {folder}")
        write_scenes(
            missing[0], seeds.stop - missing[0], folder, config.height, config.width, config.depth_range
        )
    return folder


def ship(models: Path, build: Path, log: Log = print) -> dict[str, Any]:
    """Writes nano.package.safetensors, street.png and figures.json to `models`; returns the figures."""
    config = model_preset("nano")
    write_street(models / "street.png")
    calibration = scene_folder("calibration", CALIBRATION[:CALIBRATION_SCENES], config, build, log)
    seeds = VALIDATION[:VALIDATION_SCENES]
    scenes = read_scenes(scene_folder("validation", seeds, config, build, log), config.height, config.width)
    prior = load_prior(models / "nano.prior.npz")
    figures: dict[str, Any] = {"validation_seeds": [seeds.start, seeds.stop]}
    for name, out in (
        ("nano", models / "nano.package.safetensors"),
        ("nano-dense", build / "nano-dense.package.safetensors"),
    ):
        report = build / "quant" / name
        quantize_checkpoint(models / f"{name}.safetensors", calibration, out, report)
        rows = json.loads((report / "profile.json").read_text())
        record = json.loads((models / f"{name}.json").read_text())
        package = packages.load(out)
        log(f"measuring {name} on {len(scenes)} scenes")
        figures[name] = {
            "package_sha256": package.sha256,
            "integer": evaluate(package, scenes, prior),
            "float": record["float"],
            "steps": record["steps"],
            "parameters": record["parameters"],
            "worst_sqnr": [row for row in rows if "sqnr_db" in row][:3],
            "gate_agreement": [row for row in rows if "agreement" in row],
        }
    write(models / "figures.json", json.dumps(figures, indent=1) + "\n")
    log(accuracy_table(figures))
    return figures


def main() -> None:
    """Everything, of this checkout."""
    ship(Path("models"), Path("build"))


if __name__ == "__main__":
    faults.end(main)
