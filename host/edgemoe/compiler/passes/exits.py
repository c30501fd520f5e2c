# SPDX-License-Identifier: Apache-2.0
"""Exit tests of counted loops are kept in registers, one iteration ahead.

``if (step == n) { step = 0; tile++; }  while (tile != tiles)`` is a comparison, an addition and another comparison
before it is known whether there is a next iteration, and all three stand in one clock cycle if the loop is to start an
iteration in each. What each comparison will say in the next iteration can be computed in this one, though: the next
value of a counter is a choice among constants and the counter plus a constant, so its comparison with a bound that does
not change is the same choice among comparisons. Each is a register of one bit here, and testing it takes no time.

With ``==`` the constant moves to the bound (``c + 1 == n`` is ``c == n - 1``, exactly, since both wrap around alike);
with ``<`` and its kin it may not, so the sum ``c + 2`` gets a register of its own that counts along.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.ir import (
    Block,
    Branch,
    Compare,
    Const,
    Edge,
    Function,
    Jump,
    Op,
    Opcode,
    Phi,
    Pipeline,
    Value,
    edges,
)
from edgemoe.compiler.passes.dead import remove_dead
from edgemoe.compiler.passes.invariant import mark_invariants

#: What may stand between a comparison and the loop's exit.
_CONE = frozenset(
    {
        Opcode.XOR, Opcode.AND, Opcode.OR, Opcode.SELECT, Opcode.ICMP, Opcode.ADD, Opcode.SUB, Opcode.ZEXT,
        Opcode.SEXT, Opcode.TRUNC, Opcode.EXTRACT,
    }
)  # fmt: skip
_RESIZES = (Opcode.ZEXT, Opcode.SEXT, Opcode.TRUNC)
#: Comparisons that one test may become; a next value with more choices is left alone.
_LARGEST = 24


def register_exit_tests(function: Function, loop: Pipeline) -> bool:
    """Rewrites what the exit of ``loop`` tests, in place; whether anything could be rewritten."""
    if not isinstance(loop.terminator, Branch):
        return False
    rewriter = _Rewriter(function, loop, loop.terminator)
    if not rewriter.run():
        return False
    remove_dead(function)
    mark_invariants(function)
    return True


@dataclass(frozen=True, slots=True)
class _Test:
    """``how(resized value, bound)``; the bound does not change in the loop."""

    how: Compare
    bound: Value
    resizes: tuple[tuple[Opcode, int], ...]  #: from the value outwards
    name: str

    def of(self, emit: Emitter, value: Value) -> Value:
        """The test of any value."""
        for opcode, width in self.resizes:
            value = emit.resize(value, width, opcode is Opcode.SEXT)
        return emit.compare(self.how, value, self.bound)

    @property
    def movable(self) -> bool:
        """Whether a constant can move from the value to the bound."""
        extends = all(opcode is not Opcode.TRUNC for opcode, _ in self.resizes)
        return self.how in (Compare.EQ, Compare.NE) and extends and len(self.resizes) <= 1


class _Rewriter:
    def __init__(self, function: Function, loop: Pipeline, branch: Branch) -> None:
        self._function, self._loop, self._branch = function, loop, branch
        self._inside: set[Value] = {*loop.phis, *loop.ops}
        self._next: dict[Phi, Value] = dict(zip(loop.phis, branch.taken.values, strict=True))
        self._tests: dict[
            tuple[_Test, Phi, int], Phi
        ] = {}  # registers: what a test says of counter + constant
        self._sums: dict[tuple[Phi, int], Phi] = {}  # registers: counter + constant
        self._hoisted: dict[Op, Op] = {}

    def run(self) -> bool:
        tests = [(op, found) for op in self._cone() if (found := self._read(op)) is not None]
        before = entry_block(self._function, self._loop) if tests else None
        if before is None:
            return False
        self._ids = _fresh_ids(self._function)
        assert isinstance(before.terminator, Jump | Branch)
        self._into = next(edge for edge in edges(before.terminator) if edge.target == self._loop.name)
        self._first = dict(zip(self._loop.phis, self._into.values, strict=True))
        self._before, self._end = Emitter(self._ids, before.ops), Emitter(self._ids, self._loop.ops)
        new: dict[Value, Value] = {}
        for op, (test, value) in tests:
            here = Emitter(self._ids, loc=op.loc)
            self._end.loc = self._before.loc = op.loc
            known = replace(test, bound=self._hoist(test.bound))
            new[op] = self._choose(here, known, value, 0, register=True)
            at = self._loop.ops.index(op)
            self._loop.ops[at:at] = here.ops
        self._branch.taken.values = [self._next[phi] for phi in self._loop.phis]
        self._replace(new)
        return True

    def _hoist(self, value: Value) -> Value:
        """A value that the loop computes anew in each iteration, computed before it."""
        if not isinstance(value, Op) or value not in self._inside:
            return value
        if value not in self._hoisted:
            copy = replace(value, id=next(self._ids), operands=[self._hoist(v) for v in value.operands])
            self._before.ops.append(copy)
            self._hoisted[value] = copy
        return self._hoisted[value]

    def _replace(self, new: dict[Value, Value]) -> None:
        """The loop uses the new tests; behind it the old ones stay."""

        def renewed(values: list[Value]) -> list[Value]:
            return [new.get(value, value) for value in values]

        for op in self._loop.ops:
            op.operands = renewed(op.operands)
            if op.predicate is not None:
                op.predicate = new.get(op.predicate, op.predicate)
        self._branch.condition = new.get(self._branch.condition, self._branch.condition)
        for edge in edges(self._branch):
            edge.values = renewed(edge.values)

    # ---- what is tested ------------------------------------------------------------------------------------

    def _cone(self) -> list[Op]:
        """The comparisons that the exit depends on, in the loop's order."""
        found: set[Value] = set()
        work = [self._branch.condition]
        while work:
            value = work.pop()
            if (
                isinstance(value, Op)
                and value in self._inside
                and value not in found
                and value.opcode in _CONE
            ):
                found.add(value)
                work += value.operands
        return [op for op in self._loop.ops if op in found and op.opcode is Opcode.ICMP]

    def _read(self, op: Op) -> tuple[_Test, Value] | None:
        """A comparison as a test of a counter's value or next value; None if it is neither."""
        a, b = op.operands
        how = op.compare or Compare.EQ
        if not self._varies(a):
            a, b, how = b, a, how.swapped
        if self._varies(b) or not self._varies(a):
            return None
        resizes: list[tuple[Opcode, int]] = []
        while isinstance(a, Op) and a.opcode in _RESIZES and a in self._inside:
            resizes.insert(0, (a.opcode, a.width))
            a = a.operands[0]
        leaves = list(self._leaves(a, _LARGEST))
        counters = [leaf for leaf in leaves if isinstance(leaf, Phi) and leaf in self._next]
        plain = all(leaf in self._next or not self._varies(leaf) for leaf in leaves)
        if not counters or not plain or len(leaves) >= _LARGEST:
            return None
        if any(len(list(self._leaves(self._next[c], _LARGEST))) >= _LARGEST for c in counters):
            return None
        return _Test(how, b, tuple(resizes), op.name), a

    def _varies(self, value: Value) -> bool:
        """Whether it may differ between iterations."""
        if not isinstance(value, Op):
            return value in self._inside
        return value in self._inside and not value.invariant

    def _leaves(self, value: Value, most: int) -> Iterator[Value]:
        """The values that a choice of sums chooses among, ``most`` at most."""
        work, count = [value], 0
        while work and count < most:
            value = work.pop()
            parts = self._parts(value)
            if parts is None:
                count += 1
                yield value
            else:
                work += [part for part, _ in parts[1]]

    def _parts(self, value: Value) -> tuple[Value | None, list[tuple[Value, int]]] | None:
        """(condition, [(value, constant added)]) of a sum with a constant or of a choice; None: neither."""
        if not isinstance(value, Op) or value not in self._inside:
            return None
        if value.opcode is Opcode.SELECT:
            return value.operands[0], [(value.operands[1], 0), (value.operands[2], 0)]
        if value.opcode not in (Opcode.ADD, Opcode.SUB):
            return None
        a, b = value.operands
        sign = 1 if value.opcode is Opcode.ADD else -1
        if isinstance(a, Const) and sign == 1:
            a, b = b, a
        if isinstance(b, Const):
            return None, [(a, sign * b.value)]
        for one, other in ((a, b), (b, a)) if sign == 1 else ((a, b),):
            if (
                isinstance(other, Op)
                and other.opcode in (Opcode.ZEXT, Opcode.SEXT)
                and other.operands[0].width == 1
            ):
                step = sign if other.opcode is Opcode.ZEXT else -sign
                return other.operands[0], [(one, step), (one, 0)]
        return None

    # ---- the new tests -------------------------------------------------------------------------------------

    def _choose(self, emit: Emitter, test: _Test, value: Value, constant: int, *, register: bool) -> Value:
        """The test of ``value + constant``."""
        parts = self._parts(value)
        if parts is not None:
            condition, items = parts
            results = [self._choose(emit, test, v, constant + k, register=register) for v, k in items]
            return results[0] if condition is None else emit.select(condition, *results)
        constant &= (1 << value.width) - 1
        if not isinstance(value, Phi) or value not in self._next:
            return test.of(emit, emit.add(value, Const(constant, value.width)))
        known = self._tests.get((test, value, constant))
        if known is not None:
            return known
        return self._register(test, value, constant) if register else self._compare(test, value, constant)

    def _register(self, test: _Test, counter: Phi, constant: int) -> Phi:
        """A register that says what ``test`` says of ``counter + constant``."""
        following = self._next[counter]
        first = self._before.add(self._first[counter], Const(constant, counter.width))
        phi = self._phi(test.of(self._before, first), test.name or f"{counter.name}_test")
        self._tests[test, counter, constant] = phi
        self._next[phi] = self._choose(self._end, test, following, constant, register=False)
        return phi

    def _phi(self, first: Value, name: str) -> Phi:
        phi = Phi(next(self._ids), first.width, name, self._end.loc)
        self._loop.phis.append(phi)
        self._into.values.append(first)
        return phi

    def _compare(self, test: _Test, counter: Phi, constant: int) -> Value:
        """The test of ``counter + constant`` by a comparison alone, where that can be had."""
        if constant == 0:
            return test.of(self._end, counter)
        if test.movable:
            return self._moved(test, counter, constant)
        total = self._sum(counter, constant)
        return test.of(self._end, total or self._end.add(counter, Const(constant, counter.width)))

    def _moved(self, test: _Test, counter: Phi, constant: int) -> Value:
        """``counter == bound - constant``; a bound beyond the counter's width gets a bit that never agrees."""
        low = self._before.resize(test.bound, counter.width)
        moved = self._before.add(low, Const.of(-constant, counter.width))
        if not test.resizes:
            return self._end.compare(test.how, counter, moved)
        opcode, wide = test.resizes[0]
        again = self._before.resize(low, wide, opcode is Opcode.SEXT)
        beyond = self._before.compare(Compare.NE, again, test.bound)
        counted = self._end.resize(counter, counter.width + 1)
        return self._end.compare(test.how, counted, self._before.concat([beyond, moved]))

    def _sum(self, counter: Phi, constant: int) -> Phi | None:
        """A register that holds ``counter + constant``; None unless the counter always takes the same step."""
        parts = self._parts(self._next[counter])
        if parts is None or parts[0] is not None or parts[1][0][0] is not counter:
            return None
        step = Const.of(parts[1][0][1], counter.width)
        if (counter, constant) not in self._sums:
            first = self._before.add(self._first[counter], Const(constant, counter.width))
            phi = self._sums[counter, constant] = self._phi(first, counter.name)
            self._next[phi] = self._end.add(phi, step)
        return self._sums[counter, constant]


def _fresh_ids(function: Function) -> Iterator[int]:
    phis = [phi.id for region in function.regions for phi in region.phis]
    ops = [op.id for region in function.regions for op in region.ops]
    return itertools.count(max(phis + ops, default=0) + 1)


def entry_block(function: Function, loop: Pipeline) -> Block | None:
    """The block that alone leads into ``loop``, made if there is none; None if the function starts with the loop."""
    sources = [
        (region, edge)
        for region in function.regions
        if region is not loop
        for edge in edges(region.terminator)
        if edge.target == loop.name
    ]
    if not sources or function.regions[0] is loop:
        return None
    if len(sources) == 1 and not isinstance(sources[0][0], Pipeline):
        return sources[0][0]
    ids = _fresh_ids(function)
    names = {region.name for region in function.regions}
    name = next(n for k in itertools.count() if (n := f"{loop.name}_entry{k or ''}") not in names)
    phis = [Phi(next(ids), phi.width, phi.name, phi.loc) for phi in loop.phis]
    block = Block(name, phis, terminator=Jump(Edge(loop.name, list(phis))), loc=loop.loc)
    for _, edge in sources:
        edge.target = name
    function.regions.insert(function.regions.index(loop), block)
    return block
