# SPDX-License-Identifier: Apache-2.0
"""What is known of the bits of every value: forward (range) and backward (demand) analyses.

``Range(u, s)`` says that a value is below 2**u, and that it is the sign extension of its low s bits. ``demand`` is the
number of low bits of a value that anything depends on. Both are least fixpoints over the whole function; widening after
a few rounds bounds the forward one.
"""

from __future__ import annotations

import functools
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgemoe.compiler.ir import (
    Branch,
    Compare,
    Const,
    Edge,
    Function,
    ModuleArg,
    Op,
    Opcode,
    Phi,
    Place,
    Region,
    Return,
    ScalarArg,
    Value,
    edges,
)

_WIDEN_AFTER = 8
_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class Range:
    """``unsigned``: the value is below 2**unsigned; ``signed``: it is the sign extension of that many low bits."""

    unsigned: int
    signed: int

    @staticmethod
    @functools.cache
    def of(unsigned: int, signed: int, width: int) -> Range:
        """Clamped to the width; a bound that leaves the sign bit 0 is also a signed bound."""
        unsigned = max(0, min(unsigned, width))
        signed = max(1, min(signed, width))
        if unsigned < width:
            signed = min(signed, unsigned + 1)
        return Range(unsigned, signed)

    def join(self, other: Range) -> Range:
        """Either of two values."""
        if self is other:
            return self
        return Range(max(self.unsigned, other.unsigned), max(self.signed, other.signed))


@functools.cache
def _any(width: int) -> Range:
    """Of a value of which nothing is known."""
    return Range(width, width)


_NONE = Range(0, 1)


@functools.cache
def constant_range(value: int, width: int) -> Range:
    """Of a bit pattern."""
    number = value - (1 << width) if value >> (width - 1) else value
    signed = (number.bit_length() if number >= 0 else (~number).bit_length()) + 1
    return Range.of(value.bit_length(), signed, width)


