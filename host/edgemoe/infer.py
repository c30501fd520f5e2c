# SPDX-License-Identifier: Apache-2.0
"""One image through one back end, without a comparison. All back ends leave the same files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemoe.backends import Backend, open_backend
from edgemoe.caches import build_root
from edgemoe.config import BuildConfig, ModelConfig
from edgemoe.folders import claim
from edgemoe.inputs import Picture, find_package, find_tasks, read_picture, room_bytes
from edgemoe.program import Workload, build_for
from edgemoe.program.figures import stage_figures
from edgemoe.progress import Progress
from edgemoe.report import saturation_sentence
from edgemoe.results import RESULT_FILES, TaskOutput, classes_of, write_arrays, write_decoded, write_results
from edgemoe.shipped import checkpoint_path, image_path

if TYPE_CHECKING:
    from edgemoe.decoder import Decoded, Decoder

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
    decoder: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Run an image; returns the folder with its pictures and arrays, and what ran.

    model: a shipped model's name, or a package's path; for the back end torch, a checkpoint's. board_name: the build;
    the first that holds the model if left out. dram: parameters of the simulated DRAM, for the back end rtl. overlay:
    the bitstream, for the back end board; that of the build in build/overlay/ if left out. decoder: `TASK=FILE` of ONNX
    graphs that take the features on the host. UserError for bad input or a
    folder that can't take the results, before anything runs.
    """
    folder = out or build_root() / "infer" / backend
    with claim(folder, RESULT_FILES, need_bytes=room_bytes(image_path(image))) as claimed:
        if backend == "torch":
            run: Callable[..., Answer] = partial(_float, decoder)
        elif backend == "board":
            run = partial(_board, decoder, overlay, board_name)
        else:
            run = partial(_integer, decoder, backend, board_name, dram)
        write, figures = run(model, image_path(image), task)
        claimed.fill(write, build_root() / "rescued")
    return {"backend": backend, "model": model, "out": str(folder), **figures}


def _integer(
    decoder: tuple[str, ...],
    backend: str,
    board_name: str | None,
    dram: Any,
    model: str,
    image: Path,
    task: str,
) -> Answer:
    _, package = find_package(model)
    decoders = _decoders(decoder, package.config, task)
    workload = Workload(package, build_for(package.config, board_name))
    picture = read_picture(image, package.config)
    with (
        Progress() as progress,
        closing(open_backend(backend, workload, dram=dram, progress=progress.step)) as machine,
    ):
        return _answer(machine, picture, task, decoders)


def _decoders(given: tuple[str, ...], config: ModelConfig, task: str) -> dict[str, Decoder]:
    """The graphs behind the tasks that run."""
    if not given:
        return {}
    from edgemoe.decoder import Decoder, read_rules

    return {name: Decoder(path, config) for name, path in read_rules(given, find_tasks(config, task)).items()}


def _board(
    decoder: tuple[str, ...], overlay: Path | None, board_name: str | None, model: str, image: Path, task: str
) -> Answer:
    from edgemoe.backends.board import Board

    _, package = find_package(model)
    decoders = _decoders(decoder, package.config, task)
    picture = read_picture(image, package.config)
    overlay = overlay or overlay_path(build_for(package.config, board_name))
    with closing(Board(package, overlay)) as machine:
        return _answer(machine, picture, task, decoders)


def overlay_path(build: BuildConfig) -> Path:
    """Where the overlay of a build lies unless one is named."""
    return build_root() / "overlay" / build.name / "edgemoe.bit"


def _answer(machine: Backend, picture: Picture, task: str, decoders: Mapping[str, Decoder]) -> Answer:
    package = machine.workload.package
    runs = {name: machine.run(picture.pixels, name) for name in find_tasks(package.config, task)}
    results = {name: TaskOutput(run.features, run.head) for name, run in runs.items()}
    scale = package.scale("residual")
    decoded = {name: own((runs[name].features * scale).astype(np.float32)) for name, own in decoders.items()}
    figures = {
        "board": machine.workload.build.name,
        "package": package.sha256,
        "image": picture.sha256,
        "task": {
            name: {"cycles": run.cycles, "seconds": run.seconds}
            | classes_of(package, name, results[name])
            | _cost(decoded.get(name))
            for name, run in runs.items()
        },
        "saturation": saturation_sentence(
            {"task": {name: {"stages": stage_figures(run)} for name, run in runs.items()}}
        ),
    }

    def leave(work: Path) -> None:
        write_results(work, package, picture.original, results)
        write_decoded(work, decoded)

    return leave, figures


def _cost(decoded: Decoded | None) -> dict[str, Any]:
    """`decoder` of a task's figures: multiply-accumulates, seconds on this machine and the shapes of its outputs."""
    if decoded is None:
        return {}
    shapes = {name: list(array.shape) for name, array in decoded.outputs.items()}
    return {"decoder": {"macs": decoded.macs, "seconds": decoded.seconds, "outputs": shapes}}


def decoder_sentences(figures: dict[str, Any]) -> list[str]:
    """What the decoders of a run cost, for a person: a line for each."""
    lines = []
    for task, its in figures["task"].items():
        if cost := its.get("decoder"):
            work = "unknown work" if cost["macs"] is None else f"{cost['macs']:,} multiply-accumulates"
            lines.append(f"{task}: decoded on the host, {work}, {1000 * cost['seconds']:.1f} ms here")
    return lines


def _float(decoder: tuple[str, ...], model: str, image: Path, task: str) -> Answer:
    from edgemoe.model.predict import load_model, predict

    network, config = load_model(checkpoint_path(model))
    picture = read_picture(image, config)
    tasks, decoders = find_tasks(config, task), _decoders(decoder, config, task)
    results = {name: predict(network, picture.pixels, name) for name in tasks}
    arrays = {name: array for name, (array, _) in results.items() if config.head != "none"}
    features = {name: values for name, (_, values) in results.items()}
    decoded = {name: own(features[name].astype(np.float32)) for name, own in decoders.items()}
    figures: dict[str, Any] = {
        "image": picture.sha256,
        "task": {name: _cost(decoded.get(name)) for name in tasks},
    }

    def leave(work: Path) -> None:
        write_arrays(work, picture.original, arrays, features)
        write_decoded(work, decoded)

    return leave, figures
