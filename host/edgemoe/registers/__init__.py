# SPDX-License-Identifier: Apache-2.0
"""What host and accelerator agree on, described once: descriptors, codes, statistics records and registers.

From this module come the C++ constants (`registers_hpp`), the Python packing (`Descriptor`, `Statistics`),
the registers with their meanings (`REGISTERS`; the compiler gives them their offsets) and the tables of
docs/reference/machine.md, which a test compares with it. That page says what each operation does.
"""

from edgemoe.registers.beats import linear_beats, load_beats, norm_beats, store_beats
from edgemoe.registers.codes import (
    DESCRIPTOR_BYTES,
    DESCRIPTOR_WORDS,
    ERROR_TEXT,
    IP_NAME,
    IP_VLNV,
    MAGIC,
    NO_INDEX,
    VERSION,
    WIDE_SPACES,
    Epilogue,
    Error,
    Format,
    Opcode,
    Region,
    Rule,
    Space,
)
from edgemoe.registers.descriptors import DESCRIPTOR_FIELDS, Descriptor, Field, pack_program
from edgemoe.registers.headers import build_id, registers_hpp, write_headers
from edgemoe.registers.interface import BUS_ERROR, CONTROL, INPUTS, OUTPUTS, REGISTERS, Register, limits
from edgemoe.registers.statistics import STATISTICS_FIELDS, TIMING_FIELDS, Statistics

__all__ = [
    "BUS_ERROR",
    "CONTROL",
    "DESCRIPTOR_BYTES",
    "DESCRIPTOR_FIELDS",
    "DESCRIPTOR_WORDS",
    "ERROR_TEXT",
    "INPUTS",
    "IP_NAME",
    "IP_VLNV",
    "MAGIC",
    "NO_INDEX",
    "OUTPUTS",
    "REGISTERS",
    "STATISTICS_FIELDS",
    "TIMING_FIELDS",
    "VERSION",
    "WIDE_SPACES",
    "Descriptor",
    "Epilogue",
    "Error",
    "Field",
    "Format",
    "Opcode",
    "Region",
    "Register",
    "Rule",
    "Space",
    "Statistics",
    "build_id",
    "limits",
    "linear_beats",
    "load_beats",
    "norm_beats",
    "pack_program",
    "registers_hpp",
    "store_beats",
    "write_headers",
]