class Ranges:
    """The range of every op and phi of a function."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._known: dict[Op | Phi, Range] = {}
        self._changes: dict[Phi, int] = {}
        self._solve()

    def of(self, value: Value) -> Range:
        """The range of any value."""
        if isinstance(value, (Op, Phi)):
            return self._known.get(value, _NONE)
        if isinstance(value, Const):
            return constant_range(value.value, value.width)
        return _any(value.width) if isinstance(value, (ScalarArg, ModuleArg)) else _NONE

    def _solve(self) -> None:
        """Rounds over the function in its order; a round visits only what stands behind a change."""
        steps = self._steps()
        users: dict[Op | Phi, list[int]] = {}
        for at, (_, inputs) in enumerate(steps):
            for value in inputs:
                if isinstance(value, (Op, Phi)):
                    users.setdefault(value, []).append(at)
        following = set(range(len(steps)))
        for _ in range(_ROUNDS):
            now, following = sorted(following), set()  # a sorted list is a heap
            queued = set(now)
            while now:
                at = heapq.heappop(now)
                changed = steps[at][0]()
                for user in users.get(changed, ()) if changed is not None else ():
                    if user <= at:
                        following.add(user)
                    elif user not in queued:
                        queued.add(user)
                        heapq.heappush(now, user)
            if not following:
                return
        raise RuntimeError(f"range analysis of {self._function.name} did not settle in {_ROUNDS} rounds")

    def _steps(self) -> list[tuple[Callable[[], Op | Phi | None], list[Value]]]:
        """What a round does: a step returns the value whose range it changed, and looks at the values beside it."""
        heads = {region.name: region for region in self._function.regions}
        steps: list[tuple[Callable[[], Op | Phi | None], list[Value]]] = []
        for region in self._function.regions:
            steps += [(functools.partial(self._compute, op), op.operands) for op in region.ops if op.width]
            for edge in edges(region.terminator):
                for phi, value in zip(heads[edge.target].phis, edge.values, strict=True):
                    steps.append((functools.partial(self._flow, phi, region, edge, value), [value]))
        return steps

    def _compute(self, op: Op) -> Op | None:
        new = self._op(op)
        old = self._known.get(op)
        if new is old or new == old:
            return None
        self._known[op] = new
        return op

    def _flow(self, phi: Phi, region: Region, edge: Edge, value: Value) -> Phi | None:
        new = self._on_edge(region, edge, value)
        old = self._known.get(phi)
        joined = new if old is None else old.join(new)
        if joined is old or joined == old:
            return None
        count = self._changes[phi] = self._changes.get(phi, 0) + 1
        self._known[phi] = _any(phi.width) if count > _WIDEN_AFTER else joined
        return phi

    def _on_edge(self, region: Region, edge: Edge, value: Value) -> Range:
        """The range of a value that travels an edge, narrowed by the condition of the branch."""
        known = self.of(value)
        limit = _limit(region, edge, value)
        if limit is None:
            return known
        bits = limit.bit_length()
        return Range.of(min(known.unsigned, bits), min(known.signed, bits + 1), value.width)

    def _op(self, op: Op) -> Range:
        width = op.width
        parts = [self.of(v) for v in op.operands]
        code = op.opcode
        if code in (Opcode.ZEXT, Opcode.SEXT):
            return _extended(parts[0], op.operands[0].width, width, code is Opcode.SEXT)
        if code is Opcode.ADD:
            a, b = parts
            return Range.of(max(a.unsigned, b.unsigned) + 1, max(a.signed, b.signed) + 1, width)
        if code is Opcode.SUB:
            return Range.of(width, max(parts[0].signed, parts[1].signed) + 1, width)
        if code is Opcode.MUL:
            return self._product(op, parts)
        if code is Opcode.MUL_ADD:
            a, b, c = parts
            return Range.of(width, max(a.signed + b.signed, c.signed) + 1, width)
        if code is Opcode.AND:
            a, b = parts
            return Range.of(min(a.unsigned, b.unsigned), max(a.signed, b.signed), width)
        if code in (Opcode.OR, Opcode.XOR):
            a, b = parts
            return Range.of(max(a.unsigned, b.unsigned), max(a.signed, b.signed), width)
        if code is Opcode.SELECT:
            return parts[1].join(parts[2])
        if code in (Opcode.SHL, Opcode.LSHR, Opcode.ASHR):
            return self._shift(op, parts)
        if code in (Opcode.TRUNC, Opcode.EXTRACT):
            return Range.of(parts[0].unsigned - op.lo, parts[0].signed - op.lo, width)
        if code is Opcode.CONCAT:
            first, head = parts[0], op.operands[0].width
            return Range.of(width - head + first.unsigned, width - head + first.signed, width)
        if code is Opcode.UDIV:
            return Range.of(parts[0].unsigned, width, width)
        if code is Opcode.UREM:
            return Range.of(min(p.unsigned for p in parts), width, width)
        if code is Opcode.LOAD:
            memory = self._function.memories[op.memory]
            if memory.constant and memory.init is not None:
                rows = [constant_range(word, width) for bank in op.banks for word in memory.init[bank]]
                return Range(max(r.unsigned for r in rows), max(r.signed for r in rows))
        return _any(width)

    def _product(self, op: Op, parts: list[Range]) -> Range:
        a, b = (
            _extended(known, value.width, op.width, sign)
            for known, value, sign in zip(parts, op.operands, op.signs, strict=True)
        )
        return Range.of(a.unsigned + b.unsigned, a.signed + b.signed, op.width)

    def _shift(self, op: Op, parts: list[Range]) -> Range:
        amount = op.operands[1]
        a, width = parts[0], op.width
        if op.opcode is Opcode.SHL:
            if isinstance(amount, Const):
                return Range.of(a.unsigned + amount.value, a.signed + amount.value, width)
            return _any(width)
        back = amount.value if isinstance(amount, Const) else 0
        if op.opcode is Opcode.LSHR or a.unsigned < width:
            return Range.of(a.unsigned - back, width, width)
        return Range.of(width, a.signed - back, width)


def _extended(known: Range, have: int, want: int, sign: bool) -> Range:
    """The range of a value of ``have`` bits after sign or zero extension to ``want``."""
    if have == want:
        return known
    if not sign or known.unsigned < have:
        return Range.of(known.unsigned, known.signed if known.unsigned < have else want, want)
    return Range.of(want, known.signed, want)


def _limit(region: Region, edge: Edge, value: Value) -> int | None:
    """The largest value that ``value`` can have on this edge, from the branch's comparison with a constant."""
    branch = region.terminator
    if not isinstance(branch, Branch) or not isinstance(branch.condition, Op):
        return None
    test = branch.condition
    if (
        test.opcode is not Opcode.ICMP
        or not isinstance(test.operands[1], Const)
        or branch.taken.target == branch.otherwise.target
    ):
        return None
    bound = test.operands[1].value
    taken = edge is branch.taken
    largest = {
        (Compare.ULT, True): bound - 1,
        (Compare.ULE, True): bound,
        (Compare.UGE, False): bound - 1,
        (Compare.UGT, False): bound,
        (Compare.EQ, True): bound,
        (Compare.NE, False): bound,
    }.get((test.compare or Compare.EQ, taken))
    if largest is None or largest < 0:
        return None
    if value is test.operands[0]:
        return largest
    if isinstance(value, Op) and value.opcode is Opcode.ADD and value.operands[0] is test.operands[0]:
        step = value.operands[1]
        if isinstance(step, Const) and largest + step.value < 1 << value.width:
            return largest + step.value
    return None


