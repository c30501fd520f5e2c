# SPDX-License-Identifier: Apache-2.0
"""What the integer model reaches on rendered scenes: mIoU and depth RMSE, on the golden machine; needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgemoe import outputs, shipped
from edgemoe import package as packages
from edgemoe.config import MODELS, TASKS, ModelConfig
from edgemoe.errors import UserError
from edgemoe.model.metrics import Prior, Score
from edgemoe.package import Package
from edgemoe.progress import Progress
from edgemoe.quant.profile import Pixels, Runner
from edgemoe.quant.scenes import Scene, load_prior, read_scenes

Step = Callable[[int, int], None]
Answer = Callable[[Pixels, str], NDArray[Any]]
"""Image (height, width, 3), task -> labels, or metres (height, width)."""


@dataclass
class Scores:
    """What a model, and the prior if there is one, reach on the same scenes."""

    own: Score
    prior: Score | None
    scenes: int = 0

    @classmethod
    def empty(cls, config: ModelConfig, prior: Prior | None) -> Scores:
        """UserError if the prior is of another model."""
        size, classes = (config.height, config.width), len(config.classes)
        if prior is not None and (prior.label.shape != size or prior.label.max() >= classes):
            raise UserError(
                f"The prior is {'×'.join(map(str, prior.label.shape))} with labels up to {prior.label.max()}; the "
                f"model is {config.height}×{config.width} with {classes} classes."
            )
        return cls(Score(classes), None if prior is None else Score(classes))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        prior = None if self.prior is None else self.prior.to_dict()
        return {"own": self.own.to_dict(), "prior": prior, "scenes": self.scenes}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Scores:
        """The inverse of `to_dict`."""
        prior = None if data["prior"] is None else Score.from_dict(data["prior"])
        return cls(Score.from_dict(data["own"]), prior, data["scenes"])

    def merge(self, other: Scores) -> None:
        """Adds those of other scenes."""
        self.own.merge(other.own)
        if self.prior is not None and other.prior is not None:
            self.prior.merge(other.prior)
        self.scenes += other.scenes

    def figures(self, config: ModelConfig) -> dict[str, Any]:
        """mIoU, IoU per class and RMSE in metres."""
        own: dict[str, Any] = {
            "scenes": self.scenes,
            "miou": self.own.miou,
            "iou": dict(zip(config.classes, self.own.iou, strict=True)),
            "rmse": self.own.rmse,
        }
        if self.prior is not None:
            own |= {"prior_miou": self.prior.miou, "prior_rmse": self.prior.rmse}
        return own


def score(
    config: ModelConfig,
    answer: Answer,
    scenes: list[Scene],
    prior: Prior | None = None,
    step: Step = lambda done, total: None,
) -> Scores:
    """Counts what a model, integer or float, answers to scenes.

    step: told how many scenes of all are done.
    """
    scores = Scores.empty(config, prior)
    for done, (image, label, depth) in enumerate(scenes):
        step(done, len(scenes))
        scores.own.add_labels(answer(image, "segmentation"), label)
        scores.own.add_depth(answer(image, "depth"), depth, label)
        if prior is not None and scores.prior is not None:
            scores.prior.add_labels(prior.label, label)
            scores.prior.add_depth(prior.depth, depth, label)
        scores.scenes += 1
    step(len(scenes), len(scenes))
    return scores


def integer_model(package: Package) -> Answer:
    """A package on the golden machine: image, task -> labels, or metres."""
    config, runner = package.config, Runner(package, taps=False)

    def answer(image: Pixels, task: str) -> NDArray[Any]:
        head = runner.programs[task].head(runner.run(image, task))
        return outputs.decoded(config, task, head, package.scale(f"heads.{task}.out"))

    return answer


def evaluate(
    package: Package, scenes: list[Scene], prior: Prior | None = None, step: Step = lambda done, total: None
) -> dict[str, Any]:
    """mIoU, IoU per class and RMSE in metres of the integer model, and of the prior if there is one."""
    Scores.empty(package.config, prior)  # a wrong prior shows before the work
    return score(package.config, integer_model(package), scenes, prior, step).figures(package.config)


def evaluate_package(given: Path, data: Path, step: Step = lambda done, total: None) -> dict[str, Any]:
    """The figures of a package on a folder of scenes, as `evaluate`, with `package`, `sha256`, `model` and `data`.

    given: the package, or the name of a shipped model. The prior is the one shipped for the model, if there is one.
    """
    package = packages.load(shipped.named_package(given, Progress().note))
    config = package.config
    if not config.is_of_scenes:
        raise UserError(
            f"{given} answers {', '.join(config.tasks)}; scenes have labels for the tasks {' and '.join(TASKS)} of a "
            "model whose head is 'pixels'."
        )
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
    """models/figures.json as a table in Markdown: the trained models beside their dense twins and the prior."""
    names = [name for name in MODELS if name in figures]
    rows = [row for name in names for row in _accuracy_rows(name, figures)]
    lines = [
        f"On {figures[names[0]]['integer']['scenes']} validation scenes, rendered from seeds that training never saw:",
        "",
        "| | mIoU | depth RMSE |",
        "|---|---|---|",
        *[f"| {name} | {miou:.3f} | {rmse:.2f} m |" for name, miou, rmse in rows],
    ]
    return "\n".join(lines) + "\n"


def _accuracy_rows(name: str, figures: dict[str, Any]) -> list[tuple[str, float, float]]:
    """One model, its twin (in floating point where it has no package) and its prior."""
    config, own, twin = MODELS[name], figures[name]["integer"], figures[f"{name}-dense"]
    kind = "integer" if "integer" in twin else "float"
    words = {"integer": "integers", "float": "floating point"}[kind]
    return [
        (f"`{name}`, {config.height}×{config.width}, integers", own["miou"], own["rmse"]),
        (f"its dense twin, {words}", twin[kind]["miou"], twin[kind]["rmse"]),
        ("per-pixel prior of the training scenes", own["prior_miou"], own["prior_rmse"]),
    ]
