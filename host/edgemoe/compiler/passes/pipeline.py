# SPDX-License-Identifier: Apache-2.0
"""The list of IR passes, in order."""

from __future__ import annotations

from edgemoe.compiler.ir import Program
from edgemoe.compiler.passes.dead import remove_dead
from edgemoe.compiler.passes.masked import narrow_masked_compares


def optimise(program: Program) -> None:
    """Runs every pass on every function, in place."""
    for function in program.functions.values():
        narrow_masked_compares(function)
        remove_dead(function)
