# SPDX-License-Identifier: Apache-2.0
"""Lowers single LLVM instructions to IR operations."""

from __future__ import annotations

from collections.abc import Callable

from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.parse import BINARY, Inst
from edgemoe.compiler.ir import Compare, Const, Op, Opcode, Value
from edgemoe.compiler.llvmir.instructions import ASSEMBLY

_CASTS = {"zext": Opcode.ZEXT, "sext": Opcode.SEXT, "trunc": Opcode.TRUNC}
#: What LLVM leaves where a program reads a variable without a value, divides by zero, shifts too far, ...
UNDEFINED = frozenset({"undef", "poison"})
_ZERO = frozenset({"null", "zeroinitializer", "none"})


def constant(token: str, width: int) -> Const:
    """A constant operand; what is undefined becomes 0."""
    if token in ("true", "false"):
        return Const(int(token == "true"), 1)
    if token in UNDEFINED | _ZERO:
        return Const(0, width)
    return Const.of(int(token), width)


def lower_pure(inst: Inst, operands: list[Value], emit: Emitter) -> Value | None:
    """The value of an instruction without memory or stream access; None if it is not one of those."""
    opcode = inst.opcode
    if opcode in BINARY:
        return _binary(inst, operands, emit)
    if opcode == "icmp":
        return emit.compare(Compare(inst.compare), *operands)
    if opcode in _CASTS:
        return emit.resize(operands[0], inst.width, signed=opcode == "sext")
    if opcode in ("freeze", "bitcast"):
        return operands[0]
    if opcode == "select":
        if inst.width == 1 and isinstance(operands[2], Const) and operands[2].value == 0:
            return emit.pure(Opcode.AND, 1, [operands[0], operands[1]])
        if inst.width == 1 and isinstance(operands[1], Const) and operands[1].value == 1:
            return emit.pure(Opcode.OR, 1, [operands[0], operands[2]])
        return emit.select(operands[0], operands[1], operands[2])
    if opcode == "call" and inst.callee.startswith("llvm."):
        name = ".".join(
            part for part in inst.callee.split(".")[1:] if not part[1:].isdigit()
        )  # without types
        handler = _INTRINSICS.get(name)
        return handler(inst, operands, emit) if handler else None
    return None


