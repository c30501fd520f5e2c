# SPDX-License-Identifier: Apache-2.0
"""Reads instructions: what stands behind each opcode."""

from __future__ import annotations

from collections.abc import Callable

from edgemoe.compiler.llvmir.line import CASTS, Line, ReadError, join
from edgemoe.compiler.llvmir.objects import Constant, Inst
from edgemoe.compiler.llvmir.tokens import tokens
from edgemoe.compiler.llvmir.types import ArrayType, IntType, StructType

BINARY = frozenset(
    {"add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "udiv", "sdiv", "urem", "srem"}
)
_FLAGS = frozenset(
    {"nuw", "nsw", "exact", "disjoint", "nneg", "samesign", "inbounds", "nusw", "volatile"}
    | {"tail", "musttail", "notail"}
)
_BIT = IntType(1)
_BEFORE_TYPE = frozenset({"tail", "musttail", "notail", "fastcc", "coldcc", "ccc"})


def _flags(line: Line) -> tuple[str, ...]:
    if line.peek() not in _FLAGS:
        return ()
    found = []
    while line.peek() in _FLAGS:
        found.append(line.next())
    return tuple(found)


def _operands(inst: Inst, line: Line) -> None:
    while line.peek():
        type_, operand = line.typed()
        inst.types.append(type_)
        inst.operands.append(operand)
        if not line.accept(","):
            break
        if line.peek() in ("align", "!"):
            break


def _binary(inst: Inst, line: Line) -> None:
    inst.flags = _flags(line)
    inst.type = line.type()
    first = line.value(inst.type)
    line.expect(",")
    inst.operands = [first, line.value(inst.type)]
    inst.types = [inst.type] * 2


def _icmp(inst: Inst, line: Line) -> None:
    inst.flags = _flags(line)
    inst.compare = line.next()
    type_, first = line.typed()
    line.expect(",")
    inst.operands = [first, line.value(type_)]
    inst.types = [type_] * 2
    inst.type = _BIT


def _cast(inst: Inst, line: Line) -> None:
    inst.flags = _flags(line)
    type_, operand = line.typed()
    inst.types, inst.operands = [type_], [operand]
    line.expect("to")
    inst.type = line.type()


def _plain(inst: Inst, line: Line) -> None:
    _operands(inst, line)
    if inst.types:
        inst.type = inst.types[-1]


def _phi(inst: Inst, line: Line) -> None:
    inst.type = line.type()
    while line.accept("["):
        inst.operands.append(line.value(inst.type))
        line.expect(",")
        inst.targets.append(line.next())
        line.expect("]")
        line.accept(",")
    inst.types = [inst.type] * len(inst.operands)


def _br(inst: Inst, line: Line) -> None:
    while line.peek():
        if line.accept("label"):
            inst.targets.append(line.next())
        else:
            type_, operand = line.typed()
            inst.types.append(type_)
            inst.operands.append(operand)
        line.accept(",")


def _switch(inst: Inst, line: Line) -> None:
    """``operands`` are the value and the constants of the cases; ``targets`` the default and the cases' blocks."""
    type_, operand = line.typed()
    inst.types, inst.operands = [type_], [operand]
    line.expect(",")
    line.expect("label")
    inst.targets = [line.next()]
    line.expect("[")
    while not line.accept("]"):
        type_, operand = line.typed()
        inst.types.append(type_)
        inst.operands.append(operand)
        line.expect(",")
        line.expect("label")
        inst.targets.append(line.next())


def _ret(inst: Inst, line: Line) -> None:
    if line.peek() != "void":
        _operands(inst, line)


def _load(inst: Inst, line: Line) -> None:
    inst.flags = _flags(line)
    inst.type = line.type()
    line.expect(",")
    type_, operand = line.typed()
    inst.types, inst.operands = [type_], [operand]


def _store(inst: Inst, line: Line) -> None:
    inst.flags = _flags(line)
    _operands(inst, line)
    inst.type = inst.types[0]


def _alloca(inst: Inst, line: Line) -> None:
    inst.type = line.type()
    if line.accept(",") and line.peek() != "align":
        _operands(inst, line)  # a number of elements known only at run time


def _getelementptr(inst: Inst, line: Line) -> None:
    inst.flags = _flags(line)
    inst.type = line.type()
    line.expect(",")
    _operands(inst, line)


#: The callee of inline assembly.
ASSEMBLY = "asm"


def _call(inst: Inst, line: Line) -> None:
    start = line.at
    while line.peek() in _BEFORE_TYPE:
        line.next()
    line.attributes()
    inst.before = join(line.words[start : line.at])
    inst.type = line.type()
    if line.peek() == "(":
        inst.signature = line.group()
    callee = line.next()
    if callee == ASSEMBLY:
        inst.callee = ASSEMBLY
        return
    inst.callee = name(callee) if callee[0] == "@" else ""
    line.expect("(")
    while not line.accept(")"):
        type_ = line.type()
        inst.attributes.append(line.attributes())
        inst.types.append(type_)
        inst.operands.append(line.value(type_))
        line.accept(",")
    inst.after = line.rest()


def _extractvalue(inst: Inst, line: Line) -> None:
    type_, operand = line.typed()
    inst.types, inst.operands = [type_], [operand]
    while line.accept(","):
        inst.indices.append(int(line.next()))
    inner = type_
    for index in inst.indices:
        if isinstance(inner, StructType):
            inner = inner.fields[index]
        elif isinstance(inner, ArrayType):
            inner = inner.element
    inst.type = inner


def _insertvalue(inst: Inst, line: Line) -> None:
    for _ in range(2):
        type_, operand = line.typed()
        inst.types.append(type_)
        inst.operands.append(operand)
        line.expect(",")
    inst.indices.append(int(line.next()))
    while line.accept(","):
        inst.indices.append(int(line.next()))
    inst.type = inst.types[0]


def _attachments(inst: Inst, text: str) -> str:
    """The text without ``, !kind !number, ...``, which come last."""
    while True:
        before, sign, last = text.rpartition(", !")
        kind, second, number = last.partition(" !")
        if not sign or not second or not number.isdigit() or '"' in kind:
            return text
        if kind == "dbg":
            inst.debug = number
        elif kind == "llvm.loop":
            inst.loop = number
        else:
            inst.extra = f", !{kind} !{number}{inst.extra}"
        text = before


def _nothing(inst: Inst, line: Line) -> None:
    del inst, line


_READERS: dict[str, Callable[[Inst, Line], None]] = {
    **dict.fromkeys(BINARY, _binary),
    **dict.fromkeys(CASTS, _cast),
    "icmp": _icmp,
    "freeze": _plain,
    "select": _plain,
    "phi": _phi,
    "br": _br,
    "switch": _switch,
    "ret": _ret,
    "unreachable": _nothing,
    "load": _load,
    "store": _store,
    "alloca": _alloca,
    "getelementptr": _getelementptr,
    "call": _call,
    "extractvalue": _extractvalue,
    "insertvalue": _insertvalue,
}

#: Instructions whose parts are read; others are known by their text only.
OPCODES = frozenset(_READERS)


def name(token: str) -> str:
    """``@f`` and ``@"f"`` -> ``f``."""
    return token[1:].strip('"')


def read_instruction(text: str, constants: dict[str, Constant]) -> Inst:
    """The instruction of one line, or of a ``switch`` with a line for each case.

    Raises: ReadError for text that is none.
    """
    inst = Inst("", text=text)
    words = tokens(_attachments(inst, text))
    line = Line(words, constants)
    if words[1] == "=":
        inst.result = words[0]
        line.at = 2
    opcode = line.next()
    if opcode in _BEFORE_TYPE:
        line.at -= 1
        opcode = "call"
    inst.opcode = opcode
    reader = _READERS.get(opcode)
    if opcode == "call" and line.peek() in _BEFORE_TYPE and "call" in words:
        # `tail call`: the word comes first
        while line.next() != "call":
            pass
    if reader is not None:
        try:
            reader(inst, line)
        except (ReadError, IndexError, ValueError) as error:
            raise ReadError(f"{text.strip()}: {error}") from error
    return inst
