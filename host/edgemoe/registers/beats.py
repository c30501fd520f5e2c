# SPDX-License-Identifier: Apache-2.0
"""What operations move between DRAM and the accelerator, in beats of the memory bus."""

from __future__ import annotations

from edgemoe.config import BuildConfig
from edgemoe.registers.codes import WIDE_SPACES, Format, Space


def load_beats(build: BuildConfig, form: int) -> int:
    """Beats of a word that LOAD reads."""
    return build.word_beats({Format.U8: 8, Format.I16: 16, Format.I32: 32}[Format(form)])


def store_beats(build: BuildConfig, space: int) -> int:
    """Beats of a word that STORE writes; of `choice` a word is a token's."""
    if space == Space.CHOICE:
        return build.choice_beats
    return build.word_beats(32 if space in WIDE_SPACES else 16)


def linear_beats(build: BuildConfig, n_tiles: int, k_tiles: int, weight_bits: int) -> int:
    """Beats of a linear layer: channel records of each column tile, weights of each tile."""
    return n_tiles * (k_tiles * build.tile_beats(weight_bits) + build.record_beats)


def norm_beats(build: BuildConfig, planes: int) -> int:
    """Beats of a LayerNorm: a record a channel."""
    return planes * build.banks * build.record_beats
