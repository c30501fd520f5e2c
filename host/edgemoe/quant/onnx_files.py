# SPDX-License-Identifier: Apache-2.0
"""`edgemoe onnx`: a checkpoint or a package as ONNX files, and how closely each agrees with what it was made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgemoe import outputs, shipped
from edgemoe.checkpoint import is_index
from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.files import check_target, open_regular, write
from edgemoe.images import fitted, read_image
from edgemoe.package import FORMAT, Package, load
from edgemoe.quant.graph import PRODUCER
from edgemoe.quant.profile import Ratio, Runner
from edgemoe.quant.qdq import OUTPUTS, qdq_model
from edgemoe.tensors import read_header

Step = Callable[[str], None]
Pixels = NDArray[np.uint8]


def onnx_files(
    given: str, out: Path, image: Path | None = None, step: Step = lambda what: None
) -> dict[str, Any]:
    """Writes `<model>.<task>.onnx`, of a package `<model>.<task>.qdq.onnx`, for every task.

    Args:
        given: a checkpoint or a package; the name of a shipped model stands for its package.
        out: the folder; nothing else in it is touched.
        image: what the agreement is measured on; the shipped street if left out.

    Returns:
        `files`: by path of each file what `agreement_of_package` or `agreement_of_float` says, and `task`.

    Raises:
        UserError: bad input, or another file has the name of one that would be written; before any is.
    """
    package = _package(given)
    if package is not None:
        makers: dict[str, Callable[[], tuple[onnx.ModelProto, dict[str, Any]]]] = {
            task: lambda task=task: _of_package(package, task, image)  # type: ignore[misc]
            for task in package.config.tasks
        }
        config, end = package.config, ".qdq.onnx"
    else:
        from edgemoe.model.checkpoint import load_checkpoint
        from edgemoe.quant.onnx_float import float_model

        model, _ = load_checkpoint(Path(given))
        config, end = model.config, ".onnx"
        makers = {
            task: lambda task=task: _of_float(float_model(model, task), model, task, image)  # type: ignore[misc]
            for task in config.tasks
        }
    paths = {task: out / f"{config.name}.{task}{end}" for task in config.tasks}
    for path in paths.values():
        check_target(path, "ONNX file", _check_is_ours, need_bytes=8 * config.weights)
    files = {}
    for task, path in paths.items():
        step(f"making {path.name}")
        made, figures = makers[task]()
        write(path, made.SerializeToString(), "ONNX file")
        files[str(path)] = {"task": task, **figures}
    return {"model": config.name, "files": files}


def text(found: dict[str, Any]) -> str:
    """What `onnx_files` did, for a person."""
    return "\n".join(f"{path}: {figures['agreement']}" for path, figures in found["files"].items())


def agreement_of_package(
    package: Package, task: str, pixels: Pixels, model: onnx.ModelProto
) -> dict[str, Any]:
    """ONNX Runtime against the golden model, in steps of the integer tensors.

    `features_db`: SQNR of the features. `features_equal`, `head_equal`: shares of values that are the same step.
    `features_most`, `head_most`: the greatest difference in steps. `decisions_equal`: the share of pixels with the same
    label, or whether the best class is the same; of tasks that decide. `agreement`: a sentence.
    """
    config, runner = package.config, Runner(package, taps=False)
    names = [value.name for value in model.graph.output]
    got = dict(zip(names, _run(model, pixels), strict=True))
    program = runner.programs[task]
    output = runner.run(pixels, task)
    features = program.features(output)
    steps, ratio = got["features"] / package.scale("residual"), Ratio()
    ratio.add(features, steps)
    figures = {"features_db": round(ratio.decibel, 2), **_steps("features", features, steps)}
    said = f"features agree with the golden model to {figures['features_db']:.1f} dB"
    if config.head != "none":
        steps = got[OUTPUTS[config.head]] / package.scale(f"heads.{task}.out")
        head = program.head(output)
        values = outputs.maps(head, config.grid, config.patch)[None] if config.head == "pixels" else head
        figures |= _steps("head", values, steps)
        said += f", outputs within {figures['head_most']} steps"
        if values.shape[1] > 1:
            figures["decisions_equal"] = float((values.argmax(1) == steps.argmax(1)).mean())
            said += f", {100 * figures['decisions_equal']:.2f} % of decisions the same"
    return {**figures, "agreement": said}


def _of_package(package: Package, task: str, image: Path | None) -> tuple[onnx.ModelProto, dict[str, Any]]:
    made = qdq_model(package, task)
    return made, agreement_of_package(package, task, _pixels(image, package.config), made)


def _of_float(
    made: onnx.ModelProto, model: Any, task: str, image: Path | None
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """`greatest`: the greatest difference from PyTorch, as a share of the greatest output."""
    import torch

    pixels = _pixels(image, model.config)
    with torch.no_grad():
        there = model(torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()).float() / 256, task)
    expected = (there.features if model.config.head == "none" else there.maps).numpy()
    greatest = float(np.abs(_run(made, pixels)[0] - expected).max() / np.abs(expected).max())
    return made, {
        "greatest": greatest,
        "agreement": f"agrees with PyTorch to {greatest:.1e} of the greatest output",
    }


def _run(model: onnx.ModelProto, pixels: Pixels) -> list[NDArray[np.float32]]:
    """All outputs in ONNX Runtime, on one thread, so that sums have one order."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    ran: list[NDArray[np.float32]] = session.run(None, {"pixels": pixels.transpose(2, 0, 1)[None]})
    return ran


def _pixels(image: Path | None, config: ModelConfig) -> Pixels:
    return fitted(read_image(shipped.image_path(image)), config)


def _steps(name: str, true: NDArray[Any], value: NDArray[Any]) -> dict[str, Any]:
    difference = np.abs(true - np.round(value))
    return {f"{name}_equal": float((difference == 0).mean()), f"{name}_most": int(difference.max(initial=0))}


def _package(given: str) -> Package | None:
    """The package that is meant; None for a checkpoint."""
    path = shipped.named_package(Path(given))
    if is_index(path):
        return None
    with open_regular(path, "Model", "give a checkpoint, a package, or the name of a shipped model") as file:
        metadata = read_header(file, f"{path} is not a safetensors file").metadata
    return load(path) if FORMAT in metadata else None


def _check_is_ours(path: Path) -> None:
    """UserError unless an earlier run wrote the file."""
    with open_regular(path, "ONNX file") as file:
        try:
            producer = onnx.load_model_from_string(file.read()).producer_name
        except Exception as error:  # protobuf's own, which it does not promise
            raise UserError(f"{path} is no ONNX file.") from error
    if producer != PRODUCER:
        raise UserError(f"{path} is an ONNX file of {shown(producer) if producer else 'something else'}.")
