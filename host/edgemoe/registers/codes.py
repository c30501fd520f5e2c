# SPDX-License-Identifier: Apache-2.0
"""Constants and codes: operations, epilogues, memories, formats, regions, score rules and verdicts."""

from __future__ import annotations

from enum import IntEnum

from edgemoe.numerics import EPS_BITS, EPS_MIN

MAGIC = 0x656F4D45  # the bytes "EMoe"
VERSION = 4
DESCRIPTOR_BYTES = 64  # also of the program's header and of a statistics record
DESCRIPTOR_WORDS = 16
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
    KEYS = 1
    RESIDUAL = 2
    ACCUM = 3
    CHOICE = 4


WIDE_SPACES = (Space.RESIDUAL, Space.ACCUM)
"""Memories whose values are wider than int16: in DRAM they are int32."""


class Format(IntEnum):
    """How LOAD reads a word of `rows` values."""

    U8 = 0  # zero-extended
    I16 = 1
    I32 = 2  # of `residual`, clipped to its width


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
    CHANGED = 29


ERROR_TEXT = {
    Error.NONE: "no error",
    Error.MAGIC: "the layer program doesn't begin with its magic number",
    Error.VERSION: "the layer program's version is not the one that this build reads",
    Error.COUNT: "the number of descriptors is 0, above the build's maximum, or beyond the program's size",
    Error.CHECKSUM: "the sum of the descriptors' words differs from the header's checksum",
    Error.OPCODE: "unknown operation",
    Error.END: "END is not the last descriptor, or the last descriptor is not END",
    Error.SEQUENCE: (
        "GATE must alternate with what takes its queues, EXPERTS or an ATTENTION with a group, whose tokens, heads and "
        "group are the gate's; none may be open at END"
    ),
    Error.TOKENS: "tokens is 0 or above the build's maximum",
    Error.K_TILES: "k_tiles is 0 or above the build's maximum",
    Error.N_TILES: "n_tiles is 0, above the build's maximum, or not what the operation allows",
    Error.WEIGHT_BITS: "weight_bits is neither 8 nor 16",
    Error.EPILOGUE: "this epilogue does not exist or is not allowed here",
    Error.SPACE: "this memory is not allowed here",
    Error.FORMAT: "this format of values does not exist or is not the memory's",
    Error.REGION: "unknown DRAM region",
    Error.HEADS: "the number of heads or experts is 0 or above the build's maximum",
    Error.GROUP: "experts a token are 0 or above the build's maximum (or above all experts)",
    Error.SIZE: "the number of words is 0",
    Error.STRIDE: "a stride is below the number of tokens, so planes would overlap",
    Error.ADDRESS: "an on-chip range ends beyond its memory",
    Error.OVERLAP: "source and destination overlap",
    Error.SHIFT: "a shift is out of range",
    Error.RULE: "the score rule is unknown or the threshold above 1",
    Error.EPSILON: f"eps is below {EPS_MIN} or not below 2^{EPS_BITS}",
    Error.DIM: "the dimension is 0, above the planes' lanes, or above the build's maximum",
    Error.ALIGN: "a DRAM offset or stride is not a multiple of a beat's bytes",
    Error.DRAM: "a DRAM range ends beyond its region",
    Error.STATISTICS: "the statistics buffer is too small for the records that the program may write",
    Error.CHANGED: "the layer program was changed in DRAM after its check, which was noticed on reading it again",
}
