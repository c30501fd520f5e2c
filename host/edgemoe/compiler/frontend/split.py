# SPDX-License-Identifier: Apache-2.0
"""Splits every aggregate into one object a member, while the accesses still carry their paths.

Afterwards each array in memory is an array of scalars of its own, and a run-time index can only mean one of them.
What cannot be decided is refused with its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.banks import Split
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.joins import Joins
from edgemoe.compiler.frontend.leaves import ROWS, Leaf, fields, leaves
from edgemoe.compiler.frontend.markers import Fact
from edgemoe.compiler.frontend.objects import Key, Parts, Variable, key_of
from edgemoe.compiler.frontend.outside import refuse_outside
from edgemoe.compiler.frontend.pointers import Field, Index, Paths, Place, declared_types, referenced
from edgemoe.compiler.frontend.rewrite import Rewrite
from edgemoe.compiler.frontend.source.pragmas import ArrayPartition
from edgemoe.compiler.ir import Note
from edgemoe.compiler.llvmir.objects import Function, Module, Record
from edgemoe.compiler.llvmir.types import POINTER, ArrayType, IntType, Type, bits, integer_bytes

#: Bytes up to which clang keeps an integer's bits as an integer; wider ones are arrays of bytes in memory.
_NARROW_BYTES = 16


def split_aggregates(module: Module, facts: list[Fact]) -> list[Note]:
    """Splits the variables of all functions, in place, and resolves what the pragmas name. Returns warnings."""
    split = _Split(module, facts)
    split.run()
    return split.notes


@dataclass(slots=True, eq=False)
class _Work:
    """A function and what is known of its pointers."""

    function: Function
    paths: Paths
    joins: Joins


def settle_joins(module: Module) -> None:
    """Addresses that LLVM's passes made choices of become choices of indices or of values, in place."""
    _Split(module, [], joins_only=True).run()


