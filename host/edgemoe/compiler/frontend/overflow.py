# SPDX-License-Identifier: Apache-2.0
"""LLVM's operations that say whether they overflowed, as plain ones.

`x && a * x / x != a` becomes a product and a bit in one struct, `llvm.umul.with.overflow`. The bit is whether the exact
result, computed with enough bits for every operand, differs from the wrapped one.
"""

from __future__ import annotations

from edgemoe.compiler.frontend.beside import Beside
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record
from edgemoe.compiler.llvmir.types import IntType, Type


def plain_overflows(module: Module) -> None:
    """Rewrites the results of ``llvm.{s,u}{add,sub,mul}.with.overflow`` that are taken apart, in place."""
    for function in module.functions.values():
        calls = {i.result: i for i in function.instructions() if ".with.overflow." in i.callee}
        if calls:
            _rewrite(function, calls)


def _rewrite(function: Function, calls: dict[str, Inst]) -> None:
    beside = Beside(function.values())
    for name, block in function.blocks.items():
        made: list[Inst | Record] = []
        for item in block:
            call = (
                calls.get(item.operands[0])
                if isinstance(item, Inst) and item.opcode == "extractvalue"
                else None
            )
            if isinstance(item, Inst) and call is not None:
                made += _part(item, call, beside)
            else:
                made.append(item)
        function.blocks[name][:] = made
    used = {token for inst in function.instructions() for token in inst.operands}
    for block in function.blocks.values():
        block[:] = [
            i for i in block if not (isinstance(i, Inst) and i.result in calls and i.result not in used)
        ]


def _part(inst: Inst, call: Inst, beside: Beside) -> list[Inst]:
    """The wrapped result, or whether it differs from the exact one."""
    kind = call.callee.split(".")[1]  # umul, ssub, ...
    extend, opcode = "sext" if kind[0] == "s" else "zext", kind[1:]
    narrow = call.types[0]
    assert isinstance(narrow, IntType)
    wide = IntType(2 * narrow.width if opcode == "mul" else narrow.width + 1)

    def made(
        how: str, type_: IntType, operands: list[str], of: IntType, result: str = "", compare: str = ""
    ) -> Inst:
        result = result or beside.name(inst.result, how, key=tuple(operands))
        types: list[Type] = [of] * len(operands)
        return Inst(how, result, type_, operands, types, compare=compare, debug=inst.debug)

    if inst.indices == [0]:
        return [made(opcode, narrow, list(call.operands[:2]), narrow, inst.result)]
    first, second = (made(extend, wide, [operand], narrow) for operand in call.operands[:2])
    exact = made(opcode, wide, [first.result, second.result], wide)
    cut = made("trunc", narrow, [exact.result], wide)
    back = made(extend, wide, [cut.result], narrow)
    differs = made("icmp", IntType(1), [exact.result, back.result], wide, inst.result, "ne")
    return [first, second, exact, cut, back, differs]
