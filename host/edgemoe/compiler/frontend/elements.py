# SPDX-License-Identifier: Apache-2.0
"""Loads and stores in split variables, whatever an access covers of their elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.joins import Joins
from edgemoe.compiler.frontend.leaves import fields
from edgemoe.compiler.frontend.objects import Parts, Variable
from edgemoe.compiler.frontend.pointers import PADDING, Field, Index, NoPlaceError, Paths, Place, Step
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record
from edgemoe.compiler.llvmir.types import POINTER, ArrayType, IntType, Type, integer_bytes

#: What chooses a place: (tag of 8 bits, the number that it must have).
Conditions: TypeAlias = tuple[tuple[str, int], ...]

_I1, _I8 = IntType(1), IntType(8)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one scalar in an access: ``size`` of them, from byte ``inside`` of the scalar, at byte ``at`` of it."""

    place: Place
    width: int  #: bits of the scalar
    inside: int
    at: int
    size: int


class Elements:
    """Emits accesses into ``out``; ``variables`` are those that were split, by base."""

    def __init__(
        self,
        module: Module,
        function: Function,
        paths: Paths,
        joins: Joins,
        variables: dict[str, Variable],
        parts: Parts,
        complete: Mapping[str, frozenset[int]],
    ) -> None:
        self.module, self.function, self.paths, self.joins = module, function, paths, joins
        self.variables, self.parts = variables, parts
        self.complete = complete  #: by object, the dimensions that are partitioned completely; 0 is all
        self.out: list[Inst | Record] = []
        self.label = ""
        self.blocks: dict[str, list[Inst | Record]] = {}
        self.inst = Inst("")

    def error(self, message: str) -> CompileError:
        """At the instruction that is being rewritten."""
        loc = self.module.debug.loc(self.inst.debug)
        return CompileError(loc.file, loc.line, message)

    def emit(self, opcode: str, type_: IntType, operands: list[str], types: list[IntType] | None = None, *,
             result: str = "", compare: str = "") -> str:  # fmt: skip
        """A new instruction's result."""
        result = result or self.joins.fresh()
        inst = Inst(
            opcode,
            result,
            type_,
            operands,
            list(types or [type_] * len(operands)),
            compare=compare,
            debug=self.inst.debug,
        )
        self.out.append(inst)
        return result

    # ---- loads and stores ----------------------------------------------------------------------------------

    def load_any(self, places: list[tuple[Conditions, Place]], width: int) -> str:
        type_ = IntType(width)
        token = self.load(places[-1][1], width)
        for conditions, place in reversed(places[:-1]):
            value = self.load(place, width)
            token = self.emit("select", type_, [self._holds(conditions), value, token], [_I1, type_, type_])
        return token

    def store_any(self, places: list[tuple[Conditions, Place]], value: str, width: int) -> None:
        type_ = IntType(width)
        for conditions, place in places:
            stored = value
            if conditions:
                old = self.load(place, width)
                stored = self.emit(
                    "select", type_, [self._holds(conditions), value, old], [_I1, type_, type_]
                )
            self.store(place, stored, width)

    def _holds(self, conditions: Conditions) -> str:
        """One bit: whether these conditions are met."""
        token = ""
        for tag, number in conditions:
            met = self.emit("icmp", _I1, [tag, str(number)], [_I8, _I8], compare="eq")
            token = self.emit("and", _I1, [token, met]) if token else met
        return token or "true"

    def pieces(self, place: Place, size: int) -> list[Piece]:
        """The scalars in ``size`` bytes from a place on."""
        found, at = [], 0
        while at < size:
            try:
                inner = self.scalar_place(self.paths.advance(place, at))
            except NoPlaceError:
                inner = None
            if inner is None or self._is_padding(inner):
                at += 1
                continue
            scalar = self.parts.scalar(self.scope(inner), inner)
            assert scalar is not None
            whole = integer_bytes(scalar.width)
            taken = min(whole - inner.inside, size - at)
            found.append(Piece(replace(inner, inside=0), scalar.width, inner.inside, at, taken))
            at += taken
        return found

    def _is_padding(self, place: Place) -> bool:
        """Whether a byte is one that clang put between members."""
        if place.type == PADDING:
            return True
        if len(place.steps) < 2 or not isinstance(place.steps[-2], Field):
            return False
        outer = self.paths.walk(place.base, place.steps[:-2])
        numbers = [number for number, _ in fields(self.parts.layout, outer.type)]
        return place.steps[-2].number not in numbers

    def scope(self, place: Place) -> str:
        return "" if place.base[0] == "@" else self.function.name

    def scalar_place(self, place: Place) -> Place | None:
        if place.type == PADDING:
            return None
        for _ in range(64):
            if self.parts.scalar(self.scope(place), place) is not None:
                return place
            inner = self.paths.first(place)
            if inner is None:
                return None
            place = inner
        return None

    def load(self, place: Place, width: int) -> str:
        """The ``width`` bits at a place."""
        size = -(-width // 8)
        whole = IntType(8 * size)
        token = "0"
        for piece in self.pieces(place, size):
            value = self._load_piece(piece, whole)
            if piece.at:
                value = self.emit("shl", whole, [value, str(8 * piece.at)])
            token = value if token == "0" else self.emit("or", whole, [token, value])
        if whole.width != width:
            token = self.emit("trunc", IntType(width), [token], [whole])
        return token

    def _load_piece(self, piece: Piece, whole: IntType) -> str:
        """Its bits, the others of ``whole`` 0."""
        type_ = IntType(piece.width)
        value = self._load_scalar(piece.place, type_)
        if piece.inside:
            value = self.emit("lshr", type_, [value, str(8 * piece.inside)])
        if type_.width < whole.width:
            value = self.emit("zext", whole, [value], [type_])
        elif type_.width > whole.width:
            value = self.emit("trunc", whole, [value], [type_])
        if piece.at + piece.size < whole.width // 8 and piece.inside + piece.size < integer_bytes(
            piece.width
        ):
            value = self.emit("and", whole, [value, str((1 << 8 * piece.size) - 1)])
        return value

    def store(self, place: Place, value: str, width: int) -> None:
        """Writes ``width`` bits at a place."""
        if value in ("undef", "poison"):
            return
        size = -(-width // 8)
        type_ = IntType(width)
        for piece in self.pieces(place, size):
            scalar = IntType(piece.width)
            part = value
            if piece.at:
                part = self.emit("lshr", type_, [part, str(8 * piece.at)])
            if scalar.width < width:
                part = self.emit("trunc", scalar, [part], [type_])
            elif scalar.width > width:
                part = self.emit("zext", scalar, [part], [type_])
            if piece.size < integer_bytes(piece.width):  # the other bytes of a wider element stay
                mask = ((1 << 8 * piece.size) - 1) << 8 * piece.inside
                if piece.inside:
                    part = self.emit("shl", scalar, [part, str(8 * piece.inside)])
                part = self.emit("and", scalar, [part, str(mask)])
                old = self._load_scalar(piece.place, scalar)
                kept = self.emit("and", scalar, [old, str(((1 << scalar.width) - 1) & ~mask)])
                part = self.emit("or", scalar, [kept, part])
            self._store_scalar(piece.place, part, scalar)

    def _load_scalar(self, place: Place, type_: IntType) -> str:
        pointer = self.pointer(place)
        token = self.joins.fresh()
        self.out.append(Inst("load", token, type_, [pointer], [POINTER], debug=self.inst.debug))
        return token

    def _store_scalar(self, place: Place, value: str, type_: IntType) -> None:
        pointer = self.pointer(place)
        store = Inst("store", "", type_, [value, pointer], [type_, POINTER], debug=self.inst.debug)
        self.out.append(store)

    def object_of(self, place: Place) -> tuple[str, Type]:
        """The object in which a scalar lies, and its type."""
        variable = self.variables.get(place.base)
        if variable is None:
            return place.base, self.paths.walk(place.base, ()).type
        part = self.parts.part(variable, place)
        return part.name, part.type

    def _in_rows(self, place: Place) -> tuple[Step, ...]:
        """The steps to an element, where a pointer that walks on from an array's first element stays in no row."""
        rows = len(place.steps)
        while rows and isinstance(place.steps[rows - 1], Index):
            rows -= 1
        own = [step for step in place.steps[rows:] if isinstance(step, Index)]
        if len(own) < 2 or not own[-1].walked or any(step != Index(0) for step in own[:-1]):
            return place.steps
        made, token = self.joins.index_insts(own[-1], self.inst.debug)
        self.out += made
        index, steps = self.joins.index, list[Step]()
        for number in reversed(range(rows + 1, len(place.steps))):
            body = self.parts.layout.body(self.paths.walk(place.base, place.steps[:number]).type)
            assert isinstance(body, ArrayType)
            inner = self.emit("urem", index, [token, str(body.count)])
            token = self.emit("udiv", index, [token, str(body.count)])
            steps.insert(0, Index(0, ((inner, index.width),)))
        return (*place.steps[:rows], Index(0, ((token, index.width),)), *steps)

    def pointer(self, place: Place) -> str:
        """A pointer to a scalar."""
        variable = self.variables.get(place.base)
        indices = []
        for step in self._in_rows(place) if variable is not None and variable.apart else place.steps:
            if isinstance(step, Index):
                made, token = self.joins.index_insts(step, self.inst.debug)
                self.out += made
                indices.append(token)
            elif variable is None:
                indices.append(str(step.number))
        if variable is not None:
            part = self.parts.part(variable, place)
            base, type_ = part.name, part.type
            operands, types = part.operands(indices, self.joins.index)
        else:
            base, type_ = place.base, self.paths.walk(place.base, ()).type
            operands, types = ["0", *indices], [self.joins.index]
            types += [self.joins.index if isinstance(step, Index) else IntType(32) for step in place.steps]
        if len(operands) == 1:
            return base
        token = self.joins.fresh()
        gep = Inst("getelementptr", token, type_, [base, *operands], [POINTER, *types], debug=self.inst.debug)
        self.out.append(gep)
        return token
