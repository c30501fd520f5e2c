# SPDX-License-Identifier: Apache-2.0
"""Variables that are read before they have a value, found in clang's first IR: LLVM's passes take any value for such a
one, and leave no trace of it.

clang itself tells this of built-in scalars whose address is not taken. Here it is told of all others: ``ap_int`` and
``ap_fixed``, members of structs, elements with constant indices, and what a called function leaves without a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.cfg import Graph
from edgemoe.compiler.frontend.complaints import same_place
from edgemoe.compiler.frontend.effects import EVERY, Effect, Effects, Kind, arrays, is_number
from edgemoe.compiler.frontend.firsttest import run_once
from edgemoe.compiler.frontend.loops import successors
from edgemoe.compiler.frontend.spots import Summary
from edgemoe.compiler.ir import Loc, Note
from edgemoe.compiler.llvmir.objects import Function, Module
from edgemoe.compiler.llvmir.types import IntType, Layout

#: Bytes of each variable that were written on all ways, and on one of them at least.
_State = dict[str, tuple[int, int]]


def uninitialised(module: Module, top: str, told: list[Note]) -> list[Note]:
    """Warnings for the function of mangled name ``top`` and all that it calls; ``told`` is what clang said.

    Raises: CompileError for an ``ap_int`` or ``ap_fixed`` without any value, as for a built-in integer.
    """
    summaries: dict[str, Summary] = {}
    layout = module.layout
    notes: dict[Note, None] = {}
    for function in _callees_first(module, top):
        found = _Reads(module, function, layout, summaries)
        summaries[function.name] = found.summary
        for note in found.notes:
            name = note.text.split("'")[1]
            if not any(same_place(n.loc, note.loc) and f"'{name}'" in n.text for n in told):
                notes[note] = None
    return list(notes)


def _callees_first(module: Module, top: str) -> list[Function]:
    order: dict[str, Function] = {}
    stack = [(top, False)]
    seen: set[str] = set()
    while stack:
        name, done = stack.pop()
        if done:
            order[name] = module.functions[name]
        elif name not in seen and name in module.functions:
            seen.add(name)
            stack.append((name, True))
            stack += [(i.callee, False) for i in module.functions[name].instructions() if i.callee]
    return list(order.values())


class _Reads:
    """Follows the effects of one function along all its ways."""

    def __init__(
        self, module: Module, function: Function, layout: Layout, summaries: dict[str, Summary]
    ) -> None:
        self._module, self._layout = module, layout
        self._effects = Effects(module, function, layout, summaries)
        self._graph = Graph(next(iter(function.blocks)), successors(function))
        self._run_once = run_once(function, self._graph) if len(function.blocks) > 1 else {}
        self._user = not module.debug.of_shim(function.debug)
        self._hidden = {p.name for p in function.params if "sret" in p.attributes}
        self.notes: list[Note] = []
        self.summary = Summary()
        returned = self._effects.returned
        self.summary.returned = next(iter(returned)) if len(returned) == 1 else None
        self._run()

    def _run(self) -> None:
        states = self._solve(cut="")
        ends: list[_State] = []
        for label in self._graph.order:
            if label not in states:
                continue  # behind a loop that nothing leaves
            state = dict(states[label])
            for effect in self._effects.blocks[label]:
                if effect.kind is Kind.READ:
                    self._read(label, effect, state)
                _step(state, effect)
            if not self._graph.successors.get(label):
                ends.append(state)
        for token, number in self._effects.spots.params.items():
            written = [state.get(token, (0, 0)) for state in ends]
            sure = EVERY if written else 0
            for one, _ in written:
                sure &= one
            self.summary.writes[number] = sure
            self.summary.maybe[number] = _all(many for _, many in written)

    def _solve(self, cut: str) -> dict[str, _State]:
        """The state at the start of each block; ``cut``: a block that no way leaves."""
        graph = self._graph
        if len(graph.order) == 1:
            return {graph.entry: {}}
        states: dict[str, _State] = {}
        left: dict[tuple[str, str], _State] = {}  # on the way from one block to another
        waiting = {graph.entry}
        while waiting:
            label = min(waiting, key=graph.index.__getitem__)
            waiting.remove(label)
            known = [left[p, label] for p in graph.predecessors[label] if (p, label) in left and p != cut]
            state = states[label] = reduce(_merge, known) if known and label != graph.entry else {}
            after = self._after(label, state)
            changed = False
            for target in graph.successors.get(label, []):
                leaving: _State | None = after
                if (entries := self._run_once.get((label, target))) is not None:
                    inner = [
                        left[p, label]
                        for p in graph.predecessors[label]
                        if (p, label) in left and p not in entries and p != cut
                    ]
                    leaving = self._after(label, reduce(_merge, inner)) if inner else None
                if leaving is not None and left.get((label, target)) != leaving:
                    left[label, target] = leaving
                    changed = True
            if changed:
                waiting |= set(graph.successors.get(label, [])) if label != cut else set()
        return states

    def _after(self, label: str, state: _State) -> _State:
        """The state behind a block."""
        state = dict(state)
        for effect in self._effects.blocks[label]:
            _step(state, effect)
        return state

    # ---- reads ---------------------------------------------------------------------------------------------

    def _read(self, label: str, effect: Effect, state: _State) -> None:
        base, mask = effect.base, effect.mask
        sure, _ = state.get(base, (0, 0))
        missing = mask & ~sure
        if base in self._effects.spots.params and base not in self._hidden:
            number = self._effects.spots.params[base]
            self.summary.reads[number] = self.summary.reads.get(number, 0) | missing
            return
        if not missing or not self._user or self._is_clangs(base):
            return
        type_ = self._effects.type_of(base)
        never = missing & ~self._written_before(label, effect)
        if not never and not (missing & ~arrays(self._layout, type_)):
            return
        name = self._effects.declared.get(base, "") or self._copied_from(base)
        loc = self._module.debug.loc(effect.inst.debug)
        if name and loc.line:
            self._tell(name, loc, bool(never), is_number(type_))

    def _tell(self, name: str, loc: Loc, never: bool, number: bool) -> None:
        if never and number:
            raise CompileError(
                loc.file,
                loc.line,
                f"variable '{name}' is uninitialized when used here: give it a value where it is declared.",
            )
        if never:
            text = (
                f"a value used here is not defined: '{name}', or the part of it that is used, has none yet;"
            )
        else:
            text = (
                f"'{name}', or the part of it that is used here, is written on some of the ways to here only;"
            )
        self.notes.append(Note(loc, f"{text} give it a value where it is declared.", warning=True))

    def _is_clangs(self, base: str) -> bool:
        """Whether clang tells it: a built-in scalar that is only loaded and stored."""
        return isinstance(self._effects.type_of(base), IntType) and base not in self._effects.called

    def _copied_from(self, base: str) -> str:
        """The name of what a nameless variable, an argument by value, is a copy of."""
        for effects in self._effects.blocks.values():
            for effect in effects:
                if effect.kind is Kind.COPY and effect.base == base:
                    return self._effects.declared.get(effect.source, "")
        return ""

    def _written_before(self, label: str, read: Effect) -> int:
        """The bytes that may have been written when a read is made for the first time."""
        state = dict(self._solve(cut=label).get(label, {}))
        for effect in self._effects.blocks[label]:
            if effect is read:
                break
            _step(state, effect)
        return state.get(read.base, (0, 0))[1]


def _step(state: _State, effect: Effect) -> None:
    sure, maybe = state.get(effect.base, (0, 0))
    if effect.kind is Kind.WRITE:
        state[effect.base] = sure | effect.mask, maybe | effect.mask
    elif effect.kind is Kind.MAYBE:
        state[effect.base] = sure, maybe | effect.mask
    elif effect.kind is Kind.START:
        state[effect.base] = 0, 0
    elif effect.kind is Kind.COPY:
        to, first, count = effect.moves
        whole, any_of = state.get(effect.source, (0, 0))
        held = whole | (any_of & effect.mask), any_of  # elements are written in loops
        ones = (1 << count) - 1
        new = [((one >> max(first, 0)) & ones) << max(to, 0) for one in held]
        kept = ~(ones << max(to, 0))
        state[effect.base] = (sure & kept) | new[0], (maybe & kept) | new[1]


def _merge(a: _State, b: _State) -> _State:
    merged: _State = {}
    for base in a.keys() | b.keys():
        one, other = a.get(base, (0, 0)), b.get(base, (0, 0))
        merged[base] = one[0] & other[0], one[1] | other[1]
    return merged


def _all(masks: Iterable[int]) -> int:
    return reduce(or_, masks, 0)
