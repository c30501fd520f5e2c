# SPDX-License-Identifier: Apache-2.0
"""C++'s integer types: the built-in ones with their promotions, ap_int, enums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Builtin:
    """A built-in integer type under LP64; ``rank`` orders conversions (int is 3)."""

    name: str
    width: int
    signed: bool
    rank: int

    @property
    def lo(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        return (1 << (self.width - self.signed)) - 1

    def holds(self, lo: int, hi: int) -> bool:
        return self.lo <= lo and hi <= self.hi


@dataclass(frozen=True)
class Ap:
    """``ap_int<width>`` or ``ap_uint<width>``."""

    width: int
    signed: bool

    @property
    def name(self) -> str:
        return f"ap_{'' if self.signed else 'u'}int<{self.width}>"


@dataclass(frozen=True)
class Enum:
    """An enumeration whose values are 0..3; ``scoped`` ones are converted by casts alone."""

    name: str
    base: Builtin
    scoped: bool

    @property
    def width(self) -> int:
        return self.base.width


Scalar = Builtin | Ap | Enum

BOOL = Builtin("bool", 1, False, 0)
INT = Builtin("int", 32, True, 3)
UNSIGNED = Builtin("unsigned", 32, False, 3)
LONG = Builtin("long", 64, True, 4)
ULONG = Builtin("unsigned long", 64, False, 4)
LLONG = Builtin("long long", 64, True, 5)
ULLONG = Builtin("unsigned long long", 64, False, 5)
BUILTINS = (
    BOOL,
    Builtin("char", 8, True, 1),
    Builtin("signed char", 8, True, 1),
    Builtin("unsigned char", 8, False, 1),
    Builtin("short", 16, True, 2),
    Builtin("unsigned short", 16, False, 2),
    INT,
    UNSIGNED,
    LONG,
    ULONG,
    LLONG,
    ULLONG,
    Builtin("size_t", 64, False, 4),
    Builtin("int8_t", 8, True, 1),
    Builtin("uint8_t", 8, False, 1),
    Builtin("int16_t", 16, True, 2),
    Builtin("uint16_t", 16, False, 2),
    Builtin("int32_t", 32, True, 3),
    Builtin("uint32_t", 32, False, 3),
    Builtin("int64_t", 64, True, 4),
    Builtin("uint64_t", 64, False, 4),
)
AP_WIDTHS = (1, 2, 3, 5, 7, 8, 9, 13, 16, 17, 24, 31, 32, 33, 40, 48, 63, 64, 65, 80, 100, 128, 129)


def promoted(kind: Builtin) -> Builtin:
    """The type after C++'s integral promotions."""
    return INT if kind.rank < INT.rank else kind


def common(a: Builtin, b: Builtin) -> Builtin:
    """The type of ``a + b``: the usual arithmetic conversions."""
    a, b = promoted(a), promoted(b)
    if a.signed == b.signed:
        return a if a.rank >= b.rank else b
    signed, unsigned = (a, b) if a.signed else (b, a)
    if unsigned.rank >= signed.rank:
        return unsigned
    return signed if signed.width > unsigned.width else unsigned_of(signed)


def unsigned_of(kind: Builtin) -> Builtin:
    """The unsigned type of the same rank, for int and above."""
    return {3: UNSIGNED, 4: ULONG, 5: ULLONG}[promoted(kind).rank]
