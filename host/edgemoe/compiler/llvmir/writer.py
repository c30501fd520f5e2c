# SPDX-License-Identifier: Apache-2.0
"""Writes LLVM's assembly language: :class:`Module` -> text that LLVM and :mod:`reader` read."""

from __future__ import annotations

from edgemoe.compiler.llvmir.instructions import BINARY
from edgemoe.compiler.llvmir.line import CASTS
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record


def module_text(module: Module) -> str:
    """The whole module."""
    lines = list(module.other)
    # Named metadata (`!llvm.dbg.cu = ...`) may stand anywhere; so may comdats and the data layout.
    lines += [f"{name} = type {body}" for name, body in module.types.items()]
    for variable in module.globals.values():
        kind = "constant" if variable.constant else "global"
        init = f" {variable.init}" if variable.init else ""
        prefix = f"{variable.prefix} " if variable.prefix else ""
        lines.append(f"{variable.name} = {prefix}{kind} {variable.type}{init}{variable.suffix}")
    for function in module.functions.values():
        lines += function_lines(function)
    lines += module.declarations
    lines += [f"attributes #{number} = {group}" for number, group in module.attributes.items()]
    lines += [f"!{number} = {text}" for number, text in module.debug.texts.items()]
    return "\n".join([*lines, ""])


def function_lines(function: Function) -> list[str]:
    """A definition."""
    params = ", ".join(
        " ".join(part for part in (str(param.type), param.attributes, param.name) if part)
        for param in function.params
    )
    linkage = f"{function.linkage} " if function.linkage else ""
    attributes = f" {function.attributes}" if function.attributes else ""
    debug = f" !dbg !{function.debug}" if function.debug else ""
    lines = [f"define {linkage}{function.type} {symbol(function.name)}({params}){attributes}{debug} {{"]
    for label, block in function.blocks.items():
        lines.append(f"{label[1:]}:")
        lines += [item.text or item_text(item) for item in block]
    return [*lines, "}"]


def symbol(name: str) -> str:
    """A global's name with its sign, quoted if need be."""
    plain = all(c.isalnum() or c in "_.$" for c in name) and not name[:1].isdigit()
    return f"@{name}" if plain else f'@"{name}"'


def item_text(item: Inst | Record) -> str:
    """One line."""
    if isinstance(item, Record):
        described = [f"!{item.variable}", item.expression] if item.variable else []  # a label is not
        parts = [f"{item.type} {item.operand}".strip(), *described, f"!{item.debug}"]
        return f"  #{item.kind}({', '.join(parts)})"
    result = f"{item.result} = " if item.result else ""
    debug = f", !dbg !{item.debug}" if item.debug else ""
    loop = f", !llvm.loop !{item.loop}" if item.loop else ""
    return f"  {result}{_body(item)}{item.extra}{debug}{loop}"


def _body(inst: Inst) -> str:
    opcode = inst.opcode
    head = " ".join([opcode, *inst.flags])
    if opcode in BINARY:
        return f"{head} {inst.type} {inst.operands[0]}, {inst.operands[1]}"
    if opcode == "icmp":
        return f"{head} {inst.compare} {inst.types[0]} {inst.operands[0]}, {inst.operands[1]}"
    if opcode in CASTS:
        return f"{head} {inst.types[0]} {inst.operands[0]} to {inst.type}"
    if opcode == "phi":
        pairs = (f"[ {v}, {b} ]" for v, b in zip(inst.operands, inst.targets, strict=True))
        return f"phi {inst.type} {', '.join(pairs)}"
    if opcode == "br":
        labels = [f"label {target}" for target in inst.targets]
        return f"br {', '.join([*_typed(inst), *labels])}"
    if opcode == "switch":
        value, *cases = _typed(inst)
        default, *targets = inst.targets
        listed = " ".join(f"{case}, label {to}" for case, to in zip(cases, targets, strict=True))
        return f"switch {value}, label {default} [ {listed} ]"
    if opcode == "ret":
        return f"ret {', '.join(_typed(inst)) or 'void'}"
    if opcode == "load":
        return f"{head} {inst.type}, {_typed(inst)[0]}"
    if opcode == "alloca":
        return ", ".join([f"alloca {inst.type}", *_typed(inst)])
    if opcode == "getelementptr":
        return f"{head} {inst.type}, {', '.join(_typed(inst))}"
    if opcode == "call":
        return _call(inst)
    if opcode in ("extractvalue", "insertvalue"):
        return f"{opcode} {', '.join([*_typed(inst), *map(str, inst.indices)])}"
    return f"{head} {', '.join(_typed(inst))}".rstrip()  # store, select, freeze, unreachable


def _typed(inst: Inst) -> list[str]:
    return [f"{type_} {operand}" for type_, operand in zip(inst.types, inst.operands, strict=True)]


def _call(inst: Inst) -> str:
    arguments = ", ".join(
        " ".join(part for part in (str(type_), attributes, operand) if part)
        for type_, attributes, operand in zip(inst.types, inst.attributes, inst.operands, strict=True)
    )
    # `tail` comes before the word `call`, all else after it.
    words = inst.before.split()
    tail = f"{words.pop(0)} " if words[:1] in (["tail"], ["musttail"], ["notail"]) else ""
    parts = [*words, str(inst.type), *([inst.signature] if inst.signature else [])]
    after = f" {inst.after}" if inst.after else ""
    return f"{tail}call {' '.join(parts)} {symbol(inst.callee)}({arguments}){after}"
