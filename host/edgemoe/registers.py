# SPDX-License-Identifier: Apache-2.0
"""What host and accelerator agree on, described once: descriptors, codes, statistics records and registers.

From this module come the C++ constants (`registers_hpp`), the Python packing (`Descriptor`, `Statistics`),
the register map that the hardware description quotes (`REGISTERS`) and the tables of
docs/reference/machine.md, which a test compares with it. That page says what each operation does.
"""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from edgemoe.config import BuildConfig, config_hpp, write_config_hpp, write_if_changed

MAGIC = 0x656F4D45  # the bytes "EMoe"
VERSION = 1
DESCRIPTOR_BYTES = 64  # also of the program's header and of a statistics record
DESCRIPTOR_WORDS = 16
BEAT_BYTES = 16
NO_INDEX = 0xFFFFFFFF  # error_index when no descriptor is to blame; `expert` of a record that belongs to none
IP_NAME = "accelerator"
IP_VLNV = "edgemoe:hls:accelerator:1.0"


class Opcode(IntEnum):
    """Operations of the layer program."""

    END = 0
    LOAD = 1
    LINEAR = 2
    LAYERNORM = 3
    ATTENTION = 4
    GATE = 5
    EXPERTS = 6
    COMBINE = 7
    STORE = 8


class Epilogue(IntEnum):
    """What a linear layer does with its sums."""

    REQUANT = 0
    GELU = 1
    RESIDUAL = 2
    EXPERT = 3  # only inside EXPERTS; a LINEAR descriptor that asks for it is refused
    RAW = 4
    DRAM = 5


class Space(IntEnum):
    """On-chip memories that LOAD, STORE and LINEAR can name."""

    ACT = 0
    QUERY = 1
    RESIDUAL = 2
    ACCUM = 3
    CHOICE = 4


class Format(IntEnum):
    """How LOAD reads a word of 32 values."""

    U8 = 0  # 2 beats, zero-extended
    I16 = 1  # 4 beats


class Region(IntEnum):
    """DRAM regions that LOAD can read; every DRAM offset is relative to its region's address register."""

    WEIGHTS = 0
    IMAGE = 1


class Rule(IntEnum):
    """How the gate scores the experts that it chose."""

    SOFTMAX_ALL = 1  # softmax over all experts, not renormalised
    SOFTMAX_TOPK = 2  # softmax over the chosen ones


class Error(IntEnum):
    """Verdicts on a layer program. Of several that apply to one descriptor the lowest code is reported."""

    NONE = 0
    MAGIC = 1
    VERSION = 2
    COUNT = 3
    CHECKSUM = 4
    OPCODE = 5
    END = 6
    SEQUENCE = 7
    TOKENS = 8
    K_TILES = 9
    N_TILES = 10
    WEIGHT_BITS = 11
    EPILOGUE = 12
    SPACE = 13
    FORMAT = 14
    REGION = 15
    HEADS = 16
    GROUP = 17
    SIZE = 18
    STRIDE = 19
    ADDRESS = 20
    OVERLAP = 21
    SHIFT = 22
    RULE = 23
    EPSILON = 24
    DIM = 25
    ALIGN = 26
    DRAM = 27
    STATISTICS = 28


ERROR_TEXT = {
    Error.NONE: "no error",
    Error.MAGIC: "the layer program doesn't begin with its magic number",
    Error.VERSION: "the layer program's version is not the one that this build reads",
    Error.COUNT: "the number of descriptors is 0, above the build's maximum, or beyond the program's size",
    Error.CHECKSUM: "the sum of the descriptors' words differs from the header's checksum",
    Error.OPCODE: "unknown operation",
    Error.END: "END is not the last descriptor, or the last descriptor is not END",
    Error.SEQUENCE: "GATE and EXPERTS must alternate, with equal tokens and experts, none left open at END",
    Error.TOKENS: "tokens is 0 or above the build's maximum",
    Error.K_TILES: "k_tiles is 0 or above the build's maximum",
    Error.N_TILES: "n_tiles is 0, above the build's maximum, or not what the operation allows",
    Error.WEIGHT_BITS: "weight_bits is neither 8 nor 16",
    Error.EPILOGUE: "this epilogue does not exist or is not allowed here",
    Error.SPACE: "this memory is not allowed here",
    Error.FORMAT: "unknown format of values",
    Error.REGION: "unknown DRAM region",
    Error.HEADS: "the number of heads or experts is 0 or above the build's maximum",
    Error.GROUP: "queries held (1..8) or experts a token (1..4, at most all) are out of range",
    Error.SIZE: "the number of words is 0",
    Error.STRIDE: "a stride is below the number of tokens, so planes would overlap",
    Error.ADDRESS: "an on-chip range ends beyond its memory",
    Error.OVERLAP: "source and destination overlap",
    Error.SHIFT: "a shift is out of range",
    Error.RULE: "the score rule is unknown or the threshold above 1",
    Error.EPSILON: "eps is below 4 or not below 2^48",
    Error.DIM: "the dimension is 0, above the planes' lanes, or above the build's maximum",
    Error.ALIGN: "a DRAM offset or stride is not a multiple of 16 bytes",
    Error.DRAM: "a DRAM range ends beyond its region",
    Error.STATISTICS: "the statistics buffer is too small for the records that the program may write",
}


