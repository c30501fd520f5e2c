# SPDX-License-Identifier: Apache-2.0
"""What an iteration of a pipelined loop needs before it is issued: what it reads, and places for what it writes.

An iteration that reads a stream several times gathers its elements in the cycles before the issue, its *head*: one
read of a stream a cycle, each of which may wait. A test for a full stream stands there too. It counts what earlier
writes of its own iteration take, and every write of iterations before it that will happen.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from edgemoe.compiler.backend.exclusive import exclusive
from edgemoe.compiler.backend.text import source
from edgemoe.compiler.ir import Op, Opcode, Region
from edgemoe.compiler.schedule import Infeasible

#: Cycles that a head may have beyond its reads, for conditions of reads that take their time.
MORE_CYCLES = 8
_NAMED = 3


@dataclass(frozen=True)
class Busiest:
    """The longest list of accesses of one stream that follow each other; of those that exclude each other, one."""

    channel: str
    ops: list[Op]

    def reason(self) -> str:
        """Why the II cannot be below the number of accesses: the stream, how often, and where."""
        verb = "read" if self.ops[0].opcode is Opcode.FIFO_READ else "written"
        places = list(Counter(source(op.loc) for op in self.ops if op.loc.line))
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        where = f" ({', '.join(places[:_NAMED])}{more})" if places else ""
        return (
            f"stream {self.channel} is {verb} {len(self.ops)} times in an iteration{where}, an element a cycle; an "
            "hls::vector or a struct as element brings several at once"
        )


def busiest(region: Region, opcode: Opcode) -> Busiest | None:
    """Of all streams that the region reads (or writes, by ``opcode``)."""
    lists: dict[str, list[tuple[Op, list[Op]]]] = {}
    for op in region.ops:
        if op.opcode is not opcode:
            continue
        known = lists.setdefault(op.channel, [])
        longest = max((len(order) for _, order in known), default=0)
        before: list[Op] = []
        for other, order in reversed(known):
            if len(order) > len(before) and not exclusive(other.predicate, op.predicate):
                before = order
            if len(before) == longest:
                break
        known.append((op, [*before, op]))
    found = [Busiest(channel, max((o for _, o in known), key=len)) for channel, known in lists.items()]
    return max(found, key=lambda one: len(one.ops), default=None)


def earlier_writes(region: Region, full: Op) -> list[Op]:
    """The writes that a test for a full stream counts as done: those before it in its iteration."""
    before = region.ops[: region.ops.index(full)]
    return [op for op in before if op.opcode is Opcode.FIFO_WRITE and op.channel == full.channel]


def tested(region: Region) -> set[str]:
    """Streams of which the region asks whether they are full."""
    return {op.channel for op in region.ops if op.opcode is Opcode.FIFO_FULL}


def refuse_waiting_for_itself(region: Region) -> None:
    """An iteration that reads what it requested itself would wait for ever before its issue."""
    asked: dict[str, Op] = {}
    for op in region.ops:
        name, _, kind = op.channel.partition(".")
        if op.opcode is Opcode.FIFO_WRITE and kind in ("ar", "aw"):
            asked.setdefault(name + ("r" if kind == "ar" else "b"), op)
        elif op.opcode is Opcode.FIFO_READ and kind in ("r", "b") and name + kind in asked:
            raise Infeasible(
                f"{op.opcode.value} of {op.channel} at {source(op.loc)} answers the request at "
                f"{source(asked[name + kind].loc)} of the same iteration"
            )
