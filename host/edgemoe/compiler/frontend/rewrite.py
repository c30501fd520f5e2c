# SPDX-License-Identifier: Apache-2.0
"""Rewrites the accesses of one function to the parts that its variables were split into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.copies import Copies
from edgemoe.compiler.frontend.joins import Joins
from edgemoe.compiler.frontend.leaves import fields
from edgemoe.compiler.frontend.objects import Parts, Variable
from edgemoe.compiler.frontend.pointers import PADDING, Field, Index, NoPlaceError, Paths, Place
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record
from edgemoe.compiler.llvmir.types import POINTER, IntType, bits, integer_bytes

#: What chooses a place: (tag of 8 bits, the number that it must have).
Conditions: TypeAlias = tuple[tuple[str, int], ...]

_I1, _I8, _I64 = IntType(1), IntType(8), IntType(64)
_UNSIGNED_TO_SIGNED = {"ult": "slt", "ule": "sle", "ugt": "sgt", "uge": "sge"}


_LOST = "this use of an address cannot be followed; arrays and members can be read, written, copied and walked over."


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one scalar in an access: ``size`` of them, from byte ``inside`` of the scalar, at byte ``at`` of it."""

    place: Place
    width: int  #: bits of the scalar
    inside: int
    at: int
    size: int


class Rewrite:
    """``variables`` are those to split, by base; new instructions are collected in ``out``."""

    def __init__(
        self,
        module: Module,
        function: Function,
        paths: Paths,
        joins: Joins,
        variables: dict[str, Variable],
        parts: Parts,
    ) -> None:
        self.module, self.function, self.paths, self.joins = module, function, paths, joins
        self.variables, self.parts = variables, parts
        self.out: list[Inst | Record] = []
        self.label = ""
        self.blocks: dict[str, list[Inst | Record]] = {}
        self.inst = Inst("")
        self._copies = Copies(self)
        self.dead: set[str] = set()

    def run(self) -> None:
        """Rewrites the function in place."""
        if not self.variables:
            return
        last: dict[str, str] = {}
        phis = [inst for inst in self.function.instructions() if inst.opcode == "phi"]
        for label, block in self.function.blocks.items():
            self._open(label)
            for item in block:
                if isinstance(item, Record):
                    self._record(item)
                else:
                    self.inst = item
                    if not self._replaced(item):
                        self.out.append(item)
            last[label] = self.label
        self.function.blocks = self.blocks
        for inst in phis:  # copies that became loops ended some blocks early
            if any(last[t] != t for t in inst.targets):
                inst.targets = [last[target] for target in inst.targets]
                inst.text = ""
        entry = next(iter(self.blocks.values()))
        own = [v for v in self.variables.values() if v.scope]
        entry[:0] = [alloca for variable in own for alloca in self.parts.allocas(variable)]
        self._remove_pointers()

    def _open(self, label: str) -> None:
        self.label = label
        self.out = self.blocks[label] = []

    def split_block(self, label: str) -> None:
        """What follows goes into a new block."""
        self._open(label)

    # ---- single instructions -------------------------------------------------------------------------------

    def _replaced(self, inst: Inst) -> bool:
        if inst.opcode == "alloca":
            return inst.result in self.variables
        if inst.callee.startswith("llvm.lifetime"):
            return inst.operands[-1] in self.variables
        if inst.opcode == "load" and (places := self._places(inst.operands[0])):
            token = self._load_any(places, bits(inst.type))
            self.emit("add", IntType(bits(inst.type)), [token, "0"], result=inst.result)
            return True
        if inst.opcode == "store" and (places := self._places(inst.operands[1])):
            self._store_any(places, inst.operands[0], bits(inst.types[0]))
            return True
        if inst.callee.startswith(("llvm.memcpy", "llvm.memmove", "llvm.memset")):
            return self._copies.rewrite(inst)
        if inst.opcode == "icmp" and inst.types[0] == POINTER:
            return self._compare(inst)
        if inst.opcode == "sub":
            return self._difference(inst)
        return False

    def _places(self, token: str) -> list[tuple[Conditions, Place]]:
        """The places behind a pointer into split variables, [] for others."""
        places = self.joins.places(token, self.inst)
        return places if any(place.base in self.variables for _, place in places) else []

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

    def _load_any(self, places: list[tuple[Conditions, Place]], width: int) -> str:
        type_ = IntType(width)
        token = self.load(places[-1][1], width)
        for conditions, place in reversed(places[:-1]):
            value = self.load(place, width)
            token = self.emit("select", type_, [self._holds(conditions), value, token], [_I1, type_, type_])
        return token

    def _store_any(self, places: list[tuple[Conditions, Place]], value: str, width: int) -> None:
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
                inner = self._scalar_place(self.paths.advance(place, at))
            except NoPlaceError:
                inner = None
            if inner is None or self._is_padding(inner):
                at += 1
                continue
            scalar = self.parts.scalar(self._scope(inner), inner)
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

    def _scope(self, place: Place) -> str:
        return "" if place.base[0] == "@" else self.function.name

    def _scalar_place(self, place: Place) -> Place | None:
        if place.type == PADDING:
            return None
        for _ in range(64):
            if self.parts.scalar(self._scope(place), place) is not None:
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

    def pointer(self, place: Place) -> str:
        """A pointer to a scalar."""
        variable = self.variables.get(place.base)
        indices = []
        for step in place.steps:
            if isinstance(step, Index):
                made, token = self.joins.index_insts(step, self.inst.debug)
                self.out += made
                indices.append(token)
            elif variable is None:
                indices.append(str(step.number))
        if variable is not None:
            part = self.parts.part(variable, place)
            base, type_ = part.name, part.type
            operands, types = part.operands(indices)
        else:
            base, type_ = place.base, self.paths.walk(place.base, ()).type
            operands, types = ["0", *indices], [_I64]
            types += [_I64 if isinstance(step, Index) else IntType(32) for step in place.steps]
        if len(operands) == 1:
            return base
        token = self.joins.fresh()
        gep = Inst("getelementptr", token, type_, [base, *operands], [POINTER, *types], debug=self.inst.debug)
        self.out.append(gep)
        return token

    # ---- pointers as numbers -------------------------------------------------------------------------------

    def _compare(self, inst: Inst) -> bool:
        """A comparison of two pointers into one array compares indices."""
        pair = self._indices(inst.operands[0], inst.operands[1])
        if pair is None:
            return False
        compare = _UNSIGNED_TO_SIGNED.get(inst.compare, inst.compare)
        self.emit("icmp", _I1, list(pair), [_I64, _I64], result=inst.result, compare=compare)
        return True

    def _difference(self, inst: Inst) -> bool:
        """The distance of two pointers into one array, in bytes."""
        sources = [self.paths.definitions.get(operand) for operand in inst.operands]
        if any(source is None or source.opcode != "ptrtoint" for source in sources):
            return False
        first, second = (source.operands[0] for source in sources if source is not None)
        pair = self._indices(first, second)
        place = self.paths.place(first)
        if pair is None or place is None:
            return False
        type_ = IntType(bits(inst.type))
        distance = self.emit("sub", _I64, list(pair))
        size = self.parts.layout.size(place.type)
        if type_ == _I64:
            self.emit("mul", _I64, [distance, str(size)], result=inst.result)
        else:
            scaled = self.emit("mul", _I64, [distance, str(size)])
            self.emit("trunc", type_, [scaled], [_I64], result=inst.result)
        return True

    def _indices(self, first: str, second: str) -> tuple[str, str] | None:
        """The last indices of two places that differ in nothing else and lie in a split variable."""
        a, b = self.paths.place(first), self.paths.place(second)
        if a is None or b is None or a.base not in self.variables or a.base != b.base:
            return None
        for one, other in ((a, b), (b, a)):
            try:
                a, b = one, self.paths.seen_as(other, one.type)
            except NoPlaceError:
                continue
            if one is not (self.paths.place(first)):
                a, b = b, a
            break
        if len(a.steps) != len(b.steps) or a.steps[:-1] != b.steps[:-1] or not a.steps:
            return ("0", "0") if a.steps == b.steps else None
        x, y = a.steps[-1], b.steps[-1]
        if not isinstance(x, Index) or not isinstance(y, Index):
            return None
        tokens = []
        for index in (x, y):
            made, token = self.joins.index_insts(index, self.inst.debug)
            self.out += made
            tokens.append(token)
        return tokens[0], tokens[1]

    # ---- what is left --------------------------------------------------------------------------------------

    def _record(self, record: Record) -> None:
        variable = self.variables.get(record.operand)
        if variable is None or not variable.scope:
            if record.operand not in self.variables:
                self.out.append(record)
            return
        self.out.append(record)  # replaced when all parts are known

    def _remove_pointers(self) -> None:
        """Takes out pointers into split variables; whoever still uses one is refused."""
        used = {
            token
            for block in self.blocks.values()
            for i in block
            if isinstance(i, Inst)
            for token in i.operands
        }
        numbers = {t for t, i in self.paths.definitions.items() if i.opcode == "ptrtoint" and t not in used}
        dead = self.dead = self._into_split() | numbers
        for block in self.blocks.values():
            block[:] = [
                made
                for item in block
                for made in (self._records(item) if isinstance(item, Record) else [item])
                if not (isinstance(made, Inst) and made.result in dead)
            ]
        for inst in self.function.instructions():
            for token in inst.operands:
                if token in dead or token in self.variables:
                    self.inst = inst
                    raise self.error(self.paths.reasons.get(inst.result, _LOST))

    def _into_split(self) -> set[str]:
        """Pointers into split variables, and those chosen among such."""
        dead: set[str] = set(self.joins.choices)
        for token, inst in self.paths.definitions.items():
            if inst.opcode != "getelementptr" and not (
                inst.opcode in ("phi", "select") and inst.type == POINTER
            ):
                continue
            place = self.paths.place(token)
            if place.base in self.variables if place is not None else self._choice_behind(token):
                dead.add(token)
        return dead

    def _choice_behind(self, token: str) -> bool:
        inst = self.paths.definitions.get(token)
        while inst is not None and inst.opcode == "getelementptr":
            token = inst.operands[0]
            inst = self.paths.definitions.get(token)
        return token in self.joins.choices

    def _records(self, record: Record) -> list[Inst | Record]:
        variable = self.variables.get(record.operand)
        if variable is None:
            return [] if record.operand in self.dead else [record]
        debug = self.module.debug
        fields = debug.node(record.variable).fields
        made: list[Inst | Record] = []
        for part in variable.parts.values():
            name = part.name[1:].strip('"')
            places = ", ".join(f"{key}: !{fields[key]}" for key in ("scope", "file") if key in fields)
            number = debug.add(f'!DILocalVariable(name: "{name}", {places}, line: {fields.get("line", "0")})')
            made.append(Record("dbg_declare", part.name, number, "!DIExpression()", record.debug))
        return made
