# SPDX-License-Identifier: Apache-2.0
"""Order that data edges do not show: memory hazards, stream order and block hand-overs.

Reads what each access says of its element (``Op.element``) and writes ``Region.depends``. Distances between iterations
are exact for indices that are linear in the loop's counters, whether or not these wrap around
(:mod:`edgemoe.compiler.passes.linear`); any other index may meet any element in the next iteration.
"""

from __future__ import annotations

import itertools
from collections import defaultdict

from edgemoe.compiler.ir import (
    Affine,
    Depend,
    Function,
    Hazard,
    Op,
    Opcode,
    Pipeline,
    Region,
)
from edgemoe.compiler.passes.linear import Form, Forms, least_distance, never_equal

_STREAM = frozenset({Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL})
#: Above this many accesses of a bank in one region they keep their order, whatever their elements.
_ALL_PAIRS = 512
#: No loop has this many iterations under way: what is as far apart needs no order.
_FARTHEST = 1 << 16


def find_dependences(function: Function) -> None:
    """Sets ``depends`` of every region."""
    for region in function.regions:
        region.depends = []
        _Orders(function, region).find()


class _Orders:
    """The order edges of one region."""

    def __init__(self, function: Function, region: Region) -> None:
        self._function, self._region = function, region
        self._loop = region if isinstance(region, Pipeline) else None
        self._forms = Forms(function, region)
        self._elements: dict[Op, Form] = {}
        self._seen: set[tuple[Op, Op, int, Hazard]] = set()

    def find(self) -> None:
        self._order_memories()
        self._order_streams()
        self._order_outputs()
        self._order_blocks()

    def _add(self, source: Op, target: Op, distance: int, hazard: Hazard) -> None:
        key = (source, target, distance, hazard)
        if source is not target and key not in self._seen:
            self._seen.add(key)
            self._region.depends.append(Depend(source, target, distance, hazard))

    # ---- memories ------------------------------------------------------------------------------------------

    def _order_memories(self) -> None:
        pairs: set[tuple[Op, Op]] = set()
        for group in self._by_bank():
            if len(group) > _ALL_PAIRS:
                self._chain(group)
                continue
            for first, second in itertools.combinations(group, 2):
                if Opcode.STORE in (first.opcode, second.opcode) and (first, second) not in pairs:
                    pairs.add((first, second))
                    self._order_pair(first, second)

    def _by_bank(self) -> list[list[Op]]:
        """Accesses that may meet, in program order: those of one bank of one memory, if any of them stores."""
        banks: dict[tuple[str, int], list[Op]] = defaultdict(list)
        for op in self._region.ops:
            if op.memory and not self._function.memories[op.memory].constant:
                for bank in op.banks:
                    banks[op.memory, bank].append(op)
        stored = (group for group in banks.values() if any(op.opcode is Opcode.STORE for op in group))
        groups = {tuple(op.id for op in group): group for group in stored}  # many banks have the same users
        return [part for group in groups.values() for part in self._by_element(group)]

    def _by_element(self, group: list[Op]) -> list[list[Op]]:
        """Accesses of constant elements meet those of the same element only."""
        known = [op.element for op in group if op.element is not None and not op.element.terms]
        if len(known) < len(group):
            return [group]
        modulus = 1 << min(element.bits for element in known)
        elements: dict[int, list[Op]] = defaultdict(list)
        for op, element in zip(group, known, strict=True):
            elements[element.constant % modulus].append(op)
        return list(elements.values())

    def _form(self, op: Op) -> Form:
        known = self._elements.get(op)
        if known is None:
            affine = op.element or Affine(0, (), 0)  # nothing is known modulo 1
            known = self._elements[op] = self._forms.element(affine)
        return known

    def _order_pair(self, first: Op, second: Op) -> None:
        hazard = _hazard(first, second)
        promises = self._loop.promises if self._loop else []
        about = [p for p in promises if not p.inter and p.covers(first.memory, hazard)]
        if not any(p.false for p in about) and not never_equal(self._form(first), self._form(second)):
            self._add(first, second, 0, hazard)
        if self._loop is not None:
            self._carry(self._loop, first, second)
            self._carry(self._loop, second, first)

    def _carry(self, loop: Pipeline, source: Op, target: Op) -> None:
        """Edge from ``source`` of an iteration to ``target`` of a later one, unless their elements never meet."""
        hazard = _hazard(source, target)
        about = [p for p in loop.promises if p.inter and p.covers(source.memory, hazard)]
        if any(p.false for p in about):
            return
        distance = least_distance(self._form(source), self._form(target), self._forms)
        if distance is None:
            return
        distance = max([distance, *(p.distance for p in about if p.distance is not None)])
        if distance < (_FARTHEST if loop.trip is None else loop.trip):
            self._add(source, target, distance, hazard)

    def _chain(self, group: list[Op]) -> None:
        """Program order of very many accesses, also from one iteration to the next."""
        stores: list[tuple[Op, int]] = []
        loads: list[tuple[Op, int]] = []
        for number in range(1 if self._loop is None else 2):
            for op in group:
                is_store = op.opcode is Opcode.STORE
                for source, when in [*stores, *(loads if is_store else [])]:
                    self._add(source, op, number - when, _hazard(source, op))
                if not is_store:
                    loads.append((op, number))
                elif op.predicate is None:
                    stores, loads = [(op, number)], []
                else:
                    stores.append((op, number))

    # ---- the rest ------------------------------------------------------------------------------------------

    def _order_streams(self) -> None:
        """A loop keeps the order of each stream; a block that of all streams, acquires and cycle counts."""
        if self._loop is None:
            kinds = _STREAM | {Opcode.CYCLE, Opcode.ACQUIRE}
            for first, second in itertools.pairwise(op for op in self._region.ops if op.opcode in kinds):
                self._add(first, second, 0, Hazard.FIFO)
            return
        users: dict[str, list[Op]] = defaultdict(list)
        for op in self._region.ops:
            if op.opcode in _STREAM:
                users[op.channel].append(op)
        for group in users.values():
            self._in_order(group, Hazard.FIFO)
            if len(group) > 1:
                self._add(group[-1], group[0], 1, Hazard.FIFO)

    def _order_outputs(self) -> None:
        """Writes of one output scalar keep their order."""
        users: dict[str, list[Op]] = defaultdict(list)
        for op in self._region.ops:
            if op.opcode is Opcode.OUTPUT:
                users[op.channel].append(op)
        for group in users.values():
            self._in_order(group, Hazard.WAW)

    def _in_order(self, group: list[Op], hazard: Hazard) -> None:
        """Each after all before it. What always happens stands for everything earlier; of two operations that
        exclude each other the scheduler forgets the order, so that neither stands for the other."""
        for number, target in enumerate(group):
            for source in reversed(group[:number]):
                self._add(source, target, 0, hazard)
                if source.predicate is None:
                    break

    def _order_blocks(self) -> None:
        """Acquire, then accesses, then release; in a loop an acquire also follows earlier iterations."""
        order = {op: k for k, op in enumerate(self._region.ops)}
        for op in self._region.ops:
            if op.opcode not in (Opcode.ACQUIRE, Opcode.RELEASE):
                continue
            for user in self._region.ops:
                if user.memory != op.channel or user.opcode not in (Opcode.LOAD, Opcode.STORE):
                    continue
                if op.opcode is Opcode.ACQUIRE:
                    if order[user] > order[op]:
                        self._add(op, user, 0, Hazard.ACQUIRE)
                    if self._loop is not None:
                        self._add(user, op, 1, Hazard.RELEASE)
                elif order[user] < order[op]:
                    self._add(user, op, 0, Hazard.RELEASE)


def _hazard(first: Op, second: Op) -> Hazard:
    if first.opcode is Opcode.STORE:
        return Hazard.WAW if second.opcode is Opcode.STORE else Hazard.RAW
    return Hazard.WAR
