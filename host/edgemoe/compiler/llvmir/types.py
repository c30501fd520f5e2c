# SPDX-License-Identifier: Apache-2.0
"""LLVM's types, and their layout in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class IntType:
    """``iN``."""

    width: int

    def __str__(self) -> str:
        return f"i{self.width}"


@dataclass(frozen=True, slots=True)
class PlainType:
    """A type without parts that is no integer: ``ptr``, ``void``, ``float``, ``label``, ``metadata``, ..."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ArrayType:
    """``[count x element]``."""

    count: int
    element: Type

    def __str__(self) -> str:
        return f"[{self.count} x {self.element}]"


@dataclass(frozen=True, slots=True)
class VectorType:
    """``<count x element>``: nothing here makes one; kept so that it can be refused."""

    count: int
    element: Type

    def __str__(self) -> str:
        return f"<{self.count} x {self.element}>"


@dataclass(frozen=True, slots=True)
class StructType:
    """``{ fields }``, or ``<{ fields }>`` without padding."""

    fields: tuple[Type, ...]
    packed: bool = False

    def __str__(self) -> str:
        inner = "{ " + ", ".join(map(str, self.fields)) + " }" if self.fields else "{}"
        return f"<{inner}>" if self.packed else inner


@dataclass(frozen=True, slots=True)
class NamedType:
    """``%name``: a struct whose body the module knows."""

    name: str  #: with the percent sign

    def __str__(self) -> str:
        return self.name


Type: TypeAlias = IntType | PlainType | ArrayType | VectorType | StructType | NamedType

POINTER = PlainType("ptr")
VOID = PlainType("void")


def bits(type_: Type) -> int:
    """Bits of an integer type, 0 for any other."""
    return type_.width if isinstance(type_, IntType) else 0


def bytes_of_bits(width: int) -> int:
    """Bytes that a load or store of an integer touches; `integer_bytes` is what it takes in an array."""
    return -(-width // 8)


def integer_bytes(width: int) -> int:
    """Bytes that an integer takes: a power of two up to 8, 16 up to 128 bits, then multiples of 8."""
    if width > 128:
        return -(-width // 64) * 8
    size = 1
    while size * 8 < width:
        size *= 2
    return size


_PLAIN_BYTES = {"float": 4, "double": 8, "half": 2, "fp128": 16}


@dataclass(slots=True)
class Layout:
    """Sizes and offsets, in bytes, by the rules of a module's data layout.

    ``widest`` is the largest alignment of an integer: 16 in what clang writes, where a struct whose members lie
    otherwise is packed, its padding written as fields.
    """

    types: Mapping[str, StructType]
    widest: int = 16
    pointer: int = 8
    _known: dict[Type, tuple[int, int]] = field(default_factory=dict)

    def body(self, type_: Type) -> Type:
        """``type_`` with its name looked up."""
        while isinstance(type_, NamedType):
            type_ = self.types[type_.name]
        return type_

    def size(self, type_: Type) -> int:
        """Bytes that an element of this type takes in an array."""
        return self.measure(type_)[0]

    def measure(self, type_: Type) -> tuple[int, int]:
        """(size, alignment)."""
        known = self._known.get(type_)
        if known is None:
            known = self._known[type_] = self._measure(type_)
        return known

    def _measure(self, type_: Type) -> tuple[int, int]:
        body = self.body(type_)
        if isinstance(body, IntType):
            size = integer_bytes(body.width)
            return size, min(size if size <= 16 else 16, self.widest)
        if isinstance(body, PlainType):
            size = self.pointer if body == POINTER else _PLAIN_BYTES.get(body.name, 0)
            return size, max(1, min(size, 16))
        if isinstance(body, (ArrayType, VectorType)):
            size, alignment = self.measure(body.element)
            return body.count * size, alignment
        assert isinstance(body, StructType)
        end, alignment = 0, 1
        for (offset, part), _ in zip(self.fields(type_), body.fields, strict=True):
            size, own = self.measure(part)
            end = offset + size
            alignment = max(alignment, 1 if body.packed else own)
        return -(-end // alignment) * alignment, alignment

    def fields(self, type_: Type) -> list[tuple[int, Type]]:
        """(offset, type) of each field of a struct."""
        body = self.body(type_)
        assert isinstance(body, StructType)
        offset, result = 0, []
        for part in body.fields:
            size, alignment = self.measure(part)
            if not body.packed:
                offset = -(-offset // alignment) * alignment
            result.append((offset, part))
            offset += size
        return result
