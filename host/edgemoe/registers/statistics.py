# SPDX-License-Identifier: Apache-2.0
"""The statistics record that the hardware writes after each operation."""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import dataclass

from edgemoe.registers.codes import DESCRIPTOR_BYTES

STATISTICS_FIELDS = (
    ("stage", "the descriptor's stage id"),
    ("kind", "the descriptor's opcode"),
    ("expert", "the expert, or 0xFFFFFFFF"),
    ("tokens", "tokens of the descriptor, or queued for the expert"),
    ("cycle_start", "cycles since the start when the previous record was written"),
    ("cycle_end", "cycles since the start when this record was written"),
    ("engine_steps", "steps of the array's loop, including those that wait for a tile"),
    ("mac_steps", "steps in which the array multiplied"),
    ("x_reads", "words that the engine read from `act`"),
    ("key_reads", "words that the engine read from `keys`"),
    ("score_writes", "scores written, one per head, query and key"),
    ("read_beats", "beats taken from DRAM"),
    ("exp_evaluations", "exponentials evaluated by ATTENTION"),
    ("write_beats", "beats sent to DRAM, without statistics"),
    ("saturated", "lanes whose value was clipped"),
    ("reserved", "0"),
)


@dataclass(frozen=True)
class Statistics:
    """One record: what happened since the record before it. Cycle fields are 0 outside the RTL."""

    stage: int
    kind: int
    expert: int
    tokens: int
    cycle_start: int = 0
    cycle_end: int = 0
    engine_steps: int = 0
    mac_steps: int = 0
    x_reads: int = 0
    key_reads: int = 0
    score_writes: int = 0
    read_beats: int = 0
    exp_evaluations: int = 0
    write_beats: int = 0
    saturated: int = 0
    reserved: int = 0

    def pack(self) -> bytes:
        return struct.pack("<16I", *dataclasses.astuple(self))

    @classmethod
    def unpack(cls, data: bytes) -> Statistics:
        return cls(*struct.unpack("<16I", data[:DESCRIPTOR_BYTES]))

    def counts(self) -> dict[str, int]:
        """The fields that depend on the program alone: equal on every back end."""
        values = dataclasses.asdict(self)
        return {name: values[name] for name in values if name not in TIMING_FIELDS}


TIMING_FIELDS = ("cycle_start", "cycle_end", "engine_steps")
