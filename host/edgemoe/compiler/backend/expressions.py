# SPDX-License-Identifier: Apache-2.0
"""An operation as a SystemVerilog expression over its operands.

Every signal is an unsigned vector; signedness is written where an operator needs it. All operands are names,
slices or literals of exactly the operand's width, so that no implicit extension ever takes place.
"""

from __future__ import annotations

import re

from edgemoe.compiler.backend.text import literal
from edgemoe.compiler.ir import Compare, Op, Opcode

_BINARY = {
    Opcode.ADD: "+",
    Opcode.SUB: "-",
    Opcode.AND: "&",
    Opcode.OR: "|",
    Opcode.XOR: "^",
    Opcode.UDIV: "/",
    Opcode.UREM: "%",
    Opcode.SHL: "<<",
    Opcode.LSHR: ">>",
}
_SIGNED = {Opcode.SDIV: "/", Opcode.SREM: "%"}
_COMPARE = {
    Compare.EQ: "==",
    Compare.NE: "!=",
    Compare.ULT: "<",
    Compare.ULE: "<=",
    Compare.UGT: ">",
    Compare.UGE: ">=",
    Compare.SLT: "<",
    Compare.SLE: "<=",
    Compare.SGT: ">",
    Compare.SGE: ">=",
}


def cast(expression: str, have: int, want: int) -> str:
    """``expression`` of ``have`` bits as a vector of ``want`` bits (zero extension or truncation)."""
    if have == want:
        return expression
    number = re.fullmatch(r"\d+'([dh])([0-9a-f]+)", expression)
    if number:
        return literal(int(number[2], 10 if number[1] == "d" else 16) & ((1 << want) - 1), want)
    if want < have and expression.isidentifier():
        return f"{expression}[{want - 1}:0]" if want > 1 else f"{expression}[0]"
    return f"{want}'({expression})"


def extend(expression: str, have: int, want: int, signed: bool) -> str:
    """``expression`` as ``want`` bits, sign-extended if ``signed``."""
    if signed and want > have:
        return f"{want}'($signed({expression}))"
    return cast(expression, have, want)


def in_fabric(op: Op) -> str:
    """What stands before the declaration of a product that is no DSP block's."""
    return '(* use_dsp = "no" *) ' if op.fabric else ""


def expression(op: Op, operands: list[str]) -> str:
    """The combinational operation ``op`` of the named ``operands``."""
    widths = [operand.width for operand in op.operands]
    opcode = op.opcode
    if opcode in _BINARY:
        return f"{operands[0]} {_BINARY[opcode]} {operands[1]}"
    if opcode in _SIGNED:
        return f"{op.width}'($signed({operands[0]}) {_SIGNED[opcode]} $signed({operands[1]}))"
    if opcode is Opcode.MUL:
        factors = [extend(o, w, op.width, s) for o, w, s in zip(operands, widths, op.signs, strict=True)]
        return " * ".join(factors)
    if opcode is Opcode.ASHR:
        return f"{op.width}'($signed({operands[0]}) >>> {operands[1]})"
    if opcode is Opcode.ICMP:
        assert op.compare is not None
        left, right = operands
        if op.compare.signed:
            left, right = f"$signed({left})", f"$signed({right})"
        return f"{left} {_COMPARE[op.compare]} {right}"
    if opcode is Opcode.SELECT:
        return f"{operands[0]} ? {operands[1]} : {operands[2]}"
    if opcode in (Opcode.ZEXT, Opcode.TRUNC):
        return cast(operands[0], widths[0], op.width)
    if opcode is Opcode.SEXT:
        return extend(operands[0], widths[0], op.width, True)
    if opcode is Opcode.EXTRACT:
        return _extract(op, operands[0], widths[0])
    if opcode is Opcode.CONCAT:
        return "{" + ", ".join(operands) + "}"
    raise AssertionError(f"{opcode.value} is not an expression")


def _extract(op: Op, operand: str, have: int) -> str:
    if op.width == have:
        return operand
    number = re.fullmatch(r"\d+'([dh])([0-9a-f]+)", operand)
    if number:
        value = int(number[2], 10 if number[1] == "d" else 16)
        return literal((value >> op.lo) & ((1 << op.width) - 1), op.width)
    if not operand.isidentifier():
        return f"{op.width}'({operand} >> {op.lo})"
    high = op.lo + op.width - 1
    return f"{operand}[{high}:{op.lo}]" if op.width > 1 else f"{operand}[{op.lo}]"
