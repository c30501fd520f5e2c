# SPDX-License-Identifier: Apache-2.0
"""Which bytes of its variables a function of clang's first IR reads and writes, step by step, calls included.

Sets of bytes are integers, one bit a byte. A write through a run-time index counts as a write of all that it may
reach, and a pointer that goes where it cannot be followed counts as one: what is said to be unwritten is.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.spots import Spot, Spots, Summary
from edgemoe.compiler.llvmir.objects import Function, Inst, Module
from edgemoe.compiler.llvmir.types import (
    POINTER,
    VOID,
    ArrayType,
    IntType,
    Layout,
    NamedType,
    StructType,
    Type,
    integer_bytes,
)

#: Calls that only name a variable, for a pragma, and the ends of lives.
_NO_ACCESS = ("llvm.lifetime", "__hls_pragma", "_Z11__hls_place")
#: Methods of the shim that read what they then write in part: word[3] = x, word.set_bit(3, x).
_IN_PART = ("7set_bitE", "3setE", "5clearE", "3putI", "3putE")
_NUMBERS = ("%struct.ap_int_base", "%struct.ap_fixed_base")


class Kind(enum.Enum):
    """What happens to bytes of a variable."""

    READ = enum.auto()
    WRITE = enum.auto()
    MAYBE = enum.auto()  #: written on some ways through a called function
    START = enum.auto()  #: its life begins, without a value
    COPY = enum.auto()  #: what ``source`` holds goes there


@dataclass(slots=True)
class Effect:
    """One of them; ``mask`` counts from the start of ``base``; of a copy, it is what of its source lies in arrays."""

    kind: Kind
    base: str
    mask: int
    inst: Inst
    source: str = ""  #: of a copy, with the first byte on both sides and the count
    moves: tuple[int, int, int] = (0, 0, 0)


#: All bytes of what a parameter may point at.
EVERY = (1 << 4096) - 1


class Effects:
    """The effects of one function, by block."""

    def __init__(
        self, module: Module, function: Function, layout: Layout, summaries: dict[str, Summary]
    ) -> None:
        self.module, self.function, self.layout = module, function, layout
        self._summaries = summaries
        self.spots = Spots(function, layout, summaries)
        self.declared: dict[str, str] = {}  #: variables and their names in the source
        copied: list[str] = []
        for item in chain.from_iterable(function.blocks.values()):
            if isinstance(item, Inst):
                if item.callee.startswith("llvm.mem"):
                    copied += item.operands[:2]
            elif item.kind == "dbg_declare":
                self.declared.setdefault(item.operand, module.debug.variable(item.variable))
        # Other variables are clang's own: it writes them before it reads them.
        found = [spot.base for token in copied if (spot := self.spots.at(token)) is not None]
        self._followed = self.spots.params.keys() | self.declared.keys() | set(found)
        self.returned: set[int | None] = set()
        self.called: set[str] = set()  #: variables whose address a call takes
        self.blocks: dict[str, list[Effect]] = {}
        self._out: list[Effect] = []
        for label, items in function.blocks.items():
            self._out = self.blocks[label] = []
            for item in items:
                if isinstance(item, Inst):
                    self._effects(item)

    @cached_property
    def _used(self) -> set[str]:
        """All that is an operand somewhere."""
        return {token for inst in self.function.instructions() for token in inst.operands}

    def type_of(self, base: str) -> Type:
        """The type of a variable; VOID of what a parameter points at."""
        made = self.spots.definitions.get(base)
        return VOID if made is None else made.type

    # ---- effects -------------------------------------------------------------------------------------------

    def _effects(self, inst: Inst) -> None:
        opcode = inst.opcode
        if opcode == "load" and inst.type != POINTER:
            spot = self.spots.at(inst.operands[0])
            if spot is not None and spot.exact and not self._of_bit_field(inst):
                self._refuse_outside(spot, inst.type, inst)
                self._add(Kind.READ, spot.base, self._bytes(spot.first, inst.type), inst)
        elif opcode == "store":
            if inst.operands[1] not in self.spots.holders:
                self._lost(inst.operands[0], inst)
            self._write(inst.operands[1], inst.types[0], inst)
        elif opcode == "call":
            self._call(inst)
        elif opcode == "ret" and inst.operands and inst.types[0] == POINTER:
            spot = self.spots.at(inst.operands[0])
            whole = spot is not None and spot.exact and not spot.first and spot.base in self.spots.params
            self.returned.add(self.spots.params[spot.base] if whole and spot else None)
            if not whole:
                self._lost(inst.operands[0], inst)
        elif opcode in ("phi", "select", "ptrtoint", "insertvalue"):
            for token in inst.operands:
                self._lost(token, inst)

    def _add(self, kind: Kind, base: str, mask: int, inst: Inst) -> None:
        if mask > 0 and base in self._followed:
            self._out.append(Effect(kind, base, mask, inst))

    def _size(self, type_: Type) -> int:
        """Bytes of an access."""
        return integer_bytes(type_.width) if isinstance(type_, IntType) else self.layout.size(type_)

    def _bytes(self, first: int, type_: Type) -> int:
        return ((1 << self._size(type_)) - 1) << first if 0 <= first < 4096 else 0

    def _write(self, pointer: str, type_: Type, inst: Inst) -> None:
        spot = self.spots.at(pointer)
        if spot is not None:
            self._refuse_outside(spot, type_, inst)
            mask = self._bytes(spot.first, type_) if spot.exact else _span(spot)
            self._add(Kind.WRITE, spot.base, mask, inst)

    def _refuse_outside(self, spot: Spot, type_: Type, inst: Inst) -> None:
        """LLVM drops such an access of a variable that becomes a register, and leaves no trace of it."""
        if not spot.exact or spot.base not in self.spots.definitions:
            return
        whole = self.layout.size(self.type_of(spot.base))
        if whole >= 4096 or 0 <= spot.first <= spot.first + self._size(type_) <= whole:
            return
        loc = self.module.debug.loc(inst.debug)
        if not loc.line:
            return
        name = self.declared.get(spot.base, spot.base[1:])
        element = self.type_of(spot.base)
        while isinstance(body := self.layout.body(element), ArrayType):
            element = body.element
        if (each := self.layout.size(element)) < whole:
            text = f"index {spot.first // each} is outside the array '{name}', which has {whole // each} elements."
        else:
            text = (
                f"this reaches byte {spot.first} of '{name}', which has {whole}: an access outside a variable has no "
                "place in hardware."
            )
        raise CompileError(loc.file, loc.line, text)

    def _lost(self, token: str, inst: Inst) -> None:
        """A pointer goes where nobody follows it: from now on anything may have been written there."""
        spot = self.spots.at(token)
        if spot is not None:
            self._add(Kind.WRITE, spot.base, EVERY, inst)

    def _of_bit_field(self, load: Inst) -> bool:
        """Whether a load only keeps the neighbours of a bit field that is written."""
        if not load.result.startswith("%bf.load"):
            return False
        users = [i for i in self.function.instructions() if load.result in i.operands]
        return any(user.result.startswith("%bf.clear") and user.opcode == "and" for user in users)

    def _call(self, inst: Inst) -> None:
        callee = inst.callee
        if callee.startswith("llvm.lifetime.start"):
            self._add(Kind.START, inst.operands[-1], EVERY, inst)
        elif callee.startswith(("llvm.memcpy", "llvm.memmove")):
            self._copy(inst)
        elif callee.startswith("llvm.memset"):
            self._fill(inst.operands[0], inst)
        elif callee.startswith(_NO_ACCESS):
            return
        else:
            summary = self._summaries.get(callee)
            in_part = any(name in callee for name in _IN_PART)
            for number, token in enumerate(inst.operands):
                if inst.types[number] == POINTER and (spot := self.spots.at(token)) is not None:
                    self.called.add(spot.base)
                    if summary is None or in_part:
                        self._lost(token, inst)
                    else:
                        self._apply(summary, number, spot, inst)

    def _apply(self, summary: Summary, number: int, spot: Spot, inst: Inst) -> None:
        if spot.exact:
            self._add(Kind.READ, spot.base, _moved(summary.reads.get(number, 0), spot.first), inst)
            self._add(Kind.WRITE, spot.base, _moved(summary.writes.get(number, 0), spot.first), inst)
            # What a call returns may say whether it has written: `if (in.read_nb(x))`.
            told = Kind.WRITE if inst.result in self._used else Kind.MAYBE
            self._add(told, spot.base, _moved(summary.maybe.get(number, 0), spot.first), inst)
        elif summary.maybe.get(number, 0):
            self._add(Kind.WRITE, spot.base, _span(spot), inst)

    def _copy(self, inst: Inst) -> None:
        to, source = self.spots.at(inst.operands[0]), self.spots.at(inst.operands[1])
        if to is None:
            return
        size = inst.operands[2]
        exact = source is not None and to.exact and source.exact and size.isdigit()
        if source is None or not exact:
            self._fill(inst.operands[0], inst)
            return
        if source.base in self.spots.params:
            # A struct may be copied while some of its members have no value; a number is used.
            if is_number(self.type_of(to.base)):
                ones = (1 << min(int(size), 4096)) - 1
                self._add(Kind.READ, source.base, _moved(ones, source.first), inst)
            self._fill(inst.operands[0], inst)
            return
        moves = (to.first, source.first, min(int(size), 4096))
        lenient = arrays(self.layout, self.type_of(source.base))
        self._out.append(Effect(Kind.COPY, to.base, lenient, inst, source.base, moves))

    def _fill(self, pointer: str, inst: Inst) -> None:
        spot = self.spots.at(pointer)
        if spot is None:
            return
        size = inst.operands[2]
        known = spot.exact and size.isdigit() and spot.first >= 0
        self._add(
            Kind.WRITE,
            spot.base,
            ((1 << min(int(size), 4096)) - 1) << spot.first if known else _span(spot),
            inst,
        )


def _span(spot: Spot) -> int:
    first = max(spot.first, 0)
    return ((1 << (spot.last - first + 1)) - 1) << first if spot.last >= first else 0


def _moved(mask: int, by: int) -> int:
    return mask << by if by >= 0 else mask >> -by


def is_number(type_: Type) -> bool:
    """Whether a type is an ``ap_int`` or an ``ap_fixed``."""
    return isinstance(type_, NamedType) and type_.name.startswith(_NUMBERS)


def arrays(layout: Layout, type_: Type) -> int:
    """The bytes of a type that are elements of arrays; a wide integer, which clang keeps as bytes, is none."""
    if is_number(type_):
        return 0
    body = layout.body(type_)
    if isinstance(body, ArrayType):
        return (1 << min(layout.size(body), 4096)) - 1
    if not isinstance(body, StructType):
        return 0
    found = 0
    for offset, part in layout.fields(type_):
        found |= arrays(layout, part) << offset if offset < 4096 else 0
    return found
