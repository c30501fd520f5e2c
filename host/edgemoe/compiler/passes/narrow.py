# SPDX-License-Identifier: Apache-2.0
"""Narrows every operation to the bits that are needed and not known.

LLVM widens what C++ declares: an ``ap_int<24>`` sits in 32-bit phis and memories, counters have 32 bits, and factors
are extended to the width of their product. An operation is rebuilt at the smallest width that its range and its
demand allow; users extend the result again, which is wires.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from edgemoe.compiler.emitter import TRUE, Emitter
from edgemoe.compiler.ir import (
    EFFECTS,
    Branch,
    Compare,
    Const,
    Function,
    Op,
    Opcode,
    Phi,
    Place,
    Region,
    Return,
    Value,
    edges,
)
from edgemoe.compiler.passes.facts import Demand, Range, Ranges

_SIGNED = {
    Compare.SLT: Compare.ULT, Compare.SLE: Compare.ULE, Compare.SGT: Compare.UGT, Compare.SGE: Compare.UGE
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _New:
    """The narrow stand-in of a value and how it is extended back."""

    value: Value
    signed: bool


def narrow(function: Function) -> None:
    """In place."""
    _Narrower(function).run()


class _Narrower:
    def __init__(self, function: Function) -> None:
        self._function = function
        self._ranges = Ranges(function)
        self._demand = Demand(function)
        self._new: dict[Value, _New] = {}
        used = [op.id for region in function.regions for op in region.ops]
        used += [phi.id for region in function.regions for phi in region.phis]
        self._ids = itertools.count(max(used, default=0) + 1)
        self._emit = Emitter(self._ids)
        #: widths before the pass of what changes in place
        self._widths: dict[Value, int] = {
            phi: phi.width for region in function.regions for phi in region.phis
        }

    def run(self) -> None:
        for memory in self._function.memories.values():
            wanted = self._demand.memory_bits.get(memory.name, memory.width)
            if memory.place is not Place.BLOCK and 0 < wanted < memory.width:
                memory.width = wanted
                if memory.init is not None:
                    mask = (1 << wanted) - 1
                    memory.init = [[word & mask for word in bank] for bank in memory.init]
        shapes = {phi: self._shape(phi) for region in self._function.regions for phi in region.phis}
        for phi, (bits, signed) in shapes.items():
            self._new[phi] = _New(phi, signed)
            phi.width = bits
        emitters = {region.name: self._region(region) for region in self._function.regions}
        for region in self._function.regions:
            self._emit = emitters[region.name]
            self._close(region)

    def _shape(self, value: Op | Phi) -> tuple[int, bool]:
        """(bits to keep, whether the rest is sign)."""
        wanted = self._demand.bits.get(value, value.width)
        known: Range = self._ranges.of(value)
        bits = max(1, min(wanted, known.unsigned, known.signed, value.width))
        return bits, known.unsigned > bits and known.signed <= bits

    def _get(self, value: Value, width: int) -> Value:
        """``value`` in ``width`` bits: its low bits, or its extension."""
        new = self._new.get(value)
        if new is None:
            return self._emit.resize(value, width)
        return self._emit.resize(new.value, width, new.signed)

    def _all(self, values: list[Value]) -> list[Value]:
        """Values in the width that they had."""
        return [self._get(v, self._old_width(v)) for v in values]

    def _old_width(self, value: Value) -> int:
        return value.width if isinstance(value, Const) else self._widths.get(value, value.width)

    # ---- regions -------------------------------------------------------------------------------------------

    def _region(self, region: Region) -> Emitter:
        old, region.ops = region.ops, []
        emit = self._emit = Emitter(self._ids, region.ops)
        for op in old:
            emit.loc = op.loc
            if op.opcode in EFFECTS or op.opcode in _KEPT:
                self._keep(op)
                continue
            bits, signed = self._shape(op)
            before = len(region.ops)
            value = self._rebuild(op, bits)
            if (
                op.name
                and len(region.ops) > before
                and isinstance(region.ops[-1], Op)
                and region.ops[-1] is value
            ):
                value.name = op.name
            self._new[op] = _New(value, signed)
        return emit

    def _keep(self, op: Op) -> None:
        """Effects, loads and calls stay the same objects; order edges point at them."""
        memory = self._function.memories.get(op.memory)
        if op.opcode is Opcode.STORE and memory is not None:
            operands = self._all(op.operands)
            operands[1] = self._get(op.operands[1], memory.width)
            op.operands = operands
        elif op.opcode is Opcode.MUL_ADD:
            op.operands = [self._summand(value) for value in op.operands]
        else:
            op.operands = self._all(op.operands)
        if op.predicate is not None:
            predicate = self._get(op.predicate, 1)
            op.predicate = None if predicate == TRUE else predicate
        op.element = None  # its indices may lose bits that no address needs
        if op.opcode is Opcode.LOAD and memory is not None and memory.width < op.width:
            self._widths[op] = op.width
            op.width = memory.width
        self._emit.ops.append(op)
        if op.width:
            # What the memory no longer holds nobody demands; the upper bits may be anything.
            self._new[op] = _New(op, False)

    def _summand(self, value: Value) -> Value:
        """An operand of a multiply-add, which extends it itself; another's sum stays whole, as one slice hands it to
        the next.
        """
        if isinstance(value, Op) and value.opcode is Opcode.MUL_ADD:
            return value
        return self._get(value, self._ranges.of(value).signed)

    def _close(self, region: Region) -> None:
        heads = {r.name: r for r in self._function.regions}
        for edge in edges(region.terminator):
            edge.values = [
                self._get(value, phi.width)
                for phi, value in zip(heads[edge.target].phis, edge.values, strict=True)
            ]
        if isinstance(region.terminator, Branch):
            region.terminator.condition = self._get(region.terminator.condition, 1)
        elif isinstance(region.terminator, Return) and region.terminator.value is not None:
            value = region.terminator.value
            region.terminator.value = self._get(value, self._old_width(value))

    # ---- operations ----------------------------------------------------------------------------------------

    def _rebuild(self, op: Op, bits: int) -> Value:
        """The low ``bits`` bits of a pure operation."""
        code, emit = op.opcode, self._emit
        if code in (Opcode.ADD, Opcode.SUB, Opcode.AND, Opcode.OR, Opcode.XOR):
            return emit.pure(code, bits, [self._get(v, bits) for v in op.operands])
        if code is Opcode.MUL:
            return self._product(op, bits)
        if code is Opcode.SELECT:
            return emit.select(*(self._get(v, w) for v, w in zip(op.operands, (1, bits, bits), strict=True)))
        if code in (Opcode.ZEXT, Opcode.SEXT):
            inner = self._old_width(op.operands[0])
            return emit.resize(self._get(op.operands[0], min(inner, bits)), bits, code is Opcode.SEXT)
        if code in (Opcode.TRUNC, Opcode.EXTRACT):
            return emit.extract(self._get(op.operands[0], op.lo + bits), op.lo, bits)
        if code is Opcode.CONCAT:
            return self._concat(op, bits)
        if code is Opcode.SHL:
            return emit.pure(code, bits, [self._get(op.operands[0], bits), self._amount(op)])
        if code in (Opcode.LSHR, Opcode.ASHR):
            return self._right_shift(op, bits)
        if code is Opcode.ICMP:
            return self._compare(op)
        if code in (Opcode.UDIV, Opcode.UREM):
            width = max(1, *(self._ranges.of(v).unsigned for v in op.operands))
            result = emit.pure(code, width, [self._get(v, width) for v in op.operands])
            return emit.resize(result, bits)
        if code in (Opcode.SDIV, Opcode.SREM):
            width = min(op.width, max(self._ranges.of(v).signed for v in op.operands) + 1)
            result = emit.pure(code, width, [self._get(v, width) for v in op.operands])
            return emit.resize(result, bits, signed=True)
        raise ValueError(f"no rule to narrow {code.value}")

    def _amount(self, op: Op) -> Value:
        """A shift amount in as few bits as it needs; a shift by the width or more gives 0 (or the sign)."""
        amount = op.operands[1]
        return self._get(amount, max(1, self._ranges.of(amount).unsigned))

    def _right_shift(self, op: Op, bits: int) -> Value:
        known = self._ranges.of(op.operands[0])
        if op.opcode is Opcode.LSHR or known.unsigned < op.width:
            width = max(1, known.unsigned)
            value = self._emit.pure(Opcode.LSHR, width, [self._get(op.operands[0], width), self._amount(op)])
            return self._emit.resize(value, bits)
        width = known.signed
        value = self._emit.pure(Opcode.ASHR, width, [self._get(op.operands[0], width), self._amount(op)])
        return self._emit.resize(value, bits, signed=True)

    def _product(self, op: Op, bits: int) -> Value:
        factors: list[Value] = []
        signs: list[bool] = []
        for value, sign in zip(op.operands, op.signs, strict=True):
            known = self._ranges.of(value)
            signed = known.signed < known.unsigned if self._old_width(value) == op.width else sign
            width = known.signed if signed else max(1, known.unsigned)
            if self._old_width(value) != op.width:
                width = self._old_width(value)
            factors.append(self._get(value, min(width, bits) if width > bits else width))
            signs.append(signed)
        return self._emit.pure(Opcode.MUL, bits, factors, signs=(signs[0], signs[1]), fabric=op.fabric)

    def _concat(self, op: Op, bits: int) -> Value:
        parts: list[Value] = []
        left = bits
        for value in reversed(op.operands):
            width = self._old_width(value)
            if left <= 0:
                break
            parts.append(self._get(value, min(width, left)))
            left -= width
        return self._emit.concat(parts[::-1])

    def _compare(self, op: Op) -> Value:
        a, b = (self._ranges.of(v) for v in op.operands)
        how = op.compare or Compare.EQ
        width = self._old_width(op.operands[0])
        unsigned, signed = max(1, a.unsigned, b.unsigned), max(a.signed, b.signed)
        if how in _SIGNED and unsigned < width:  # neither is negative
            how = _SIGNED[how]
        if how in (Compare.EQ, Compare.NE):
            bits = min(unsigned, signed)
        elif how in _SIGNED:
            bits = signed
        else:
            bits = unsigned
        return self._emit.compare(how, *(self._get(v, bits) for v in op.operands))


#: Operations without effect that stay as they are.
_KEPT = frozenset(
    {Opcode.LOAD, Opcode.CALL, Opcode.MUL_ADD, Opcode.CYCLE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL}
)
