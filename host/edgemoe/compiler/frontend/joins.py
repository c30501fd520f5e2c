# SPDX-License-Identifier: Apache-2.0
"""Pointers that paths join to: ``p = c ? a : b``, and a pointer that walks over an array in a loop.

A join of places in one array becomes a join of indices. A join of different variables becomes a choice: a tag says
which one it is, loads read all and select, stores write each if it is the one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgemoe.compiler.frontend.beside import Beside
from edgemoe.compiler.frontend.objects import key_of
from edgemoe.compiler.frontend.pointers import Index, NoPlaceError, Paths, Place
from edgemoe.compiler.llvmir.objects import Function, Inst, Module
from edgemoe.compiler.llvmir.types import POINTER, ArrayType, IntType

_I8, _I1 = IntType(8), IntType(1)
#: Variables that one pointer may point at.
_MOST = 64


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several places: number ``k`` if the 8-bit value ``tag`` is ``k``."""

    tag: str
    places: tuple[Place, ...]


class Joins:
    """Makes the joins of one function indices or choices; ``bases`` are the variables that take part."""

    def __init__(self, module: Module, function: Function, paths: Paths) -> None:
        self._module, self._function, self._paths = module, function, paths
        self.index = IntType(8 * module.layout.pointer)  #: the type of indices
        self.choices: dict[str, Choice] = {}
        self.bases: set[str] = set()
        self._varying: dict[str, set[int]] = {}  #: steps in which a join's inputs differ, besides the last
        self._count, self._beside = 0, Beside(function.values())
        self._where: dict[str, str] = {}
        self._insts: dict[str, Inst] = {}
        for label, block in function.blocks.items():
            for inst in block:
                if isinstance(inst, Inst) and inst.type == POINTER and inst.opcode in ("phi", "select"):
                    self._insts[inst.result] = inst
                    self._where[inst.result] = label

    def resolve(self) -> None:
        """Gives every pointer that joins others a place or a choice, where that is possible."""
        if not self._insts:
            return
        refused: set[str] = set()
        while True:
            guessed = self._guess(refused)
            wrong = [token for token in guessed if not self._agrees(token)]
            if not wrong:
                break
            refused |= {token for token in wrong if not self._widen(token)}
            self._paths.known.clear()
        for token, place in guessed.items():
            self._make_index(self._insts[token], place)
            self.bases.add(place.base)
        self._make_choices([token for token in self._insts if token not in guessed])

    # ---- one array -----------------------------------------------------------------------------------------

    def _guess(self, refused: set[str]) -> dict[str, Place]:
        """Places of the joins by the first of their inputs that has one; the last index becomes unknown."""
        guessed: dict[str, Place] = {}
        changed = True
        while changed:
            changed = False
            for token, inst in self._insts.items():
                if token in guessed or token in refused:
                    continue
                for operand in self._inputs(inst):
                    place = self._known(operand)
                    if place is None:
                        continue
                    guessed[token] = self._unknown_index(self._stepped(token, place), token)
                    self._assume(token, guessed[token])
                    changed = True
                    break
        return guessed

    @staticmethod
    def _inputs(inst: Inst) -> list[str]:
        return inst.operands if inst.opcode == "phi" else inst.operands[1:]

    def _known(self, token: str) -> Place | None:
        return self._paths.place(token)

    def _assume(self, token: str, place: Place) -> None:
        self._paths.known = {t: p for t, p in self._paths.known.items() if p is not None}
        self._paths.known[token] = place

    def _stepped(self, token: str, place: Place) -> Place:
        """Inward to the elements over which the pointer moves, if it does.

        A pointer to rows moves by rows, and pointers into a row begin at it: the largest step is its own.
        """
        found: list[Place] = []
        for inst in self._function.instructions():
            if inst.opcode == "getelementptr" and inst.operands[0] == token and len(inst.operands) == 2:
                try:
                    inner = self._paths.seen_as(place, inst.type)
                except NoPlaceError:
                    continue
                # Bytes lead into a struct, too.
                indexed = inner.steps and isinstance(inner.steps[-1], Index)
                if inst.type != _I8 or (indexed and self._over_bytes(place, inst)):
                    found.append(inner)
        return max(found, key=lambda inner: self._paths.layout.size(inner.type), default=place)

    def _over_bytes(self, place: Place, step: Inst) -> bool:
        """Whether a number of bytes is a step over the elements of an array of bytes, and not over whole arrays."""
        body, by = self._paths.layout.body(place.type), step.operands[1]
        if not isinstance(body, ArrayType) or body.element != _I8:
            return True
        return by[:1] == "%" or int(by) % self._paths.layout.size(body) != 0

    def _unknown_index(self, place: Place, token: str) -> Place:
        """The place with an index of the join's own wherever its inputs may differ."""
        steps = list(place.steps)
        for at in self._own_indices(place, token):
            walked = self._paths.source and at == len(steps) - 1
            steps[at] = Index(0, ((self._index_name(token, at, place), self.index.width),), walked)
        return replace(place, steps=tuple(steps))

    def _own_indices(self, place: Place, token: str) -> list[int]:
        last = len(place.steps) - 1
        own = self._varying.get(token, set()) | {last}
        return [at for at in sorted(own) if at >= 0 and isinstance(place.steps[at], Index)]

    def _index_name(self, token: str, at: int, place: Place) -> str:
        return self._beside.name(token, "index" if at == len(place.steps) - 1 else f"index.{at}")

    def _agrees(self, token: str) -> bool:
        """Whether all inputs lie in the array that was guessed."""
        place = self._paths.known[token]
        assert place is not None
        return all(self._in_array(operand, place, token) for operand in self._inputs(self._insts[token]))

    def _widen(self, token: str) -> bool:
        """Lets the inputs differ in more indices, if they are elements of the same array all the same."""
        place = self._paths.known[token]
        assert place is not None
        own = set(self._own_indices(place, token))
        for operand in self._inputs(self._insts[token]):
            known = self._alike(operand, place)
            if known is None:
                return False
            own |= {at for at, step in enumerate(known.steps) if step != place.steps[at]}
        found = own > set(self._own_indices(place, token))
        self._varying[token] = own
        return found

    def _alike(self, operand: str, place: Place) -> Place | None:
        """The input as a place of the same kind, on a path that differs from ``place`` in indices only."""
        if operand in ("undef", "poison"):
            return place
        known = self._known(operand)
        if known is None or known.base != place.base:
            return None
        try:
            known = self._paths.seen_as(known, place.type)
        except NoPlaceError:
            return None
        return known if key_of(known.steps) == key_of(place.steps) else None

    def _in_array(self, operand: str, place: Place, token: str) -> Place | None:
        known = self._alike(operand, place)
        if known is None:
            return None
        own = self._own_indices(place, token)
        same = all(at in own or step == place.steps[at] for at, step in enumerate(known.steps))
        return known if same else None

    def _make_index(self, inst: Inst, place: Place) -> None:
        for at in self._own_indices(place, inst.result):
            self._make_one_index(inst, place, at)

    def _make_one_index(self, inst: Inst, place: Place, position: int) -> None:
        indices = []
        for number, operand in enumerate(self._inputs(inst)):
            known = self._in_array(operand, place, inst.result)
            assert known is not None
            step = known.steps[position]
            assert isinstance(step, Index)
            if inst.opcode == "phi":
                block = inst.targets[number]
                at = len(self._function.blocks[block]) - 1
            else:
                block = self._where[inst.result]
                at = self._function.blocks[block].index(inst)
            indices.append(self.materialise(step, block, at, inst.debug))
        name = self._index_name(inst.result, position, place)
        block = self._where[inst.result]
        if inst.opcode == "phi":
            made = Inst(
                "phi",
                name,
                self.index,
                indices,
                [self.index] * len(indices),
                targets=inst.targets,
                debug=inst.debug,
            )
        else:
            operands = [inst.operands[0], *indices]
            made = Inst("select", name, self.index, operands, [_I1, self.index, self.index], debug=inst.debug)
        items = self._function.blocks[block]
        items.insert(items.index(inst), made)
        self._paths.definitions[name] = made

    def fresh(self) -> str:
        """A name for a value that the split makes."""
        while True:
            self._count += 1
            name = f"%hls.s{self._count}"
            if name not in self._paths.definitions:
                return name

    def materialise(self, index: Index, block: str, at: int, debug: str) -> str:
        """The index as one token; what it takes is inserted in ``block`` before item ``at``."""
        made, token = self.index_insts(index, debug)
        self._function.blocks[block][at:at] = made
        return token

    def index_insts(self, index: Index, debug: str) -> tuple[list[Inst], str]:
        """Instructions that compute an index, and the token of its value."""
        made: list[Inst] = []
        total = ""
        for token, width in index.terms:
            value = token
            if width != self.index.width:
                value = self.fresh()
                opcode = "sext" if width < self.index.width else "trunc"
                made.append(Inst(opcode, value, self.index, [token], [IntType(width)], debug=debug))
            if total:
                summed = self.fresh()
                made.append(Inst("add", summed, self.index, [total, value], [self.index] * 2, debug=debug))
                total = summed
            else:
                total = value
        if not total:
            return made, str(index.constant)
        if index.constant:
            summed = self.fresh()
            made.append(
                Inst("add", summed, self.index, [total, str(index.constant)], [self.index] * 2, debug=debug)
            )
            total = summed
        return made, total

    # ---- different variables -------------------------------------------------------------------------------

    def _make_choices(self, tokens: list[str]) -> None:
        """Choices that choose among each other count the same places, so that tags can be handed on."""
        # Half of the time that importing the compiler takes, for what few programs have.
        import networkx as nx

        graph = nx.Graph()
        graph.add_nodes_from(tokens)
        for token in tokens:
            graph.add_edges_from((token, o) for o in self._inputs(self._insts[token]) if o in graph)
        for group in nx.connected_components(graph):
            members = [token for token in tokens if token in group]
            inputs = [o for t in members for o in self._inputs(self._insts[t]) if o not in group]
            sources = [o for o in dict.fromkeys(inputs) if o not in ("undef", "poison")]
            places = [self._paths.place(source) for source in sources]
            if places and all(place is not None for place in places) and len(places) <= _MOST:
                self._make_group(members, sources, [place for place in places if place is not None])

    def _make_group(self, members: list[str], sources: list[str], places: list[Place]) -> None:
        numbers = {source: str(number) for number, source in enumerate(sources)}
        tags = {token: self._beside.name(token, "tag") for token in members}
        for token in members:
            self._insert(token, tags[token], _I8, lambda o, _: numbers.get(o) or tags.get(o, "0"))
        own: dict[str, list[Place]] = {token: list(places) for token in members}
        for number, place in enumerate(places):
            for at, step in enumerate(place.steps):
                if isinstance(step, Index) and step.terms:
                    self._carry_index(members, sources, number, at, step, own)
        for token in members:
            self.choices[token] = Choice(tags[token], tuple(own[token]))

    def _carry_index(
        self,
        members: list[str],
        sources: list[str],
        number: int,
        at: int,
        step: Index,
        own: dict[str, list[Place]],
    ) -> None:
        """An index that only one of the joining paths knows goes with the choice."""
        for token in members:

            def value(operand: str, where: tuple[str, int], token: str = token) -> str:
                if operand in members:
                    return self._beside.name(operand, f"{number}.{at}")
                if operand == sources[number]:
                    return self.materialise(step, *where, self._insts[token].debug)
                return "0"

            name = self._beside.name(token, f"{number}.{at}")
            self._insert(token, name, self.index, value)
            place = own[token][number]
            steps = list(place.steps)
            steps[at] = Index(0, ((name, self.index.width),))
            own[token][number] = replace(place, steps=tuple(steps))

    def _insert(
        self, token: str, name: str, type_: IntType, value: Callable[[str, tuple[str, int]], str]
    ) -> None:
        """A join like ``token``'s of other values; ``value`` maps an operand, given the block and place before it."""
        inst = self._insts[token]
        block = self._where[token]
        items = self._function.blocks[block]
        if inst.opcode == "phi":
            operands = [
                value(operand, (target, len(self._function.blocks[target]) - 1))
                for operand, target in zip(inst.operands, inst.targets, strict=True)
            ]
            made = Inst(
                "phi", name, type_, operands, [type_] * len(operands), targets=inst.targets, debug=inst.debug
            )
        else:
            chosen = [value(operand, (block, items.index(inst))) for operand in inst.operands[1:]]
            made = Inst(
                "select", name, type_, [inst.operands[0], *chosen], [_I1, type_, type_], debug=inst.debug
            )
        items.insert(items.index(inst), made)

    def places(self, token: str) -> list[tuple[tuple[tuple[str, int], ...], Place]]:
        """The places behind a pointer, each with the (tag, number) that choose it; [] for no path."""
        place = self._paths.place(token)
        if place is not None:
            return [((), place)]
        if token in self.choices:
            choice = self.choices[token]
            return [(((choice.tag, number),), inner) for number, inner in enumerate(choice.places)]
        inst = self._paths.definitions.get(token)
        if inst is None or inst.opcode != "getelementptr":
            return []
        found = []
        for conditions, start in self.places(inst.operands[0]):
            try:
                inner = self._paths.step_in(start, inst.type, inst.operands[1:], inst.widths[1:])
            except NoPlaceError as error:
                self._paths.reasons[token] = str(error)
                return []
            found.append((conditions, inner))
        return found


def chooses_addresses(module: Module) -> bool:
    """Whether an address comes from one of several paths, or is reckoned from a choice of two."""
    for function in module.functions.values():
        chosen = set()
        for inst in function.instructions():
            if inst.opcode == "phi" and inst.type == POINTER:
                return True
            if inst.opcode == "select" and inst.type == POINTER:
                chosen.add(inst.result)
        users = (i for i in function.instructions() if i.opcode not in ("load", "store"))
        if any(operand in chosen for inst in users for operand in inst.operands):
            return True
    return False
