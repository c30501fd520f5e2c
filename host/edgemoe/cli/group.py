# SPDX-License-Identifier: Apache-2.0
"""The commands.

Each imports what does its work when it runs, so that `edgemoe --help` is quick and no command needs the packages of
another.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from edgemoe import __version__
from edgemoe.caches import build_root
from edgemoe.cli.dense_command import dense
from edgemoe.cli.import_command import import_
from edgemoe.cli.options import (
    BACKENDS,
    BOARD,
    DRAM,
    FILE,
    FOLDER,
    HOLDING_BOARD,
    IMAGE,
    JSON,
    MODEL,
    MODEL_OR_FILE,
    NOT_BUILT,
    OVERLAY,
    TASK,
    dram_config,
    given,
    show,
)
from edgemoe.cli.quantising import recipe_of, recipe_options
from edgemoe.config import BOARDS
from edgemoe.errors import NotBuiltYetError, UserError


class Escaped(Exception):
    """Carries an exception past click, which would turn some (an interruption, an end of file, a closed pipe) into
    statuses of its own.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class Group(click.Group):
    """A group whose commands' exceptions reach `entry.run` as they are."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:
            raise Escaped(error) from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="edgemoe")
def commands() -> None:
    """M3ViT on an FPGA: C++ kernels, an open HLS compiler, bit-exact cosimulation."""


commands.add_command(dense)
commands.add_command(import_)


@commands.command()
@MODEL_OR_FILE
@HOLDING_BOARD
@IMAGE
@click.option("--images", type=FOLDER, help="Every PNG and JPEG of a folder instead of one image.")
@TASK
@DRAM
@click.option("--out", type=FOLDER, help="Where the results go. [default: build/cosim/MODEL-BOARD]")
@click.option("--waves", is_flag=True, help="Also record waves.fst.")
@click.option("--taps", is_flag=True, help="Keep every stage's output tensor, of both sides.")
@JSON
def cosim(dram: dict[str, int], as_json: bool, **options: Any) -> int:
    """Run an image through the RTL of the whole accelerator and compare with the golden model."""
    if options["image"] and options["images"]:
        raise UserError("Give --image or --images, not both.")
    from edgemoe.cosim import run_cosim

    outcome = run_cosim(dram=dram_config(dram), quiet=as_json, **options)
    if as_json:
        single = options["images"] is None
        many = {"out": str(outcome.out), "reports": outcome.reports, "refused": outcome.refused}
        show(True, outcome.reports[0] if single else many, "")
    return outcome.exit_status


def _check_backend(backend: str, overlay: Path | None, dram: dict[str, int]) -> None:
    """UserError for options that this back end has not."""
    if overlay and backend != "board":
        raise UserError("--overlay is for --backend board; the others load none, or make their own.")
    if overlay and given("board"):
        raise UserError("Give --overlay or --board, not both: an overlay tells itself which build it holds.")
    if dram and backend != "rtl":
        raise UserError("--dram is for --backend rtl; the others have no DRAM model.")


@commands.command()
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    required=True,
    help="`torch` takes a checkpoint in place of a package; `board` is the accelerator of a PYNQ board.",
)
@MODEL_OR_FILE
@HOLDING_BOARD
@IMAGE
@TASK
@DRAM
@OVERLAY
@click.option(
    "--decoder",
    multiple=True,
    metavar="[TASK=]FILE.onnx",
    help="A graph for the host that takes a task's features; may be repeated, once a task.",
)
@click.option("--out", type=FOLDER, help="Where the results go. [default: build/infer/BACKEND]")
@JSON
def infer(board: str | None, dram: dict[str, int], as_json: bool, **options: Any) -> int:
    """Run one image through any back end; all leave the same files."""
    _check_backend(options["backend"], options["overlay"], dram)
    from edgemoe.infer import decoder_sentences, infer

    figures = infer(board_name=board, dram=dram_config(dram), **options)
    clipped = f"warning: {figures['saturation']}\n" if figures.get("saturation") else ""
    decoded = "".join(f"{line}\n" for line in decoder_sentences(figures))
    show(as_json, figures, f"{clipped}{decoded}Pictures and arrays are in {figures['out']}")
    return 0


@commands.command()
@click.option(
    "--backend",
    type=click.Choice([name for name in BACKENDS if name != "torch"]),
    default="rtl",
    show_default=True,
    help="What runs the images; `board` is the accelerator of a PYNQ board.",
)
@MODEL_OR_FILE
@HOLDING_BOARD
@click.option(
    "--image", "images", type=FOLDER, help="A folder of PNG and JPEG to offer besides the shipped image."
)
@DRAM
@OVERLAY
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to serve at; 0.0.0.0 opens it to the network.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=7860, show_default=True, help="0 takes a free port."
)
def demo(dram: dict[str, int], **options: Any) -> int:
    """Serve a page in the browser: choose an image, watch the accelerator run it."""
    _check_backend(options["backend"], options["overlay"], dram)
    from edgemoe.demo.server import serve

    serve(dram=dram_config(dram), **options)
    return 0


@commands.command()
@click.argument("source", type=FILE, nargs=-1)
@click.option(
    "--top",
    multiple=True,
    help="The function to compile; needed with a file. With --overlay several, of one file or of a file each; one "
    "that is there twice becomes two IPs.",
)
@click.option("--include", "-I", type=FOLDER, multiple=True, help="A folder of headers; may be repeated.")
@click.option(
    "--clock-ns",
    type=float,
    help="Clock period to schedule for. [default: 5; of the accelerator and with --overlay the board's]",
)
@click.option(
    "--out", type=FOLDER, help="Where the SystemVerilog and report.json go. [default: build/synth/NAME]"
)
@click.option(
    "--resources",
    is_flag=True,
    help="Also what it takes of the board's fabric, by Yosys, in resources.json: minutes the first time.",
)
@click.option(
    "--dump", type=FOLDER, help="A folder for ir.txt and schedule.txt: what the compiler made on the way."
)
@click.option(
    "--overlay",
    type=FOLDER,
    help="Make an overlay for the simulated board there: .bit, .hwh, register map and the simulation.",
)
@click.option("--name", help="Of the overlay's files. [default: the first --top]")
@click.option(
    "--waves", is_flag=True, help="With --overlay: a simulation that can record waveforms (slower)."
)
@BOARD
@click.option(
    "--ports", is_flag=True, help="Start, done and scalars as ports (ap_ctrl_hs) instead of AXI4-Lite."
)
@JSON
def synth(
    source: tuple[Path, ...],
    top: tuple[str, ...],
    include: tuple[Path, ...],
    clock_ns: float | None,
    out: Path | None,
    resources: bool,
    dump: Path | None,
    overlay: Path | None,
    name: str | None,
    waves: bool,
    board: str,
    ports: bool,
    as_json: bool,
) -> int:
    """Compile C++ to SystemVerilog or to an overlay: a file of your own, or the accelerator of a board."""
    if clock_ns is not None and not 1e-3 <= clock_ns < 1e6:
        raise UserError(
            f"--clock-ns is {clock_ns}; a clock period is positive, 0.001 to 1,000,000 nanoseconds."
        )
    if source and not top:
        raise UserError(f"Name the function of {source[0]} to compile: --top NAME.")
    if overlay is not None:
        if out is not None:
            raise UserError(
                "Give --out or --overlay, not both: the overlay's folder has the SystemVerilog, too."
            )
        if ports:
            raise UserError(
                "--ports makes a kernel without registers, which no program on the processor could start. Leave "
                "--ports out for an overlay."
            )
        if resources:
            raise UserError("--resources is for one kernel that becomes SystemVerilog: leave --overlay out.")
        if dump is not None:
            raise UserError("--dump is for one kernel that becomes SystemVerilog: leave --overlay out.")
        from edgemoe.synth.overlay import chosen_kernels, synth_overlay

        figures = synth_overlay(
            chosen_kernels(source, top),
            include=list(include),
            clock_ns=clock_ns,
            out=overlay,
            board_name=board,
            name=name,
            waves=waves,
            quiet=as_json,
        )
        if as_json:
            show(True, figures, "")
        return 0
    if waves or name is not None:
        raise UserError(f"{'--waves' if waves else '--name'} is for an overlay: add --overlay DIR.")
    if len(source) > 1 or len(top) > 1:
        raise UserError("Several kernels make an overlay: add --overlay DIR, or call the command for each.")
    from edgemoe import synth as work
    from edgemoe.registers import IP_NAME

    report = work.synth(
        source[0] if source else None,
        top[0] if top else IP_NAME,
        include=list(include),
        clock_ns=clock_ns,
        ports="ap_ctrl_hs" if ports else "axi",
        out=out or build_root() / "synth" / (top[0] if top else board),
        board_name=board,
        quiet=as_json,
        dump_to=dump,
        resources=resources,
    )
    if as_json:
        show(True, report, "")
    return 0


@commands.command()
@MODEL
@click.option("--out", type=FOLDER, help="Where checkpoints and records go. [default: build/train]")
@click.option("--steps", type=int, help="Optimiser steps.")
@click.option("--scenes", type=int, help="Training scenes to render.")
@click.option("--seconds", type=float, help="Wall-clock limit; the schedule runs to its end within it.")
@click.option("--mixed", is_flag=True, default=None, help="Products in bfloat16, compiled: on a GPU, faster.")
@click.option("--device", help="torch device. [default: cuda if there is one]")
@click.option(
    "--half",
    is_flag=True,
    help="Checkpoints as float16, in shards beside an index, instead of one float32 file.",
)
@click.option(
    "--powers",
    is_flag=True,
    help="Instead, the model NAME-powers: with experts' weights that are powers of two; no dense twin.",
)
@click.option(
    "--top-heads",
    type=click.IntRange(1),
    help="Instead, the model NAME-heads: each token takes so many of the heads; no dense twin.",
)
@JSON
def train(as_json: bool, half: bool, powers: bool, top_heads: int | None, **options: Any) -> int:
    """Train a model, and its dense twin, on the street scenes."""
    from edgemoe.config import model_preset
    from edgemoe.model.train import TrainOptions, dense_twin, head_twin, power_twin, train_and_save

    chosen = model_preset(options.pop("model"))
    twin = power_twin(chosen) if powers else chosen
    twin = head_twin(twin, top_heads) if top_heads else twin
    configs = [twin] if powers or top_heads else [chosen, dense_twin(chosen)]
    out, device = options.pop("out") or build_root() / "train", options.pop("device")
    given = {name: value for name, value in options.items() if value is not None}
    log = partial(click.echo, err=as_json)
    records = train_and_save(configs, TrainOptions(**given), out, device, log, half)
    show(as_json, records, f"Checkpoints and records are in {out}")
    return 0


@commands.command()
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the first scene.")
@click.option("--count", type=click.IntRange(1), default=8, show_default=True)
@click.option("--out", type=FOLDER, help="Where the scenes go. [default: build/scenes]")
@MODEL
@click.option(
    "--scale", type=click.IntRange(1, 16), default=1, show_default=True, help="Times the model's size."
)
def scenes(seed: int, count: int, out: Path | None, model: str, scale: int) -> int:
    """Render street scenes with exact labels and depth, at a model's input size or a multiple of it."""
    from edgemoe.config import model_preset
    from edgemoe.model.scenes import write_scenes
    from edgemoe.progress import Progress

    config = model_preset(model)
    target = out or build_root() / "scenes"
    size = (scale * config.height, scale * config.width)
    with Progress() as progress:
        told = partial(progress.step, "rendering scenes")
        write_scenes(seed, count, target, *size, config.depth_range, told)
    click.echo(f"Scenes {seed} to {seed + count - 1} are in {target}")
    return 0