class _Split:
    def __init__(self, module: Module, facts: list[Fact], joins_only: bool = False) -> None:
        self.joins_only = joins_only
        self.module, self.facts, self.layout = module, facts, module.layout
        self.declared = declared_types(module)
        self.work: list[_Work] = []
        self.notes: list[Note] = []
        self.whole: set[str] = set()  # bases that go elsewhere as a whole: streams, blocks
        self.wide: set[tuple[str, str, Key]] = set()  # (scope, base, path)
        self.banked: set[tuple[str, str]] = set()  # (scope, base) of what a pragma partitions
        self.variables: dict[tuple[str, str], Variable] = {}  # by (scope, base)
        self.parts = Parts(module, self.wide)

    def run(self) -> None:
        for function in self.module.functions.values():
            paths = Paths(self.module, function, self.declared, source=not self.joins_only)
            joins = Joins(self.module, function, paths)
            joins.resolve()
            if not self.joins_only:
                self.notes += refuse_outside(self.module, function, paths, joins)
            self.work.append(_Work(function, paths, joins))
        for work in self.work:
            self._look(work)
            self._look_banked(work)
        for work in self.work:
            self._choose(work)
        for work in self.work:
            self._resolve_facts(work)
            Rewrite(
                self.module,
                work.function,
                work.paths,
                work.joins,
                self._own(work),
                self.parts,
                self._complete(work),
            ).run()
        for (scope, base), variable in self.variables.items():
            if not scope:
                parts = self.parts.globals(variable)
                del self.module.globals[base]
                self.module.globals.update({part.name: part for part in parts})

    def scope(self, work: _Work, base: str) -> str:
        """Whose variable it is: the function's name, "" for a global."""
        return "" if base[0] == "@" else work.function.name

    # ---- what there is -------------------------------------------------------------------------------------

    def _look(self, work: _Work) -> None:
        """Finds variables that are handed on as a whole, and wide integers kept as bytes."""
        for inst in work.function.instructions():
            if inst.opcode in ("load", "store"):
                pointer = inst.operands[-1]
                for _, place in work.joins.places(pointer):
                    self._look_wide(work, place, bits(inst.types[0] if inst.opcode == "store" else inst.type))
                if inst.opcode == "store" and inst.types[0] == POINTER:
                    self._escape(work, inst.operands[0])
            elif (inst.opcode == "call" and not inst.callee.startswith("llvm.")) or inst.opcode in (
                "ret",
                "insertvalue",
            ):
                for operand in inst.operands:
                    self._escape(work, operand)

    def _look_banked(self, work: _Work) -> None:
        for fact in self.facts:
            if fact.function == work.function.name and isinstance(fact.pragma, ArrayPartition):
                place = work.paths.place(fact.variable)
                if place is not None and not fact.pragma.off:
                    self.banked.add((self.scope(work, place.base), place.base))

    def _own(self, work: _Work) -> dict[str, Variable]:
        return {v.base: v for (scope, _), v in self.variables.items() if scope in ("", work.function.name)}

    def _escape(self, work: _Work, operand: str) -> None:
        place = work.paths.place(operand)
        if place is not None:
            self.whole.add(f"{self.scope(work, place.base)} {place.base}")

    def _look_wide(self, work: _Work, place: Place, width: int) -> None:
        size = integer_bytes(width)
        for _ in range(8):
            body = self.layout.body(place.type)
            if (
                isinstance(body, ArrayType)
                and body.element == IntType(8)
                and body.count == size > _NARROW_BYTES
            ):
                self.wide.add((self.scope(work, place.base), place.base, key_of(place.steps)))
                return
            inner = work.paths.first(place)
            if inner is None:
                return
            place = inner

    # ---- which to split ------------------------------------------------------------------------------------

    def _choose(self, work: _Work) -> None:
        bases = {inst.result: inst.type for inst in work.function.instructions() if inst.opcode == "alloca"}
        used = {
            token for inst in work.function.instructions() for token in referenced(self.module, inst.operands)
        }
        bases |= {token: self.declared[token] for token in used if token in self.declared}
        for base, type_ in bases.items():
            scope = self.scope(work, base)
            if f"{scope} {base}" in self.whole or not self._splittable(type_):
                continue
            parts = leaves(self.layout, type_)
            rows = any(self._apart(scope, base, leaf) for leaf in parts)
            wide = any(known[:2] == (scope, base) for known in self.wide)
            if (
                ((len(parts) > 1 or wide or rows) and not self.joins_only)
                or base in work.joins.bases
                or self._chosen(work, base)
            ):
                self._want(work, base, type_)

    def _apart(self, scope: str, base: str, leaf: Leaf) -> bool:
        """Whether the rows of an array have banks of their own, so that no index may be taken for another's."""
        return len(leaf.dims) > 1 and ((scope, base) in self.banked or any(dim.lanes for dim in leaf.dims))

    def _chosen(self, work: _Work, base: str) -> bool:
        return any(p.base == base for choice in work.joins.choices.values() for p in choice.places)

    def _splittable(self, type_: Type) -> bool:
        return all(leaf.width for leaf in leaves(self.layout, type_))

    def _want(self, work: _Work, base: str, type_: Type) -> None:
        scope = self.scope(work, base)
        if (scope, base) in self.variables:
            return
        name, debug = self._source_name(work, base)
        apart = (scope, base) in self.banked or ROWS in str(type_)
        self.variables[scope, base] = Variable(scope, base, type_, name, debug, apart)

    def _source_name(self, work: _Work, base: str) -> tuple[str, str]:
        info = self.module.debug
        if base[0] == "@":
            variable = info.field(self.module.globals[base].debug, "var")
            return info.field(variable, "name") or base[1:].strip('"'), info.field(variable, "type")
        for block in work.function.blocks.values():
            for item in block:
                if isinstance(item, Record) and item.operand == base and info.variable(item.variable):
                    return info.variable(item.variable), info.field(item.variable, "type")
        return base[1:].strip('"'), ""

    # ---- pragmas -------------------------------------------------------------------------------------------

    def _resolve_facts(self, work: _Work) -> None:
        for fact in self.facts:
            if fact.function != work.function.name or not fact.variable or fact.objects:
                continue
            place = work.paths.place(fact.variable)
            if place is None:
                fact.objects = (fact.variable,)
                continue
            while not fact.size and place.steps and place.steps[-1] == Index(0):
                place = work.paths.walk(place.base, place.steps[:-1])
            while 0 < fact.size < self.layout.size(place.type) and (inner := work.paths.first(place)):
                place = inner
            if any(isinstance(step, Index) for step in place.steps):
                raise CompileError(
                    fact.loc.file,
                    fact.loc.line,
                    "a pragma names a variable or a member, not an element of an array.",
                )
            fact.array = any(leaf.dims for leaf in leaves(self.layout, place.type))
            variable = self.variables.get((self.scope(work, place.base), place.base))
            if variable is None:
                fact.objects = (place.base,)
                continue
            found = scalars(self.parts, variable.scope, place)
            fact.objects = tuple(self.parts.part(variable, inner).name for inner in found)

    def _complete(self, work: _Work) -> dict[str, frozenset[int]]:
        """By object, the dimensions that pragmas partition completely."""
        found: dict[str, frozenset[int]] = {}
        for fact in self.facts:
            pragma = fact.pragma
            if isinstance(pragma, ArrayPartition) and fact.function == work.function.name and not pragma.off:
                for name in fact.objects if pragma.split is Split.COMPLETE else ():
                    found[name] = found.get(name, frozenset()) | {pragma.dim}
        return found


def scalars(parts: Parts, scope: str, place: Place) -> list[Place]:
    """The scalars under a place, the first element of each array."""
    if parts.scalar(scope, place) is not None:
        return [place]
    body = parts.layout.body(place.type)
    if isinstance(body, ArrayType):
        return scalars(parts, scope, Place(place.base, (*place.steps, Index(0)), body.element))
    result = []
    for number, (_, inner) in fields(parts.layout, place.type):
        result += scalars(parts, scope, Place(place.base, (*place.steps, Field(number)), inner))
    return result
