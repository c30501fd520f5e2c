# SPDX-License-Identifier: Apache-2.0
"""Reads LLVM's assembly language: text -> :class:`Module`."""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.llvmir.debug import DebugInfo
from edgemoe.compiler.llvmir.instructions import name, read_instruction
from edgemoe.compiler.llvmir.line import Line, ReadError, join
from edgemoe.compiler.llvmir.objects import Function, Global, Inst, Module, Parameter, Record
from edgemoe.compiler.llvmir.tokens import tokens
from edgemoe.compiler.llvmir.types import StructType


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.at = 0
        self.module = Module({}, {}, {}, {}, DebugInfo({}))

    def line(self, words: list[str]) -> Line:
        return Line(words, self.module.constants)

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
        rest = line.words[line.at : -1]
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
        rest = words[line.at : -2]  # up to the brace
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
        lines, constants = self.lines, self.module.constants
        while True:
            text = lines[self.at]
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
            if text.lstrip()[0] == "#":
                block.append(_record(text))
                continue
            if text.startswith("switch", 2):
                text = self._cases(text)
            block.append(read_instruction(text, constants))

    def _cases(self, text: str) -> str:
        """A ``switch`` with the lines of its cases."""
        found = [text]
        while "]" not in tokens(found[-1]):
            found.append(self.lines[self.at])
            self.at += 1
        return "\n".join(found)


def _record(text: str) -> Record:
    """``#dbg_value(i32 %x, !12, !DIExpression(), !34)``: names are looked for from the right, where no strings are."""
    kind, _, inner = text.strip()[1:-1].partition("(")
    inner, _, place = inner.rpartition(", !")
    before, sign, expression = inner.rpartition(", !DIExpression(")
    if not sign:  # of a label: its number and its place only
        return Record(kind, inner, "", "", place, text, "")
    operand, _, variable = before.rpartition(", !")
    if operand[0] == "!":  # several values
        type_, value = operand, ""
    elif operand[0] in "[{<":
        type_, _, value = operand.rpartition(" ")
    else:
        type_, _, value = operand.partition(" ")
    return Record(kind, value, variable, f"!DIExpression({expression}", place, text, type_)


def read_module(text: str) -> Module:
    """The objects of an LLVM IR text.

    Raises: CompileError for a form of an instruction that has no place in hardware; ReadError for text that is none.
    """
    reader = _Reader(text)
    try:
        return reader.read()
    except ReadError as error:
        line = reader.lines[reader.at - 1]
        nodes = (
            node[1:].partition(" = ") for node in reader.lines if node[:1] == "!" and node[1:2].isdigit()
        )
        debug = DebugInfo({number: body for number, _, body in nodes})
        loc = debug.loc(_place(line))
        if not loc.line:
            raise error
        raise CompileError(loc.file, loc.line, _unreadable(line)) from error


def _place(line: str) -> str:
    """The number of an instruction's place, "" without one."""
    words = tokens(line)
    return words[words.index("!dbg") + 1][1:] if "!dbg" in words[:-1] else ""


def _unreadable(line: str) -> str:
    words = tokens(line)
    words = words[words.index("=") + 1 :] if "=" in words else words
    if "atomic" in words or "volatile" in words:
        kind = "atomic" if "atomic" in words else "volatile"
        return f"{kind}: no other process sees a variable of this one; declare it without that."
    return f"this needs the LLVM instruction '{words[0]}' in a form that is not supported."
