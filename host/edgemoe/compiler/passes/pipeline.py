# SPDX-License-Identifier: Apache-2.0
"""The list of IR passes, in order."""

from __future__ import annotations

from edgemoe.compiler.ir import Kind, Program
from edgemoe.compiler.passes.dead import remove_dead
from edgemoe.compiler.passes.depends import find_dependences
from edgemoe.compiler.passes.invariant import mark_invariants
from edgemoe.compiler.passes.masked import narrow_masked_compares
from edgemoe.compiler.passes.narrow import narrow
from edgemoe.compiler.passes.reassociate import reassociate
from edgemoe.compiler.passes.trip import count_trips

#: The second round uses what the first one learnt: a narrower register demands less of its input.
_NARROWINGS = 2


def optimise(program: Program) -> None:
    """Runs every pass on every function, in place."""
    for function in program.functions.values():
        if function.kind is Kind.DATAFLOW:
            continue
        narrow_masked_compares(function)
        remove_dead(function)
        count_trips(function)
        find_dependences(function)
        reassociate(function)
        for _ in range(_NARROWINGS):
            narrow(function)
            remove_dead(function)
        mark_invariants(function)
