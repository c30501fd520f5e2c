# SPDX-License-Identifier: Apache-2.0
"""One image through one back end. All back ends run the same layer program and leave the same files."""

from collections.abc import Callable
from pathlib import Path

from edgemoe import package as packages
from edgemoe.config import TASKS, BuildConfig, board
from edgemoe.errors import DeviceError, NotBuiltYetError
from edgemoe.golden.machine import Memory, Result
from edgemoe.images import read_image, resize
from edgemoe.program import build_program, pack_image, pack_weights
from edgemoe.registers import ERROR_TEXT, Error
from edgemoe.results import read_output, write_results
from edgemoe.shipped import image_path, package_path

Machine = Callable[[BuildConfig, Memory], Result]


def _machine(backend: str) -> Machine:
    """The function that runs a layer program on a memory image, imported only when it is wanted."""
    if backend == "golden":
        from edgemoe.golden import machine

        return machine.run
    if backend == "csim":
        from edgemoe import csim

        return csim.run
    raise NotBuiltYetError(f"`infer --backend {backend}`")


def infer(
    *, backend: str, model: str, board_name: str, image: Path | None, task: str, out: Path | None
) -> Path:
    """Run an image and return the folder with its pictures and arrays.

    model: a shipped model's name or a package's path. task: one of `TASKS`, or "both".
    """
    run = _machine(backend)
    build = board(board_name)
    package = packages.load(package_path(model))
    pixels = read_image(image_path(image))
    config = package.config
    weights = pack_weights(package, build)
    region = pack_image(config, resize(pixels, config.height, config.width))
    results = {}
    for name in TASKS if task == "both" else (task,):
        program = build_program(package, build, name, weights)
        memory = Memory(program.data, weights.data, region, program.output_bytes, program.statistics_bytes)
        result = run(build, memory)
        if result.status != Error.NONE:
            text = ERROR_TEXT[result.status]
            raise DeviceError(f"Back end {backend}, task {name}, descriptor {result.error_index}: {text}.")
        results[name] = read_output(program, result.output)
    folder = out or Path("build/infer") / backend
    write_results(folder, package, pixels, results)
    return folder
