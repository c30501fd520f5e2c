# SPDX-License-Identifier: Apache-2.0
"""Pointers as affine forms: a base, a constant number of bytes, and terms (stride in bytes x index value)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.beside import Beside
from edgemoe.compiler.frontend.parse import Inst, Module
from edgemoe.compiler.llvmir.types import POINTER, ArrayType, IntType, StructType, Type


@dataclass(frozen=True, slots=True)
class Pointer:
    """``base`` is an alloca, a global (``@name``) or a parameter; ``terms`` are (stride, LLVM value).

    A value written ``%name>>3`` is ``%name`` shifted right by 3.
    """

    base: str
    offset: int
    terms: tuple[tuple[int, str], ...]


class Pointers:
    """Resolves the pointers of one function, looking through GEPs and the arithmetic of their indices."""

    def __init__(self, module: Module, definitions: dict[str, Inst], params: set[str]) -> None:
        self._module = module
        self._definitions = definitions
        self._params = params
        self._known: dict[str, Pointer] = {}

    def resolve(self, token: str, user: Inst) -> Pointer:
        """The affine form of a pointer operand of ``user``."""
        known = self._known.get(token)
        if known is None:
            known = self._known[token] = self._resolve(token, user)
        return known

    def index_phis(self, blocks: dict[str, list[Inst]]) -> None:
        """Phis of addresses in one array become phis of indices, which take their place beside them."""
        beside = Beside({*self._definitions, *self._params})
        for block in blocks.values():
            for inst in [i for i in block if i.opcode == "phi" and i.type == POINTER]:
                try:
                    pointers = [self.resolve(token, inst) for token in inst.operands]
                except CompileError:
                    continue  # refused where it is used, if it is
                if len({p.base for p in pointers}) != 1 or any(p.terms for p in pointers):
                    continue
                step = math.gcd(*(p.offset for p in pointers)) or 1
                name = beside.name(inst.result, "index")
                indices = [str(p.offset // step) for p in pointers]
                types: list[Type] = [IntType(32)] * len(indices)
                index = Inst("phi", name, IntType(32), indices, types, targets=inst.targets, debug=inst.debug)
                block.insert(block.index(inst), index)
                self._definitions[name] = index
                self._known[inst.result] = Pointer(pointers[0].base, 0, ((step, name),))

    def _resolve(self, token: str, user: Inst) -> Pointer:
        constant = self._module.constant(token)
        if constant is not None and constant.kind == "getelementptr":
            return self._gep(constant.type, list(constant.operands), user)
        if token.startswith("@") or token in self._params:
            return Pointer(token, 0, ())
        definition = self._definitions.get(token)
        if definition is not None and definition.opcode == "alloca":
            return Pointer(token, 0, ())
        if definition is not None and definition.opcode == "getelementptr":
            return self._gep(definition.type, definition.operands, definition)
        loc = self._module.loc(user)
        if definition is not None and definition.opcode in ("phi", "select"):
            message = (
                "the array or element accessed here is chosen at run time; select values, not references."
            )
        else:
            message = (
                "this pointer cannot be traced to an array; only local arrays and arguments can be accessed."
            )
        raise CompileError(loc.file, loc.line, message)

    def _gep(self, type_: Type, operands: list[str], user: Inst) -> Pointer:
        base = self.resolve(operands[0], user)
        offset = base.offset
        terms = list(base.terms)
        layout = self._module.layout
        for number, index in enumerate(operands[1:]):
            if number > 0:
                if isinstance(layout.body(type_), StructType):
                    field_offset, type_ = layout.fields(type_)[int(index)]
                    offset += field_offset
                    continue
                assert isinstance(type_, ArrayType)
                type_ = type_.element
            size = layout.size(type_)
            extra, found = self._linear(index, size)
            offset += extra
            terms += found
        return Pointer(base.base, offset, tuple((stride, value) for stride, value in terms if stride))

    def _linear(self, token: str, factor: int) -> tuple[int, list[tuple[int, str]]]:
        """(constant, terms) of ``factor * token``: sums, shifts and products by constants are looked through."""
        if not token.startswith("%"):
            return int(token) * factor, []
        definition = self._definitions.get(token)
        if definition is not None and definition.opcode == "select":
            condition, a, b = definition.operands
            if condition.startswith("%") and not a.startswith("%") and not b.startswith("%"):
                # An index of one bit; a term's value is signed, so that a true condition counts as -1.
                return int(b) * factor, [((int(b) - int(a)) * factor, condition)]
        if definition is not None and len(definition.operands) == 2 and definition.width == 32:
            a, b = definition.operands
            if definition.opcode == "add" or (definition.opcode == "or" and "disjoint" in definition.flags):
                constant_a, terms_a = self._linear(a, factor)
                constant_b, terms_b = self._linear(b, factor)
                return constant_a + constant_b, terms_a + terms_b
            if not b.startswith("%"):
                if definition.opcode == "shl":
                    return self._linear(a, factor << int(b))
                if definition.opcode == "mul":
                    return self._linear(a, factor * int(b))
                zeros = trailing_zeros(int(b))
                if definition.opcode == "and" and zeros:
                    # A multiple of 2**zeros: its upper bits count in larger steps, which may fix a bank.
                    return 0, [(factor << zeros, f"{token}>>{zeros}")]
        return 0, [(factor, token)]


def trailing_zeros(mask: int) -> int:
    """The number of lowest bits of a number that are 0; of 0 none."""
    return (mask & -mask).bit_length() - 1 if mask else 0
