# SPDX-License-Identifier: Apache-2.0
"""A layer program with what a host must know of it: its stages, its taps, and how to read the output region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import CHOICE_SLOTS, BuildConfig, ModelConfig
from edgemoe.program.packing import from_planes
from edgemoe.registers import WIDE_SPACES, Space


@dataclass(frozen=True)
class StageInfo:
    """What the descriptor of that stage id is in the network.

    name: as in the package, e.g. "blocks.1.attn.context". part: "backbone", "head" or "tap".
    macs: useful multiply-accumulates, padding not counted; of EXPERTS per routed token.
    """

    name: str
    layer: int | None
    part: str
    macs: int


@dataclass(frozen=True)
class Tap:
    """A tensor that a STORE leaves in the output region: (tokens, channels) of a memory's words."""

    build: BuildConfig
    name: str
    space: Space
    offset: int
    tokens: int
    channels: int

    def read(self, output: bytes) -> NDArray[Any]:
        """int16 (T,C), int32 of `residual` and `accum`; of `choice` int64 (T,4,3): expert, valid, score of each."""
        if self.space == Space.CHOICE:
            size = self.build.choice_beats * self.build.beat_bytes // 4
            beats = np.frombuffer(output, "<u4", self.tokens * size, self.offset).reshape(self.tokens, size)
            words = beats[:, :CHOICE_SLOTS]
            fields = [words & 0xFF, words >> 8 & 1, words >> 16]
            return np.stack(fields, axis=2).astype(np.int64)
        kind = np.dtype("<i4" if self.space in WIDE_SPACES else "<i2")
        count = self.build.planes(self.channels) * self.tokens * self.build.rows
        words = np.frombuffer(output, kind, count, self.offset)
        return from_planes(words, self.tokens, self.channels, self.build.rows)


@dataclass(frozen=True)
class Program:
    """A layer program and how to read what it leaves.

    data: the bytes of the program's buffer. stages: indexed by stage id, which is the descriptor's index.
    """

    config: ModelConfig
    build: BuildConfig
    task: str
    data: bytes
    stages: list[StageInfo]
    taps: dict[str, Tap]
    output_bytes: int
    statistics_bytes: int
    head_offset: int

    def features(self, output: bytes) -> NDArray[np.int32]:
        """The backbone's output, int32 (tokens, D)."""
        return self.tap(output, "features")

    def head(self, output: bytes) -> NDArray[np.int16]:
        """The head's outputs, int16 (rows, outputs): of pixels (patches, maps * patch^2), of classes (1, classes)."""
        rows, outputs, cols = self.config.head_rows, self.config.head_outputs(self.task), self.build.cols
        tiles = -(-outputs // cols)
        values = np.frombuffer(output, "<i2", tiles * rows * cols, self.head_offset)
        return values.reshape(tiles, rows, cols).transpose(1, 0, 2).reshape(rows, tiles * cols)[:, :outputs]

    def tap(self, output: bytes, name: str) -> NDArray[Any]:
        """The tensor that a tap left, see `Tap.read`."""
        return self.taps[name].read(output)
