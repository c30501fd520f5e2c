# SPDX-License-Identifier: Apache-2.0
"""Builds operations of one region: numbering, small foldings, and sharing of equal pure operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edgemoe.compiler.ir import NOWHERE, Compare, Const, Loc, Op, Opcode, Value

TRUE = Const(1, 1)
FALSE = Const(0, 1)


def _key(value: Value) -> object:
    return value if isinstance(value, Const) else id(value)


@dataclass(slots=True)
class Emitter:
    """Appends to ``ops``. ``ids`` is shared by the regions of a function."""

    ids: Iterator[int]
    ops: list[Op] = field(default_factory=list)
    loc: Loc = NOWHERE
    _shared: dict[object, Op] = field(default_factory=dict)

    def effect(self, opcode: Opcode, width: int, operands: list[Value], **fields: object) -> Op:
        """An operation that is never shared."""
        fields.setdefault("loc", self.loc)
        op = Op(next(self.ids), opcode, width, operands, **fields)  # type: ignore[arg-type]
        self.ops.append(op)
        return op

    def pure(
        self,
        opcode: Opcode,
        width: int,
        operands: list[Value],
        compare: Compare | None = None,
        lo: int = 0,
        name: str = "",
        signs: tuple[bool, bool] = (False, False),
        fabric: bool = False,
    ) -> Op:
        """An operation without effect; an equal earlier one of the region serves again."""
        key = (opcode, width, compare, lo, signs, fabric, *(_key(v) for v in operands))
        known = self._shared.get(key)
        if known is None:
            known = self.effect(
                opcode, width, operands, compare=compare, lo=lo, name=name, signs=signs, fabric=fabric
            )
            self._shared[key] = known
        return known

    # ---- one-bit logic with folding ------------------------------------------------------------------------

    def invert(self, a: Value) -> Value:
        """not a"""
        if isinstance(a, Const):
            return Const(1 - a.value, 1)
        if isinstance(a, Op) and a.opcode is Opcode.XOR and a.width == 1 and a.operands[1] == TRUE:
            return a.operands[0]
        return self.pure(Opcode.XOR, 1, [a, TRUE])

    def both(self, a: Value | None, b: Value | None) -> Value | None:
        """a and b; None is true."""
        if a is None or a == TRUE:
            return None if b == TRUE else b
        if b is None or b == TRUE or a is b:
            return a
        return self.pure(Opcode.AND, 1, [a, b])

    def either(self, a: Value | None, b: Value | None) -> Value | None:
        """a or b; None is true."""
        if a is None or b is None or a == TRUE or b == TRUE:
            return None
        if a == FALSE or a is b:
            return b
        if b == FALSE:
            return a
        return self.pure(Opcode.OR, 1, [a, b])

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        """condition ? a : b"""
        if a is b or (isinstance(a, Const) and a == b):
            return a
        if isinstance(condition, Const):
            return a if condition.value else b
        if isinstance(condition, Op) and condition.opcode is Opcode.XOR and condition.operands[1] == TRUE:
            return self.pure(Opcode.SELECT, a.width, [condition.operands[0], b, a])
        return self.pure(Opcode.SELECT, a.width, [condition, a, b])

    # ---- arithmetic helpers --------------------------------------------------------------------------------

    def resize(self, a: Value, width: int, signed: bool = False) -> Value:
        """``a`` cut or extended to ``width``."""
        if a.width == width:
            return a
        if isinstance(a, Const):
            value = a.value
            if signed and a.width and value >> (a.width - 1):
                value -= 1 << a.width
            return Const.of(value, width)
        if isinstance(a, Op) and a.opcode in (Opcode.ZEXT, Opcode.SEXT):
            inner, was_signed = a.operands[0], a.opcode is Opcode.SEXT
            if width <= inner.width or width < a.width or was_signed == signed or not was_signed:
                return self.resize(inner, width, was_signed)
        if a.width > width:
            if isinstance(a, Op) and a.opcode in (Opcode.TRUNC, Opcode.EXTRACT):
                return self.extract(a.operands[0], a.lo, width)
            return self.pure(Opcode.TRUNC, width, [a])
        return self.pure(Opcode.SEXT if signed else Opcode.ZEXT, width, [a])

    def add(self, a: Value, b: Value) -> Value:
        """a + b, same width."""
        if isinstance(a, Const) and isinstance(b, Const):
            return Const.of(a.value + b.value, a.width)
        if isinstance(a, Const):
            a, b = b, a
        if isinstance(b, Const) and b.value == 0:
            return a
        return self.pure(Opcode.ADD, a.width, [a, b])

    def times(self, a: Value, factor: int) -> Value:
        """a * factor modulo 2**width; a power of two is a shift."""
        factor &= (1 << a.width) - 1
        if isinstance(a, Const):
            return Const.of(a.value * factor, a.width)
        if factor == 0:
            return Const(0, a.width)
        if factor == 1:
            return a
        if factor & (factor - 1) == 0:
            return self.pure(Opcode.SHL, a.width, [a, Const.of(factor.bit_length() - 1, a.width)])
        return self.pure(Opcode.MUL, a.width, [a, Const(factor, a.width)])

    def extract(self, a: Value, lo: int, width: int) -> Value:
        """Bits lo .. lo+width-1."""
        if isinstance(a, Const):
            return Const.of(a.value >> lo, width)
        if isinstance(a, Op) and a.opcode is Opcode.EXTRACT:
            return self.extract(a.operands[0], a.lo + lo, width)
        if (
            isinstance(a, Op)
            and a.opcode is Opcode.CONCAT
            and (part := self._inside(a, lo, width)) is not None
        ):
            return part
        if isinstance(a, Op) and a.opcode is Opcode.SHL and isinstance(a.operands[1], Const):
            shift = a.operands[1].value
            if lo >= shift:
                return self.extract(a.operands[0], lo - shift, width)
        if isinstance(a, Op) and a.opcode in (Opcode.ZEXT, Opcode.SEXT) and lo + width <= a.operands[0].width:
            return self.extract(a.operands[0], lo, width)
        if lo == 0:
            return self.resize(a, width)
        return self.pure(Opcode.EXTRACT, width, [a], lo=lo)

    def _inside(self, a: Op, lo: int, width: int) -> Value | None:
        """Bits of a concatenation that lie in one of its parts."""
        for part in reversed(a.operands):
            if lo < part.width:
                return self.extract(part, lo, width) if lo + width <= part.width else None
            lo -= part.width
        return None

    def concat(self, parts: Sequence[Value]) -> Value:
        """Parts joined, the first in the most significant bits."""
        if len(parts) == 1:
            return parts[0]
        return self.pure(Opcode.CONCAT, sum(p.width for p in parts), list(parts))

    def compare(self, how: Compare, a: Value, b: Value) -> Value:
        """One bit; a constant where no value of that width compares otherwise."""
        known = _decided(how, a, b)
        return self.pure(Opcode.ICMP, 1, [a, b], compare=how) if known is None else known


def _decided(how: Compare, a: Value, b: Value) -> Const | None:
    """What a comparison with the least or the greatest number of its width always gives; None if that depends."""
    if isinstance(a, Const):
        how, a, b = how.swapped, b, a
    if not isinstance(b, Const) or how in (Compare.EQ, Compare.NE):
        return None
    least = 1 << (b.width - 1) if how.signed else 0
    greatest = least ^ ((1 << b.width) - 1)
    if how in (Compare.ULT, Compare.SLT, Compare.UGE, Compare.SGE):
        return Const(int(how in (Compare.UGE, Compare.SGE)), 1) if b.value == least else None
    return Const(int(how in (Compare.ULE, Compare.SLE)), 1) if b.value == greatest else None
