# SPDX-License-Identifier: Apache-2.0
"""Numbers of bytes that are chosen at run time, as numbers of elements.

LLVM makes `m[a ? 1 : b ? 2 : 0]` an address so many bytes away, chosen among 4, 8 and 0. A choice among numbers of
elements takes its place, one for each dimension that the bytes step in. What is chosen from are constants, and values
whose lowest bits are 0 by the way they are made.
"""

from __future__ import annotations

from edgemoe.compiler.frontend.address import trailing_zeros
from edgemoe.compiler.frontend.beside import Beside
from edgemoe.compiler.frontend.leaves import Leaf, leaves, steps
from edgemoe.compiler.frontend.pointers import Paths, declared_types
from edgemoe.compiler.llvmir.objects import Function, Inst, Module
from edgemoe.compiler.llvmir.types import POINTER, ArrayType, IntType, StructType, Type

_INDEX = IntType(32)
_NOTHING = ("undef", "poison")
_LINEAR = ("add", "or", "shl", "mul", "and")
#: How far back the lowest bits of a value are looked for.
_DEEPEST = 8


def scale_bytes(module: Module, every: bool) -> None:
    """Rewrites addresses of arrays that a value chosen at run time moves by bytes, in place.

    Sums and products are left as they are, whose parts `address.py` tells apart; not if ``every`` address has to count
    elements.
    """
    declared = declared_types(module)
    for function in module.functions.values():
        _Scaler(module, function, declared, every).run()


