# SPDX-License-Identifier: Apache-2.0
"""The list of IR passes, in order."""

from __future__ import annotations

from edgemoe.compiler.ir import Program
from edgemoe.compiler.passes.dead import remove_dead


def optimise(program: Program) -> None:
    """Runs every pass on every function, in place."""
    for function in program.functions.values():
        remove_dead(function)
