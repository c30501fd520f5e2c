# SPDX-License-Identifier: Apache-2.0
"""Where the pointers of a function of clang's first IR point: bytes of its variables, and of what its parameters
point at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgemoe.compiler.llvmir.objects import Function, Inst
from edgemoe.compiler.llvmir.types import POINTER, ArrayType, Layout, StructType


@dataclass(slots=True)
class Summary:
    """What a call does to what its pointers point at, by the number of the parameter."""

    reads: dict[int, int] = field(default_factory=dict)  #: bytes that are read before they are written
    writes: dict[int, int] = field(default_factory=dict)
    maybe: dict[int, int] = field(default_factory=dict)
    returned: int | None = None  #: the parameter that is returned


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a pointer points: bytes ``first`` to ``last`` of a variable, one of them only if not ``exact``."""

    base: str
    first: int
    last: int
    exact: bool = True


class Spots:
    """Those of one function; ``summaries`` are of the functions that it calls."""

    def __init__(self, function: Function, layout: Layout, summaries: Mapping[str, Summary]) -> None:
        self._function, self._layout, self._summaries = function, layout, summaries
        self._instructions = list(function.instructions())
        self.definitions = {inst.result: inst for inst in self._instructions if inst.result}
        self.params = {p.name: k for k, p in enumerate(function.params) if p.type == POINTER}
        self.holders = self._pointers()
        self._held = self._walked()
        self._spots: dict[str, Spot | None] = {}

    def _pointers(self) -> dict[str, str]:
        """Variables that hold one pointer all their life, and that pointer."""
        stored: dict[str, list[str]] = {}
        for inst in self._instructions:
            if inst.opcode == "store" and inst.types[0] == POINTER:
                stored.setdefault(inst.operands[1], []).append(inst.operands[0])
        return {
            at: values[0]
            for at, values in stored.items()
            if len(values) == 1 and (made := self.definitions.get(at)) is not None and made.type == POINTER
        }

    def _walked(self) -> dict[str, str]:
        """What loads find of a pointer that was written before in the same block: ``p++; *p = x;``."""
        found: dict[str, str] = {}
        for block in self._function.blocks.values():
            last: dict[str, str] = {}
            for inst in block:
                if not isinstance(inst, Inst):
                    continue
                if inst.opcode == "store":
                    if inst.types[0] == POINTER:
                        last[inst.operands[1]] = inst.operands[0]
                elif not last:
                    continue
                elif inst.opcode == "load":
                    if inst.type == POINTER and inst.operands[0] in last:
                        found[inst.result] = last[inst.operands[0]]
                elif inst.opcode == "call" and not inst.callee.startswith("llvm.lifetime"):
                    for token in inst.operands:
                        last.pop(token, None)
        return found

    def at(self, token: str) -> Spot | None:
        """Where a pointer points, None if that is no variable and no parameter, or not known."""
        if token not in self._spots:
            self._spots[token] = None  # a pointer that depends on itself
            self._spots[token] = self._find(token)
        return self._spots[token]

    def _find(self, token: str) -> Spot | None:
        if token in self.params:
            return Spot(token, 0, 4095)
        inst = self.definitions.get(token)
        if inst is None:
            return None
        if inst.opcode == "alloca":
            size = self._layout.size(inst.type)
            return Spot(token, 0, min(size, 4096) - 1) if size and not inst.operands else None
        if inst.opcode == "load":
            held = self._held.get(token) or self.holders.get(inst.operands[0], "")
            return self.at(held) if held else None
        if inst.opcode == "call" and (summary := self._summaries.get(inst.callee)) is not None:
            return self.at(inst.operands[summary.returned]) if summary.returned is not None else None
        if inst.opcode == "getelementptr":
            start = self.at(inst.operands[0])
            return start and self._inside(start, inst)
        return None

    def _inside(self, start: Spot, inst: Inst) -> Spot:
        """The spot of a ``getelementptr``; a run-time index may lead to any element."""
        if not start.exact:
            return start
        first, last, type_ = start.first, start.last, inst.type
        for number, token in enumerate(inst.operands[1:]):
            constant = int(token) if token.lstrip("-").isdigit() else None
            body = self._layout.body(type_) if number else ArrayType(0, type_)
            if isinstance(body, StructType):
                offset, type_ = self._layout.fields(type_)[constant or 0]
                first += offset
            elif isinstance(body, ArrayType):
                type_ = body.element
                size = self._layout.size(type_)
                if constant is None:
                    if number:
                        last = min(last, first + body.count * size - 1)
                    return Spot(start.base, first if number else 0, last, exact=False)
                first += constant * size
        inner = max(self._layout.size(type_), 1)
        # A pointer to an element may walk on; what an access takes is its own size.
        return Spot(start.base, first, max(last, first + inner - 1))
