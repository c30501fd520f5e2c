# SPDX-License-Identifier: Apache-2.0
"""The command line: arguments and exit statuses, nothing else.

Each command imports what does its work when it runs, so that `edgemoe --help` is quick and no command needs
the packages of another.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from edgemoe import __version__, caches
from edgemoe.errors import EdgeMoeError, NotBuiltYetError, UserError, missing_package

BACKENDS = ("torch", "golden", "csim", "rtl", "board")
TASKS = ("both", "segmentation", "depth")
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)

MODEL = click.option(
    "--model",
    default="nano",
    show_default=True,
    metavar="NAME|FILE",
    help="A shipped model, or a package of your own (.safetensors).",
)
BOARD = click.option("--board", default="sim-small", show_default=True, help="The build of the accelerator.")
IMAGE = click.option("--image", type=FILE, help="PNG or JPEG; a shipped street image if left out.")
TASK = click.option("--task", type=click.Choice(TASKS), default="both", show_default=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="edgemoe")
def commands() -> None:
    """M3ViT on an FPGA: C++ kernels, an open HLS compiler, bit-exact cosimulation."""


@commands.command()
@MODEL
@BOARD
@IMAGE
@click.option("--images", type=FOLDER, help="Every PNG and JPEG of a folder instead of one image.")
@TASK
@click.option("--out", type=FOLDER, help="Where the results go. [default: build/cosim/MODEL-BOARD]")
@click.option("--waves", is_flag=True, help="Also record waves.fst.")
@click.option("--taps", is_flag=True, help="Keep every stage's output tensor, of both sides.")
def cosim(**options: Any) -> int:
    """Run an image through the RTL of the whole accelerator and compare with the golden model."""
    if options["image"] and options["images"]:
        raise UserError("Give --image or --images, not both.")
    from edgemoe.cosim import run_cosim

    return 0 if run_cosim(**options) else 1


@commands.command()
@click.option("--backend", type=click.Choice(BACKENDS), required=True)
@MODEL
@BOARD
@IMAGE
@TASK
@click.option("--out", type=FOLDER, help="Where the results go. [default: build/infer/BACKEND]")
def infer(board: str, **options: Any) -> int:
    """Run one image through any back end; all leave the same files."""
    from edgemoe.infer import infer

    click.echo(f"Pictures and arrays are in {infer(board_name=board, **options)}")
    return 0


@commands.command()
@click.argument("source", type=FILE, required=False)
@click.option("--top", help="The function to compile; needed with a file.")
@click.option("--include", "-I", type=FOLDER, multiple=True, help="A folder of headers; may be repeated.")
@click.option("--clock-ns", type=float, default=5.0, show_default=True, help="Clock period to schedule for.")
@click.option(
    "--out", type=FOLDER, help="Where the SystemVerilog and report.json go. [default: build/synth/NAME]"
)
@BOARD
@click.option(
    "--ports", is_flag=True, help="Start, done and scalars as ports (ap_ctrl_hs) instead of AXI4-Lite."
)
def synth(
    source: Path | None,
    top: str | None,
    include: tuple[Path, ...],
    clock_ns: float,
    out: Path | None,
    board: str,
    ports: bool,
) -> int:
    """Compile C++ to SystemVerilog: a file of your own, or the accelerator of a board."""
    if clock_ns <= 0:
        raise UserError(f"--clock-ns is {clock_ns}; a clock period is positive.")
    if source is not None and top is None:
        raise UserError(f"Name the function of {source} to compile: --top NAME.")
    from edgemoe import synth as work

    work.synth(
        source,
        top or work.ACCELERATOR.stem,
        include=list(include),
        clock_ns=clock_ns,
        ports="ap_ctrl_hs" if ports else "axi",
        out=out or Path("build/synth") / (top or board),
        board_name=board,
    )
    return 0


@commands.command()
@MODEL
@click.option("--out", type=FOLDER, default=Path("build/train"), show_default=True)
@click.option("--steps", type=int, help="Optimiser steps.")
@click.option("--scenes", type=int, help="Training scenes to render.")
@click.option("--seconds", type=float, help="Wall-clock limit; the schedule runs to its end within it.")
@click.option("--device", help="torch device. [default: cuda if there is one]")
def train(**options: Any) -> int:
    """Train a model, and its dense twin, on the street scenes."""
    from edgemoe.config import model_preset
    from edgemoe.model.train import TrainOptions, dense_twin, train_and_save

    chosen = model_preset(options.pop("model"))
    out, device = options.pop("out"), options.pop("device")
    given = {name: value for name, value in options.items() if value is not None}
    train_and_save([chosen, dense_twin(chosen)], TrainOptions(**given), out, device, click.echo)
    return 0


@commands.command()
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the first scene.")
@click.option("--count", type=click.IntRange(1), default=8, show_default=True)
@click.option("--out", type=FOLDER, default=Path("build/scenes"), show_default=True)
@MODEL
@click.option(
    "--scale", type=click.IntRange(1, 16), default=1, show_default=True, help="Times the model's size."
)
def scenes(seed: int, count: int, out: Path, model: str, scale: int) -> int:
    """Render street scenes with exact labels and depth, at a model's input size or a multiple of it."""
    from edgemoe.config import model_preset
    from edgemoe.model.scenes import write_scenes

    config = model_preset(model)
    write_scenes(seed, count, out, scale * config.height, scale * config.width, config.depth_range)
    return 0


