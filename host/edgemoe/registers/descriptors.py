# SPDX-License-Identifier: Apache-2.0
"""The descriptor of a layer program, its fields, and the program around it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from edgemoe.registers.codes import DESCRIPTOR_BYTES, MAGIC, VERSION


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
    Field("k_tiles", 1, 16, 16, "source planes, inputs / rows"),
    Field("n_tiles", 2, 0, 16, "outputs / cols; of EXPERTS: hidden / cols"),
    Field("heads", 2, 16, 8, "heads of ATTENTION, experts of EXPERTS, either of GATE"),
    Field(
        "group",
        2,
        24,
        8,
        "experts or heads a token of GATE; of ATTENTION that of its GATE, 0: all heads for all tokens",
    ),
    Field("src_base", 3, 0, 16, "source word address; q of ATTENTION"),
    Field("src_stride", 3, 16, 16, "words from one source plane to the next"),
    Field("dst_base", 4, 0, 16, "destination word address"),
    Field("dst_stride", 4, 16, 16, "words from one destination plane to the next"),
    Field("aux_base", 5, 0, 16, "v of ATTENTION, in `keys`; the hidden layer of EXPERTS, in `act`"),
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
    Field("key_base", 9, 0, 16, "k of ATTENTION, in `keys`"),
    Field("key_stride", 9, 16, 16, "words from one plane of it to the next"),
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
    key_base: int = 0
    key_stride: int = 0
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
