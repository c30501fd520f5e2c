# SPDX-License-Identifier: Apache-2.0
"""Accesses outside an array, refused while they still say their index: LLVM's passes drop them as undefined.

Seen are constant indices, those that a pointer reaches by constant steps, and those of loops with constant bounds in
what each iteration does. Where LLVM took the constant from a comparison (`guards.py`), the program may be right
and never get there: a warning tells it, and the access is left out.
"""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.copies import COPIES
from edgemoe.compiler.frontend.counted import Values, counted_loops, rounds, signed
from edgemoe.compiler.frontend.guards import Guards, left_out
from edgemoe.compiler.frontend.joins import Joins
from edgemoe.compiler.frontend.pointers import Index, Paths, Place
from edgemoe.compiler.ir import Note
from edgemoe.compiler.llvmir.debug import in_shim
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record
from edgemoe.compiler.llvmir.types import ArrayType, IntType

_MOVES_OFF = "this pointer moves off"


def refuse_outside(module: Module, function: Function, paths: Paths, joins: Joins) -> list[Note]:
    """Warnings of accesses that a right program never makes, which are taken out of ``function``.

    Raises: CompileError for an access that leaves its array whenever it is made, or in some round of its loop.
    """
    outside = _Outside(module, function, paths, joins)
    outside.run()
    return outside.notes


class _Outside:
    def __init__(self, module: Module, function: Function, paths: Paths, joins: Joins) -> None:
        self._module, self._function, self._paths, self._joins = module, function, paths, joins
        self._values = Values(function)
        self._guards: Guards | None = None  # made when an access is found
        self.notes: list[Note] = []
        self._ends: dict[str, list[dict[str, int]]] = {}  # first and last round of the loops around a block

    def run(self) -> None:
        for loop in counted_loops(self._function, self._values):
            made = rounds(loop, self._values)
            if made:
                for label in loop.always:
                    self._ends.setdefault(label, []).extend((made[0], made[-1]))
        for label, block in self._function.blocks.items():
            for inst in list(block):
                if isinstance(inst, Inst) and inst.opcode in ("load", "store"):
                    self._access(label, inst)
                elif isinstance(inst, Inst) and inst.callee.startswith(COPIES) and inst.operands[2].isdigit():
                    fill = inst.callee.startswith("llvm.memset")
                    for pointer in inst.operands[: 1 if fill else 2]:
                        self._block(inst, pointer, int(inst.operands[2]))

    def _leave_out(self, label: str, inst: Inst, error: CompileError) -> None:
        """Takes an access away that only a comparison made one outside; raises ``error`` if it is no such one."""
        self._guards = self._guards or Guards(self._function)
        chosen = len(self._joins.places(inst.operands[-1])) > 1
        if chosen or not isinstance(inst.type, IntType) or not self._guards.equal(label):
            raise error
        note = left_out(error)
        self.notes += [] if note in self.notes else [note]
        nothing = Inst("add", inst.result, inst.type, ["0", "0"], [inst.type] * 2, debug=inst.debug)
        block = self._function.blocks[label]
        at = block.index(inst)
        block[at : at + 1] = [nothing] if inst.opcode == "load" else []

    def _block(self, inst: Inst, pointer: str, size: int) -> None:
        """Of a block that is copied or filled, the end."""
        for _, place in self._joins.places(pointer):
            whole = self._paths.layout.size(self._paths.walk(place.base, ()).type)
            start = self._offset(place)
            if start is not None and not 0 <= start <= start + size <= whole:
                raise self._error(
                    inst,
                    f"this copies or fills {size} bytes from byte {start} of '{self._name(place.base)}' on, which has "
                    f"{whole}: an access outside an array has no place in hardware.",
                )

    def _offset(self, place: Place) -> int | None:
        """Bytes from the start of its variable on, None if an index is not constant."""
        layout, found = self._paths.layout, place.inside
        for k, step in enumerate(place.steps):
            type_ = self._paths.walk(place.base, place.steps[:k]).type
            body = layout.body(type_)
            if isinstance(step, Index):
                if step.terms or not isinstance(body, ArrayType):
                    return None
                found += step.constant * layout.size(body.element)
            else:
                found += layout.fields(type_)[step.number][0]
        return found

    def _access(self, label: str, inst: Inst) -> None:
        pointer = inst.operands[-1]
        reason = self._paths.reasons.get(pointer, "")
        if reason.startswith(_MOVES_OFF):
            raise self._error(inst, reason)
        for _, place in self._joins.places(pointer):
            variable = self._module.globals.get(place.base)
            if inst.opcode == "store" and variable is not None and variable.constant:
                raise self._error(
                    inst, f"this writes to '{self._name(place.base)}', which is const; leave out const."
                )
            run: list[tuple[Index, int]] = []  # an array's own indices, and its extents
            for k, step in enumerate(place.steps):
                body = self._paths.layout.body(self._paths.walk(place.base, place.steps[:k]).type)
                if isinstance(step, Index) and isinstance(body, ArrayType):
                    run.append((step, body.count))
                    continue
                self._check(label, inst, place, run)
                run = []
            self._check(label, inst, place, run)

    def _check(self, label: str, inst: Inst, place: Place, run: list[tuple[Index, int]]) -> None:
        if not run:
            return
        total = 1
        for _, count in run:
            total *= count
        terms = any(step.terms for step, _ in run)
        for known in self._ends.get(label, []) if terms else [{}]:
            element: int | None = 0
            for step, count in run:
                at = self._index(step, known)
                element = None if element is None or at is None else element * count + at
            if element is not None and not 0 <= element < total:
                name = self._name(place.base)
                if not terms:
                    text = f"index {element} is outside the array '{name}', which has {total} elements."
                    self._leave_out(label, inst, self._error(inst, text))
                    return
                raise self._error(
                    inst,
                    f"this reaches element {element} of '{name}', which has {total}: an access outside an array has no "
                    "place in hardware.",
                )

    def _index(self, step: Index, known: dict[str, int]) -> int | None:
        found = step.constant
        for token, width in step.terms:
            value = self._values.evaluate(token, width, known)
            if value is None:
                return None
            found += signed(value, width)
        return found

    def _name(self, base: str) -> str:
        info = self._module.debug
        if base[0] == "@":
            variable = info.field(self._module.globals[base].debug, "var")
            return info.field(variable, "name") or base[1:].strip('"')
        for block in self._function.blocks.values():
            for item in block:
                if isinstance(item, Record) and item.operand == base and info.variable(item.variable):
                    return info.variable(item.variable)
        return base[1:].strip('"')

    def _error(self, inst: Inst, text: str) -> CompileError:
        loc = self._module.debug.loc(inst.debug)
        if not loc.line or in_shim(loc.file):
            _, loc = self._module.debug.subprogram(self._function.debug)
        return CompileError(loc.file, loc.line, text)
