# SPDX-License-Identifier: Apache-2.0
"""Paths within variables, by debug information: which element or member the bits from an offset on are."""

from __future__ import annotations

import math

from edgemoe.compiler.frontend.leaves import LANES
from edgemoe.compiler.llvmir.debug import DebugInfo, in_shim
from edgemoe.compiler.llvmir.types import ArrayType, Layout, StructType, Type

_DEPTH = 20  #: how deep types may nest


def describe(debug: DebugInfo, layout: Layout, type_: Type) -> str:
    """The number of a new type in the debug information with the size and the dimensions of an LLVM type.

    LLVM splits the record of a variable only where it knows the variable's size.
    """
    size = 8 * layout.size(type_)
    body = layout.body(type_)
    while isinstance(body, StructType) and body.fields:  # lanes, or a row and what pads it
        type_ = body.fields[0]
        body = layout.body(type_)
    if not isinstance(body, ArrayType):
        return debug.add(f'!DIBasicType(name: "word", size: {size}, encoding: DW_ATE_unsigned)')
    element = describe(debug, layout, body.element)
    listed = debug.add(f"!{{!{debug.add(f'!DISubrange(count: {body.count})')}}}")
    tag = "tag: DW_TAG_array_type"
    return debug.add(f"!DICompositeType({tag}, baseType: !{element}, size: {size}, elements: !{listed})")


def path_of(debug: DebugInfo, variable: str, offset: int, width: int) -> list[str]:
    """Names of members and indices, from the variable of that number to the scalar at a bit offset.

    ``width`` counts the bits that are meant. Where they are several scalars, or a part of one, the path ends above.
    """
    steps: list[str] = []
    type_ = debug.field(variable, "type")
    for _ in range(_DEPTH):
        type_ = debug.strip(type_)
        node = debug.node(type_)
        if debug.integer_type(type_):
            break
        tag = node.fields.get("tag")
        if tag == "DW_TAG_array_type":
            found = _element(debug, type_, offset, width)
        elif tag in ("DW_TAG_structure_type", "DW_TAG_class_type"):
            found = _member(debug, type_, offset, width)
        else:
            break
        if found is None:
            break
        names, type_, offset = found
        steps += names
    return steps


_Step = tuple[list[str], str, int]  # names, type, offset within it


def _element(debug: DebugInfo, array: str, offset: int, width: int) -> _Step | None:
    counts = [
        int(debug.field(item, "count") or 0)
        for item in debug.node(debug.field(array, "elements")).items
        if debug.node(item).kind == "DISubrange"
    ]
    element = debug.field(array, "baseType")
    size = size_of(debug, element)
    if not size or not counts or not all(counts):
        return None
    number, rest = divmod(offset, size)
    if number >= math.prod(counts) or rest + width > size:
        return None
    indices: list[str] = []
    for count in reversed(counts):
        number, index = divmod(number, count)
        indices.append(str(index))
    return indices[::-1], element, rest


def _member(debug: DebugInfo, struct: str, offset: int, width: int) -> _Step | None:
    name = debug.field(struct, "name")
    members = [item for item in debug.node(debug.field(struct, "elements")).items if debug.is_data(item)]
    for item in members:
        fields = debug.node(item).fields
        start = int(fields.get("offset", 0))
        size = int(fields.get("size", 0)) or size_of(debug, fields.get("baseType", ""))
        if start <= offset and offset + width <= start + size:
            # What wraps a single member for the shim says nothing of its own.
            silent = len(members) == 1 and (in_shim(debug.file_of_scope(struct)) or LANES in name)
            word = fields.get("name", "")
            return [word] if word and not silent else [], fields.get("baseType", ""), offset - start
    return None


def size_of(debug: DebugInfo, type_: str) -> int:
    """Bits of a type, 0 if unknown."""
    for _ in range(_DEPTH):
        fields = debug.node(type_).fields
        if "size" in fields:
            return int(fields["size"])
        type_ = fields.get("baseType", "")
        if not type_:
            break
    return 0