@commands.command()
@click.argument("checkpoint", type=FILE)
@click.option(
    "--calibration", type=FOLDER, help="A folder of images, whose ranges of activations are measured."
)
@click.option(
    "--ranges", type=FILE, help="Ranges that were measured before, instead: models/tiny.ranges.safetensors."
)
@click.option("--out", type=FILE, required=True, help="The package to write (.safetensors).")
@click.option("--keep-ranges", type=FILE, help="A file for what the calibration finds, for --ranges.")
@recipe_options
@click.option(
    "--report",
    type=FOLDER,
    help="Where to write float against integer, clipped values and the use of ranges, layer by layer, and a plot.",
)
@click.option(
    "--report-images",
    type=FOLDER,
    help="Images for the report; those of the calibration are left out. [default: the shipped street]",
)
@JSON
def quantize(checkpoint: Path, out: Path, as_json: bool, **options: Any) -> int:
    """Turn a float checkpoint into a package of integers."""
    recipe = recipe_of(options)
    from edgemoe.progress import Progress
    from edgemoe.quant import quantized

    with Progress() as progress:
        made = quantized(
            checkpoint,
            out=out,
            recipe=recipe,
            step=partial(progress.step, "calibrating"),
            measuring=partial(progress.step, "measuring layers"),
            **options,
        )
    figures: dict[str, Any] = {
        "package": str(out),
        "sha256": made.package.sha256,
        "model": made.package.config.name,
    }
    words = f"{out}: model {made.package.config.name}"
    if made.spent is not None:
        chosen = [name for choice in made.spent.choices if choice.taken for name in choice.layers]
        figures |= {
            "weight_bytes": made.spent.bytes,
            "choices": [choice.to_dict() for choice in made.spent.choices],
        }
        words += (
            f"\nint16 weights, {made.spent.bytes:,} bytes in all: {', '.join(chosen) or 'no more layers'}"
        )
    if made.moved is not None:
        figures |= {"powers": made.moved.weights, "moved": made.moved.moved}
        words += f"\n{made.moved.said()}"
    show(as_json, figures, words)
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
@JSON
def random_package(model: str, seed: int, out: Path, as_json: bool, **changes: Any) -> int:
    """Write a package of random weights, for tests."""
    from edgemoe.config import model_preset
    from edgemoe.golden.random_package import random_package
    from edgemoe.package import check_package_target, save

    check_package_target(out)
    digest = save(random_package(model_preset(model), seed, **changes), out)
    show(as_json, {"package": str(out), "sha256": digest}, f"{out}: sha256 {digest}")
    return 0


