# SPDX-License-Identifier: Apache-2.0
"""The list of IR passes, in order, and what each needs and leaves."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgemoe.compiler.ir import Function, Kind, Opcode, Pipeline, Program
from edgemoe.compiler.ircheck import check_program
from edgemoe.compiler.passes.dead import remove_dead
from edgemoe.compiler.passes.depends import find_dependences
from edgemoe.compiler.passes.invariant import mark_invariants
from edgemoe.compiler.passes.masked import narrow_masked_compares
from edgemoe.compiler.passes.narrow import narrow
from edgemoe.compiler.passes.reassociate import reassociate
from edgemoe.compiler.passes.trip import count_trips

#: Whether the verifier runs after every pass; tests set it. It always runs once, at the end.
check_every_pass = False


class State(enum.Enum):
    """What may be true of a function between two passes."""

    ELEMENTS = "every access says its element"
    TRIPS = "constant numbers of iterations are counted"
    ORDERED = "hazards are in depends"
    MARKED = "invariant operations of pipelines are marked"


@dataclass(frozen=True, slots=True)
class Pass:
    """A transformation; what is neither left nor broken stays as it was."""

    run: Callable[[Function], None]
    needs: frozenset[State] = frozenset()
    leaves: frozenset[State] = frozenset()
    breaks: frozenset[State] = frozenset()

    @property
    def name(self) -> str:
        return self.run.__name__


_MARKED = frozenset({State.MARKED})
MASKED = Pass(narrow_masked_compares, breaks=_MARKED)
DEAD = Pass(remove_dead)
TRIPS = Pass(count_trips, leaves=frozenset({State.TRIPS}))
DEPENDS = Pass(
    find_dependences, needs=frozenset({State.ELEMENTS, State.TRIPS}), leaves=frozenset({State.ORDERED})
)
REASSOCIATE = Pass(reassociate, breaks=_MARKED)
#: Narrower indices no longer say the element, so dependences are found before.
NARROW = Pass(narrow, needs=frozenset({State.ORDERED}), breaks=_MARKED | {State.ELEMENTS})
INVARIANT = Pass(mark_invariants, leaves=_MARKED)

#: The second round of narrowing uses what the first one learnt: a narrower register demands less of its input.
PASSES = (MASKED, DEAD, TRIPS, DEPENDS, REASSOCIATE, NARROW, DEAD, NARROW, DEAD, INVARIANT)
#: What the front end leaves, and what the scheduler needs.
FIRST, LAST = frozenset({State.ELEMENTS}), frozenset({State.TRIPS, State.ORDERED, State.MARKED})


def optimise(program: Program, passes: Sequence[Pass] = PASSES) -> None:
    """Runs every pass on every function, in place."""
    if check_every_pass:
        _check(program, "the front end", FIRST)
    true = FIRST
    for item in passes:
        if missing := item.needs - true:
            raise ValueError(f"{item.name} needs that {next(iter(missing)).value}")
        for function in program.functions.values():
            if function.kind is not Kind.DATAFLOW:
                item.run(function)
        true = (true - item.breaks) | item.leaves
        if check_every_pass:
            _check(program, item.name, true)
    if missing := LAST - true:
        raise ValueError(f"the scheduler needs that {next(iter(missing)).value}")
    _check(program, "the passes", LAST)


def _check(program: Program, after: str, true: frozenset[State]) -> None:
    check_program(program, after)
    for function in program.functions.values():
        for region in function.regions:
            accesses = [op for op in region.ops if op.opcode in (Opcode.LOAD, Opcode.STORE)]
            if State.ELEMENTS in true and any(op.element is None for op in accesses):
                raise ValueError(f"after {after} an access of {function.name} does not say its element")
            if State.MARKED in true and isinstance(region, Pipeline):
                inside = {*region.phis, *region.ops} - {op for op in region.ops if op.invariant}
                if any(op.invariant and not inside.isdisjoint(op.operands) for op in region.ops):
                    raise ValueError(f"after {after} an operation of {function.name} is wrongly marked")
