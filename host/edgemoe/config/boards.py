# SPDX-License-Identifier: Apache-2.0
"""The builds that have a name."""

from __future__ import annotations

from edgemoe.config.build import BuildConfig
from edgemoe.errors import UserError

# zcu102 is for the paper's model: a prefetch of a whole expert of `tiny`, 257 tokens, four ports of 128 bits;
# zcu102-max is the same with twice the columns, as many as the part's multipliers allow; zcu102-deep is the same with
# memories for `vit-small-14`, which takes the last word of `act` and of `residual`, and a shorter prefetch, for block
# RAM: each tile of such a network works 257 cycles, and 16 load it. zcu104 has less block RAM, and
# UltraRAM: its `act` has 4,096 words, as an UltraRAM does, and its prefetch as many with the few that a FIFO adds. So
# have kv260's, which has room for half of the columns, and for `tiny`, but not for 197 tokens of its width. pynq-z2 has
# an array of 32 x 4, so heads of up to 32, and memories for `nano` and a little more. The boards' clocks are ones that
# their PLLs divide down to without a rest; no tool has confirmed them.
BOARDS = {
    build.name: build
    for build in (
        BuildConfig("sim-small"),
        BuildConfig(
            "zcu102",
            rows=64,
            cols=16,
            norm_lanes=32,
            act_depth=4096,
            key_depth=2048,
            residual_depth=784,
            max_tokens=257,
            max_k_tiles=16,
            feeds_depth=2560,
            bus_bits=256,
            weight_bus_bits=128,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "zcu102-max",
            rows=64,
            cols=32,
            norm_lanes=32,
            act_depth=4096,
            key_depth=2048,
            residual_depth=784,
            max_tokens=257,
            max_experts=32,
            max_k_tiles=16,
            max_n_tiles=64,
            feeds_depth=2560,
            few_slices=True,
            bus_bits=512,
            weight_bus_bits=128,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "zcu104",
            rows=64,
            cols=16,
            norm_lanes=32,
            act_depth=4096,
            key_depth=2048,
            residual_depth=784,
            max_tokens=257,
            max_k_tiles=16,
            feeds_depth=4092,
            ultra_ram=True,
            bus_bits=256,
            weight_bus_bits=128,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "kv260",
            rows=64,
            cols=8,
            norm_lanes=16,
            act_depth=4096,
            max_k_tiles=16,
            max_n_tiles=256,
            feeds_depth=4092,
            ultra_ram=True,
            bus_bits=128,
            weight_bus_bits=64,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "pynq-z2",
            cols=4,
            norm_lanes=4,
            act_depth=1536,
            max_experts=8,
            max_k_tiles=16,
            feeds_depth=508,
            beats_depth=28,
            bus_bits=64,
            clock_mhz=100.0,
            schedule_mhz=125.0,
        ),
        BuildConfig(
            "zcu102-deep",
            rows=64,
            cols=16,
            norm_lanes=32,
            act_depth=7710,
            key_depth=4096,
            residual_depth=1542,
            max_tokens=257,
            max_k_tiles=24,
            feeds_depth=1020,
            bus_bits=256,
            weight_bus_bits=128,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
    )
}


def board(name: str) -> BuildConfig:
    """The build of that name."""
    if name in BOARDS:
        return BOARDS[name]
    raise UserError(f"No board is named {name!r}; built is {', '.join(BOARDS)}.")
