# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share, and their types."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edgemoe.config import BOARDS, CLASSIFICATION, MODELS, TASKS, UNTRAINED
from edgemoe.errors import UserError

BACKENDS = ("torch", "golden", "csim", "rtl", "board")
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
NOT_BUILT = "(not built yet)"

MODEL_OR_FILE = click.option(
    "--model",
    default="nano",
    show_default=True,
    metavar="NAME|FILE",
    help=f"A model that is shipped trained ({', '.join(MODELS)}), or a package of your own (.safetensors).",
)
MODEL = click.option(
    "--model",
    default="nano",
    show_default=True,
    metavar="NAME",
    help=f"The network's sizes: {', '.join([*MODELS, *UNTRAINED])}.",
)
BOARD = click.option(
    "--board",
    default="sim-small",
    show_default=True,
    metavar="NAME",
    help=f"The build of the accelerator: {', '.join(BOARDS)}.",
)
HOLDING_BOARD = click.option(
    "--board",
    metavar="NAME",
    help=f"The build of the accelerator: {', '.join(BOARDS)}. [default: the first that holds the model]",
)
IMAGE = click.option("--image", type=FILE, help="PNG or JPEG; a shipped street image if left out.")
OVERLAY = click.option(
    "--overlay",
    type=FILE,
    help="The .bit that `--backend board` loads. [default: build/overlay/BOARD/edgemoe.bit]",
)
TASK = click.option(
    "--task",
    default="both",
    show_default=True,
    metavar="TASK",
    shell_complete=lambda _context, _option, begun: [
        name for name in ("both", *TASKS, *CLASSIFICATION) if name.startswith(begun)
    ],
    help="One of the model's tasks, or both, which is all that it has.",
)
JSON = click.option(
    "--json", "as_json", is_flag=True, help="The figures as JSON on stdout, and nothing else there."
)


def _dram(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    """NAME=VALUE pairs, by name; which names there are is the simulation's matter."""
    del context, option
    found = {}
    for value in values:
        name, sign, number = value.partition("=")
        if not sign or not (number.strip().isascii() and number.strip().isdigit()):
            raise UserError(f"--dram {value}: expected NAME=VALUE with a whole number, e.g. latency=128.")
        if name in found:
            raise UserError(f"--dram {name} is given twice.")
        found[name.strip()] = int(number)
    return found


def given(name: str) -> bool:
    """Whether the user gave the option `name` of the command that runs, or it has its default."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not click.core.ParameterSource.DEFAULT


DRAM = click.option(
    "--dram",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_dram,
    help="A parameter of the simulated DRAM, e.g. latency=128; may be repeated. docs/reference/report.md names them.",
)


def dram_config(values: dict[str, int]) -> Any:
    """The DRAM with some parameters changed, or None for the board's own; UserError for a name or value that it
    does not have.
    """
    if not values:
        return None
    from edgemoe.sim.dram import DramConfig

    known = [field.name for field in dataclasses.fields(DramConfig)]
    for name in values:
        if name not in known:
            raise UserError(f"--dram {name}: there is no such parameter; there are {', '.join(known)}.")
    if values.get("outstanding") == 0:
        raise UserError("--dram outstanding=0: with no burst under way the memory never answers.")
    return DramConfig(**values)


def show(as_json: bool, figures: Callable[[], Any] | Any, text: str) -> None:
    """Print the text, or with --json the figures."""
    click.echo(json.dumps(figures() if callable(figures) else figures, indent=2) if as_json else text)
