# SPDX-License-Identifier: Apache-2.0
"""What the integer model reaches on rendered scenes: mIoU and depth RMSE, on the golden machine; needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgemoe import outputs, shipped
from edgemoe import package as packages
from edgemoe.errors import UserError
from edgemoe.model.metrics import Prior, Score
from edgemoe.package import Package
from edgemoe.progress import Progress
from edgemoe.quant.profile import Runner
from edgemoe.quant.scenes import Scene, load_prior, read_scenes

Step = Callable[[int, int], None]


def evaluate(
    package: Package, scenes: list[Scene], prior: Prior | None = None, step: Step = lambda done, total: None
) -> dict[str, Any]:
    """mIoU, IoU per class and RMSE in metres of the integer model, and of the prior if there is one.

    step: told how many scenes of all are done.
    """
    config = package.config
    size = (config.height, config.width)
    if prior is not None and (prior.label.shape != size or prior.label.max() >= len(config.classes)):
        raise UserError(
            f"The prior is {'×'.join(map(str, prior.label.shape))} with labels up to {prior.label.max()}; the model is "
            f"{config.height}×{config.width} with {len(config.classes)} classes."
        )
    runner = Runner(package, taps=False)
    own, yardstick = Score(len(config.classes)), Score(len(config.classes))
    for done, (image, label, depth) in enumerate(scenes):
        step(done, len(scenes))
        parts = {}
        for task, program in runner.programs.items():
            parts[task] = outputs.maps(program.head(runner.run(image, task)), config.grid, config.patch)
        own.add_labels(outputs.labels(parts["segmentation"]), label)
        scale = package.scale("heads.depth.out")
        own.add_depth(outputs.metres(parts["depth"], scale, config.depth_range), depth, label)
        if prior is not None:
            yardstick.add_labels(prior.label, label)
            yardstick.add_depth(prior.depth, depth, label)
    step(len(scenes), len(scenes))
    result: dict[str, Any] = {
        "scenes": len(scenes),
        "miou": own.miou,
        "iou": dict(zip(config.classes, own.iou, strict=True)),
        "rmse": own.rmse,
    }
    if prior is not None:
        result |= {"prior_miou": yardstick.miou, "prior_rmse": yardstick.rmse}
    return result


def evaluate_package(given: Path, data: Path, step: Step = lambda done, total: None) -> dict[str, Any]:
    """The figures of a package on a folder of scenes, as `evaluate`, with `package`, `sha256`, `model` and `data`.

    given: the package, or the name of a shipped model. The prior is the one shipped for the model, if there is one.
    """
    package = packages.load(shipped.named_package(given, Progress().note))
    config = package.config
    scenes = read_scenes(data, config.height, config.width, len(config.classes))
    prior = shipped.prior_path(config.name)
    figures = evaluate(package, scenes, None if prior is None else load_prior(prior), step)
    said = {"package": str(given), "sha256": package.sha256, "model": config.name, "data": str(data)}
    return said | figures


def text(figures: dict[str, Any]) -> str:
    """What `evaluate_package` found, for a person."""
    with_prior = "prior_miou" in figures

    def line(name: str, own: str, prior: str) -> str:
        return f"{name:<16}{own:>9}{prior if with_prior else '':>9}".rstrip()

    lines = [
        f"{figures['package']}: integer model on {figures['scenes']} scenes of {figures['data']}",
        line("", "model", "prior"),
        line("mIoU", f"{figures['miou']:.3f}", f"{figures.get('prior_miou', 0):.3f}"),
        *(line(f"  {name}", f"{value:.3f}", "") for name, value in figures["iou"].items()),
        line("depth RMSE", f"{figures['rmse']:.2f} m", f"{figures.get('prior_rmse', 0):.2f} m"),
        "",
        "The sky has no depth and is left out of it.",
    ]
    if with_prior:
        lines[-1] += " The prior answers every image with the training scenes' mean, pixel by pixel."
    return "\n".join(lines)


def accuracy_table(figures: dict[str, Any]) -> str:
    """models/figures.json as a table in Markdown: the trained models beside the prior."""
    nano, dense = figures["nano"]["integer"], figures["nano-dense"]["integer"]
    rows = [
        ("`nano`, integers", nano["miou"], nano["rmse"]),
        ("its dense twin, integers", dense["miou"], dense["rmse"]),
        ("per-pixel prior of the training scenes", nano["prior_miou"], nano["prior_rmse"]),
    ]
    lines = [
        f"On {nano['scenes']} validation scenes, rendered from seeds that training never saw:",
        "",
        "| | mIoU | depth RMSE |",
        "|---|---|---|",
        *[f"| {name} | {miou:.3f} | {rmse:.2f} m |" for name, miou, rmse in rows],
    ]
    return "\n".join(lines) + "\n"
