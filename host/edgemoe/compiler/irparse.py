# SPDX-License-Identifier: Apache-2.0
"""Reads the text of :mod:`edgemoe.compiler.irtext` back into a program."""

from __future__ import annotations

import dataclasses
import enum
import re
import types
import typing
from collections.abc import Iterator
from typing import Any, TypeVar

from edgemoe.compiler import ir
from edgemoe.compiler.banks import BankLayout, Dimension, Split
from edgemoe.compiler.ir import (
    Affine,
    Argument,
    Block,
    BlockChannel,
    Branch,
    Channel,
    Connection,
    Const,
    Depend,
    Dependence,
    Edge,
    Function,
    Hazard,
    Instance,
    Interface,
    Jump,
    Kind,
    Memory,
    Note,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Program,
    Region,
    Return,
    Value,
)
from edgemoe.compiler.irlines import IRSyntaxError, Line
from edgemoe.compiler.irtext import DECLARATIONS

_T = TypeVar("_T")
_VALUE = re.compile(r"[vp]\d+|%[\w.]+|\d+:\d+")


def _made(cls: type[_T], fields: dict[str, Any], **given: Any) -> _T:
    """A dataclass from JSON values, by the types of its fields."""
    hints = typing.get_type_hints(cls, vars(ir))
    names = {item.name for item in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if unknown := fields.keys() - names:
        raise IRSyntaxError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
    return cls(**{name: _typed(hints[name], value) for name, value in fields.items()}, **given)


def _typed(hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is BankLayout:
        return BankLayout(tuple(_dimension(*item) for item in value))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(value)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return _typed(next(item for item in inner if item is not type(None)), value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if len(inner) == 2 and inner[1] is ... else inner
        return tuple(_typed(kind, item) for kind, item in zip(kinds, value, strict=True))
    if origin in (list, frozenset):
        return origin(_typed(inner[0], item) for item in value)
    if origin is dict:
        return {key: _typed(inner[1], item) for key, item in value.items()}
    return value


def _dimension(extent: int, split: str = "", factor: int = 1) -> Dimension:
    return Dimension(extent, Split(split), factor)


# ---- functions --------------------------------------------------------------------------------------------------


def parse_program(text: str) -> Program:
    """The program of `program_text`."""
    lines = [Line(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines or lines[0].next() != "program":
        raise IRSyntaxError("a program begins with 'program'")
    name = lines[0].name()
    program = _made(Program, lines[0].fields(), name=name)
    kinds = {kind.value for kind in Kind}
    parts: list[list[Line]] = []
    for line in lines[1:]:
        if not parts and line.has("note"):
            program.notes.append(_made(Note, line.fields(), loc=line.loc))
            continue
        if line.peek() in kinds:
            parts.append([])
        elif not parts:
            raise line.fail("a function")
        parts[-1].append(line)
    for part in parts:
        function = _Reader(part).function
        program.functions[function.name] = function
    return program


class _Reader:
    """One function. Values may be used before they are defined, so they are made first."""

    def __init__(self, lines: list[Line]) -> None:
        head = lines[0]
        kind, name = Kind(head.next()), head.name()
        self.function = _made(Function, head.fields(), kind=kind, name=name, loc=head.loc)
        self.values: dict[str, Value] = {}
        later: list[tuple[Line, Region, Op | None]] = []
        region: Region | None = None
        for line in lines[1:]:
            first = line.next()
            if first == "instance":
                self._instance(line)
            elif first in ("block", "pipeline"):
                region = self._region(line, first)
            elif first in DECLARATIONS:
                self._declare(line, first, region)
            elif region is None:
                raise line.fail("a declaration")
            elif first in ("order", "jump", "branch", "return"):
                line.at = 0
                later.append((line, region, None))
            else:
                later.append((line, region, self._define(line, first, region)))
        for line, home, op in later:
            if op is not None:
                self._operation(line, op)
            elif line.text:
                self._end(line, home)

    def _declare(self, line: Line, kind: str, region: Region | None) -> None:
        cls = DECLARATIONS[kind]
        given: dict[str, Any] = {}
        if cls is not Dependence:
            given["loc"] = line.loc
        if cls not in (Dependence, Interface):
            given["name"] = line.name()
        thing: Any = _made(cls, line.fields(), **given)
        if isinstance(thing, Dependence):
            assert isinstance(region, Pipeline)
            region.promises.append(thing)
        elif isinstance(thing, Memory):
            self.function.memories[thing.name] = thing
        elif isinstance(thing, (Channel, BlockChannel)):
            self.function.channels[thing.name] = thing
        elif isinstance(thing, Interface):
            self.function.interfaces.append(thing)
        else:
            self.function.args.append(thing)

    def _instance(self, line: Line) -> None:
        instance = Instance(line.name(), line.name(), {}, line.loc)
        line.next("(")
        while not line.has(")"):
            name = line.name()
            line.next("=")
            instance.connections[name] = self._connection(line.next())
            line.has(",")
        self.function.instances.append(instance)

    def _connection(self, token: str) -> Connection:
        if token[0] == "&":
            return self.function.channels[token[1:]]
        return self._value(token)  # any argument, or a constant

    def _region(self, line: Line, kind: str) -> Region:
        name = line.name()
        region: Region = _made(
            Pipeline if kind == "pipeline" else Block, line.fields(), name=name, loc=line.loc
        )
        self.function.regions.append(region)
        return region

    def _define(self, line: Line, token: str, region: Region) -> Op | None:
        """The value that a line defines; a phi is complete, an operation has no operands yet."""
        line.next(":")
        width = int(line.next())
        line.next("=")
        what = line.next()
        if what == "phi":
            phi = _made(Phi, line.fields(), id=int(token[1:]), width=width, loc=line.loc)
            region.phis.append(phi)
            self.values[token] = phi
            line.text = ""
            return None
        op = Op(int(token[1:]), Opcode(what), width, [], loc=line.loc)
        region.ops.append(op)
        self.values[token] = op
        return op

    # ---- once all values are there -------------------------------------------------------------------------

    def _value(self, token: str) -> Any:
        if token[0] == "%":
            return self._argument(token[1:])
        if ":" in token:
            value, _, width = token.partition(":")
            return Const(int(value), int(width))
        if token not in self.values:
            raise IRSyntaxError(f"{token} is not defined in {self.function.name}")
        return self.values[token]

    def _argument(self, name: str) -> Argument:
        return self.function.argument(name)

    def _operation(self, line: Line, op: Op) -> None:
        while _VALUE.fullmatch(line.peek()):
            op.operands.append(self._value(line.next()))
            if not line.has(","):
                break
        if line.has("if"):
            op.predicate = self._value(line.next())
        if line.has("of"):
            op.element = self._element(line)
        made = _made(Op, line.fields(), id=0, opcode=op.opcode, width=0, operands=[])
        for item in dataclasses.fields(Op):
            if item.name not in ("id", "opcode", "width", "operands", "predicate", "element", "loc"):
                setattr(op, item.name, getattr(made, item.name))

    def _element(self, line: Line) -> Affine:
        constant, terms = int(line.next()), []
        while line.has("+"):
            coefficient = int(line.next())
            line.next("*")
            terms.append((coefficient, self._value(line.next())))
        line.next("mod")
        return Affine(constant, tuple(terms), int(line.next()))

    def _end(self, line: Line, region: Region) -> None:
        what = line.next()
        if what == "order":
            source = self._value(line.next())
            line.next("->")
            target, hazard = self._value(line.next()), Hazard(line.next())
            region.depends.append(Depend(source, target, int(line.next()), hazard))
        elif what == "jump":
            region.terminator = Jump(self._edge(line))
        elif what == "branch":
            condition = self._value(line.next())
            line.next("?")
            taken = self._edge(line)
            line.next(":")
            region.terminator = Branch(condition, taken, self._edge(line))
        else:
            region.terminator = Return(self._value(line.next()) if line.peek() else None)

    def _edge(self, line: Line) -> Edge:
        edge = Edge(line.name())
        line.next("(")
        while not line.has(")"):
            edge.values.append(self._value(line.next()))
            line.has(",")
        return edge


def differences(first: object, second: object, path: str = "program") -> Iterator[str]:
    """Where two programs differ in structure; values are the same if their numbers are."""
    if type(first) is not type(second):
        yield f"{path}: {type(first).__name__}, {type(second).__name__}"
    elif isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        if len(first) != len(second):
            yield f"{path}: {len(first)} items, {len(second)}"
        for number, (a, b) in enumerate(zip(first, second, strict=False)):
            yield from differences(a, b, f"{path}[{number}]")
    elif isinstance(first, dict) and isinstance(second, dict):
        if list(first) != list(second):
            yield f"{path}: keys {list(first)}, {list(second)}"
        for key in first.keys() & second.keys():
            yield from differences(first[key], second[key], f"{path}.{key}")
    elif isinstance(first, (Op, Phi)) and not path.rpartition(".")[2].startswith(("ops[", "phis[")):
        if first.id != second.id:  # type: ignore[attr-defined]
            yield f"{path}: {first.id}, {second.id}"  # type: ignore[attr-defined]
    elif dataclasses.is_dataclass(first):
        for item in dataclasses.fields(first):
            yield from differences(
                getattr(first, item.name), getattr(second, item.name), f"{path}.{item.name}"
            )
    elif first != second:
        yield f"{path}: {first!r}, {second!r}"
