# SPDX-License-Identifier: Apache-2.0
"""Undoes how clang passes small structs: as integers in an array, pointers among them as numbers.

What is taken out of an aggregate that was just put together is what was put in, and a pointer made of the number of a
pointer is that pointer.
"""

from __future__ import annotations

from collections.abc import Callable

from edgemoe.compiler.llvmir.objects import Function, Inst


def fold_registers(function: Function) -> bool:
    """Replaces such values, in place; whether there was one."""
    definitions = function.definitions()
    known: dict[str, str] = {}

    def final(token: str) -> str:
        while token in known:
            token = known[token]
        return token

    changed = True
    while changed:
        changed = False
        for inst in definitions.values():
            if inst.result not in known and (value := _folded(inst, definitions, final)):
                known[inst.result] = value
                changed = True
    if not known:
        return False
    for block in function.blocks.values():
        block[:] = [item for item in block if not (isinstance(item, Inst) and item.result in known)]
        for item in block:
            if isinstance(item, Inst):
                operands = [final(operand) for operand in item.operands]
                if operands != item.operands:
                    item.operands, item.text = operands, ""
            elif item.operand in known:
                item.operand, item.text = final(item.operand), ""
    _drop_unused(function)
    return True


def _drop_unused(function: Function) -> None:
    while True:
        used = {operand for inst in function.instructions() for operand in inst.operands}
        dead = {
            inst.result
            for inst in function.instructions()
            if inst.opcode in ("ptrtoint", "inttoptr", "insertvalue", "extractvalue")
            and inst.result not in used
        }
        if not dead:
            return
        for block in function.blocks.values():
            block[:] = [
                item
                for item in block
                if (item.result if isinstance(item, Inst) else item.operand) not in dead
            ]


def _folded(inst: Inst, definitions: dict[str, Inst], final: Callable[[str], str]) -> str:
    if inst.opcode == "inttoptr":
        source = definitions.get(final(inst.operands[0]))
        if source is not None and source.opcode == "ptrtoint":
            return final(source.operands[0])
    elif inst.opcode == "extractvalue":
        token = final(inst.operands[0])
        while (source := definitions.get(token)) is not None and source.opcode == "insertvalue":
            if source.indices == inst.indices:
                return final(source.operands[1])
            if (
                source.indices[: len(inst.indices)] == inst.indices
                or inst.indices[: len(source.indices)] == source.indices
            ):
                return ""
            token = final(source.operands[0])
        if token in ("poison", "undef"):
            return token
    return ""
