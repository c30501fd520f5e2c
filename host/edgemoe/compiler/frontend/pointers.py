# SPDX-License-Identifier: Apache-2.0
"""Pointers as paths: a variable, and the members and elements on the way into it, while the accesses still say them.

``&s.in[i].q`` is the variable ``%s``, then field 2, index ``i``, field 0. Every access of clang's first IR can be
followed this way; LLVM's own passes later turn paths into byte offsets, which no longer say which member was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from edgemoe.compiler.frontend.leaves import ROWS, array_of_runs
from edgemoe.compiler.llvmir.objects import Function, Module
from edgemoe.compiler.llvmir.types import (
    ArrayType,
    IntType,
    Layout,
    NamedType,
    PlainType,
    StructType,
    Type,
    bits,
)

#: How deep structs may nest.
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Field:
    """Into a member of a struct."""

    number: int


@dataclass(frozen=True, slots=True)
class Index:
    """Into an element of an array: a constant plus the values of ``terms`` (signed, of the given width).

    ``walked``: a pointer moved there, which may leave the row that it started in.
    """

    constant: int
    terms: tuple[tuple[str, int], ...] = ()
    walked: bool = field(default=False, compare=False)

    def plus(self, other: Index) -> Index:
        walked = self.walked or other.walked
        return Index(self.constant + other.constant, self.terms + other.terms, walked)


Step: TypeAlias = Field | Index


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pointer points: ``type`` is that of what is found there."""

    base: str
    steps: tuple[Step, ...]
    type: Type
    inside: int = 0  #: bytes into a scalar, or (of type PADDING) into what has no member there


#: The type of bytes between members, and behind the last.
PADDING = PlainType("padding")


class NoPlaceError(Exception):
    """A pointer that is no path; says why in the user's terms."""


def referenced(module: Module, tokens: list[str]) -> Iterator[str]:
    """The globals in operands, those inside constant expressions and aggregates included."""
    for token in tokens:
        if token[:1] == "@":
            yield token
        elif (constant := module.constants.get(token)) is not None:
            yield from referenced(module, list(constant.operands))


def declared_types(module: Module) -> dict[str, Type]:
    """The types of globals as accesses see them: clang writes an initial value as a struct of runs of equal parts."""
    layout = module.layout
    found: dict[str, Type] = {token: variable.type for token, variable in module.globals.items()}
    uses = [
        (constant.operands[0], constant.type)
        for constant in module.constants.values()
        if constant.kind == "getelementptr"
    ]
    for function in module.functions.values():
        uses += [(i.operands[0], i.type) for i in function.instructions() if i.opcode == "getelementptr"]
    for token, type_ in uses:
        variable = module.globals.get(token)
        if variable is None or isinstance(type_, IntType) or not isinstance(variable.type, StructType):
            continue
        if layout.size(type_) == layout.size(variable.type):
            found[token] = type_
    # What is seen by its elements only has its runs for a type still.
    return {token: array_of_runs(layout, type_) for token, type_ in found.items()}


