# SPDX-License-Identifier: Apache-2.0
"""Sizes of LLVM types in memory, and the arrays of scalars that a type is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Dim:
    """One array dimension: extent, stride in bytes, and whether it is the lanes of an ``hls::vector``."""

    extent: int
    stride: int
    lanes: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """An array of scalars inside a type: byte offset of its first element, dimensions, bits of the scalar."""

    path: str  #: "" or "_0_2": field numbers, outermost first
    offset: int
    dims: tuple[Dim, ...]
    width: int


@dataclass(slots=True)
class Layout:
    """Answers questions about the named types of a module (riscv32 data layout: pointers 4 bytes)."""

    types: dict[str, str]
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _leaves: dict[str, list[Leaf]] = field(default_factory=dict)

    def size(self, type_: str) -> int:
        """Bytes that an element of this type takes in an array."""
        return self.measure(type_)[0]

    def measure(self, type_: str) -> tuple[int, int]:
        """(size, alignment) in bytes."""
        known = self._sizes.get(type_)
        if known is None:
            known = self._sizes[type_] = self._measure(type_)
        return known

    def _measure(self, type_: str) -> tuple[int, int]:
        if type_.startswith("i"):
            return _integer(int(type_[1:]))
        if type_ == "ptr":
            return 4, 4
        if type_.startswith("["):
            count, element = array(type_)
            size, alignment = self.measure(element)
            return count * size, alignment
        packed = self.structure(type_)[1]
        end, alignment = 0, 1
        for offset, field_type in self.fields(type_):
            size, own = self.measure(field_type)
            end = offset + size
            alignment = max(alignment, 1 if packed else own)
        return -(-end // alignment) * alignment, alignment

    def structure(self, type_: str) -> tuple[list[str], bool]:
        """Field types of a struct, and whether it is packed."""
        body = self.types.get(type_, type_)
        while body.startswith("%"):
            body = self.types[body]
        packed = body.startswith("<")
        return _split(body.strip("<>").strip()[1:-1]), packed

    def fields(self, type_: str) -> list[tuple[int, str]]:
        """(byte offset, type) of each field of a struct."""
        types, packed = self.structure(type_)
        offset, result = 0, []
        for field_type in types:
            size, alignment = self.measure(field_type)
            if not packed:
                offset = -(-offset // alignment) * alignment
            result.append((offset, field_type))
            offset += size
        return result

    def leaves(self, type_: str) -> list[Leaf]:
        """The arrays of scalars in a type, in memory order. A struct with one field is its field."""
        known = self._leaves.get(type_)
        if known is None:
            known = self._leaves[type_] = self._find_leaves(type_)
        return known

    def _find_leaves(self, type_: str) -> list[Leaf]:
        if type_.startswith("i"):
            return [Leaf("", 0, (), int(type_[1:]))]
        if type_ == "ptr":
            return [Leaf("", 0, (), 0)]
        if type_.startswith("["):
            count, element = array(type_)
            stride = self.size(element)
            return [
                Leaf(leaf.path, leaf.offset, (Dim(count, stride), *leaf.dims), leaf.width)
                for leaf in self.leaves(element)
            ]
        fields = [
            (o, t)
            for o, t in self.fields(type_)
            if not re.fullmatch(r"\[\d+ x i8\]", t) or len(self.fields(type_)) == 1
        ]
        lanes = "hls::vector" in type_
        result = []
        for number, (offset, field_type) in enumerate(fields):
            for leaf in self.leaves(field_type):
                path = leaf.path if len(fields) == 1 else f"_{number}{leaf.path}"
                dims = leaf.dims
                if lanes and dims:
                    dims = (Dim(dims[0].extent, dims[0].stride, True), *dims[1:])
                result.append(Leaf(path, offset + leaf.offset, dims, leaf.width))
        return result


def array(type_: str) -> tuple[int, str]:
    """``[4 x T]`` -> (4, T)."""
    count, _, element = type_[1:-1].partition(" x ")
    return int(count), element


def _integer(width: int) -> tuple[int, int]:
    size = 1
    while size * 8 < width and size < 8:
        size *= 2
    if width <= 64:
        return size, size
    if width <= 128:
        return 16, 8
    return -(-width // 64) * 8, 8


def _split(text: str) -> list[str]:
    parts, depth, quoted, start = [], 0, False, 0
    for k, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif not quoted:
            depth += c in "[{<("
            depth -= c in "]}>)"
            if c == "," and depth == 0:
                parts.append(text[start:k].strip())
                start = k + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts
