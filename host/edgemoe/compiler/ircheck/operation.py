# SPDX-License-Identifier: Apache-2.0
"""The verifier's rules for operations: operands, widths, and what they refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgemoe.compiler.banks import index_bits
from edgemoe.compiler.ir import (
    MUL_ADD_BITS,
    Argument,
    AxiArg,
    BlockArg,
    Direction,
    Function,
    Kind,
    Op,
    Opcode,
    ScalarArg,
    StreamArg,
)
from edgemoe.compiler.ircheck.scope import Scope

_SAME = (
    Opcode.ADD, Opcode.SUB, Opcode.AND, Opcode.OR, Opcode.XOR, Opcode.UDIV, Opcode.SDIV, Opcode.UREM, Opcode.SREM,
)  # fmt: skip
_SHIFTS = (Opcode.SHL, Opcode.LSHR, Opcode.ASHR)
_READ_CHANNELS = ("r", "b")


def operation_problems(scope: Scope, op: Op) -> Iterator[str]:
    """Every broken rule of one operation, but for where its operands come from."""
    rule = _RULES.get(op.opcode)
    if rule is None:
        yield "the verifier has no rule for it"
        return
    yield from rule(scope, op)
    code = op.opcode
    if (op.compare is not None) != (code is Opcode.ICMP):
        yield "a comparison, and nothing else, says how it compares"
    if op.lo and code is not Opcode.EXTRACT:
        yield "a lowest bit, but it extracts nothing"
    if any(op.signs) and code is not Opcode.MUL:
        yield "signs, but it multiplies nothing"
    if op.fabric and code is not Opcode.MUL:
        yield "kept in the fabric, but it multiplies nothing"
    access = code in (Opcode.LOAD, Opcode.STORE)
    if bool(op.memory) != access or bool(op.banks) != access or (op.element is not None and not access):
        yield "a memory, banks or an element, but it is no access (or the other way round)"
    if bool(op.callee) != (code is Opcode.CALL):
        yield "a callee, but it calls nothing (or the other way round)"
    if bool(op.channel) != (code in _CHANNELS):
        yield "a channel, but it uses none (or the other way round)"


def _count(op: Op, *allowed: int) -> bool:
    return len(op.operands) in allowed


def _pure(scope: Scope, op: Op) -> Iterator[str]:
    del scope
    code, widths = op.opcode, [value.width for value in op.operands]
    if op.width < 1:
        yield "has no result"
    if code in (Opcode.ZEXT, Opcode.SEXT, Opcode.TRUNC, Opcode.EXTRACT):
        fits = len(widths) == 1
    elif code is Opcode.CONCAT:
        fits = len(widths) >= 1
    else:
        fits = len(widths) == (3 if code is Opcode.SELECT else 2)
    if not fits:
        yield f"{len(widths)} operands"
        return
    if code in _SAME:
        good = widths == [op.width, op.width]
    elif code in _SHIFTS:
        good = widths[0] == op.width
    elif code is Opcode.MUL:
        good = max(widths) <= op.width
    elif code is Opcode.ICMP:
        good = widths[0] == widths[1] and op.width == 1
    elif code is Opcode.SELECT:
        good = widths == [1, op.width, op.width]
    elif code in (Opcode.ZEXT, Opcode.SEXT):
        good = widths[0] < op.width
    elif code is Opcode.CONCAT:
        good = sum(widths) == op.width
    else:
        good = op.lo >= 0 and op.lo + op.width <= widths[0]
    if not good:
        yield f"operands of {', '.join(map(str, widths))} bits for a result of {op.width}"


def _access(scope: Scope, op: Op) -> Iterator[str]:
    memory = scope.function.memories.get(op.memory)
    if memory is None:
        yield f"there is no memory {op.memory}"
        return
    if not op.banks or not all(0 <= bank < memory.banks for bank in op.banks):
        yield f"banks {op.banks} of {memory.banks}"
    store = op.opcode is Opcode.STORE
    wanted = [memory.address_bits, *([memory.width] if store else [])]
    if len(op.banks) > 1:
        wanted.append(index_bits(len(op.banks)))
    widths = [value.width for value in op.operands]
    if widths != wanted:
        yield f"operands of {widths} bits, not {wanted}"
    if op.width != (0 if store else memory.width):
        yield f"a result of {op.width} bits"
    if store and memory.constant:
        yield f"stores to the table {op.memory}"


def _argument(scope: Scope, name: str) -> Argument | None:
    return next((arg for arg in scope.function.args if arg.name == name), None)


def channel_end(function: Function, channel: str) -> tuple[Direction, int] | None:
    """Direction and token width of a stream argument, or of a channel of an AXI argument."""
    name, _, part = channel.partition(".")
    arg = next((a for a in function.args if a.name == name), None)
    if isinstance(arg, StreamArg) and not part:
        return arg.direction, arg.width
    if isinstance(arg, AxiArg) and part in arg.channels:
        return (Direction.READ if part in _READ_CHANNELS else Direction.WRITE), arg.channels[part]
    return None


def _stream(scope: Scope, op: Op) -> Iterator[str]:
    end = channel_end(scope.function, op.channel)
    if end is None:
        yield f"there is no stream {op.channel}"
        return
    writes = op.opcode is Opcode.FIFO_WRITE
    tests = op.opcode in (Opcode.FIFO_EMPTY, Opcode.FIFO_FULL)
    if (end[0] is Direction.WRITE) != (writes or op.opcode is Opcode.FIFO_FULL):
        yield f"the stream {op.channel} goes the other way"
    if not _count(op, 1 if writes else 0):
        yield f"{len(op.operands)} operands"
    elif writes and op.operands[0].width != end[1]:
        yield f"writes {op.operands[0].width} bits to a stream of {end[1]}"
    if op.width != (0 if writes else 1 if tests else end[1]):
        yield f"a result of {op.width} bits"


def _block(scope: Scope, op: Op) -> Iterator[str]:
    if not isinstance(_argument(scope, op.channel), BlockArg):
        yield f"there is no block {op.channel}"
    if op.operands or op.width:
        yield "operands or a result"


def _output(scope: Scope, op: Op) -> Iterator[str]:
    arg = _argument(scope, op.channel)
    if not isinstance(arg, ScalarArg) or arg.direction is not Direction.WRITE:
        yield f"there is no output {op.channel}"
    elif op.width or [value.width for value in op.operands] != [arg.width]:
        yield f"an output of {arg.width} bits"


def _call(scope: Scope, op: Op) -> Iterator[str]:
    callee = scope.callees.get(op.callee)
    if callee is None or callee.kind is not Kind.MODULE:
        yield f"there is no module {op.callee} before this function"
        return
    wanted = [arg.width for arg in callee.args]
    if [value.width for value in op.operands] != wanted or op.width != callee.result_width:
        yield f"operands or a result unlike those of {op.callee}"


def _mul_add(scope: Scope, op: Op) -> Iterator[str]:
    del scope
    widths = [value.width for value in op.operands]
    fits = len(widths) == len(MUL_ADD_BITS) and all(
        0 < width <= most for width, most in zip(widths, MUL_ADD_BITS, strict=True)
    )
    if not fits or op.width != MUL_ADD_BITS[-1]:
        yield f"operands of {', '.join(map(str, widths))} bits for a multiply-add of {op.width}"


def _cycle(scope: Scope, op: Op) -> Iterator[str]:
    del scope
    if op.operands or op.width < 1:
        yield "operands or no result"


_Rule = Callable[[Scope, Op], Iterator[str]]
_RULES: dict[Opcode, _Rule] = {
    **dict.fromkeys(
        (
            *_SAME, *_SHIFTS, Opcode.MUL, Opcode.ICMP, Opcode.SELECT, Opcode.ZEXT, Opcode.SEXT, Opcode.TRUNC,
            Opcode.EXTRACT, Opcode.CONCAT,
        ),
        _pure,
    ),
    **dict.fromkeys((Opcode.LOAD, Opcode.STORE), _access),
    **dict.fromkeys((Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL), _stream),
    **dict.fromkeys((Opcode.ACQUIRE, Opcode.RELEASE), _block),
    Opcode.OUTPUT: _output,
    Opcode.CALL: _call,
    Opcode.MUL_ADD: _mul_add,
    Opcode.CYCLE: _cycle,
}  # fmt: skip
_CHANNELS = (
    Opcode.FIFO_READ,
    Opcode.FIFO_WRITE,
    Opcode.FIFO_EMPTY,
    Opcode.FIFO_FULL,
    Opcode.ACQUIRE,
    Opcode.RELEASE,
    Opcode.OUTPUT,
)