class Demand:
    """How many low bits of each op and phi matter, and how wide each memory must be."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self.bits: dict[Op | Phi, int] = {}
        self.memory_bits: dict[str, int] = {}
        self._sources: dict[Phi, list[Value]] = {}
        self._stores: dict[str, list[Op]] = {}
        heads = {region.name: region for region in function.regions}
        for region in function.regions:
            for op in region.ops:
                if op.opcode is Opcode.STORE:
                    self._stores.setdefault(op.memory, []).append(op)
            for edge in edges(region.terminator):
                for phi, value in zip(heads[edge.target].phis, edge.values, strict=True):
                    self._sources.setdefault(phi, []).append(value)
        self._work: list[Op | Phi] = []
        for memory in function.memories.values():
            if memory.place is Place.BLOCK:
                self._need_memory(memory.name, memory.width)
        for region in function.regions:
            for value, bits in _roots(region):
                self._need(value, bits)
        while self._work:
            item = self._work.pop()
            wanted = self.bits[item]
            if isinstance(item, Phi):
                for value in self._sources.get(item, []):
                    self._need(value, wanted)
            else:
                for value, bits in _needs(item, wanted):
                    self._need(value, bits)
                if item.opcode is Opcode.LOAD:
                    self._need_memory(item.memory, wanted)

    def _need(self, value: Value, bits: int) -> None:
        if isinstance(value, (Op, Phi)):
            bits = min(bits, value.width)
            if bits > self.bits.get(value, 0):
                self.bits[value] = bits
                self._work.append(value)

    def _need_memory(self, name: str, bits: int) -> None:
        if bits > self.memory_bits.get(name, 0):
            self.memory_bits[name] = bits
            for store in self._stores.get(name, []):
                self._need(store.operands[1], bits)


def _roots(region: Region) -> Iterator[tuple[Value, int]]:
    """What a region needs for its effects and its control."""
    for op in region.ops:
        if op.predicate is not None:
            yield op.predicate, 1
        if op.opcode is Opcode.STORE:
            for k, value in enumerate(op.operands):
                if k != 1:
                    yield value, value.width
        elif op.opcode in (Opcode.FIFO_WRITE, Opcode.OUTPUT):
            yield op.operands[0], op.operands[0].width
    if isinstance(region.terminator, Branch):
        yield region.terminator.condition, 1
    elif isinstance(region.terminator, Return) and region.terminator.value is not None:
        yield region.terminator.value, region.terminator.value.width


def _needs(op: Op, wanted: int) -> Iterator[tuple[Value, int]]:
    """Bits of the operands that the low ``wanted`` bits of the result depend on."""
    code = op.opcode
    operands = op.operands
    if code is Opcode.AND and isinstance(operands[1], Const):
        yield operands[0], min(wanted, operands[1].value.bit_length())
    elif code in (
        Opcode.ADD,
        Opcode.SUB,
        Opcode.MUL,
        Opcode.AND,
        Opcode.OR,
        Opcode.XOR,
        Opcode.ZEXT,
        Opcode.SEXT,
    ):
        for value in operands:
            yield value, wanted
    elif code is Opcode.SELECT:
        yield operands[0], 1
        yield operands[1], wanted
        yield operands[2], wanted
    elif code in (Opcode.TRUNC, Opcode.EXTRACT):
        yield operands[0], op.lo + wanted
    elif code is Opcode.CONCAT:
        at = 0
        for value in reversed(operands):
            if wanted > at:
                yield value, wanted - at
            at += value.width
    elif code is Opcode.SHL:
        shift = operands[1].value if isinstance(operands[1], Const) else 0
        yield operands[0], max(wanted - shift, 0)
        yield operands[1], operands[1].width
    else:
        for value in operands:
            yield value, value.width
