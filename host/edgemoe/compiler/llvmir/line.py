# SPDX-License-Identifier: Apache-2.0
"""Reads one line of LLVM's assembly language: types, attributes, values."""

from __future__ import annotations

from edgemoe.compiler.llvmir.objects import Constant
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

CASTS = frozenset({"zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr", "addrspacecast"})
_CONSTANT_EXPRESSIONS = CASTS | {"getelementptr", "add", "sub", "mul", "xor", "shl", "and", "or"}


class ReadError(Exception):
    """Text that is no LLVM IR, or a form of it that nothing here makes; names the line."""


class Line:
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
        if text[at : at + 2] == "\\\\":  # a backslash itself
            data.append(ord("\\"))
            at += 2
        elif text[at] == "\\":
            data.append(int(text[at + 1 : at + 3], 16))
            at += 3
        else:
            data.append(ord(text[at]))
            at += 1
    return data
