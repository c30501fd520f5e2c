# SPDX-License-Identifier: Apache-2.0
"""What signals are called: by the source where it has a name for them, else by what they are.

A name follows from the operation and from the names of its operands, so that a change of the source changes the names
near it only.
"""

from __future__ import annotations

import re

from edgemoe.compiler.ir import (
    Block,
    Compare,
    Const,
    Edge,
    Function,
    Jump,
    ModuleArg,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Return,
    ScalarArg,
    Value,
)

#: Characters of a name, before what is added to it: a number, a stage, a port.
LONGEST = 36
_STEM = 16  #: of each of two names in one
_REGION = 14  #: of a region's, two of which are in the name of the way from one to the other

_WORDS = {
    Opcode.ADD: "plus",
    Opcode.SUB: "minus",
    Opcode.MUL: "times",
    Opcode.AND: "and",
    Opcode.OR: "or",
    Opcode.XOR: "xor",
    Opcode.SHL: "shl",
    Opcode.LSHR: "shr",
    Opcode.ASHR: "shr",
    Opcode.UDIV: "div",
    Opcode.SDIV: "div",
    Opcode.UREM: "mod",
    Opcode.SREM: "mod",
}
_ARROWS = {
    Compare.EQ: "eq",
    Compare.NE: "ne",
    Compare.ULT: "lt",
    Compare.SLT: "lt",
    Compare.ULE: "le",
    Compare.SLE: "le",
    Compare.UGT: "gt",
    Compare.SGT: "gt",
    Compare.UGE: "ge",
    Compare.SGE: "ge",
}
_CHANNEL = {Opcode.FIFO_READ: "token", Opcode.FIFO_EMPTY: "is_empty", Opcode.FIFO_FULL: "is_full"}
_SLICES = (Opcode.TRUNC, Opcode.EXTRACT)