@commands.command()
@click.argument("package", type=FILE, metavar="NAME|FILE")
@JSON
def inspect(package: Path, as_json: bool) -> int:
    """Show what a package, or a shipped model's, holds."""
    from edgemoe.inspect_package import contents, describe

    found = contents(package)
    show(as_json, found, describe(found))
    return 0


@commands.command("onnx")
@click.argument("model", metavar="NAME|FILE")
@click.option("--out", type=FOLDER, help="Where the files go. [default: build/onnx]")
@click.option(
    "--image", type=FILE, help="What the agreement is measured on; a shipped street image if left out."
)
@JSON
def onnx_command(model: str, out: Path | None, image: Path | None, as_json: bool) -> int:
    """Write a checkpoint as float ONNX, or a package as quantised ONNX (QDQ), and say how closely they agree."""
    from edgemoe.progress import Progress
    from edgemoe.quant import onnx_files

    with Progress() as progress:
        found = onnx_files.onnx_files(
            model, out or build_root() / "onnx", image, lambda what: progress.step(what, 0, 1)
        )
    show(as_json, found, onnx_files.text(found))
    return 0


@commands.command("eval")
@click.argument("package", type=FILE, metavar="NAME|FILE")
@click.option("--data", type=FOLDER, required=True, help="A folder that `edgemoe scenes` wrote.")
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default="golden",
    show_default=True,
    help=f"Others than golden: {NOT_BUILT}.",
)
@JSON
def evaluate(package: Path, data: Path, backend: str, as_json: bool) -> int:
    """Measure the mIoU and depth RMSE of a package, or of a shipped model."""
    if backend != "golden":
        raise NotBuiltYetError(f"`eval --backend {backend}`")
    from edgemoe.progress import Progress
    from edgemoe.quant import evaluate_package, text

    with Progress() as progress:
        figures = evaluate_package(package, data, lambda done, total: progress.step("scenes", done, total))
    show(as_json, figures, text(figures))
    return 0


