# SPDX-License-Identifier: Apache-2.0
"""The objects that a variable is split into: one array of scalars for each member."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from edgemoe.compiler.frontend.leaves import LANES, ROWS, leaves
from edgemoe.compiler.frontend.pointers import Field, Place, Step
from edgemoe.compiler.llvmir.line import Line
from edgemoe.compiler.llvmir.objects import Global, Inst, Module
from edgemoe.compiler.llvmir.tokens import tokens
from edgemoe.compiler.llvmir.types import (
    ArrayType,
    IntType,
    Layout,
    NamedType,
    StructType,
    Type,
    VectorType,
)

#: A path without its indices: a field's number, or ELEMENT for an index.
ELEMENT = -1
Key: TypeAlias = tuple[int, ...]


def key_of(steps: tuple[Step, ...]) -> Key:
    """Which object a path leads to."""
    return tuple(step.number if isinstance(step, Field) else ELEMENT for step in steps)


@dataclass(slots=True, eq=False)
class Part:
    """One object: its name and type; ``wrapped`` says of each index whether a struct stands before it."""

    name: str
    type: Type
    wrapped: tuple[bool, ...]

    def operands(self, indices: list[str], index: IntType) -> tuple[list[str], list[Type]]:
        """Operands of a ``getelementptr`` of this object's type to an element."""
        tokens, types = ["0"], [index]
        for token, wrapped in zip(indices, self.wrapped, strict=False):
            if wrapped:
                tokens.append("0")
                types.append(IntType(32))
            tokens.append(token)
            types.append(index)
        return tokens, list[Type](types)


@dataclass(slots=True, eq=False)
class Variable:
    """A variable to be split, and its parts by key."""

    scope: str  #: the function's name, "" for a global
    base: str
    type: Type
    name: str  #: what the source calls it
    debug_type: str  #: number of its type's metadata, "" if unknown
    apart: bool = False  #: whether the rows of its arrays lie apart, as those that a pragma partitions do
    parts: dict[Key, Part] = field(default_factory=dict)