@dataclass(frozen=True)
class Field:
    """Where a descriptor keeps a field: 32-bit word, lowest bit, width (64 bits go on in the next word)."""

    name: str
    word: int
    lsb: int
    width: int
    meaning: str


DESCRIPTOR_FIELDS = (
    Field("opcode", 0, 0, 8, "the operation"),
    Field("weight_bits", 0, 8, 8, "8 or 16"),
    Field("epilogue", 0, 16, 4, "of LINEAR"),
    Field("space", 0, 20, 4, "destination of LOAD and of LINEAR with REQUANT; source of STORE"),
    Field("format", 0, 24, 2, "of LOAD"),
    Field("region", 0, 26, 2, "of LOAD"),
    Field("tokens", 1, 0, 16, "T"),
    Field("k_tiles", 1, 16, 16, "source planes, inputs / 32"),
    Field("n_tiles", 2, 0, 16, "outputs / 8; of EXPERTS: hidden / 8"),
    Field("heads", 2, 16, 8, "heads of ATTENTION, experts of GATE and EXPERTS"),
    Field("group", 2, 24, 8, "queries held at a time by ATTENTION; experts a token of GATE"),
    Field("src_base", 3, 0, 16, "source word address; k of ATTENTION"),
    Field("src_stride", 3, 16, 16, "words from one source plane to the next"),
    Field("dst_base", 4, 0, 16, "destination word address"),
    Field("dst_stride", 4, 16, 16, "words from one destination plane to the next"),
    Field("aux_base", 5, 0, 16, "v of ATTENTION; the hidden layer of EXPERTS; in `act`"),
    Field("aux_stride", 5, 16, 16, "words from one plane of it to the next"),
    Field(
        "offset", 6, 0, 32, "byte offset in DRAM: of the weights, of LOAD's source, of STORE's destination"
    ),
    Field(
        "size",
        7,
        0,
        32,
        "words of LOAD and STORE; output byte offset of LINEAR with DRAM; bytes from one expert to the next",
    ),
    Field("mult0", 8, 0, 16, "multiplier: GELU's output, ATTENTION's score, GATE's logit"),
    Field("mult1", 8, 16, 16, "multiplier: ATTENTION's output"),
    Field("query_base", 9, 0, 16, "q of ATTENTION, in `query`"),
    Field("query_stride", 9, 16, 16, "words from one plane of it to the next"),
    Field("shift0", 10, 0, 8, "shift that goes with mult0"),
    Field("shift1", 10, 8, 8, "shift that goes with mult1"),
    Field("rule", 10, 16, 8, "score rule of GATE"),
    Field("threshold", 11, 0, 17, "GATE drops scores below it, 65536 = 1.0"),
    Field("eps", 12, 0, 64, "E of LAYERNORM, eps * D^2 / scale^2"),
    Field("dim", 14, 0, 32, "D of LAYERNORM"),
    Field("stage", 15, 0, 32, "echoed in the statistics"),
)


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """One operation of a layer program; fields as in `DESCRIPTOR_FIELDS`, unused ones 0."""

    opcode: int = 0
    weight_bits: int = 0
    epilogue: int = 0
    space: int = 0
    format: int = 0
    region: int = 0
    tokens: int = 0
    k_tiles: int = 0
    n_tiles: int = 0
    heads: int = 0
    group: int = 0
    src_base: int = 0
    src_stride: int = 0
    dst_base: int = 0
    dst_stride: int = 0
    aux_base: int = 0
    aux_stride: int = 0
    offset: int = 0
    size: int = 0
    mult0: int = 0
    mult1: int = 0
    query_base: int = 0
    query_stride: int = 0
    shift0: int = 0
    shift1: int = 0
    rule: int = 0
    threshold: int = 0
    eps: int = 0
    dim: int = 0
    stage: int = 0

    def pack(self) -> bytes:
        """64 bytes, little-endian. Raises ValueError for a value that its field can't hold."""
        total = 0
        for field in DESCRIPTOR_FIELDS:
            value = int(getattr(self, field.name))
            if not 0 <= value < 1 << field.width:
                raise ValueError(f"descriptor field {field.name}: {value} does not fit {field.width} bits")
            total |= value << (32 * field.word + field.lsb)
        return total.to_bytes(DESCRIPTOR_BYTES, "little")

    @classmethod
    def unpack(cls, data: bytes) -> Descriptor:
        """The inverse of `pack`; bits outside all fields are ignored, as the hardware does."""
        total = int.from_bytes(data[:DESCRIPTOR_BYTES], "little")
        return cls(
            **{f.name: total >> (32 * f.word + f.lsb) & ((1 << f.width) - 1) for f in DESCRIPTOR_FIELDS}
        )