@commands.command("board-test")
@click.option("--overlay", type=FILE, help="The bitstream on the board; its .hwh lies beside it.")
@click.option("--simulated", is_flag=True, help="Test the simulated board, with the overlay of --board.")
@BOARD
@MODEL_OR_FILE
@IMAGE
@click.option(
    "--frames", type=click.IntRange(1, 100_000), help="For the rate. [default: 100; 2 on the simulated board]"
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random data.")
@click.option("--out", type=FOLDER, help="Where board-test.json goes. [default: build/board-test]")
@JSON
def board_test(
    overlay: Path | None,
    simulated: bool,
    board: str,
    frames: int | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Test a board: registers, memory, an image against the golden model, interrupt, frame rate, power."""
    from edgemoe.boardtest.run import LIMIT_SECONDS, board_test, find_overlay, words

    found = find_overlay(overlay, simulated, board)
    report = board_test(
        overlay=found,
        simulated=simulated,
        frames=frames or (2 if simulated else 100),
        limit_seconds=None if simulated else LIMIT_SECONDS,
        out=out or build_root() / "board-test",
        **options,
    )
    show(as_json, report, words(report))
    return 0 if report["passed"] else 1


@commands.command()
def bench() -> int:
    """Regenerate every figure that the docs quote (not built yet)."""
    raise NotBuiltYetError("`edgemoe bench`")


@commands.command()
@click.option("--pick", default="", metavar="TEXT", help="Only mutations whose file or idea contains this.")
@JSON
def mutate(pick: str, as_json: bool) -> int:
    """Run the mutations of C++, golden and compiler, each of which a test must catch."""
    from edgemoe.mutate import run_mutations

    outcomes = run_mutations(Path.cwd(), pick, partial(click.echo, err=as_json))
    survived = sum(not outcome["caught"] for outcome in outcomes)
    show(as_json, outcomes, f"{len(outcomes) - survived} of {len(outcomes)} mutations caught")
    if survived:
        raise UserError(f"{survived} mutations survived: the tests have a gap at each.")
    return 0


@commands.command()
@click.option(
    "--board", required=True, metavar="NAME", help="The board: " + ", ".join(list(BOARDS)[1:]) + "."
)
@click.option("--out", type=FOLDER, help="Where it all goes. [default: build/bitstream/BOARD]")
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=2, show_default=True, help="Processes of Vivado."
)
@click.option(
    "--hours", type=click.IntRange(1, 1000), default=12, show_default=True, help="Limit for Vivado."
)
def bitstream(board: str, out: Path | None, jobs: int, hours: int) -> int:
    """Write all that Vivado needs for a board's bitstream, and let it build that if it is on PATH."""
    from edgemoe.bitstream import build_bitstream
    from edgemoe.progress import Progress

    with Progress() as progress:
        out = out or build_root() / "bitstream" / board
        bit, hwh = build_bitstream(board, out, jobs=jobs, hours=hours, progress=progress)
    click.echo(f"The bitstream is {bit}, its hardware description {hwh}")
    return 0