@commands.command()
@click.argument("checkpoint", type=FILE)
@click.option("--calibration", type=FOLDER, required=True, help="A folder of images.")
@click.option("--out", type=FILE, required=True, help="The package to write (.safetensors).")
@click.option("--report", type=FOLDER, help="Where to write float against integer, layer by layer.")
def quantize(checkpoint: Path, calibration: Path, out: Path, report: Path | None) -> int:
    """Turn a float checkpoint into a package of integers."""
    from edgemoe.quant import quantize_checkpoint

    package = quantize_checkpoint(checkpoint, calibration, out, report)
    click.echo(f"{out}: model {package.config.name}")
    return 0


@commands.command("random-package")
@MODEL
@click.option("--seed", type=int, required=True)
@click.option("--top-k", type=int, help="Experts per token.")
@click.option("--experts", type=int, help="Experts per layer; 0 is a dense model.")
@click.option("--layers", type=int)
@click.option("--gate", type=click.Choice(["multi", "task_embedding"]))
@click.option("--score-rule", type=click.Choice(["softmax_all", "softmax_topk"]))
@click.option("--threshold", type=float, help="Experts with a lower score are dropped.")
@click.option("--all-on-one-expert", is_flag=True, help="Gates that send every token to one expert.")
@click.option("--out", type=FILE, required=True, help="The package to write (.safetensors).")
def random_package(model: str, seed: int, out: Path, **changes: Any) -> int:
    """Write a package of random weights, for tests."""
    from edgemoe.config import model_preset
    from edgemoe.golden.random_package import random_package
    from edgemoe.package import check_package_target, save

    check_package_target(out)
    digest = save(random_package(model_preset(model), seed, **changes), out)
    click.echo(f"{out}: sha256 {digest}")
    return 0


@commands.command()
@click.argument("package", type=FILE)
def inspect(package: Path) -> int:
    """Show what a package holds."""
    from edgemoe.inspect_package import describe

    click.echo(describe(package))
    return 0


@commands.command("eval")
@click.argument("package", type=FILE)
@click.option("--data", type=FOLDER, required=True, help="A folder that `edgemoe scenes` wrote.")
@click.option("--backend", type=click.Choice(BACKENDS), default="golden", show_default=True)
def evaluate(package: Path, data: Path, backend: str) -> int:
    """Measure a package's mIoU and depth RMSE."""
    if backend != "golden":
        raise NotBuiltYetError(f"`eval --backend {backend}`")
    from edgemoe.quant import evaluate_package, text

    click.echo(text(evaluate_package(package, data)))
    return 0


@commands.command()
def bench() -> int:
    """Regenerate every figure that the docs quote."""
    raise NotBuiltYetError("`edgemoe bench`")


@commands.command()
@click.option("--pick", default="", metavar="TEXT", help="Only mutations whose file or idea contains this.")
def mutate(pick: str) -> int:
    """Run the mutations of C++, golden and compiler, each of which a test must catch."""
    from edgemoe.mutate import run_and_report

    return 0 if run_and_report(Path.cwd(), pick) else 1


@commands.command()
@click.option("--board", required=True)
def bitstream(board: str) -> int:
    """Build a bitstream with the vendor's tools."""
    raise NotBuiltYetError(f"A bitstream of {board} (bitstreams/ says what is there)")


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; messages for the user go to stderr, without a traceback."""
    try:
        status = commands.main(list(arguments), prog_name="edgemoe", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 130
    except EdgeMoeError as error:
        click.echo(f"edgemoe: {error}", err=True)
        return error.exit_status
    except ModuleNotFoundError as error:
        message = missing_package(error, f"`edgemoe {arguments[0]}`")
        if message is None:
            raise
        click.echo(f"edgemoe: {message}", err=True)
        return message.exit_status
    return status if isinstance(status, int) else 0


def main() -> None:
    """Entry point of the `edgemoe` script."""
    caches.keep_inside()
    sys.exit(run(sys.argv[1:]))
