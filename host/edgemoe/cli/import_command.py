# SPDX-License-Identifier: Apache-2.0
"""`edgemoe import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgemoe.cli.options import FILE, JSON, show


def _size(context: click.Context, option: click.Parameter, text: str | None) -> tuple[int, int] | None:
    del context
    if text is None:
        return None
    from edgemoe.imports.options import parse_size

    return parse_size(text, option.opts[0])


def _tasks(context: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    del context, option
    return None if text is None else tuple(task.strip() for task in text.split(","))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=FILE, required=True, help="The checkpoint to write (.safetensors).")
@click.option("--heads", type=click.IntRange(1), metavar="N", help="Heads of the attention.")
@click.option(
    "--normalise",
    metavar="imagenet|inception|none|M,M,M/S,S,S",
    help="Means and standard deviations of the colours, of pixels 0..1.",
)
@click.option("--eps", type=click.FloatRange(0, 1), metavar="E", help="Of every LayerNorm.")
@click.option("--activation", type=click.Choice(["gelu"]), help="Of the MLPs: the exact GELU, by erf.")
@click.option("--size", callback=_size, metavar="HxW", help="Of the images that the model gets.")
@click.option(
    "--resize-position", is_flag=True, help="Resize the position embedding to --size (bicubic, as timm does)."
)
@click.option(
    "--trained-size",
    callback=_size,
    metavar="HxW",
    help="The size that the position embedding is of, where it is not --size and no config.json says it.",
)
@click.option(
    "--resize",
    type=click.Choice(["stretch", "crop"]),
    help="How an image gets that size: stretched, or its shorter side resized and the middle cut out.",
)
@click.option(
    "--resize-short", type=click.IntRange(1), metavar="N", help="With --resize crop: the shorter side."
)
@click.option(
    "--pool", type=click.Choice(["class", "mean", "distilled"]), help="What a head of classes sees."
)
@click.option(
    "--head",
    type=click.Choice(["classes", "none"]),
    help="Whether a head of classes is imported, or features alone. [default: what the file has]",
)
@click.option("--class-names", type=FILE, help="A text with a name a line.")
@click.option("--top-k", type=click.IntRange(1), metavar="K", help="Experts per token.")
@click.option(
    "--score-rule",
    type=click.Choice(["softmax_all", "softmax_topk"]),
    help="Softmax over all experts' scores, or over the chosen.",
)
@click.option("--threshold", type=click.FloatRange(0, 1), help="Experts with a lower score are dropped.")
@click.option(
    "--tasks", callback=_tasks, metavar="A,B", help="Names of the tasks, in the order of the gates."
)
@click.option(
    "--model-config",
    type=FILE,
    help="timm's or Hugging Face's config.json. [default: the one beside the file, if any]",
)
@click.option("--name", help="Of the model. [default: of config.json, or the file's]")
@click.option("--entry", metavar="NAME", help="Which state dict of a PyTorch file that holds several.")
@click.option(
    "--ignore", multiple=True, metavar="PATTERN", help="Tensors to leave out, e.g. 'aux.*'; may be repeated."
)
@JSON
def import_(file: Path, out: Path, as_json: bool, **options: Any) -> int:
    """Turn a ViT, DeiT, DINO or M³ViT checkpoint of others into edgemoe's own float checkpoint."""
    from edgemoe.imports import Options, import_checkpoint
    from edgemoe.imports.report import sentences

    report = import_checkpoint(file, out, Options(**options))
    show(as_json, report, sentences(report))
    return 0
