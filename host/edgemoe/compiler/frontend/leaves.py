# SPDX-License-Identifier: Apache-2.0
"""The arrays of scalars that a type is made of."""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.llvmir.types import ArrayType, IntType, Layout, NamedType, PlainType, StructType, Type

#: A named struct around an array: the lanes of an ``hls::vector``, each a bank of its own.
LANES = "hls::vector"
#: In the name of a struct around an inner dimension: its array, and as much room behind it. Rows that lie apart keep
#: what a constant number of bytes adds to each index distinct: `m[1][i - 2]` is never `m[0][i + 14]`.
ROWS = "hls.row"


@dataclass(frozen=True, slots=True)
class Dim:
    """One array dimension: extent, stride in bytes, and whether it is the lanes of an ``hls::vector``."""

    extent: int
    stride: int
    lanes: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """An array of scalars inside a type: byte offset of its first element, dimensions, bits of the scalar."""

    path: tuple[int, ...]  #: field numbers, outermost first; structs of one field left out
    offset: int
    dims: tuple[Dim, ...]
    width: int  #: 0 for a pointer


def leaves(layout: Layout, type_: Type) -> list[Leaf]:
    """The arrays of scalars in a type, in memory order. A struct with one field is its field."""
    if isinstance(type_, IntType):
        return [Leaf((), 0, (), type_.width)]
    if isinstance(type_, PlainType):
        return [Leaf((), 0, (), 0)]
    if isinstance(type_, ArrayType):
        dim = Dim(type_.count, layout.size(type_.element))
        return [Leaf(q.path, q.offset, (dim, *q.dims), q.width) for q in leaves(layout, type_.element)]
    lanes = isinstance(type_, NamedType) and LANES in type_.name
    body = layout.body(type_)
    assert isinstance(body, StructType)
    parts = fields(layout, type_)
    if isinstance(type_, NamedType) and ROWS in type_.name:
        parts = parts[:1]
    result = []
    for number, (offset, part) in parts:
        for leaf in leaves(layout, part):
            path = leaf.path if len(parts) == 1 else (number, *leaf.path)
            dims = leaf.dims
            if lanes and dims:
                dims = (Dim(dims[0].extent, dims[0].stride, True), *dims[1:])
            result.append(Leaf(path, offset + leaf.offset, dims, leaf.width))
    return result


def steps(leaf: Leaf, distance: int, term: bool = False) -> tuple[list[int], int]:
    """Bytes as steps in each dimension, and those left over.

    Where rows lie apart, a distance that is nearer to the next row counts back from it. Elsewhere a ``term``'s stride
    counts in one dimension only: the elements follow each other, so that it does not matter in which.
    """
    counts, rest = [], distance
    for dim, inner in zip(leaf.dims, (*leaf.dims[1:], None), strict=False):
        row = inner.extent * inner.stride if inner is not None else dim.stride
        if row < dim.stride:
            count = (rest + row) // dim.stride
        else:
            count = 0 if term and rest % dim.stride else rest // dim.stride
        counts.append(count)
        rest -= count * dim.stride
    return counts, rest


def array_of_runs(layout: Layout, type_: Type) -> Type:
    """Constants are printed as structs of runs of equal parts; equal leaves side by side are one array again."""
    if not isinstance(type_, StructType):
        return type_
    widths = {leaf.width for leaf in leaves(layout, type_)}
    if len(widths) != 1 or not (width := widths.pop()):
        return type_
    element = IntType(width)
    return ArrayType(layout.size(type_) // layout.size(element), element)


def fields(layout: Layout, type_: Type) -> list[tuple[int, tuple[int, Type]]]:
    """(number, (offset, type)) of a struct's fields, clang's explicit padding left out."""
    all_fields = list(enumerate(layout.fields(type_)))
    body = layout.body(type_)
    if isinstance(body, StructType) and body.packed:
        return [item for item in all_fields if not _is_padding(item[1][1])] or all_fields
    return all_fields


def _is_padding(type_: Type) -> bool:
    """In a packed struct clang pads with bytes, fewer than an alignment; members of bytes are as long or longer."""
    return isinstance(type_, ArrayType) and type_.element == IntType(8) and type_.count < 8
