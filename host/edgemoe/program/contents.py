# SPDX-License-Identifier: Apache-2.0
"""A layer program with what a host must know of it: its stages, its taps, and how to read the output region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.program.fits import planes
from edgemoe.program.packing import ROWS, from_planes
from edgemoe.registers import Space


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

    name: str
    space: Space
    offset: int
    tokens: int
    channels: int

    def read(self, output: bytes) -> NDArray[Any]:
        """int16 (T,C), int32 for `accum`; of `choice` int64 (T,4,3): expert, valid, score of each slot."""
        if self.space == Space.CHOICE:
            words = np.frombuffer(output, "<u4", self.tokens * 4, self.offset).reshape(self.tokens, 4)
            fields = [words & 0xFF, words >> 8 & 1, words >> 16]
            return np.stack(fields, axis=2).astype(np.int64)
        kind = np.dtype("<i4" if self.space == Space.ACCUM else "<i2")
        count = planes(self.channels) * self.tokens * ROWS
        return from_planes(np.frombuffer(output, kind, count, self.offset), self.tokens, self.channels)


@dataclass(frozen=True)
class Program:
    """A layer program and how to read what it leaves.

    data: the bytes of the program's buffer. stages: indexed by stage id, which is the descriptor's index.
    """

    config: ModelConfig
    task: str
    data: bytes
    stages: list[StageInfo]
    taps: dict[str, Tap]
    output_bytes: int
    statistics_bytes: int
    head_offset: int

    def features(self, output: bytes) -> NDArray[np.int16]:
        """The backbone's output, int16 (tokens, D)."""
        return self.tap(output, "features")

    def head(self, output: bytes) -> NDArray[np.int16]:
        """The head's outputs, int16 (patches, maps * patch^2)."""
        patches, outputs = self.config.patches, self.config.head_outputs(self.task)
        tiles = -(-outputs // 8)
        beats = np.frombuffer(output, "<i2", tiles * patches * 8, self.head_offset).reshape(tiles, patches, 8)
        return beats.transpose(1, 0, 2).reshape(patches, -1)[:, :outputs]

    def tap(self, output: bytes, name: str) -> NDArray[Any]:
        """The tensor that a tap left, see `Tap.read`."""
        return self.taps[name].read(output)
