# SPDX-License-Identifier: Apache-2.0
"""Marks operations of a pipelined loop that have the same value in every iteration.

Their operands come from outside the loop, so they need neither a place in the schedule nor pipeline registers.
Multiplications and divisions are left alone: they have registers of their own.
"""

from __future__ import annotations

from edgemoe.compiler.ir import EFFECTS, Function, Op, Opcode, Phi, Pipeline

_NEVER = EFFECTS | {
    Opcode.LOAD, Opcode.CALL, Opcode.CYCLE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL, Opcode.MUL, Opcode.MUL_ADD,
    Opcode.UDIV, Opcode.SDIV, Opcode.UREM, Opcode.SREM,
}  # fmt: skip


def mark_invariants(function: Function) -> None:
    """In place."""
    for region in function.regions:
        if not isinstance(region, Pipeline):
            continue
        varying: set[Op | Phi] = set(region.phis)
        for op in region.ops:
            op.invariant = op.opcode not in _NEVER and not any(
                isinstance(value, (Op, Phi)) and value in varying for value in op.operands
            )
            if not op.invariant:
                varying.add(op)
