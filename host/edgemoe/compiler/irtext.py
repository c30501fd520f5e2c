# SPDX-License-Identifier: Apache-2.0
"""The IR as text that loses nothing: :mod:`edgemoe.compiler.irparse` reads it back.

A line is a declaration, ``kind name key=value ...``, or an operation, ``v3:8 = add p1, 1:8 key=value ...``; behind
``;`` stands the place in the user's source. ``v3`` is an operation's value, ``p1`` a phi's, ``%n`` an argument, ``1:8``
the constant 1 of 8 bits, ``&c`` a channel. Fields with their default are left out; values are JSON, but words need no
quotes.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from typing import Any

from edgemoe.compiler.banks import BankLayout, Split
from edgemoe.compiler.ir import (
    NOWHERE,
    Affine,
    AxiArg,
    BlockArg,
    BlockChannel,
    Channel,
    Connection,
    Const,
    Dependence,
    Edge,
    Function,
    Interface,
    Jump,
    Loc,
    Memory,
    ModuleArg,
    Note,
    Op,
    Phi,
    Pipeline,
    Program,
    Region,
    Return,
    ScalarArg,
    StreamArg,
    Terminator,
    Value,
)

#: Declarations by the word that begins them.
DECLARATIONS: dict[str, type] = {
    "stream": StreamArg,
    "scalar": ScalarArg,
    "block_argument": BlockArg,
    "axi": AxiArg,
    "leaf": ModuleArg,
    "memory": Memory,
    "channel": Channel,
    "blocks": BlockChannel,
    "interface": Interface,
    "promise": Dependence,
    "note": Note,
}
KINDS = {cls: word for word, cls in DECLARATIONS.items()}
#: Fields that have a place of their own in an operation's line, or in lines of their own.
OP_FIELDS = ("id", "opcode", "width", "operands", "predicate", "element", "loc")
REGION_FIELDS = ("name", "phis", "ops", "terminator", "depends", "promises", "loc")
FUNCTION_FIELDS = (
    *("name", "kind", "args", "memories", "regions"),
    *("channels", "instances", "interfaces", "loc"),
)
_WORD = re.compile(r"[A-Za-z_][\w.]*$")
_LITERALS = ("true", "false", "null")


def program_text(program: Program) -> str:
    """Every function, callees first."""
    head = f"program {word(program.name)}{fields_text(program, ('name', 'functions', 'notes'))}"
    notes = [declaration_text(note) for note in program.notes]
    return "\n".join([head, *notes, *(function_text(function) for function in program.functions.values())])


def function_text(function: Function) -> str:
    """One function."""
    head = f"{function.kind.value} {word(function.name)}"
    lines = [head + fields_text(function, FUNCTION_FIELDS) + _loc(function.loc)]
    things: list[object] = [*function.args, *function.memories.values(), *function.channels.values()]
    lines += [f"  {declaration_text(thing)}" for thing in [*things, *function.interfaces]]
    for instance in function.instances:
        ties = ", ".join(f"{word(name)}={_tie(to)}" for name, to in instance.connections.items())
        lines.append(
            f"  instance {word(instance.name)} {word(instance.function)}({ties}){_loc(instance.loc)}"
        )
    for region in function.regions:
        lines += [f"  {line}" for line in region_lines(region)]
    return "\n".join(lines) + "\n"


def declaration_text(thing: Any) -> str:
    """``stream x width=16 direction=read``"""
    own = hasattr(thing, "name")
    name = f" {word(thing.name)}" if own else ""
    return f"{KINDS[type(thing)]}{name}{fields_text(thing, ('name', 'loc'))}{_loc(getattr(thing, 'loc', NOWHERE))}"


def region_lines(region: Region) -> list[str]:
    """One region: its phis, operations, order and end."""
    kind = "pipeline" if isinstance(region, Pipeline) else "block"
    lines = [f"{kind} {word(region.name)}{fields_text(region, REGION_FIELDS)}{_loc(region.loc)}"]
    if isinstance(region, Pipeline):
        lines += [f"  {declaration_text(promise)}" for promise in region.promises]
    for phi in region.phis:
        lines.append(
            f"  {value_text(phi)}:{phi.width} = phi{fields_text(phi, ('id', 'width', 'loc'))}{_loc(phi.loc)}"
        )
    lines += [f"  {op_text(op)}" for op in region.ops]
    for d in region.depends:
        lines.append(
            f"  order {value_text(d.source)} -> {value_text(d.target)} {d.hazard.value} {d.distance}"
        )
    return [*lines, "  " + terminator_text(region.terminator)]


def op_text(op: Op) -> str:
    """``v3:8 = add p1, 1:8 name=sum  ; k.cpp:7``"""
    text = f"{value_text(op)}:{op.width} = {op.opcode.value}"
    if op.operands:
        text += " " + ", ".join(value_text(value) for value in op.operands)
    if op.predicate is not None:
        text += f" if {value_text(op.predicate)}"
    if op.element is not None:
        text += f" of {_affine(op.element)}"
    return text + fields_text(op, OP_FIELDS) + _loc(op.loc)


def _affine(element: Affine) -> str:
    """``3 + 4*v1 + -1*p2 mod 30``"""
    terms = [str(element.constant), *(f"{c}*{value_text(value)}" for c, value in element.terms)]
    return f"{' + '.join(terms)} mod {element.bits}"


def value_text(value: Value) -> str:
    """``v3``, ``p2``, ``7:4`` (value and width) or ``%n``."""
    if isinstance(value, Const):
        return f"{value.value}:{value.width}"
    if isinstance(value, Op):
        return f"v{value.id}"
    return f"p{value.id}" if isinstance(value, Phi) else f"%{value.name}"


def _tie(to: Connection) -> str:
    if isinstance(to, Const):
        return value_text(to)
    return f"&{to.name}" if isinstance(to, (Channel, BlockChannel)) else f"%{to.name}"


def terminator_text(terminator: Terminator) -> str:
    """``branch v1 ? a(v2) : b()``"""
    if isinstance(terminator, Jump):
        return f"jump {_edge(terminator.edge)}"
    if isinstance(terminator, Return):
        return "return" + (f" {value_text(terminator.value)}" if terminator.value is not None else "")
    condition = value_text(terminator.condition)
    return f"branch {condition} ? {_edge(terminator.taken)} : {_edge(terminator.otherwise)}"


def _edge(edge: Edge) -> str:
    return f"{word(edge.target)}({', '.join(value_text(v) for v in edge.values)})"


def _loc(loc: Loc) -> str:
    return "" if loc == NOWHERE else f"  ; {_json(loc.file)[1:-1]}:{loc.line}"


# ---- fields -----------------------------------------------------------------------------------------------------


def fields_text(thing: Any, skip: tuple[str, ...]) -> str:
    """`` key=value`` for every other field that differs from its default."""
    parts = []
    for item in dataclasses.fields(thing):
        if item.name in skip:
            continue
        value = getattr(thing, item.name)
        default = item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
        if value != default:
            parts.append(f" {item.name}={_value(value)}")
    return "".join(parts)


def word(text: str) -> str:
    """A name, in quotes if it could be taken for something else."""
    return text if _WORD.match(text) and text not in _LITERALS else _json(text)


def _json(value: object) -> str:
    """JSON without the mark that stands before a place."""
    return json.dumps(value, separators=(",", ":")).replace(";", "\\u003b")


def _value(value: object) -> str:
    plain = _plain(value)
    return word(plain) if isinstance(plain, str) else _json(plain)


def _plain(value: object) -> object:
    """As JSON has it."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, BankLayout):
        return [
            [d.extent] if d.split is Split.NONE else [d.extent, d.split.value, d.factor] for d in value.dims
        ]
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, int)):
        return value
    raise TypeError(f"the text of the IR has no form for a {type(value).__name__}")
