# SPDX-License-Identifier: Apache-2.0
"""Whether a model fits a board, and where its tensors lie on chip.

`act` by lifetime (D, K planes of the width and of the heads; T tokens):

    0 .. A          LayerNorm's output, then (it is dead by then) attention's context
    A .. A + KT     q                                        during attention
    A .. A + HT     hidden layer of MLP, expert or head      after attention
    0 .. PT         the patches' pixels                      before the first layer

`keys` holds k from 0 and v from KT on.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.config import BOARDS, BuildConfig, ModelConfig, board
from edgemoe.errors import UserError


@dataclass(frozen=True)
class Layout:
    """Word addresses in `act` (of k and v: in `keys`) and the words that a model needs of each memory."""

    norm: int
    q: int
    k: int
    v: int
    hidden: int
    act_words: int
    key_words: int
    residual_words: int


def layout(config: ModelConfig, build: BuildConfig) -> Layout:
    """The memory map of a model; planes are `config.tokens` words apart."""
    planes = build.planes
    tokens, dim, heads = config.tokens, planes(config.dim), config.heads
    hidden = planes(max(config.widest_mlp, config.expert_hidden if config.experts else 0, config.head_hidden))
    first = max(dim, heads) * tokens
    return Layout(
        norm=0,
        q=first,
        k=0,
        v=heads * tokens,
        hidden=first,
        act_words=max(
            first + heads * tokens, first + hidden * tokens, planes(config.patch_inputs) * config.patches
        ),
        key_words=2 * heads * tokens,
        residual_words=dim * tokens,
    )


def check_fits(config: ModelConfig, build: BuildConfig) -> None:
    """UserError with the field, its value and the limit if the build can't hold the model."""
    if excess := _excess(config, build):
        raise UserError(f"Model {config.name!r} does not fit board {build.name!r}: {excess}.")


def build_for(config: ModelConfig, named: str | None = None) -> BuildConfig:
    """The build to run a model on: the board that the user named, else the first that holds the model.

    UserError for a board that does not hold it, or if none does.
    """
    if named is not None:
        build = board(named)
        check_fits(config, build)
        return build
    excesses = {build.name: _excess(config, build) for build in BOARDS.values()}
    for name, excess in excesses.items():
        if excess is None:
            return BOARDS[name]
    listed = "; ".join(f"{name}: {excess}" for name, excess in excesses.items())
    raise UserError(f"Model {config.name!r} fits no board ({listed}).")


def _excess(config: ModelConfig, build: BuildConfig) -> str | None:
    """The first size of the model that is above the build's limit, as "head_dim 64 > 32"; None if it fits."""
    inputs, outputs = build.rows * build.max_k_tiles, build.cols * build.max_n_tiles
    words = layout(config, build)
    limits = [
        ("tokens", config.tokens, build.max_tokens),
        ("head_dim", config.head_dim, build.rows),
        ("dim", config.dim, min(build.max_dim, inputs, outputs)),
        ("heads", config.heads, min(build.max_k_tiles, outputs // build.rows)),
        ("patch_inputs", config.patch_inputs, inputs),
        ("hidden_of" if config.hidden_of else "dense_hidden", config.widest_mlp, min(inputs, outputs)),
        ("head_hidden", config.head_hidden, min(inputs, outputs)),
        *((f"outputs of the {task} head", config.head_outputs(task), outputs) for task in config.tasks),
        ("inputs of the head", build.planes(config.dim) * build.rows * (config.pooled // config.dim), inputs),
        ("words of act", words.act_words, build.act_depth),
        ("words of keys", words.key_words, build.key_depth),
        ("words of residual", words.residual_words, build.residual_depth),
    ]
    if config.experts:
        limits += [
            ("experts", config.experts, build.max_experts),
            ("top_k", config.top_k, build.max_top_k),
            ("expert_hidden", config.expert_hidden, min(inputs, outputs)),
        ]
    if config.top_heads:
        limits += [
            ("heads to choose from", config.heads, build.max_experts),
            ("top_heads", config.top_heads, build.max_top_k),
        ]
    return next((f"{field} {value} > {limit}" for field, value, limit in limits if value > limit), None)
