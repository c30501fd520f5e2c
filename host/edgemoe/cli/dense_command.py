# SPDX-License-Identifier: Apache-2.0
"""`edgemoe dense`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from edgemoe.cli.options import FILE, FOLDER, JSON, show


@click.command("dense")
@click.argument("checkpoint", type=FILE)
@click.option("--out", type=FILE, required=True, help="The checkpoint to write (.safetensors).")
@click.option(
    "--images",
    type=FOLDER,
    required=True,
    help="A folder of images: how much each expert is used, and what a layer gives, is measured on them.",
)
@click.option(
    "--how",
    type=click.Choice(["average", "most-used"]),
    default="average",
    show_default=True,
    help="The mean of all experts, as wide as one; or some of them side by side.",
)
@click.option(
    "--experts",
    type=click.IntRange(1),
    metavar="N",
    help="Of `--how most-used`: how many. [default: as many as a token chooses]",
)
@click.option("--evenly", is_flag=True, help="Of `--how average`: not weighted by use.")
@click.option("--no-fit", is_flag=True, help="Leave second layers as they come, not fitted to the images.")
@JSON
def dense(
    checkpoint: Path,
    out: Path,
    images: Path,
    how: str,
    experts: int | None,
    evenly: bool,
    no_fit: bool,
    as_json: bool,
) -> int:
    """Make a dense checkpoint of one with experts, without training."""
    from edgemoe.dense import Recipe, dense_checkpoint, text
    from edgemoe.progress import Progress

    recipe = Recipe(how, experts or 0, evenly, not no_fit)
    with Progress() as progress:
        found = dense_checkpoint(checkpoint, out, images, recipe, partial(progress.step, "layers"))
    show(as_json, found, text(found))
    return 0
