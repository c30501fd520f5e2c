# SPDX-License-Identifier: Apache-2.0
"""Which streams of a process may carry answers to what the process itself writes: loops in a graph of processes."""

from __future__ import annotations

from edgemoe.compiler.ir import BlockArg, BlockChannel, Channel, Direction, Function, Instance, StreamArg


def find_answers(dataflow: Function, functions: dict[str, Function]) -> None:
    """Sets ``answers`` of the stream arguments of the processes that ``dataflow`` calls."""
    after: dict[str, set[str]] = {}  # channel -> the channels that its reader writes
    for instance in dataflow.instances:
        for name in _ends(instance, functions, Direction.READ).values():
            after.setdefault(name, set()).update(_ends(instance, functions, Direction.WRITE).values())
    for instance in dataflow.instances:
        reads, writes = (_ends(instance, functions, d) for d in (Direction.READ, Direction.WRITE))
        for arg in functions[instance.function].args:
            if isinstance(arg, StreamArg) and arg.name in reads:
                back = [
                    name for name, channel in writes.items() if reads[arg.name] in _reached(channel, after)
                ]
                arg.answers = tuple(dict.fromkeys([*arg.answers, *back]))


def _ends(instance: Instance, functions: dict[str, Function], direction: Direction) -> dict[str, str]:
    """The channels that an instance reads, or writes, by the names of its arguments."""
    return {
        arg.name: to.name
        for arg in functions[instance.function].args
        if isinstance(arg, StreamArg | BlockArg) and arg.direction is direction
        and isinstance(to := instance.connections[arg.name], Channel | BlockChannel)
    }  # fmt: skip


def _reached(start: str, after: dict[str, set[str]]) -> set[str]:
    """Channels into which something may come of what is written to ``start``."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in after.get(waiting.pop(), set()) - found:
            found.add(name)
            waiting.append(name)
    return found
