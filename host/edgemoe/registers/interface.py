# SPDX-License-Identifier: Apache-2.0
"""The registers of the AXI4-Lite slave."""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.config import WEIGHT_PORTS, BuildConfig


@dataclass(frozen=True)
class Register:
    """What host and accelerator agree on of a register of the AXI4-Lite slave.

    Where it lies is not among it: the compiler lays the registers out, its report goes into the hardware
    description, and the driver reads that.
    """

    name: str
    bits: int
    """32, or 64: then the description has `<name>_1` and `<name>_2`, the low and the high word."""
    writable: bool
    meaning: str


CONTROL = (
    Register("CTRL", 32, True, "bit 0 start, 1 done (cleared by reading), 2 idle, 3 ready, 7 restart"),
    Register("GIER", 32, True, "bit 0: interrupts enabled"),
    Register("IP_IER", 32, True, "bit 0: interrupt on done, 1: on ready"),
    Register("IP_ISR", 32, True, "bit 0: done happened, 1: ready happened; writing 1 toggles"),
)
INPUTS = (
    Register("program", 64, True, "address of the layer program"),
    *(
        Register(f"weights{i}", 64, True, f"address of stripe {i} of the weights region")
        for i in range(WEIGHT_PORTS)
    ),
    Register("image", 64, True, "address of the image region"),
    Register("output", 64, True, "address of the output region"),
    Register("statistics", 64, True, "address of the statistics records"),
    Register("program_bytes", 32, True, "size of the layer program's buffer"),
    Register("weights_bytes", 32, True, "size of the weights region"),
    Register("image_bytes", 32, True, "size of the image region"),
    Register("output_bytes", 32, True, "size of the output region"),
    Register("statistics_bytes", 32, True, "size of the statistics buffer"),
)
OUTPUTS = (
    Register("status", 32, False, "verdict on the layer program, 0 = none wrong"),
    Register("error_index", 32, False, "descriptor that the verdict is about, or 0xFFFFFFFF"),
    Register("cycles", 32, False, "cycles from start to the last write"),
    Register("records", 32, False, "statistics records written"),
    Register("build_id", 32, False, "identifies sizes and layout of the build"),
    Register("limits0", 32, False, "rows | cols << 8 | max_experts << 16 | max_top_k << 24"),
    Register("limits1", 32, False, "max_tokens | act_depth << 16"),
    Register("limits2", 32, False, "key_depth | residual_depth << 16"),
    Register("limits3", 32, False, "max_k_tiles | max_n_tiles << 16"),
)
BUS_ERROR = Register(
    "BUS_ERROR", 32, False, "bit k: an error response on memory port k since the start; the compiler adds it"
)
REGISTERS = (*CONTROL, *INPUTS, *OUTPUTS, BUS_ERROR)


def limits(build: BuildConfig) -> tuple[int, int, int, int]:
    """The four words in which a build tells its maxima."""
    return (
        build.rows | build.cols << 8 | build.max_experts << 16 | build.max_top_k << 24,
        build.max_tokens | build.act_depth << 16,
        build.key_depth | build.residual_depth << 16,
        build.max_k_tiles | build.max_n_tiles << 16,
    )
