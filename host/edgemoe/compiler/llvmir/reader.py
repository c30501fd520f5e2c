# SPDX-License-Identifier: Apache-2.0
"""Reads LLVM's assembly language: text -> :class:`Module`."""

from __future__ import annotations

from collections.abc import Callable

from edgemoe.compiler.llvmir.debug import DebugInfo
from edgemoe.compiler.llvmir.objects import Constant, Function, Global, Inst, Module, Parameter, Record
from edgemoe.compiler.llvmir.tokens import tokens
from edgemoe.compiler.llvmir.types import (
    POINTER,
    ArrayType,
    IntType,
    NamedType,
    PlainType,
    StructType,
    Type,
    VectorType,
)

BINARY = frozenset(
    {"add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "udiv", "sdiv", "urem", "srem"}
)
CASTS = frozenset({"zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr", "addrspacecast"})
_FLAGS = frozenset(
    {"nuw", "nsw", "exact", "disjoint", "nneg", "samesign", "inbounds", "nusw", "volatile"}
    | {"tail", "musttail", "notail"}
)
_BEFORE_TYPE = frozenset({"tail", "musttail", "notail", "fastcc", "coldcc", "ccc"})
_CONSTANT_EXPRESSIONS = CASTS | {"getelementptr", "add", "sub", "mul", "xor", "shl", "and", "or"}


class ReadError(Exception):
    """Text that is no LLVM IR, or a form of it that nothing here makes; names the line."""


class _Line:
    """The tokens of one line, read from left to right."""

    def __init__(self, words: list[str], constants: dict[str, Constant]) -> None:
        self.words, self.at, self.constants = words, 0, constants

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def next(self) -> str:
        word = self.words[self.at]
        self.at += 1
        return word

    def accept(self, word: str) -> bool:
        if self.at < len(self.words) and self.words[self.at] == word:
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise ReadError(f"'{word}' expected before '{' '.join(self.words[self.at : self.at + 6])}'")

    def group(self) -> str:
        """A bracketed group from here on, as text."""
        start, depth = self.at, 0
        while True:
            word = self.next()
            depth += word in "([{<"
            depth -= word in ")]}>"
            if depth == 0:
                return join(self.words[start : self.at])

    # ---- types ---------------------------------------------------------------------------------------------

    def type(self) -> Type:
        word = self.next()
        known = _SIMPLE.get(word)
        if known is not None:
            return known
        if word[0] == "i" and word[1:].isdigit():
            return _SIMPLE.setdefault(word, IntType(int(word[1:])))
        if word[0] == "%":
            return NamedType(word)
        if word == "[":
            count = int(self.next())
            self.expect("x")
            element = self.type()
            self.expect("]")
            return ArrayType(count, element)
        if word == "{":
            return StructType(self._fields("}"))
        if word == "<":
            if self.accept("{"):
                fields = self._fields("}")
                self.expect(">")
                return StructType(fields, packed=True)
            count = int(self.next())
            self.expect("x")
            element = self.type()
            self.expect(">")
            return VectorType(count, element)
        return _SIMPLE.setdefault(word, PlainType(word))

    def _fields(self, end: str) -> tuple[Type, ...]:
        fields: list[Type] = []
        while not self.accept(end):
            fields.append(self.type())
            self.accept(",")
        return tuple(fields)

    # ---- operands ------------------------------------------------------------------------------------------

    def attributes(self) -> str:
        """Attributes of a parameter, an argument or a result, which end where a value or a type begins."""
        start = self.at
        while (word := self.peek()) and word[0].isalpha() and word not in _VALUES and word not in _SIMPLE:
            if (word[0] == "i" and word[1:].isdigit()) or word in _CONSTANT_EXPRESSIONS or word[:2] == 'c"':
                break
            self.at += 1
            if self.peek() == "(":
                self.group()
            elif word == "align":
                self.at += 1
        return join(self.words[start : self.at])

    def value(self, type_: Type) -> str:
        """A token of that type."""
        word = self.peek()
        if word in _CONSTANT_EXPRESSIONS:
            return self._expression()
        if word in "[{<" or word[:2] == 'c"':
            return self._aggregate(type_)
        self.at += 1
        return word

    def typed(self) -> tuple[Type, str]:
        """A type and a value of it."""
        type_ = self.type()
        return type_, self.value(type_)

    def _expression(self) -> str:
        start = self.at
        kind = self.next()
        while self.peek() != "(":
            if self.next() == "inrange":
                self.group()
        self.expect("(")
        source: Type = POINTER
        if kind == "getelementptr":
            source = self.type()
            self.expect(",")
        types: list[Type] = []
        operands: list[str] = []
        while not self.accept(")"):
            if self.accept("to"):
                source = self.type()
                continue
            if self.peek() == "inrange":
                self.next()
                self.group()
            type_, operand = self.typed()
            types.append(type_)
            operands.append(operand)
            self.accept(",")
        text = join(self.words[start : self.at])
        self.constants[text] = Constant(kind, source, tuple(operands), tuple(types))
        return text

    def _aggregate(self, type_: Type) -> str:
        start = self.at
        word = self.next()
        if word[:2] == 'c"':
            data = _bytes(word[2:-1])
            text = word
            known = Constant("bytes", type_, tuple(map(str, data)), (IntType(8),) * len(data))
            self.constants[text] = known
            return text
        packed = word == "<" and self.accept("{")
        end = {"[": "]", "{": "}", "<": "}" if packed else ">"}[word]
        types: list[Type] = []
        operands: list[str] = []
        while not self.accept(end):
            part, operand = self.typed()
            types.append(part)
            operands.append(operand)
            self.accept(",")
        if packed:
            self.expect(">")
        text = join(self.words[start : self.at])
        kind = "array" if word == "[" else "vector" if word == "<" and not packed else "struct"
        self.constants[text] = Constant(kind, type_, tuple(operands), tuple(types))
        return text


_SIMPLE: dict[str, Type] = {
    name: PlainType(name)
    for name in ("ptr", "void", "float", "double", "half", "fp128", "label", "metadata", "token")
}
_VALUES = frozenset({"true", "false", "undef", "poison", "null", "zeroinitializer", "none", "c"})


def join(words: list[str]) -> str:
    """Tokens as text that reads back to the same tokens."""
    return " ".join(words)


def _bytes(text: str) -> list[int]:
    data, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            data.append(int(text[at + 1 : at + 3], 16))
            at += 3
        else:
            data.append(ord(text[at]))
            at += 1
    return data


# ---- instructions ------------------------------------------------------------------------------------------------


def _flags(line: _Line) -> tuple[str, ...]:
    found = []
    while line.peek() in _FLAGS:
        found.append(line.next())
    return tuple(found)


def _operands(inst: Inst, line: _Line) -> None:
    while line.at < len(line.words):
        type_, operand = line.typed()
        inst.types.append(type_)
        inst.operands.append(operand)
        if not line.accept(","):
            break
        if line.peek() in ("align", "!"):
            break


def _binary(inst: Inst, line: _Line) -> None:
    inst.flags = _flags(line)
    inst.type = line.type()
    first = line.value(inst.type)
    line.expect(",")
    inst.operands = [first, line.value(inst.type)]
    inst.types = [inst.type] * 2


def _icmp(inst: Inst, line: _Line) -> None:
    inst.flags = _flags(line)
    inst.compare = line.next()
    type_, first = line.typed()
    line.expect(",")
    inst.operands = [first, line.value(type_)]
    inst.types = [type_] * 2
    inst.type = IntType(1)


def _cast(inst: Inst, line: _Line) -> None:
    inst.flags = _flags(line)
    type_, operand = line.typed()
    inst.types, inst.operands = [type_], [operand]
    line.expect("to")
    inst.type = line.type()


def _plain(inst: Inst, line: _Line) -> None:
    _operands(inst, line)
    if inst.types:
        inst.type = inst.types[-1]


def _phi(inst: Inst, line: _Line) -> None:
    inst.type = line.type()
    while line.accept("["):
        inst.operands.append(line.value(inst.type))
        line.expect(",")
        inst.targets.append(line.next())
        line.expect("]")
        line.accept(",")
    inst.types = [inst.type] * len(inst.operands)


def _br(inst: Inst, line: _Line) -> None:
    while line.at < len(line.words):
        if line.accept("label"):
            inst.targets.append(line.next())
        else:
            type_, operand = line.typed()
            inst.types.append(type_)
            inst.operands.append(operand)
        line.accept(",")


def _switch(inst: Inst, line: _Line) -> None:
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


def _ret(inst: Inst, line: _Line) -> None:
    if line.peek() != "void":
        _operands(inst, line)


def _load(inst: Inst, line: _Line) -> None:
    inst.flags = _flags(line)
    inst.type = line.type()
    line.expect(",")
    type_, operand = line.typed()
    inst.types, inst.operands = [type_], [operand]


def _store(inst: Inst, line: _Line) -> None:
    inst.flags = _flags(line)
    _operands(inst, line)
    inst.type = inst.types[0]


def _alloca(inst: Inst, line: _Line) -> None:
    inst.type = line.type()
    if line.accept(",") and line.peek() != "align":
        _operands(inst, line)  # a number of elements known only at run time


def _getelementptr(inst: Inst, line: _Line) -> None:
    inst.flags = _flags(line)
    inst.type = line.type()
    line.expect(",")
    _operands(inst, line)


#: The callee of inline assembly.
ASSEMBLY = "asm"


def _call(inst: Inst, line: _Line) -> None:
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
    rest = line.words[line.at :]
    inst.after = join(rest)


def _extractvalue(inst: Inst, line: _Line) -> None:
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


def _insertvalue(inst: Inst, line: _Line) -> None:
    for _ in range(2):
        type_, operand = line.typed()
        inst.types.append(type_)
        inst.operands.append(operand)
        line.expect(",")
    inst.indices.append(int(line.next()))
    while line.accept(","):
        inst.indices.append(int(line.next()))
    inst.type = inst.types[0]


def _attachments(inst: Inst, words: list[str]) -> None:
    """``!kind !number, ...``, which come last."""
    for kind, number in zip(words[::3], words[1::3], strict=False):
        if kind == "!dbg":
            inst.debug = number[1:]
        elif kind == "!llvm.loop":
            inst.loop = number[1:]
        else:
            inst.extra += f", {kind} {number}"


def _nothing(inst: Inst, line: _Line) -> None:
    del inst, line


_READERS: dict[str, Callable[[Inst, _Line], None]] = {
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


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.at = 0
        self.module = Module({}, {}, {}, {}, DebugInfo({}))

    def line(self, words: list[str]) -> _Line:
        return _Line(words, self.module.constants)

    def read(self) -> Module:
        module, texts = self.module, self.module.debug.texts
        while self.at < len(self.lines):
            text = self.lines[self.at]
            self.at += 1
            if not text or text[0] == ";":
                continue
            if text[0] == "!" and text[1].isdigit():
                number, _, node = text[1:].partition(" = ")
                texts[number] = node
            elif text[0] == "%":
                self._type(text)
            elif text[0] == "@":
                self._global(text)
            elif text.startswith("define "):
                self._function(text)
            elif text.startswith("declare "):
                module.declarations.append(text)
            elif text.startswith("attributes #"):
                number, _, group = text.removeprefix("attributes #").partition(" = ")
                module.attributes[number] = group
            else:
                module.other.append(text)
        module.debug = DebugInfo(texts)
        return module

    def _type(self, text: str) -> None:
        line = self.line(tokens(text))
        type_name = line.next()
        line.expect("=")
        line.expect("type")
        if line.peek() == "opaque":
            return
        body = line.type()
        assert isinstance(body, StructType)
        self.module.types[type_name] = body

    def _global(self, text: str) -> None:
        words = tokens(text)
        line = self.line(words)
        token = line.next()
        line.expect("=")
        start = line.at
        while line.peek() not in ("constant", "global"):
            if not line.peek():
                self.module.other.append(text)  # an alias
                return
            line.next()
        prefix = join(words[start : line.at])
        constant = line.next() == "constant"
        type_ = line.type()
        init = "" if line.peek() in (",", "") else line.value(type_)
        rest = line.words[line.at :]
        debug = ""
        if "!dbg" in rest:
            debug = rest[rest.index("!dbg") + 1][1:]
        self.module.globals[token] = Global(token, type_, init, constant, prefix, join(rest), debug)

    def _function(self, text: str) -> None:
        words = tokens(text)
        line = self.line(words)
        line.next()
        start = line.at
        while True:  # linkage and attributes of the result, up to its type
            before = line.at
            line.attributes()
            if line.at == before:
                break
        linkage = join(words[start : line.at])
        type_ = line.type()
        token = line.next()
        line.expect("(")
        params: list[Parameter] = []
        while not line.accept(")"):
            if line.accept("..."):
                continue
            param_type = line.type()
            attributes = line.attributes()
            # A parameter without a name is numbered.
            param = line.next() if line.peek()[:1] == "%" else f"%{len(params)}"
            params.append(Parameter(param_type, attributes, param))
            line.accept(",")
        rest = words[line.at : -1]
        debug = ""
        if "!dbg" in rest:
            at = rest.index("!dbg")
            debug = rest[at + 1][1:]
            del rest[at : at + 2]
        function = Function(name(token), type_, params, {}, linkage, join(rest), debug)
        self._body(function)
        self.module.functions[function.name] = function

    def _body(self, function: Function) -> None:
        block: list[Inst | Record] | None = None
        while True:
            text = self.lines[self.at]
            self.at += 1
            if text == "}":
                return
            if not text:
                continue
            if text[0] not in " \t":
                label = text[: text.rindex(":", 0, text.find(";") if ";" in text else None)]
                block = function.blocks.setdefault("%" + label, [])
                continue
            if block is None:  # an entry without a label is numbered after the parameters
                numbered = sum(param.name[1:].isdigit() for param in function.params)
                block = function.blocks.setdefault(f"%{numbered}", [])
            words = tokens(text)
            if words[0][0] == "#":
                block.append(self._record(words, text))
                continue
            while words[-1] == "[" or (words[-1] != "]" and "switch" in words[:1] and "]" not in words):
                more = self.lines[self.at]
                self.at += 1
                text += "\n" + more
                words += tokens(more)
                if words[-1] == "]" or "]" in tokens(more):
                    break
            block.append(self._inst(words, text))

    @staticmethod
    def _record(words: list[str], text: str) -> Record:
        """``#dbg_value(i32 %x, !12, !DIExpression(), !34)``"""
        kind = words[0][1:]
        depth, parts, current = 0, [], list[str]()
        for word in words[2:-1]:
            if word == "," and depth == 0:
                parts.append(current)
                current = []
                continue
            depth += word in "([{"
            depth -= word in ")]}"
            current.append(word)
        parts.append(current)
        operand = parts[0][-1] if parts[0] else ""
        place = parts[-1][-1][1:]
        variable = parts[1][-1][1:] if len(parts) > 1 else ""
        expression = join(parts[2]) if len(parts) > 2 else ""
        return Record(kind, operand, variable, expression, place, text, join(parts[0][:-1]))

    def _inst(self, words: list[str], text: str) -> Inst:
        inst = Inst("", text=text)
        for at, word in enumerate(words):
            if word[0] == "!" and len(word) > 1 and words[at - 1] == ",":
                _attachments(inst, words[at:])
                words = words[: at - 1]
                break
        line = self.line(words)
        if len(words) > 1 and words[1] == "=":
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


def read_module(text: str) -> Module:
    """The objects of an LLVM IR text.

    Raises: ReadError for text that is none.
    """
    return _Reader(text).read()