class _Scaler:
    """Of one function."""

    def __init__(self, module: Module, function: Function, declared: dict[str, Type], every: bool) -> None:
        self._layout, self._function, self._every = module.layout, function, every
        self._paths = Paths(module, function, declared, source=False)
        self._definitions, self._beside = self._paths.definitions, Beside(function.values())
        self._made: dict[tuple[str, Leaf, int], str] = {}

    def run(self) -> None:
        found = [inst for inst in self._function.instructions() if inst.opcode == "getelementptr"]
        self._where = {
            item.result: block
            for block in self._function.blocks.values()
            for item in block
            if isinstance(item, Inst)
        }
        for inst in found:
            self._rewrite(inst)

    def _rewrite(self, inst: Inst) -> None:
        if inst.type != IntType(8) or len(inst.operands) != 2:
            return
        type_ = self._variable(inst.operands[0])
        if type_ is None:
            return
        found, token = leaves(self._layout, type_), inst.operands[1]
        if len(found) != 1 or not found[0].dims or not token.startswith("%"):
            return
        if not self._every and self._is_linear(token):
            return
        leaf = found[0]
        chosen = self._chosen_from(token)
        if leaf.dims[-1].stride == 1 and (len(leaf.dims) == 1 or chosen == [token]):
            return  # bytes are elements
        if any(steps(leaf, self._grain(value), term=True)[1] for value in chosen):
            return
        moves = [(part, self._choice(token, leaf, k)) for k, part in enumerate(self._elements(type_))]
        self._move(inst, [(part, value) for part, value in moves if value != "0"])

    def _variable(self, token: str) -> Type | None:
        """The type of the variable that an address leads into, or of all those among which it is chosen."""
        found, waiting, seen = list[Type](), [token], {*_NOTHING}
        while waiting:
            if (token := waiting.pop()) in seen:
                continue
            seen.add(token)
            definition = self._definitions.get(token)
            if place := self._paths.place(token):
                found.append(self._paths.walk(place.base, ()).type)
            elif definition is None or definition.opcode not in ("getelementptr", "phi", "select"):
                return None
            elif definition.opcode == "getelementptr":
                waiting.append(definition.operands[0])
            else:
                waiting += definition.operands[definition.opcode == "select" :]
        return found[0] if found and all(type_ == found[0] for type_ in found) else None

    def _is_linear(self, token: str) -> bool:
        definition = self._definitions.get(token)
        if definition is None or definition.opcode not in ("select", *_LINEAR):
            return False
        constant = [not operand.startswith("%") for operand in definition.operands[1:]]
        return all(constant) or definition.opcode in ("add", "or")

    def _move(self, inst: Inst, moves: list[tuple[Type, str]]) -> None:
        """Makes ``inst`` the address that is moved by numbers of elements, each of its own size."""
        pointer = inst.operands[0]
        for number, (part, value) in enumerate(moves[:-1]):
            name = self._beside.name(inst.result, str(number))
            made = Inst("getelementptr", name, part, [pointer, value], [POINTER, _INDEX], debug=inst.debug)
            self._insert(made, inst)
            pointer = name
        inst.type, value = moves[-1] if moves else (inst.type, "0")
        inst.operands, inst.types, inst.text, inst.flags = [pointer, value], [POINTER, _INDEX], "", ()
        self._paths.known.clear()

    def _elements(self, type_: Type) -> list[Type]:
        """The element types of an array's dimensions, outermost first."""
        found: list[Type] = []
        body = self._layout.body(type_)
        while not isinstance(body, IntType):
            if isinstance(body, ArrayType):
                type_ = body.element
                found.append(type_)
            else:
                assert isinstance(body, StructType)
                type_ = body.fields[0]
            body = self._layout.body(type_)
        return found

    # ---- what is chosen from -------------------------------------------------------------------------------

    def _chosen_from(self, token: str) -> list[str]:
        """The values among which one is chosen."""
        found, waiting, seen = list[str](), [token], set[str]()
        while waiting:
            token = waiting.pop()
            definition = self._definitions.get(token)
            if definition is not None and definition.opcode in ("phi", "select"):
                if token not in seen:
                    seen.add(token)
                    waiting += definition.operands[definition.opcode == "select" :]
            elif token not in _NOTHING:
                found.append(token)
        return found

    def _grain(self, token: str) -> int:
        """A constant, or the power of two that a value is a multiple of."""
        return 1 << self._zeros(token) if token.startswith("%") else int(token)

    def _zeros(self, token: str, depth: int = 0) -> int:
        """The number of lowest bits that are 0 whatever happens."""
        if token.lstrip("-").isdigit():
            return trailing_zeros(int(token)) if int(token) else _INDEX.width - 1
        definition = self._definitions.get(token)
        if definition is None or depth == _DEEPEST:
            return 0
        if definition.opcode == "zext":
            return self._zeros(definition.operands[0], depth + 1)
        if definition.opcode not in ("shl", "lshr", "ashr", "and", "or", "xor", "add", "sub", "mul"):
            return 0
        a, b = definition.operands
        if definition.opcode in ("shl", "lshr", "ashr"):
            by = 0 if b.startswith("%") else int(b)
            if definition.opcode == "shl":
                return self._zeros(a, depth + 1) + by
            return 0 if b.startswith("%") else max(0, self._zeros(a, depth + 1) - by)
        both = self._zeros(a, depth + 1), self._zeros(b, depth + 1)
        if definition.opcode == "mul":
            return min(sum(both), _INDEX.width - 1)
        return max(both) if definition.opcode == "and" else min(both)

    # ---- numbers of elements -------------------------------------------------------------------------------

    def _choice(self, token: str, leaf: Leaf, dim: int) -> str:
        """The value that counts steps of one dimension where ``token`` counts bytes."""
        if not token.startswith("%"):
            return token if token in _NOTHING else str(steps(leaf, int(token))[0][dim])
        known = self._made.get((token, leaf, dim))
        if known is not None:
            return known
        source = self._definitions[token]
        # Dimensions may have one stride: a row of one element is as long as it, and arrays differ in extents only.
        name = self._beside.name(token, f"by{leaf.dims[dim].stride}", (leaf, dim))
        self._made[token, leaf, dim] = name
        if source.opcode not in ("phi", "select"):
            self._made[token, leaf, dim] = self._multiple(token, name, leaf, dim)
            return self._made[token, leaf, dim]
        first = int(source.opcode == "select")
        types: list[Type] = [*source.types[:first], *[_INDEX] * (len(source.operands) - first)]
        made = Inst(source.opcode, name, _INDEX, source.operands[:first], types, debug=source.debug)
        made.targets = source.targets
        self._insert(made, source)
        made.operands += [self._choice(operand, leaf, dim) for operand in source.operands[first:]]
        return name

    def _multiple(self, token: str, name: str, leaf: Leaf, dim: int) -> str:
        """As `_choice`, of a value whose lowest bits are 0."""
        source, grain = self._definitions[token], self._zeros(token)
        count = steps(leaf, 1 << grain, term=True)[0][dim]
        if not count:
            return "0"
        block, value = self._where[token], self._beside.name(name, "whole")
        made = [Inst("ashr", value, _INDEX, [token, str(grain)], [_INDEX] * 2, debug=source.debug)]
        factor = source.operands[-1] if source.opcode in ("mul", "shl") else "%"
        if not factor.startswith("%"):
            by = 1 << int(factor) if source.opcode == "shl" else int(factor)
            if by % (1 << grain) == 0:
                made, value, count = [], source.operands[0], count * (by >> grain)
        if count == 1:
            name = value
        else:
            made.append(Inst("mul", name, _INDEX, [value, str(count)], [_INDEX] * 2, debug=source.debug))
        at = block.index(source) + 1
        block[at:at] = made
        for inst in made:
            self._definitions[inst.result] = inst
            self._where[inst.result] = block
        return name

    def _insert(self, made: Inst, before: Inst) -> None:
        block = self._where[before.result]
        block.insert(block.index(before), made)
        self._definitions[made.result] = made
        self._where[made.result] = block