class Naming:
    """Names of a function's values, not yet unique."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._stems: dict[int, str] = {}
        self._next: dict[int, str] = {}  #: operations that become the next value of a phi
        self._carried: dict[int, str] = {}  #: phis that the source has no name for
        for region in function.regions:
            for edge, target in _edges(function, region):
                for value, phi in zip(edge.values, target.phis, strict=True):
                    if not phi.name and phi.id not in self._carried and (about := _about(value, phi)):
                        self._carried[phi.id] = shortened(about, _STEM)
                    if isinstance(value, Op) and phi.name and _same_variable(value.name, phi.name):
                        self._next.setdefault(value.id, f"{shortened(phi.name, LONGEST - 5)}_next")

    def of(self, value: Op | Phi) -> str:
        """The name that a value would like to have."""
        if isinstance(value, Op) and value.id in self._next:
            return self._next[value.id]
        if value.name:
            return shortened(value.name, LONGEST)
        if isinstance(value, Phi):
            return self._carried.get(value.id, "carried")
        return shortened(self._described(value), LONGEST)

    def region(self, region: Block) -> str:
        """A loop is called by its label or its counter, a block by the first thing that it makes or touches."""
        if isinstance(region, Pipeline):
            name = region.label or next((f"loop_{phi.name}" for phi in region.phis if phi.name), "loop")
            return shortened(name, _REGION)
        made = [*(phi.name for phi in region.phis), *map(_subject, region.ops)]
        about = next((name for name in made if name), "")
        if not about:
            about = next((self._described(op) for op in region.ops if op.width), "")
        if about:
            return f"block_{shortened(about, _REGION)}"
        return "block"

    # ---- what has no name -----------------------------------------------------------------------------------

    def _described(self, op: Op) -> str:
        opcode, operands = op.opcode, op.operands
        if opcode is Opcode.XOR and op.width == 1 and operands[1] == Const(1, 1):
            return f"not_{self._stem(operands[0])}"
        if opcode in _WORDS:
            return self._pair(_WORDS[opcode], *operands)
        if opcode is Opcode.MUL_ADD:
            return self._pair("times", operands[0], operands[1]) + "_added"
        if opcode is Opcode.ICMP:
            assert op.compare is not None
            return self._pair(_ARROWS[op.compare], *operands)
        if opcode is Opcode.SELECT:
            return self._choice(*operands)
        if opcode in _SLICES:
            return self._slice(op)
        if opcode in (Opcode.ZEXT, Opcode.SEXT):
            return f"{self._stem(operands[0], 2)}_{'i' if opcode is Opcode.SEXT else 'u'}{op.width}"
        if opcode is Opcode.CONCAT:
            return self._pair("cat", operands[0], operands[-1])
        if opcode is Opcode.LOAD:
            return f"{self._memory(op)}_word"
        if opcode is Opcode.CALL:
            return f"{op.callee}_{self._stem(operands[0])}" if operands else op.callee
        if op.channel:
            return f"{op.channel}_{_CHANNEL.get(opcode, opcode.value)}"
        return opcode.value

    def _pair(self, word: str, first: Value, second: Value) -> str:
        if isinstance(first, Const) and not isinstance(second, Const):
            # No name begins with a number.
            return f"{word}_{self._stem(first)}_{self._stem(second)}"
        return f"{self._stem(first)}_{word}_{self._stem(second)}"

    def _choice(self, condition: Value, yes: Value, no: Value) -> str:
        when = self._stem(condition)
        if isinstance(yes, Const) and isinstance(no, Const):
            return f"{when}_picks_{self._stem(yes)}_{self._stem(no)}"
        if isinstance(no, Const):
            return f"{self._stem(yes)}_if_{when}"
        if isinstance(yes, Const):
            return f"{self._stem(no)}_unless_{when}"
        return f"{self._stem(yes)}_else_{self._stem(no)}"

    def _slice(self, op: Op) -> str:
        """Bits of what they were cut from in the end: ``command_b457_448``."""
        low, value = op.lo, op.operands[0]
        while isinstance(value, Op) and value.opcode in _SLICES and not value.name:
            low, value = low + value.lo, value.operands[0]
        stem, high = self._stem(value, 2), low + op.width - 1
        return f"{stem}_b{high}" if op.width == 1 else f"{stem}_b{high}_{low}"

    def _memory(self, op: Op) -> str:
        memory = self._function.memories[op.memory]
        where = memory.layout.bank_position(op.banks[0]) if len(op.banks) == 1 else ()
        return "_".join([memory.name, *map(str, where)])

    def _stem(self, value: Value, share: int = 1) -> str:
        """What a value is about, short: its name, or that of what it was made from."""
        limit = _STEM * share
        if isinstance(value, Const):
            if value.value < 10_000:
                return str(value.value)
            return "ones" if value.value == (1 << value.width) - 1 else f"h{value.value:x}"[:8]
        if isinstance(value, (ScalarArg, ModuleArg)):
            return shortened(value.name, limit)
        if value.name:
            return shortened(value.name, limit)
        if isinstance(value, Phi):
            return self._carried.get(value.id, "carried")
        known = self._stems.get(value.id)
        if known is None:
            known = self._stems[value.id] = self._made_from(value)
        return shortened(known, limit)

    def _made_from(self, op: Op) -> str:
        if op.opcode is Opcode.LOAD:
            return self._memory(op)
        operands = op.operands[1:] if op.opcode is Opcode.SELECT else op.operands
        for operand in [*operands, *op.operands]:
            if not isinstance(operand, Const):
                return self._stem(operand, 2)
        return op.channel or op.callee or op.opcode.value


def _about(value: Value, phi: Phi) -> str:
    """A name for the phi that ``value`` goes to: by what it is or is made from, "" if that says nothing."""
    made_from = [value]
    if isinstance(value, Op):
        made_from += value.operands[1:] if value.opcode is Opcode.SELECT else value.operands
    for item in made_from:
        if isinstance(item, Op) and item.opcode is Opcode.ADD and phi in item.operands:
            return "counter"
        name = _subject(item) if isinstance(item, Op) else "" if isinstance(item, Const) else item.name
        if name:
            return f"{name}_carried"
    return ""


def _subject(op: Op) -> str:
    return op.name or op.memory or op.channel or op.callee


def _same_variable(name: str, phi: str) -> bool:
    """Whether a value is a later one of a phi's variable, or has no name of its own."""
    return name in ("", phi) or re.fullmatch(rf"{phi}(_[A-Za-z]+\d+)+", name) is not None


def _edges(function: Function, region: Block) -> list[tuple[Edge, Block]]:
    targets = {r.name: r for r in function.regions}
    end = region.terminator
    if isinstance(end, Return):
        return []
    edges = [end.edge] if isinstance(end, Jump) else [end.taken, end.otherwise]
    return [(edge, targets[edge.target]) for edge in edges]


def shortened(name: str, limit: int) -> str:
    """``name`` in at most ``limit`` characters: what tells elements apart, and whole words from the front."""
    if len(name) <= limit:
        return name
    words = name.split("_")
    tail: list[str] = []
    while len(words) > 1 and re.fullmatch(r"[a-z]*\d+", words[-1]) and len("_".join(tail)) < limit // 2:
        tail.insert(0, words.pop())
    while len(words) > 1 and len("_".join([*words, *tail])) > limit:
        words.pop()
    rest = limit - sum(len(word) + 1 for word in tail)
    return "_".join(["_".join(words)[: max(rest, 1)], *tail])[:limit].rstrip("_")
