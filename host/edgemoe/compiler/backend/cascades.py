# SPDX-License-Identifier: Apache-2.0
"""Multiply-adds as DSP slices: when each takes its operands, and which of its two ports what is added comes through.

A slice started in cycle s takes a and b in s, has the product in s + 2 and its sum in s + 3. What is added comes

* from the slice below, by the wire between the two (PCIN), in s + 2: the cycle in which that one's sum is there, so
  the one below started exactly a cycle earlier; or
* through the port C, which has a register, in s + 1.

A multiply-add may take the sum of another from the wire if it is the only one that does. The scheduler lets such a pair
be adjacent, and no more than that: where they are, the wire serves; where they are not, the sum is there in s + 1
already, and the port C serves.

In a block one token waits where it stands, and a slice has no clock enable: operands come from registers that keep
them, a cycle later, and what is added always comes through the port C.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import Function, Op, Opcode
from edgemoe.compiler.operators import OperatorTable

#: Cycles from the start to when a slice takes what is added.
BY_PORT_C, BY_WIRE = 1, 2
#: Cycles that operands of a block pass in the registers that keep them.
KEPT = 1


def below(ops: Iterable[Op]) -> dict[int, int]:
    """The multiply-adds that may take their sum from the wire: id of each, and of the one below it."""
    found: dict[int, int] = {}
    operations = list(ops)
    here = {op.id for op in operations if op.opcode is Opcode.MUL_ADD}
    taken: set[int] = set()
    for op in operations:
        added = op.operands[2] if op.opcode is Opcode.MUL_ADD else None
        if isinstance(added, Op) and added.id in here and added.id not in taken:
            taken.add(added.id)
            found[op.id] = added.id
    return found


def adjacent(pairs: Mapping[int, int], cycles: Mapping[int, int]) -> dict[int, int]:
    """Those of ``pairs`` whose second starts exactly a cycle after the one below it."""
    return {op: under for op, under in pairs.items() if cycles[op] == cycles[under] + 1}


def refuse_too_wide(function: Function, table: OperatorTable) -> None:
    """Raises: CompileError for a multiply-add whose operands a slice of the family does not take."""
    for region in function.regions:
        for op in region.ops:
            widths = [operand.width for operand in op.operands[:2]]
            most = table.fabric.slice_bits
            if op.opcode is Opcode.MUL_ADD and any(w > m for w, m in zip(widths, most, strict=True)):
                raise CompileError(
                    op.loc.file,
                    op.loc.line,
                    f"a DSP slice of the family {table.fabric.title} multiplies {most[0]} by {most[1]} bits; here a "
                    f"has {widths[0]} and b {widths[1]}.",
                )