def _binary(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
    a, b = operands
    opcode = Opcode(inst.opcode)
    if opcode is Opcode.ADD and b == Const(0, inst.width):
        return a
    if opcode is Opcode.OR and "disjoint" in inst.flags and (joined := _join(a, b, emit)) is not None:
        return joined
    if opcode in (Opcode.LSHR, Opcode.ASHR) and isinstance(b, Const) and 0 < b.value < inst.width:
        # A constant right shift is a slice, extended again: wires.
        part = emit.extract(a, b.value, inst.width - b.value)
        return emit.resize(part, inst.width, signed=opcode is Opcode.ASHR)
    if opcode is Opcode.AND and isinstance(b, Const) and b.value and b.value & (b.value + 1) == 0:
        return emit.resize(
            emit.extract(a, 0, b.value.bit_length()), inst.width
        )  # a mask of low bits is a slice
    return emit.pure(opcode, inst.width, [a, b])


def _narrow(value: Value, emit: Emitter) -> Value:
    """A narrower value of which ``value`` is the zero extension, or ``value`` itself."""
    if isinstance(value, Op) and value.opcode is Opcode.ZEXT:
        return value.operands[0]
    if isinstance(value, Op) and value.opcode is Opcode.CONCAT:
        head, *rest = value.operands
        if isinstance(head, Const) and head.value == 0:
            return emit.concat(rest)
        if isinstance(head, Op) and head.opcode is Opcode.ZEXT:
            return emit.concat([head.operands[0], *rest])
    return value


def _parts(value: Value) -> list[Value]:
    return value.operands if isinstance(value, Op) and value.opcode is Opcode.CONCAT else [value]


def _join(a: Value, b: Value, emit: Emitter) -> Value | None:
    """``zext(x) | (y << n)`` with x of at most n bits is a concatenation."""
    for low, high in ((a, b), (b, a)):
        if not (isinstance(high, Op) and high.opcode is Opcode.SHL and isinstance(high.operands[1], Const)):
            continue
        shift = high.operands[1].value
        bottom = _narrow(low, emit)
        if bottom.width > shift or shift >= high.width:
            continue
        top = emit.resize(high.operands[0], high.width - shift)
        gap: list[Value] = [Const(0, shift - bottom.width)] if bottom.width < shift else []
        return emit.concat([*_parts(top), *gap, *_parts(bottom)])
    return None


_Handler = Callable[[Inst, list[Value], Emitter], Value]


def _extreme(how: Compare) -> _Handler:
    def lower(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
        del inst
        return emit.select(emit.compare(how, operands[0], operands[1]), operands[0], operands[1])

    return lower


def _abs(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
    zero = Const(0, inst.width)
    negative = emit.compare(Compare.SLT, operands[0], zero)
    return emit.select(negative, emit.pure(Opcode.SUB, inst.width, [zero, operands[0]]), operands[0])


def _funnel(left: bool) -> _Handler:
    def lower(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
        high, low, shift = operands
        width = inst.width
        both = emit.concat([high, low])
        if isinstance(shift, Const):
            amount = shift.value % width
            return (
                emit.extract(both, width - amount if left else amount, width)
                if amount
                else (high if left else low)
            )
        if width & (width - 1):
            amount_value: Value = emit.pure(Opcode.UREM, width, [shift, Const(width, width)])
        else:
            amount_value = emit.pure(Opcode.AND, width, [shift, Const(width - 1, width)])
        wide = emit.resize(amount_value, 2 * width)
        if left:
            return emit.extract(emit.pure(Opcode.SHL, 2 * width, [both, wide]), width, width)
        return emit.extract(emit.pure(Opcode.LSHR, 2 * width, [both, wide]), 0, width)

    return lower


def _popcount(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
    total: Value = Const(0, inst.width)
    for k in range(inst.width):
        total = emit.add(emit.resize(emit.extract(operands[0], k, 1), inst.width), total)
    return total


def _count_zeros(leading: bool) -> _Handler:
    def lower(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
        """A binary search: each step halves the width that may hold the first one."""
        width = inst.width
        size = 1 << (width - 1).bit_length()
        value: Value = operands[0]
        if size != width:  # pad with ones where the search ends
            ones = Const.of(-1, size - width)
            value = emit.concat([value, ones] if leading else [ones, value])
        count: Value = Const(0, width)
        half = size // 2
        while half:
            near = emit.extract(value, half if leading else 0, half)
            far = emit.extract(value, 0 if leading else half, half)
            empty = emit.compare(Compare.EQ, near, Const(0, half))
            count = emit.add(count, emit.select(empty, Const.of(half, width), Const(0, width)))
            value = emit.select(empty, far, near)
            half //= 2
        rest = emit.compare(Compare.EQ, value, Const(0, 1))
        return emit.add(count, emit.resize(rest, width))

    return lower


def _reverse(step: int) -> _Handler:
    def lower(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
        return emit.concat([emit.extract(operands[0], k, step) for k in range(0, inst.width, step)])

    return lower


def _signed_sat(opcode: Opcode) -> _Handler:
    """The sum or difference with a bit more, cut at the ends."""

    def lower(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
        width = inst.width + 1
        exact = emit.pure(opcode, width, [emit.resize(value, width, signed=True) for value in operands])
        least, most = Const.of(-1 << (width - 2), width), Const.of((1 << (width - 2)) - 1, width)
        low = emit.select(emit.compare(Compare.SLT, exact, least), least, exact)
        return emit.extract(emit.select(emit.compare(Compare.SGT, exact, most), most, low), 0, inst.width)

    return lower


def _usub_sat(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
    more = emit.compare(Compare.UGT, operands[0], operands[1])
    return emit.select(more, emit.pure(Opcode.SUB, inst.width, operands), Const(0, inst.width))


def _uadd_sat(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
    total = emit.pure(Opcode.ADD, inst.width, operands)
    wrapped = emit.compare(Compare.ULT, total, operands[0])
    return emit.select(wrapped, Const.of(-1, inst.width), total)


def _compare3(signed: bool) -> _Handler:
    def lower(inst: Inst, operands: list[Value], emit: Emitter) -> Value:
        less = emit.compare(Compare.SLT if signed else Compare.ULT, operands[0], operands[1])
        more = emit.compare(Compare.SGT if signed else Compare.UGT, operands[0], operands[1])
        minus = emit.select(less, Const.of(-1, inst.width), Const(0, inst.width))
        return emit.select(more, Const(1, inst.width), minus)

    return lower


_INTRINSICS: dict[str, _Handler] = {
    "umax": _extreme(Compare.UGT),
    "umin": _extreme(Compare.ULT),
    "smax": _extreme(Compare.SGT),
    "smin": _extreme(Compare.SLT),
    "abs": _abs,
    "fshl": _funnel(True),
    "fshr": _funnel(False),
    "ctpop": _popcount,
    "ctlz": _count_zeros(True),
    "cttz": _count_zeros(False),
    "bswap": _reverse(8),
    "bitreverse": _reverse(1),
    "scmp": _compare3(True),
    "ucmp": _compare3(False),
    "uadd.sat": _uadd_sat,
    "usub.sat": _usub_sat,
    "sadd.sat": _signed_sat(Opcode.ADD),
    "ssub.sat": _signed_sat(Opcode.SUB),
}


_HEAP = {
    "malloc": "malloc",
    "calloc": "calloc",
    "realloc": "realloc",
    "free": "free",
    "_Znwm": "new",
    "_Znam": "new",
    "_ZdlPv": "delete",
    "_ZdaPv": "delete",
    "_ZdlPvm": "delete",
    "_ZdaPvm": "delete",
}


def unsupported(inst: Inst, file: str, line: int) -> CompileError:
    """The error for an instruction that nothing lowers."""
    if inst.opcode == "call":
        name = inst.callee
        if inst.callee == ASSEMBLY:
            return CompileError(file, line, "inline assembly cannot become hardware; write it in C++.")
        if not name:
            return CompileError(
                file,
                line,
                "a function is called through a pointer or is virtual, so which one is known at run time only; call "
                "it by its name, in a switch if there are several.",
            )
        if name in _HEAP:
            return CompileError(
                file,
                line,
                f"'{_HEAP[name]}' needs a heap, which hardware does not have; declare an array of a fixed size.",
            )
        if name.startswith("llvm."):
            why = f"the LLVM operation {name} is not supported"
        else:
            why = f"the function '{name}' has no body that could be inlined"
        return CompileError(file, line, f"{why}.")
    if inst.opcode in ("ptrtoint", "inttoptr"):
        return CompileError(
            file, line, "a pointer is used as a number; only arrays and their elements can be accessed."
        )
    return CompileError(file, line, f"the operation '{inst.opcode}' on type {inst.type} is not supported.")
