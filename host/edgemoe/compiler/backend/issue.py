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
from edgemoe.compiler.ir import AxiArg, Channel, Function, Op, Opcode, Pipeline, Region, StreamArg
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


def channel_depths(dataflow: Function, functions: dict[str, Function]) -> dict[str, int]:
    """Places of each channel's FIFO: the user's depth, and those for what its reader would have taken out by now.

    A pipeline takes an element when its iteration can go on, and leaves it in the FIFO while it waits for another
    stream. The program would have read it, and made room. A writer that asks whether the channel is full sees the
    user's depth.
    """
    depths = {c.name: c.depth for c in dataflow.channels.values() if isinstance(c, Channel)}
    more, asked = dict.fromkeys(depths, 0), set()
    for instance in dataflow.instances:
        function = functions[instance.function]
        for name, channel in instance.connections.items():
            if not isinstance(channel, Channel):
                continue
            for region in function.regions:
                if name in tested(region):
                    asked.add(channel.name)
                if isinstance(region, Pipeline):
                    more[channel.name] = max(more[channel.name], _held(region, name))
    return {name: depth + (0 if name in asked else more[name]) for name, depth in depths.items()}


def _held(region: Region, channel: str) -> int:
    """Reads of ``channel`` that another operation of the iteration may wait behind."""
    reads = waiting = 0
    for op in reversed(region.ops):
        if op.opcode is Opcode.FIFO_READ and op.channel == channel:
            reads += waiting
        elif op.opcode in (Opcode.FIFO_READ, Opcode.ACQUIRE):
            waiting = 1
    return reads


def earlier_writes(region: Region, full: Op) -> list[Op]:
    """The writes that a test for a full stream counts as done: those before it in its iteration."""
    before = region.ops[: region.ops.index(full)]
    return [op for op in before if op.opcode is Opcode.FIFO_WRITE and op.channel == full.channel]


def tested(region: Region) -> set[str]:
    """Streams of which the region asks whether they are full."""
    return {op.channel for op in region.ops if op.opcode is Opcode.FIFO_FULL}


def refuse_waiting_for_itself(function: Function, region: Region) -> None:
    """An iteration that reads the answer to what it wrote itself would wait for ever before its issue."""
    answers = {arg.name: arg.answers for arg in function.args if isinstance(arg, StreamArg)}
    for arg in function.args:
        if isinstance(arg, AxiArg):
            answers |= {f"{arg.name}.r": (f"{arg.name}.ar",), f"{arg.name}.b": (f"{arg.name}.aw",)}
    asked: dict[str, Op] = {}
    for op in region.ops:
        if op.opcode is Opcode.FIFO_WRITE:
            asked.setdefault(op.channel, op)
        elif op.opcode is Opcode.FIFO_READ:
            for name in answers.get(op.channel, ()):
                if name in asked and not exclusive(asked[name].predicate, op.predicate):
                    raise Infeasible(_answer(op, asked[name]))


def _answer(read: Op, write: Op) -> str:
    if "." in read.channel:
        return (
            f"{read.opcode.value} of {read.channel} at {source(read.loc)} answers the request at {source(write.loc)} "
            "of the same iteration"
        )
    return (
        f"what is read of {read.channel} at {source(read.loc)} may be an answer to what the same iteration writes to "
        f"{write.channel} at {source(write.loc)}, and a pipelined iteration begins when all that it reads is there; "
        "read the answer before the next request is written, in a later iteration"
    )
