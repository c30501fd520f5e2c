# SPDX-License-Identifier: Apache-2.0
"""Loops whose condition may hold for ever, found while their comparison is still the one of the source.

A narrow counter that is compared with a bound of its own type (``i <= n``) cannot get past the largest one; a counter
that is compared by ``!=`` may step over its end, or count away from it; a condition of which nothing changes in the
loop stays as it is.
"""

from __future__ import annotations

from edgemoe.compiler.frontend.counted import Counted, Values, counted_loops, signed
from edgemoe.compiler.ir import Note
from edgemoe.compiler.llvmir.debug import in_shim
from edgemoe.compiler.llvmir.objects import Function, Inst, Module

#: Counters of this width and more do not come to their end in any run: `for (int i = 0; i <= n; i++)` is all right.
_WIDE = 32
#: clang says it, too, of `for` with built-in types.
UNCHANGED = "nothing in the loop changes its condition, so it runs not at all or for ever; change what is compared in its body."
_OPPOSITE = {"lt": "ge", "ge": "lt", "le": "gt", "gt": "le", "eq": "ne", "ne": "eq"}
_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}


def endless_loops(module: Module, function: Function) -> list[Note]:
    """Warnings of the loops of one function."""
    values = Values(function)
    notes = []
    for loop in counted_loops(function, values):
        loc = module.debug.loc(loop.test.debug)
        text = _Loop(function, values, loop).fault()
        if text and loc.line and not in_shim(loc.file):
            notes.append(Note(loc, text, warning=True))
    return notes


class _Loop:
    def __init__(self, function: Function, values: Values, loop: Counted) -> None:
        self._values, self._loop, self._test = values, loop, loop.test
        self._inside = {
            i.result
            for label in loop.blocks
            for i in function.blocks[label]
            if isinstance(i, Inst) and i.result
        }

    def fault(self) -> str:
        """What may go wrong with the loop's end, "" for nothing."""
        sides = [list(self._values.leaves(token)) for token in self._test.operands]
        if not any(token in self._inside for side in sides for token in side):
            if not any(sides):
                return ""
            return UNCHANGED
        for counter, bound in ((0, 1), (1, 0)):
            token = self._counter(sides[counter])
            if token and not any(leaf in self._inside for leaf in sides[bound]):
                return self._against(token, counter, bound)
        return ""

    def _counter(self, leaves: list[str]) -> str:
        """The phi that alone decides a side of the comparison."""
        return leaves[0] if len(set(leaves)) == 1 and leaves[0] in self._loop.phis else ""

    def _against(self, phi: str, counter: int, bound: int) -> str:
        width = self._bits(self._test.operands[counter], phi)
        start, following = self._loop.phis[phi]
        steps = {self._step(following, phi, width, at) for at in (0, 1, 5)}
        step = steps.pop() if len(steps) == 1 else None
        if not step or not width:
            return ""
        kind = self._test.compare if self._test.compare in ("eq", "ne") else self._test.compare[1:]
        kind = kind if self._loop.stays else _OPPOSITE[kind]
        kind = kind if counter == 0 else _MIRRORED[kind]
        by_sign = self._test.compare[0] == "s" and self._range(self._test.operands[counter], phi)[0] < 0
        end = self._values.evaluate(self._test.operands[bound], self._test.widths[bound], {})
        if kind == "ne":
            return self._unequal(start, step, width, counter, end, bound)
        if by_sign and ((step < 0 and kind in ("lt", "le")) or (step > 0 and kind in ("gt", "ge"))):
            return "the counter moves away from the loop's end, which it reaches by wrapping around at most."
        if end is not None or width >= _WIDE:
            return ""
        low, high = self._range(self._test.operands[counter], phi)
        least, most = self._range(self._test.operands[bound])
        up = (kind == "le" and most >= high) or (kind == "lt" and most > high)
        down = (kind == "ge" and least <= low) or (kind == "gt" and least < low)
        if (step > 0 and up) or (step < 0 and down):
            return (
                f"the counter has {width} bits, and its bound may be {most if step > 0 else least}: then this loop "
                "never ends; give the counter a bit more than the bound."
            )
        return ""

    def _unequal(self, start: str, step: int, width: int, counter: int, end: int | None, bound: int) -> str:
        """Of ``i != end``."""
        first = self._values.evaluate(start, width, {})
        if end is not None and first is not None:
            wide = self._test.widths[bound]
            low, high = self._range(self._test.operands[counter], "")
            goal = signed(end, wide) if low < 0 else end
            begin = signed(first, width) if low < 0 else first
            if not low <= goal <= high or (goal - begin) % _common(step, width):
                return f"the counter goes from {begin} in steps of {step} and is never {goal}: this loop never ends."
            if (goal - begin) % abs(step) or (goal - begin) * step < 0:
                return f"the counter goes from {begin} in steps of {step}, and is {goal} after wrapping around only."
            return ""
        if end is None and abs(step) != 1:
            return (
                f"the counter moves by {step} and may step over the loop's end, which '!=' does not see; compare with "
                "< or >."
            )
        if end is None and width < _WIDE:
            high = self._range(self._test.operands[counter], "")[1]
            most = self._range(self._test.operands[bound])[1]
            if most > high:
                return (
                    f"the counter has {width} bits, and its bound may be {most}: then this loop never ends; give the "
                    "counter as many bits as the bound."
                )
        return ""

    def _step(self, following: str, phi: str, width: int, at: int) -> int | None:
        value = self._values.evaluate(following, self._values.definitions[phi].width, {phi: at})
        return None if value is None else signed((value - at) % (1 << width), width)

    def _bits(self, token: str, phi: str) -> int:
        """The bits of the counter that a side of the comparison is, extended perhaps; 0 for anything else."""
        width = self._values.definitions[phi].width
        while token != phi:
            inst = self._values.definitions.get(token)
            if inst is None or inst.opcode not in ("zext", "sext", "trunc"):
                return 0
            width = min(width, inst.width)
            token = inst.operands[0]
        return width

    def _range(self, token: str, phi: str = "") -> tuple[int, int]:
        """The least and the most that a side of the comparison may be, by its type and by masks."""
        width = self._test.widths[0]
        by_sign = self._test.compare[0] == "s"
        while (inst := self._values.definitions.get(token)) is not None and token != phi:
            if inst.opcode == "zext":
                width, token, by_sign = inst.widths[0], inst.operands[0], False
            elif inst.opcode == "sext":
                width, token, by_sign = inst.widths[0], inst.operands[0], True
            else:
                break
        if inst is not None and inst.opcode in ("and", "urem") and inst.operands[1].isdigit():
            most = int(inst.operands[1])
            return 0, most if inst.opcode == "and" else most - 1
        if by_sign:
            return -(1 << (width - 1)), (1 << (width - 1)) - 1
        return 0, (1 << width) - 1


def _common(step: int, width: int) -> int:
    """The largest power of two that divides a step: what a counter of ``width`` bits reaches are its multiples."""
    return min(step & -step, 1 << width)