class Paths:
    """Resolves the pointers of one function; ``declared`` are the types of globals.

    ``source``: the IR is clang's, where a pointer moves because the program says so; later LLVM indexes that way too.
    """

    def __init__(
        self, module: Module, function: Function, declared: dict[str, Type], source: bool = True
    ) -> None:
        self.module, self.source = module, source
        self.declared = declared
        self.layout: Layout = module.layout
        self.definitions = function.definitions()
        self._params = {param.name for param in function.params}
        self.known: dict[str, Place | None] = {}
        self.reasons: dict[str, str] = {}  #: why a pointer is no path

    def place(self, token: str) -> Place | None:
        """Where a pointer points; None for what is no path: arguments, pointers that paths join to, numbers."""
        if token not in self.known:
            self.known[token] = None  # a pointer that depends on itself is no path
            self.known[token] = self._place(token)
        return self.known[token]

    def _place(self, token: str) -> Place | None:
        if token[:1] == "@":
            return Place(token, (), self.declared[token]) if token in self.declared else None
        constant = self.module.constants.get(token)
        if constant is not None and constant.kind == "getelementptr":
            start = self.place(constant.operands[0])
            widths = [bits(t) for t in constant.types[1:]]
            return start and self._try(token, start, constant.type, list(constant.operands[1:]), widths)
        inst = self.definitions.get(token)
        if inst is None:
            return None
        if inst.opcode == "alloca":
            return Place(token, (), inst.type) if not inst.operands else None
        if inst.opcode == "getelementptr":
            start = self.place(inst.operands[0])
            return start and self._try(token, start, inst.type, inst.operands[1:], inst.widths[1:])
        return None

    def _try(
        self, token: str, start: Place, source: Type, indices: list[str], widths: list[int]
    ) -> Place | None:
        try:
            return self.step_in(start, source, indices, widths)
        except NoPlaceError as error:
            self.reasons[token] = str(error)
            return None

    # ---- steps ---------------------------------------------------------------------------------------------

    def step_in(self, place: Place, source: Type, indices: list[str], widths: list[int]) -> Place:
        """The place of ``getelementptr source, place, indices``."""
        steps = [_index(token, width) for token, width in zip(indices, widths, strict=True)]
        if source == IntType(8) and len(steps) == 1 and not steps[0].terms:
            return self._end_of_bytes(place, steps[0]) or self.advance(place, steps[0].constant)
        try:
            place = self.seen_as(place, source)
        except NoPlaceError:
            around = self._around(place, source, steps)
            if around is not None:
                return around
            if any(step.terms for step in steps):
                raise
            # clang looks at small structs as registers: a constant number of bytes says where.
            return self.advance(place, self._offset(source, [step.constant for step in steps]))
        if steps and (steps[0].constant or steps[0].terms):
            body = self.layout.body(place.type)
            if isinstance(body, ArrayType) and not place.steps and not steps[0].terms:
                # Behind a whole array: the place after its last element, as `end` of a loop over it.
                ahead = Index(steps[0].constant * body.count)
                steps = [Index(0), ahead.plus(steps[1]) if len(steps) > 1 else ahead, *steps[2:]]
            else:
                place = self._move(place, replace(steps[0], walked=self.source))
        for step in steps[1:]:
            body = self.layout.body(place.type)
            if isinstance(body, StructType):
                place = Place(place.base, (*place.steps, Field(step.constant)), body.fields[step.constant])
            elif isinstance(body, ArrayType):
                place = Place(place.base, (*place.steps, step), body.element)
            else:
                raise NoPlaceError("this index goes into something that is no array.")
        return place

    def _around(self, place: Place, source: Type, by: list[Index]) -> Place | None:
        """The place some elements further on of an array around ``place``, as LLVM moves from an inner element on."""
        if self.source or place.inside:
            return None
        for outer in range(len(place.steps), 0, -1):
            inner = place.steps[outer - 1 :]
            if self._same(self.walk(place.base, place.steps[:outer]).type, source) and len(by) <= len(inner):
                moved = list[Step]()
                for step, index in zip(inner, by, strict=False):
                    if not isinstance(step, Index):
                        return None
                    moved.append(step.plus(index))
                return replace(place, steps=(*place.steps[: outer - 1], *moved, *inner[len(by) :]))
        return None

    def _end_of_bytes(self, place: Place, by: Index) -> Place | None:
        """The place behind an array of bytes, of which a step is a byte offset too: not the next member or row."""
        if not self.source:
            return None
        if isinstance(body := self.layout.body(place.type), ArrayType) and body.element == IntType(8):
            place = Place(place.base, (*place.steps, Index(0)), body.element)
        if place.type != IntType(8) or not place.steps or not isinstance(last := place.steps[-1], Index):
            return None
        body = self.layout.body(self.walk(place.base, place.steps[:-1]).type)
        assert isinstance(body, ArrayType)
        return None if last.terms or last.constant + by.constant != body.count else self._move(place, by)

    def _offset(self, source: Type, indices: list[int]) -> int:
        """Bytes that constant indices lead on."""
        first, *rest = indices
        offset = first * self.layout.size(source)
        for index in rest:
            body = self.layout.body(source)
            if isinstance(body, StructType):
                start, source = self.layout.fields(source)[index]
                offset += start
            elif isinstance(body, ArrayType):
                source = body.element
                offset += index * self.layout.size(source)
        return offset

    def _move(self, place: Place, by: Index) -> Place:
        """Pointer arithmetic: to another element of the same array."""
        if not place.steps or not isinstance(place.steps[-1], Index):
            what = place.base.lstrip("%@")
            raise NoPlaceError(
                f"this pointer moves off '{what}', which is no array there; only the elements of one array can be "
                "walked over."
            )
        return replace(place, steps=(*place.steps[:-1], place.steps[-1].plus(by)))

    def seen_as(self, place: Place, wanted: Type) -> Place:
        """The same address as a place of type ``wanted``: the first element or member, and so on inward."""
        start = place
        for _ in range(_DEEPEST):
            if self._same(place.type, wanted):
                return place
            inner = self.first(place)
            if inner is None:
                break
            place = inner
        outward = self._outward(start, wanted)
        if outward is not None:
            return outward
        raise NoPlaceError(
            f"memory of one type is accessed as another ({wanted} in {start.type}); access members and elements by "
            "their own types."
        )

    def _outward(self, place: Place, wanted: Type) -> Place | None:
        """What the place is the first element or member of, if that has the type."""
        while place.steps and place.steps[-1] in (Field(0), Index(0)):
            place = self.walk(place.base, place.steps[:-1])
            if self._same(place.type, wanted):
                return place
        return None

    def walk(self, base: str, steps: tuple[Step, ...]) -> Place:
        """The place at the end of a path."""
        inst = self.definitions.get(base)
        type_: Type = inst.type if inst is not None else self.declared[base]
        for step in steps:
            body = self.layout.body(type_)
            if isinstance(step, Field):
                assert isinstance(body, StructType)
                type_ = body.fields[step.number]
            else:
                assert isinstance(body, ArrayType)
                type_ = body.element
        return Place(base, steps, type_)

    def first(self, place: Place) -> Place | None:
        body = self.layout.body(place.type)
        if isinstance(body, StructType) and body.fields:
            return Place(place.base, (*place.steps, Field(0)), body.fields[0])
        if isinstance(body, ArrayType):
            return Place(place.base, (*place.steps, Index(0)), body.element)
        return None

    def _same(self, a: Type, b: Type) -> bool:
        if a == b:
            return True
        first, second = self.layout.body(a), self.layout.body(b)
        if isinstance(first, StructType) and isinstance(second, StructType):
            return (
                first.packed == second.packed
                and len(first.fields) == len(second.fields)
                and all(self._same(x, y) for x, y in zip(first.fields, second.fields, strict=True))
            )
        if isinstance(first, ArrayType) and isinstance(second, ArrayType):
            return first.count == second.count and self._same(first.element, second.element)
        return first == second

    def advance(self, place: Place, offset: int) -> Place:
        """The place a constant number of bytes further on."""
        if place.inside:
            offset, place = offset + place.inside, replace(place, inside=0)
            if place.type == PADDING:
                place = self.walk(place.base, place.steps)
        for _ in range(_DEEPEST):
            size = self.layout.size(place.type)
            if 0 < offset < size:
                body = self.layout.body(place.type)
                if isinstance(body, ArrayType) and (row := self._row(body.element)):
                    place, offset = self._into_row(place, body.element, row, offset)
                elif isinstance(body, ArrayType):
                    count, offset = divmod(offset, self.layout.size(body.element))
                    place = Place(place.base, (*place.steps, Index(count)), body.element)
                elif isinstance(body, StructType):
                    number, (start, part) = max(
                        (item for item in enumerate(self.layout.fields(place.type)) if item[1][0] <= offset),
                        key=lambda item: item[0],
                    )
                    if offset - start >= self.layout.size(part):
                        return replace(place, type=PADDING, inside=offset)
                    offset -= start
                    place = Place(place.base, (*place.steps, Field(number)), part)
                else:
                    return replace(place, inside=offset)
            elif offset == 0:
                return place
            elif not place.steps and isinstance(body := self.layout.body(place.type), ArrayType):
                count, offset = divmod(offset, self.layout.size(body.element))
                place = Place(place.base, (Index(count),), body.element)
                if offset == 0 and count == body.count:
                    return place  # behind the last element
                break
            elif place.steps:
                # Out of an element or a member: count from the array or struct that holds it.
                last, outer = place.steps[-1], self.walk(place.base, place.steps[:-1])
                if isinstance(last, Field):
                    offset += self.layout.fields(outer.type)[last.number][0]
                    place = outer
                    continue
                count, rest = divmod(offset, size)
                body = self.layout.body(outer.type)
                assert isinstance(body, ArrayType)
                if last.terms or 0 <= last.constant + count < body.count:
                    place, offset = self._move(place, Index(count)), rest
                else:
                    place, offset = outer, offset + last.constant * size
            else:
                break
        raise NoPlaceError("this address lies outside of its variable.")

    def _row(self, type_: Type) -> ArrayType | None:
        """The array in a struct that keeps rows apart, None for other types."""
        body = self.layout.body(type_)
        if isinstance(type_, NamedType) and ROWS in type_.name and isinstance(body, StructType):
            array = body.fields[0]
            return array if isinstance(array, ArrayType) else None
        return None

    def _into_row(self, place: Place, wrapper: Type, row: ArrayType, offset: int) -> tuple[Place, int]:
        """An element of a row, by bytes from the first row on; what is nearer to the next one counts back from it."""
        size, step = self.layout.size(wrapper), self.layout.size(row.element)
        count = (offset + size // 2) // size
        index, rest = divmod(offset - count * size, step)
        steps = (*place.steps, Index(count), Field(0), Index(index))
        return Place(place.base, steps, row.element), rest


def _index(token: str, width: int) -> Index:
    if token.lstrip("-").isdigit():
        return Index(int(token))
    if token in ("true", "false"):
        return Index(-int(token == "true"))
    return Index(0, ((token, width),))
