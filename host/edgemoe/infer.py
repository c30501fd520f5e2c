# SPDX-License-Identifier: Apache-2.0
"""One image through one back end, without a comparison. All back ends leave the same files."""

from pathlib import Path

from edgemoe.backends import open_backend
from edgemoe.config import BuildConfig, board
from edgemoe.inputs import find_package, find_tasks, read_picture
from edgemoe.program import Workload
from edgemoe.results import TaskOutput, write_arrays, write_results
from edgemoe.shipped import checkpoint_path, image_path


def infer(
    *, backend: str, model: str, board_name: str, image: Path | None, task: str, out: Path | None
) -> Path:
    """Run an image and return the folder with its pictures and arrays.

    model: a shipped model's name, or a package's path; for the back end torch, a checkpoint's.
    """
    folder = out or Path("build/infer") / backend
    if backend == "torch":
        _infer_float(model, image, task, folder)
    else:
        _infer_integer(backend, model, board(board_name), image, task, folder)
    return folder


def _infer_integer(
    backend: str, model: str, build: BuildConfig, image: Path | None, task: str, folder: Path
) -> None:
    _, package = find_package(model)
    workload = Workload(package, build)
    picture = read_picture(image_path(image), package.config)
    machine = open_backend(backend, workload)
    try:
        runs = {name: machine.run(picture.pixels, name) for name in find_tasks(task)}
    finally:
        machine.close()
    results = {name: TaskOutput(run.features, run.head) for name, run in runs.items()}
    write_results(folder, package, picture.original, results)


def _infer_float(model: str, image: Path | None, task: str, folder: Path) -> None:
    from edgemoe.model.predict import load_model, predict

    network, config = load_model(checkpoint_path(model))
    picture = read_picture(image_path(image), config)
    results = {name: predict(network, picture.pixels, name) for name in find_tasks(task)}
    arrays = {name: array for name, (array, _) in results.items()}
    features = {name: values for name, (_, values) in results.items()}
    write_arrays(folder, picture.original, arrays, features)