def pack_program(descriptors: list[Descriptor]) -> bytes:
    """Header (magic, version, count, sum of all descriptor words modulo 2^32, zeros) and descriptors."""
    body = b"".join(descriptor.pack() for descriptor in descriptors)
    checksum = sum(struct.unpack(f"<{len(body) // 4}I", body)) & 0xFFFFFFFF
    return struct.pack("<16I", MAGIC, VERSION, len(descriptors), checksum, *[0] * 12) + body


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
    ("query_reads", "words that the engine read from `query`"),
    ("score_writes", "scores written, one per head, query and key"),
    ("read_beats", "beats taken from DRAM"),
    ("exp_evaluations", "exponentials evaluated by ATTENTION"),
    ("write_beats", "beats sent to DRAM, without statistics"),
    ("reserved0", "0"),
    ("reserved1", "0"),
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
    query_reads: int = 0
    score_writes: int = 0
    read_beats: int = 0
    exp_evaluations: int = 0
    write_beats: int = 0
    reserved0: int = 0
    reserved1: int = 0

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


def build_id(build: BuildConfig) -> int:
    """32 bits of a hash over everything that a layer program depends on: sizes, tables, fields and codes."""
    text = config_hpp(build) + _constants_hpp()
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def registers_hpp(build: BuildConfig) -> str:
    """The C++ header: enums, descriptor fields, statistics words, limits and build id, as constexpr."""
    lines = [
        _constants_hpp(),
        f"constexpr unsigned int kBuildId = 0x{build_id(build):08X};",
        *[f"constexpr unsigned int kLimits{i} = 0x{word:08X};" for i, word in enumerate(limits(build))],
        "",
        "}  // namespace edgemoe",
        "",
    ]
    return "\n".join(lines)


def write_headers(build: BuildConfig, folder: Path) -> None:
    """Writes `edgemoe_config.hpp` and `edgemoe_registers.hpp` into `folder`; give it to compilers with -I."""
    write_config_hpp(build, folder / "edgemoe_config.hpp")
    write_if_changed(folder / "edgemoe_registers.hpp", registers_hpp(build))


def _constants_hpp() -> str:
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// Descriptors, codes and statistics. Generated by edgemoe.registers; do not edit.",
        "#pragma once",
        "",
        "namespace edgemoe {",
        "",
        f"constexpr unsigned int kMagic = 0x{MAGIC:08X};",
        f"constexpr unsigned int kVersion = {VERSION};",
        f"constexpr int kDescriptorBytes = {DESCRIPTOR_BYTES};",
        f"constexpr int kDescriptorWords = {DESCRIPTOR_WORDS};",
        f"constexpr int kBeatBytes = {BEAT_BYTES};",
        f"constexpr unsigned int kNoIndex = 0x{NO_INDEX:08X};",
        "",
    ]
    for kind in (Opcode, Epilogue, Space, Format, Region, Rule, Error):
        lines.append(f"enum {kind.__name__} : unsigned char {{")
        lines += [f"  k{kind.__name__}{_camel(member.name)} = {member.value}," for member in kind]
        lines += ["};", ""]
    lines += ["struct Field {", "  int word;", "  int lsb;", "  int width;", "};", ""]
    for f in DESCRIPTOR_FIELDS:
        lines.append(f"constexpr Field kField{_camel(f.name)} = {{{f.word}, {f.lsb}, {f.width}}};")
    lines.append("")
    for index, (name, _) in enumerate(STATISTICS_FIELDS):
        lines.append(f"constexpr int kStatistics{_camel(name)} = {index};")
    return "\n".join([*lines, ""])


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
