# SPDX-License-Identifier: Apache-2.0
"""Multiplications that `#pragma HLS BIND_OP variable=x op=mul impl=fabric` speaks of: those whose result is x.

The variable is known by its declaration, for LLVM numbers its records anew in each run of its passes. What the records
say that x is, cut or extended perhaps, is the product.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgemoe.compiler.frontend.markers import Fact
from edgemoe.compiler.frontend.source.pragmas import BindOp
from edgemoe.compiler.llvmir.debug import DebugInfo
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record

_SAME = ("trunc", "sext", "zext", "freeze")


def note_declarations(module: Module, facts: Iterable[Fact]) -> None:
    """Writes into each such fact which variable it names. ``module``: with the variables still in memory."""
    for fact in facts:
        if isinstance(fact.pragma, BindOp) and fact.pragma.in_fabric:
            for record in _records(module.functions[fact.function]):
                if record.operand == fact.variable:
                    fact.declaration = _declaration(module.debug, record.variable)


def products(function: Function, debug: DebugInfo, facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """The facts that speak of a multiplication, by its value."""
    wanted: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in facts:
        if fact.declaration:
            wanted.setdefault(fact.declaration, []).append(fact)
    if not wanted:
        return {}
    definitions = function.definitions()
    found: dict[str, list[Fact]] = {}
    for record in _records(function):
        about = wanted.get(_declaration(debug, record.variable), [])
        inst = definitions.get(record.operand) if about else None
        while inst is not None and inst.opcode in _SAME:
            inst = definitions.get(inst.operands[0])
        if inst is not None and inst.opcode == "mul":
            found.setdefault(inst.result, []).extend(about)
    return found


def _records(function: Function) -> Iterable[Record]:
    for block in function.blocks.values():
        yield from (item for item in block if not isinstance(item, Inst))


def _declaration(debug: DebugInfo, variable: str) -> tuple[str, str, str]:
    """Name, file and line of a variable."""
    fields = debug.node(variable).fields
    return fields.get("name", ""), debug.file_of_scope(fields.get("scope", "")), fields.get("line", "")