class Parts:
    """Makes the parts of variables on demand."""

    def __init__(self, module: Module, wide: set[tuple[str, str, Key]]) -> None:
        self._module, self._wide = module, wide
        self.layout = module.layout
        self._names = {("", name) for name in module.globals} | {
            (function.name, name) for function in module.functions.values() for name in function.definitions()
        }

    def scalar(self, scope: str, place: Place) -> IntType | None:
        """The type of the scalar at a place, None if it is none."""
        body = self.layout.body(place.type)
        if isinstance(body, IntType):
            return body
        if isinstance(body, ArrayType) and ((scope, place.base, key_of(place.steps)) in self._wide):
            return IntType(8 * body.count)
        return None

    def part(self, variable: Variable, place: Place) -> Part:
        """The part in which a scalar's place lies."""
        key = key_of(place.steps)
        known = variable.parts.get(key)
        if known is None:
            scalar = self.scalar(variable.scope, place)
            assert scalar is not None
            known = variable.parts[key] = self._make(variable, key, scalar)
        return known

    def _make(self, variable: Variable, key: Key, scalar: IntType) -> Part:
        names: list[str] = []
        dims: list[tuple[int, bool]] = []
        type_, debug, lanes = variable.type, variable.debug_type, False
        for step in key:
            body = self.layout.body(type_)
            if step == ELEMENT:
                assert isinstance(body, ArrayType)
                dims.append((body.count, lanes))
                type_, lanes = body.element, False
                debug = self._element(debug)
            else:
                assert isinstance(body, StructType)
                offset, inner = self.layout.fields(type_)[step]
                lanes = isinstance(type_, NamedType) and LANES in type_.name
                name, debug = self._member(debug, offset)
                if len(body.fields) > 1 or (name and not lanes and not self._wrapped(type_)):
                    names.append(name or f"_{step}")
                type_ = inner
        apart = variable.apart or any(lane for _, lane in dims)
        wrapped = tuple(lane or (apart and number > 0) for number, (_, lane) in enumerate(dims))
        result: Type = scalar
        for number, (count, lane) in reversed(list(enumerate(dims))):
            result = ArrayType(count, result)
            if wrapped[number]:
                result = self._wrap(result, lane, row=number > 0)
        if len(leaves(self.layout, variable.type)) == 1:  # it stays one, and what pragmas say of it holds
            return Part(variable.base, result, wrapped)
        return Part(self._name(variable, names), result, wrapped)

    @staticmethod
    def _wrapped(type_: Type) -> bool:
        """Whether a struct is one of the shim's wrappers of a number, whose member's name says nothing."""
        return isinstance(type_, NamedType) and any(
            w in type_.name for w in ("ap_int_base", "ap_fixed_base", "ap_")
        )

    def _wrap(self, type_: ArrayType, lanes: bool, row: bool) -> NamedType:
        """A struct whose name says what the array is: lanes, a row with room behind it, or both."""
        stem = f"{ROWS if row else ''}{LANES if lanes else ''}.{type_.count}."
        body = StructType((type_, type_) if row else (type_,))
        for known, other in self._module.types.items():
            if known.startswith(f'%"{stem}') and other.fields == body.fields:
                return NamedType(known)
        name = f'%"{stem}{len(self._module.types)}"'
        self._module.types[name] = body
        return NamedType(name)

    def _name(self, variable: Variable, names: list[str]) -> str:
        sigil = variable.base[0]
        # Only characters that need no quotes: LLVM would write the name without them.
        stem = "".join(
            c if (c.isalnum() and c.isascii()) or c in "._" else "_"
            for c in ".".join([variable.name, *names])
        )
        name, k = f"{sigil}{stem}", 0
        while (variable.scope, name) in self._names:
            k += 1
            name = f"{sigil}{stem}.{k}"
        self._names.add((variable.scope, name))
        return name

    def member_type(self, variable: Variable, place: Place) -> str:
        """Number of the metadata of a member's type, "" if unknown."""
        type_, debug = variable.type, variable.debug_type
        for step in key_of(place.steps):
            body = self.layout.body(type_)
            if step == ELEMENT or not isinstance(body, StructType):
                return ""
            offset, type_ = self.layout.fields(type_)[step]
            if isinstance(body, StructType) and self._wrapped_number(debug):
                return debug
            _, debug = self._member(debug, offset)
        return debug

    def _wrapped_number(self, debug: str) -> bool:
        return self._module.debug.integer_type(debug) is not None

    # ---- names of members ----------------------------------------------------------------------------------

    def _member(self, debug: str, offset: int) -> tuple[str, str]:
        """(name, type) of the member at a byte offset, by the debug information."""
        info = self._module.debug
        debug = info.strip(debug)
        for item in info.node(info.field(debug, "elements")).items if debug else []:
            fields = info.node(item).fields
            tag = fields.get("tag")
            if fields.get("flags", "").find("StaticMember") >= 0 or tag not in (
                "DW_TAG_member",
                "DW_TAG_inheritance",
            ):
                continue
            if int(fields.get("offset", 0)) == 8 * offset:
                return fields.get("name", ""), fields.get("baseType", "")
        return "", ""

    def _element(self, debug: str) -> str:
        info = self._module.debug
        debug = info.strip(debug)
        node = info.node(debug)
        if (
            node.fields.get("tag") == "DW_TAG_array_type"
            and len(info.node(node.fields.get("elements", "")).items) < 2
        ):
            return node.fields.get("baseType", "")
        return debug  # the next dimension of the same array

    # ---- making them ---------------------------------------------------------------------------------------

    def allocas(self, variable: Variable) -> list[Inst]:
        """The allocas in place of the variable's."""
        return [Inst("alloca", part.name, part.type) for part in variable.parts.values()]

    def globals(self, variable: Variable) -> list[Global]:
        """The globals in place of the variable."""
        source = self._module.globals[variable.base]
        data = flatten(self._module, source.type, source.init)
        made = []
        for key, part in variable.parts.items():
            text = self._init(variable.type, key, part.type, 0, data)
            # What it consists of is known to the module from here on, whether or not LLVM writes it once more.
            init = Line(tokens(text), self._module.constants).value(part.type)
            made.append(
                Global(
                    part.name, part.type, init, source.constant, source.prefix, source.suffix, source.debug
                )
            )
        return made

    def _init(self, type_: Type, key: Key, made: Type, at: int, data: dict[int, int]) -> str:
        """The initial value of a part, by the bytes at which it lies in the whole variable."""
        if not data:
            return "zeroinitializer"
        body, inner = self.layout.body(type_), self.layout.body(made)
        if not key:
            assert isinstance(inner, IntType)
            if isinstance(body, ArrayType):  # a wide integer as bytes
                return str(sum((data.get(at + k, 0) & 255) << 8 * k for k in range(body.count)))
            return str(data.get(at, 0) & ((1 << inner.width) - 1))
        if key[0] != ELEMENT:
            offset, part = self.layout.fields(type_)[key[0]]
            return self._init(part, key[1:], made, at + offset, data)
        if isinstance(inner, StructType):  # lanes or a row
            room = "".join(f", {field} zeroinitializer" for field in inner.fields[1:])
            return f"{{ {inner.fields[0]} {self._init(type_, key, inner.fields[0], at, data)}{room} }}"
        assert isinstance(inner, ArrayType) and isinstance(body, ArrayType)
        step = self.layout.size(body.element)
        values = (
            f"{inner.element} {self._init(body.element, key[1:], inner.element, at + k * step, data)}"
            for k in range(body.count)
        )
        return f"[{', '.join(values)}]"


def flatten(module: Module, type_: Type, init: str) -> dict[int, int]:
    """Byte offset -> value of a constant's scalars, zeros left out. ``init`` may be shaped unlike the source's type."""
    data: dict[int, int] = {}
    _flatten(module, module.layout, type_, init, 0, data)
    return data


def _flatten(module: Module, layout: Layout, type_: Type, init: str, at: int, data: dict[int, int]) -> None:
    if init in ("zeroinitializer", "undef", "poison", "null", ""):
        return
    if isinstance(type_, IntType):
        data[at] = int(init == "true") if init in ("true", "false") else int(init)
        return
    body = layout.body(type_)
    if not isinstance(body, ArrayType | StructType | VectorType):
        return  # an address or a floating-point value, which no hardware keeps
    constant = module.constants[init]
    if isinstance(body, StructType):
        offsets = [offset for offset, _ in layout.fields(type_)]
    else:
        step = layout.size(constant.types[0]) if constant.types else 0
        offsets = [k * step for k in range(len(constant.operands))]
    for offset, part, operand in zip(offsets, constant.types, constant.operands, strict=True):
        _flatten(module, layout, part, operand, at + offset, data)
