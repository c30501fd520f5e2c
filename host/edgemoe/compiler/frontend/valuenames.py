# SPDX-License-Identifier: Apache-2.0
"""Names of values, from the debug records that LLVM's passes carried along.

A record ties a value to a variable of the source, or to the bits from an offset on of one that was an array or a
struct: the name is the variable's with the path there (`tile_active_3_5`). What stands in an unrolled loop is there
once for each iteration: the loop's counter has a constant in each copy, which belongs to the name (`product_k3`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from edgemoe.compiler.frontend.names import hardware_name
from edgemoe.compiler.frontend.paths import path_of
from edgemoe.compiler.llvmir.debug import DebugInfo, in_shim
from edgemoe.compiler.llvmir.objects import Function, Inst, Record
from edgemoe.compiler.llvmir.tokens import tokens
from edgemoe.compiler.llvmir.types import bits

_DEPTH = 50  #: how deep scopes and calls may nest
_SCOPES = frozenset({"DILexicalBlock", "DILexicalBlockFile", "DISubprogram"})


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
        self._counters_in: dict[str, list[str]] = defaultdict(list)  #: by scope, those outside the shim
        for number in sorted(self._counters, key=int):
            scope = debug.field(number, "scope")
            if not in_shim(debug.file_of_scope(scope)):
                self._counters_in[scope].append(number)
        self._paths: dict[tuple[str, str, int], tuple[str, bool] | None] = {}
        self._around: dict[tuple[str, str], list[str]] = {}

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
        if record.variable in self._counters:
            return None
        path = self._path(record.variable, record.expression, bits(inst.type))
        if path is None:
            return None
        name, indexed = path
        debug = self._debug
        inlined = debug.field(record.debug, "inlinedAt")
        own = self._suffix(debug.field(record.variable, "scope"), inlined, values)
        counters = own
        if inst.debug:
            counters = self._suffix(
                debug.field(inst.debug, "scope"), debug.field(inst.debug, "inlinedAt"), values
            )
        return Wanted(self._calls(inlined), name, counters or own, bool(own) and not indexed)

    def _path(self, variable: str, expression: str, width: int) -> tuple[str, bool] | None:
        """The name of what a record speaks of, and whether indices are in it; None if it is not the value itself."""
        key = variable, expression, width
        if key not in self._paths:
            self._paths[key] = self._find_path(*key)
        return self._paths[key]

    def _find_path(self, variable: str, expression: str, width: int) -> tuple[str, bool] | None:
        name = self._debug.variable(variable)
        part = _part(expression, width)
        if not name or name == "this" or part is None:
            return None
        offset, size = part
        if width > size:
            return None
        path = path_of(self._debug, variable, offset, width)
        return _word([name, *path]), any(step.isdigit() for step in path)

    def _calls(self, inlined: str) -> int:
        depth = 0
        while inlined and depth < _DEPTH:
            inlined, depth = self._debug.field(inlined, "inlinedAt"), depth + 1
        return depth

    def _loops(self, scope: str, inlined: str) -> list[str]:
        """The counters of the loops around a place, the outermost first, those of the calls around it as well."""
        key = scope, inlined
        known = self._around.get(key)
        if known is None:
            debug, known = self._debug, list[str]()
            for _ in range(_DEPTH):
                while scope and debug.node(scope).kind in _SCOPES:
                    known += self._counters_in.get(scope, [])
                    if debug.node(scope).kind == "DISubprogram":
                        break
                    scope = debug.field(scope, "scope")
                if not inlined:
                    break
                scope, inlined = debug.field(inlined, "scope"), debug.field(inlined, "inlinedAt")
            known = self._around[key] = known[::-1]
        return known

    def _suffix(self, scope: str, inlined: str, values: dict[str, str]) -> str:
        parts = [
            f"_{self._debug.variable(number)}{values[number].replace('-', 'm')}"
            for number in self._loops(scope, inlined)
            if number in values
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
    return hardware_name("_".join(steps))


def _part(expression: str, width: int) -> tuple[int, int] | None:
    """(first bit, bits) of the variable that a value is: ``width`` of them unless a record says it is a fragment. None
    if the value is something else, reckoned from the variable.
    """
    words = tokens(expression)
    at = words.index("(") + 1  # behind `!DIExpression(`
    while words[at : at + 1] == ["DW_OP_LLVM_convert"] and words[at + 5 : at + 6] == [","]:
        at += 6  # extended, perhaps
    at += words[at : at + 1] == ["DW_OP_stack_value"]
    if words[-6:-5] == ["DW_OP_LLVM_fragment"] and len(words) - 6 >= at:
        return int(words[-4]), int(words[-2])
    return None if words[at:] not in ([], [")"]) else (0, width)
