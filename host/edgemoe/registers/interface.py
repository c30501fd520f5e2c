# SPDX-License-Identifier: Apache-2.0
"""The registers of the AXI4-Lite slave."""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.config import BuildConfig


@dataclass(frozen=True)
class Register:
    """A register of the AXI4-Lite slave, 32 bits wide; a 64-bit argument has a second one 4 bytes on."""

    name: str
    offset: int
    writable: bool
    bits: int
    meaning: str


INPUTS = (
    ("program", 64, "address of the layer program"),
    ("weights", 64, "address of the weights region"),
    ("image", 64, "address of the image region"),
    ("output", 64, "address of the output region"),
    ("statistics", 64, "address of the statistics records"),
    ("program_bytes", 32, "size of the layer program's buffer"),
    ("weights_bytes", 32, "size of the weights region"),
    ("image_bytes", 32, "size of the image region"),
    ("output_bytes", 32, "size of the output region"),
    ("statistics_bytes", 32, "size of the statistics buffer"),
)
OUTPUTS = (
    ("status", "verdict on the layer program, 0 = none wrong"),
    ("error_index", "descriptor that the verdict is about, or 0xFFFFFFFF"),
    ("cycles", "cycles from start to the last write"),
    ("records", "statistics records written"),
    ("build_id", "identifies sizes and layout of the build"),
    ("limits0", "rows | cols << 8 | max_experts << 16 | max_top_k << 24"),
    ("limits1", "max_tokens | act_depth << 16"),
    ("limits2", "query_depth | residual_depth << 16"),
    ("limits3", "max_k_tiles | max_n_tiles << 16"),
)


def _layout() -> tuple[Register, ...]:
    """Vitis HLS's layout: 0x00..0x0c control, then from 0x10 in the order of the top function's arguments.

    A 32-bit input takes 8 bytes, a 64-bit one 12, an output 16 (data, then a valid bit 4 bytes on).
    """
    registers = [
        Register(
            "CTRL", 0x00, True, 32, "bit 0 start, 1 done (cleared by reading), 2 idle, 3 ready, 7 restart"
        ),
        Register("GIER", 0x04, True, 32, "bit 0: interrupts enabled"),
        Register("IP_IER", 0x08, True, 32, "bit 0: interrupt on done, 1: on ready"),
        Register("IP_ISR", 0x0C, True, 32, "bit 0: done happened, 1: ready happened; writing 1 toggles"),
    ]
    offset = 0x10
    for name, bits, meaning in INPUTS:
        registers.append(Register(name, offset, True, bits, meaning))
        offset += 12 if bits == 64 else 8
    for name, meaning in OUTPUTS:
        registers.append(Register(name, offset, False, 32, meaning))
        offset += 16
    return tuple(registers)


REGISTERS = _layout()


def limits(build: BuildConfig) -> tuple[int, int, int, int]:
    """The four words in which a build tells its maxima."""
    return (
        build.rows | build.cols << 8 | build.max_experts << 16 | build.max_top_k << 24,
        build.max_tokens | build.act_depth << 16,
        build.query_depth | build.residual_depth << 16,
        build.max_k_tiles | build.max_n_tiles << 16,
    )
