# SPDX-License-Identifier: Apache-2.0
"""One image through one back end, without a comparison. All back ends leave the same files."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from edgemoe.backends import Backend, open_backend
from edgemoe.caches import build_root
from edgemoe.config import BuildConfig
from edgemoe.folders import claim
from edgemoe.inputs import Picture, find_package, find_tasks, read_picture, room_bytes
from edgemoe.program import Workload, build_for
from edgemoe.program.figures import stage_figures
from edgemoe.progress import Progress
from edgemoe.report import saturation_sentence
from edgemoe.results import RESULT_FILES, TaskOutput, classes_of, write_arrays, write_results
from edgemoe.shipped import checkpoint_path, image_path

Answer = tuple[Callable[[Path], None], dict[str, Any]]
"""What writes the results, and figures about the run."""


def infer(
    *,
    backend: str,
    model: str,
    board_name: str | None,
    image: Path | None,
    task: str,
    out: Path | None,
    dram: Any = None,
    overlay: Path | None = None,
) -> dict[str, Any]:
    """Run an image; returns the folder with its pictures and arrays, and what ran.

    model: a shipped model's name, or a package's path; for the back end torch, a checkpoint's. board_name: the build;
    the first that holds the model if left out. dram: parameters of the simulated DRAM, for the back end rtl. overlay:
    the bitstream, for the back end board; that of the build in build/overlay/ if left out. UserError for bad input or a
    folder that can't take the results, before anything runs.
    """
    folder = out or build_root() / "infer" / backend
    with claim(folder, RESULT_FILES, need_bytes=room_bytes(image_path(image))) as claimed:
        if backend == "torch":
            run: Callable[..., Answer] = _float
        elif backend == "board":
            run = partial(_board, overlay, board_name)
        else:
            run = partial(_integer, backend, board_name, dram)
        write, figures = run(model, image_path(image), task)
        claimed.fill(write, build_root() / "rescued")
    return {"backend": backend, "model": model, "out": str(folder), **figures}


def _integer(backend: str, board_name: str | None, dram: Any, model: str, image: Path, task: str) -> Answer:
    _, package = find_package(model)
    workload = Workload(package, build_for(package.config, board_name))
    picture = read_picture(image, package.config)
    with (
        Progress() as progress,
        closing(open_backend(backend, workload, dram=dram, progress=progress.step)) as machine,
    ):
        return _answer(machine, picture, task)


def _board(overlay: Path | None, board_name: str | None, model: str, image: Path, task: str) -> Answer:
    from edgemoe.backends.board import Board

    _, package = find_package(model)
    picture = read_picture(image, package.config)
    overlay = overlay or overlay_path(build_for(package.config, board_name))
    with closing(Board(package, overlay)) as machine:
        return _answer(machine, picture, task)


def overlay_path(build: BuildConfig) -> Path:
    """Where the overlay of a build lies unless one is named."""
    return build_root() / "overlay" / build.name / "edgemoe.bit"


def _answer(machine: Backend, picture: Picture, task: str) -> Answer:
    package = machine.workload.package
    runs = {name: machine.run(picture.pixels, name) for name in find_tasks(package.config, task)}
    results = {name: TaskOutput(run.features, run.head) for name, run in runs.items()}
    figures = {
        "board": machine.workload.build.name,
        "package": package.sha256,
        "image": picture.sha256,
        "task": {
            name: {"cycles": run.cycles, "seconds": run.seconds} | classes_of(package, name, results[name])
            for name, run in runs.items()
        },
        "saturation": saturation_sentence(
            {"task": {name: {"stages": stage_figures(run)} for name, run in runs.items()}}
        ),
    }
    return lambda work: write_results(work, package, picture.original, results), figures


def _float(model: str, image: Path, task: str) -> Answer:
    from edgemoe.model.predict import load_model, predict

    network, config = load_model(checkpoint_path(model))
    picture = read_picture(image, config)
    tasks = find_tasks(config, task)
    results = {name: predict(network, picture.pixels, name) for name in tasks}
    arrays = {name: array for name, (array, _) in results.items() if config.head != "none"}
    features = {name: values for name, (_, values) in results.items()}
    figures: dict[str, Any] = {"image": picture.sha256, "task": {name: {} for name in tasks}}
    return lambda work: write_arrays(work, picture.original, arrays, features), figures
