# SPDX-License-Identifier: Apache-2.0
"""Names of values, from the debug records that LLVM's passes carried along.

A record ties a value to a variable of the source, or to the bits from an offset on of one that was an array or a
struct: the name is the variable's with the path there (`tile_active_3_5`). What stands in an unrolled loop is there
once for each iteration: the loop's counter has a constant in each copy, which belongs to the name (`product_k3`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from edgemoe.compiler.frontend.paths import path_of
from edgemoe.compiler.llvmir.debug import DebugInfo, in_shim
from edgemoe.compiler.llvmir.objects import Function, Inst, Record
from edgemoe.compiler.llvmir.types import bits

_DEPTH = 50  #: how deep scopes and calls may nest
_EMPTY = "!DIExpression ( )"
_FRAGMENT = re.compile(r"DW_OP_LLVM_fragment , (\d+) , (\d+) \)$")
#: The value is that of the variable: extended, perhaps.
_SAME = re.compile(r"!DIExpression \((?: DW_OP_LLVM_convert , \d+ , \w+ ,)*(?: DW_OP_stack_value)?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a value may be called: its plain name, and the loop counters that tell it from its like."""

    depth: int  #: of inlined calls around the variable
    name: str
    counters: str  #: ``_n0_k3``, or ""
    own: bool  #: the variable is declared in the loops: one without counters would be any of several

    def full(self) -> str:
        return self.name + self.counters


def value_names(function: Function, debug: DebugInfo) -> dict[str, str]:
    """%value -> name; not unique where nothing in the source tells two values apart."""
    return _Names(function, debug).run()


class _Names:
    def __init__(self, function: Function, debug: DebugInfo) -> None:
        self._function, self._debug = function, debug
        self._counters = self._loop_counters()

    def run(self) -> dict[str, str]:
        found: dict[str, Wanted] = {}
        definitions = self._function.definitions()
        values: dict[str, str] = {}  # a loop counter's number -> its constant here
        for block in self._function.blocks.values():
            for item in block:
                if not isinstance(item, Record):
                    continue
                if item.variable in self._counters and item.operand[:1] != "%":
                    values[item.variable] = item.operand
                inst = definitions.get(item.operand)
                if inst is None or inst.opcode == "alloca":
                    continue
                wanted = self._wanted(item, inst, values)
                if wanted is not None and (
                    item.operand not in found or wanted.depth < found[item.operand].depth
                ):
                    found[item.operand] = wanted
        return self._told_apart(found)

    def _loop_counters(self) -> set[str]:
        """Variables that hold a constant in each copy of an unrolled loop, several in all."""
        constants: dict[str, set[str]] = defaultdict(set)
        for block in self._function.blocks.values():
            for item in block:
                if isinstance(item, Record) and item.operand.removeprefix("-").isdigit():
                    constants[item.variable].add(item.operand)
        return {number for number, seen in constants.items() if len(seen) > 1 and self._heads_a_loop(number)}

    def _heads_a_loop(self, variable: str) -> bool:
        """Whether a variable is declared in the head of a loop: on its line, in a block of its own."""
        fields = self._debug.node(variable).fields
        scope = self._debug.node(fields.get("scope", ""))
        return scope.kind == "DILexicalBlock" and scope.fields.get("line") == fields.get("line")

    def _wanted(self, record: Record, inst: Inst, values: dict[str, str]) -> Wanted | None:
        debug = self._debug
        name = debug.variable(record.variable)
        if not name or name == "this" or record.variable in self._counters:
            return None
        if not _SAME.match(record.expression):
            return None
        rest = record.expression[_SAME.match(record.expression).end() :]  # type: ignore[union-attr]
        fragment = _FRAGMENT.search(rest)
        width = bits(inst.type)
        if fragment is None and rest.strip(" )"):
            return None
        offset, size = (int(fragment[1]), int(fragment[2])) if fragment else (0, width)
        if width > size:
            return None
        path = path_of(debug, record.variable, offset, width)
        indexed = any(step.isdigit() for step in path)
        scope = debug.field(record.variable, "scope")
        around = self._scopes(scope, debug.field(record.debug, "inlinedAt"))
        own = self._suffix(around, values)
        at = self._scopes(debug.field(inst.debug, "scope"), debug.field(inst.debug, "inlinedAt"))
        counters = self._suffix(at, values) if inst.debug else own
        return Wanted(
            self._calls(record.debug), _word([name, *path]), counters or own, bool(own) and not indexed
        )

    def _calls(self, place: str) -> int:
        depth = 0
        while (place := self._debug.field(place, "inlinedAt")) and depth < _DEPTH:
            depth += 1
        return depth

    def _scopes(self, scope: str, inlined: str) -> list[str]:
        """The scopes around a place, the innermost first, those of the calls around it as well."""
        debug, found = self._debug, list[str]()
        for _ in range(_DEPTH):
            while scope and debug.node(scope).kind in (
                "DILexicalBlock",
                "DILexicalBlockFile",
                "DISubprogram",
            ):
                found.append(scope)
                if debug.node(scope).kind == "DISubprogram":
                    break
                scope = debug.field(scope, "scope")
            if not inlined:
                break
            scope, inlined = debug.field(inlined, "scope"), debug.field(inlined, "inlinedAt")
        return found

    def _suffix(self, scopes: list[str], values: dict[str, str]) -> str:
        debug = self._debug
        of_scope = {debug.field(number, "scope"): number for number in values}
        parts = [
            f"_{debug.variable(number)}{values[number].replace('-', 'm')}"
            for scope in reversed(scopes)
            if (number := of_scope.get(scope)) and not in_shim(debug.file_of_scope(scope))
        ]
        return "".join(parts)

    @staticmethod
    def _told_apart(found: dict[str, Wanted]) -> dict[str, str]:
        """Counters belong to what is declared among them, and to what they tell from another."""
        count: dict[str, int] = defaultdict(int)
        for wanted in found.values():
            count[wanted.name] += 1
        return {
            token: wanted.full() if wanted.own or count[wanted.name] > 1 else wanted.name
            for token, wanted in found.items()
        }


def _word(steps: list[str]) -> str:
    return re.sub(r"\W+", "_", "_".join(steps)).strip("_")
