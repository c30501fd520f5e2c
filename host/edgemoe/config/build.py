# SPDX-License-Identifier: Apache-2.0
"""How large an accelerator is built."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from edgemoe.config.limits import CHOICE_SLOTS, WEIGHT_PORTS, at_least, log2_ceil
from edgemoe.errors import UserError


@dataclass(frozen=True)
class BuildConfig:
    """One build of the accelerator: its array, its memories and its largest run-time sizes.

    A *word* of the on-chip memories is `rows` values, i.e. `banks` *sub-words* of `cols` values; one sub-word of
    int16 is one beat of the memory bus.
    """

    name: str
    rows: int = 32  # inputs of the array's tile = lanes of a word
    cols: int = 8  # outputs of the tile = queries held by attention = lanes of the epilogue
    norm_lanes: int = 8  # channels that a step of LayerNorm takes
    act_depth: int = 2048  # words of `act`
    key_depth: int = 1024  # words of `keys`: k and v
    residual_depth: int = 512  # words of `residual` and of `accum`
    max_tokens: int = 160
    max_experts: int = 16
    max_top_k: int = 4
    max_k_tiles: int = 32  # inputs of a linear layer <= 32 * rows
    max_n_tiles: int = 128  # outputs of a linear layer <= 128 * cols
    max_descriptors: int = 1024  # of a layer program
    feeds_depth: int = 1024  # the prefetch: feeds of weights between `fetch` and `compute`
    beats_depth: int = 64  # beats of the image between `fetch` and `compute`
    command_depth: int = 16
    store_depth: int = 64  # beats between `compute` and `store`
    ultra_ram: bool = False  # the part has UltraRAM: `residual` and the scores go there
    few_slices: bool = False  # the array leaves few DSP slices: small products of LayerNorm and GELU are LUTs
    bus_bits: int = 128
    weight_bus_bits: int = 32  # of each of the WEIGHT_PORTS masters that together read a feed of weights
    clock_mhz: float = 200.0  # of the programmable logic; assumed, for figures in seconds
    schedule_mhz: float = (
        200.0  # what the compiler schedules for; above clock_mhz, it leaves a margin for routing
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.type == "int":
                at_least(self.name, field.name, getattr(self, field.name), 1, "Board")
        checks = [
            ("cols", self.cols in (4, 8, 16, 32), "4, 8, 16 or 32, since a descriptor is whole beats"),
            (
                "rows",
                self.rows % self.cols == 0 and self.banks in (2, 4, 8),
                "cols times 2, 4 or 8, since a word is whole sub-words",
            ),
            (
                "norm_lanes",
                self.norm_lanes in (self.cols << i for i in range(self.banks.bit_length())),
                "cols times a power of two, at most rows, since a step takes whole sub-words",
            ),
            ("bus_bits", self.bus_bits == 16 * self.cols, "16 * cols, since a beat is one sub-word"),
            (
                "weight_bus_bits",
                self.weight_bus_bits in (32, 64, 128)
                and self.bus_bits
                <= self.feed_bits
                <= min(8 * self.rows, 64 * self.norm_lanes, 64 * self.cols),
                f"32, 64 or 128; {WEIGHT_PORTS} times it at least bus_bits, at most a column of int8 weights and the "
                "records of norm_lanes and of cols channels",
            ),
            (
                "weight_bus_bits",
                8 * self.macs <= 48 * self.feed_bits,
                "so wide that a tile of int8 weights is 48 feeds, the shortest block of attention, or fewer",
            ),
            ("max_experts", self.max_experts % self.cols == 0, "a multiple of cols"),
            ("max_experts", self.max_experts <= 32, "at most 32"),
            ("max_top_k", self.max_top_k <= CHOICE_SLOTS, f"at most {CHOICE_SLOTS}, the slots of a `choice`"),
            ("max_tokens", self.max_tokens <= 257, "at most 257, the keys for which widths are derived"),
            ("act_depth", self.act_depth < 1 << 16, "below 2^16, the descriptor's address field"),
            ("key_depth", self.key_depth < 1 << 16, "below 2^16, the descriptor's address field"),
            (
                "key_depth",
                self.key_depth & (self.key_depth - 1) == 0 and self.key_depth >= self.rows,
                "a power of two, at least rows",
            ),
            ("residual_depth", self.residual_depth < 1 << 16, "below 2^16, the descriptor's address field"),
            ("max_k_tiles", self.linear_bits <= self.acc_bits, "so small that sums fit the accumulator"),
            (
                "norm_lanes",
                self.rows * self.max_k_tiles < 256 * self.norm_lanes,
                "so many that LayerNorm takes a token's rows * max_k_tiles channels in fewer than 256 steps",
            ),
        ]
        for field_name, holds, rule in checks:
            if not holds:
                raise UserError(
                    f"Board {self.name!r}: {field_name} {getattr(self, field_name)} must be {rule}."
                )

    @property
    def macs(self) -> int:
        """Multiply-accumulates per cycle."""
        return self.rows * self.cols

    @property
    def banks(self) -> int:
        """Sub-words of a word."""
        return self.rows // self.cols

    @property
    def beat_bytes(self) -> int:
        """Bytes of a beat of the memory bus."""
        return self.bus_bits // 8

    @property
    def feed_bits(self) -> int:
        """Bits of a feed: what a step takes of the weights region, a word of each of its masters."""
        return WEIGHT_PORTS * self.weight_bus_bits

    @property
    def feed_bytes(self) -> int:
        """Bytes of a feed."""
        return self.feed_bits // 8

    @property
    def record_beats(self) -> int:
        """Beats of a column tile's channel records, of 64 bits each."""
        return 64 * self.cols // self.bus_bits

    @property
    def choice_bits(self) -> int:
        """Bits of a token's `choice`, of 32 each slot."""
        return 32 * CHOICE_SLOTS

    @property
    def choice_beats(self) -> int:
        """Beats of a token's `choice`."""
        return -(-self.choice_bits // self.bus_bits)

    def word_beats(self, bits: int) -> int:
        """Beats of a word whose values have so many bits."""
        return self.rows * bits // self.bus_bits

    def tile_beats(self, weight_bits: int) -> int:
        """Beats of the weights of a tile."""
        return self.cols * self.word_beats(weight_bits)

    def planes(self, channels: int) -> int:
        """Planes of `rows` lanes that hold so many channels."""
        return -(-channels // self.rows)

    @property
    def acc_bits(self) -> int:
        """Accumulator width: what a DSP48 adds up."""
        return 48

    @property
    def linear_bits(self) -> int:
        """Bits of the largest linear sum: operands + log2 of the terms + sign + one for the bias."""
        return 16 + 16 + log2_ceil(self.max_k_tiles * self.rows) + 2

    @property
    def context_bits(self) -> int:
        """Bits of a sum of e * v over all keys."""
        from edgemoe import numerics

        return numerics.EXP_BITS + 16 + log2_ceil(self.max_tokens)

    @property
    def sum_bits(self) -> int:
        """Bits (unsigned) of the sum of e over all keys."""
        from edgemoe import numerics

        return numerics.EXP_BITS + log2_ceil(self.max_tokens)

    @property
    def score_depth(self) -> int:
        """Words of a head's scores: for each tile of `rows` keys one a query."""
        return self.max_tokens * -(-self.max_tokens // self.rows)

    @property
    def max_dim(self) -> int:
        """The largest LayerNorm."""
        from edgemoe import numerics

        return min(numerics.NORM_DIM_MAX, self.rows * self.max_k_tiles)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for reports."""
        return dataclasses.asdict(self)
