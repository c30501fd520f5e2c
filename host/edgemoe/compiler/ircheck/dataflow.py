# SPDX-License-Identifier: Apache-2.0
"""The verifier's rules for dataflow functions: every argument is tied to what fits, every channel has two ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from edgemoe.compiler.ir import (
    Argument,
    AxiArg,
    BlockArg,
    BlockChannel,
    Channel,
    Connection,
    Const,
    Direction,
    Function,
    Kind,
    ScalarArg,
    StreamArg,
)
from edgemoe.compiler.ircheck.scope import Problem


def dataflow_problems(function: Function, callees: dict[str, Function]) -> Iterator[Problem]:
    """Every broken rule of the instances and channels of ``function``."""
    for key, channel in function.channels.items():
        if key != channel.name or channel.width < 1 or channel.depth < 1:
            yield f"channel {key}: {channel.name}, {channel.width} bits, {channel.depth} deep", channel.loc
    own = {id(thing) for thing in (*function.args, *function.channels.values())}
    ends: Counter[tuple[str, str]] = Counter()
    for name, count in Counter(instance.name for instance in function.instances).items():
        if count > 1:
            yield f"{count} instances are called {name}", function.loc
    for instance in function.instances:
        where = f"instance {instance.name}"
        callee = callees.get(instance.function)
        if callee is None or callee.kind is not Kind.PROCESS:
            yield f"{where}: there is no process {instance.function} before this function", instance.loc
            continue
        if set(instance.connections) != {arg.name for arg in callee.args}:
            yield f"{where}: its ties are not the arguments of {instance.function}", instance.loc
            continue
        for arg in callee.args:
            to = instance.connections[arg.name]
            if not isinstance(to, Const) and id(to) not in own:
                yield f"{where}: {arg.name} is tied to what this function does not have", instance.loc
            if not _fits(arg, to):
                yield f"{where}: {arg.name} is tied to what does not fit", instance.loc
            ends.update(_ends(arg, to))
    for channel in function.channels.values():
        for direction in Direction:
            if ends[channel.name, direction.value] != 1:
                count = ends[channel.name, direction.value]
                yield f"channel {channel.name} has {count} ends that {direction.value}", channel.loc
    for (thing, end), count in ends.items():
        if count > 1 and thing not in function.channels:
            yield f"argument {thing} has {count} users of {end}", function.loc


def _fits(arg: Argument, to: Connection) -> bool:
    if isinstance(arg, ScalarArg):
        if isinstance(to, Const):
            return arg.direction is Direction.READ
        return isinstance(to, ScalarArg) and to.direction is arg.direction and to.width == arg.width
    if isinstance(arg, StreamArg):
        if isinstance(to, Channel):
            return to.width == arg.width
        return isinstance(to, StreamArg) and (to.width, to.direction) == (arg.width, arg.direction)
    if isinstance(arg, BlockArg):
        return isinstance(to, (BlockChannel, BlockArg)) and (to.width, to.dims) == (arg.width, arg.dims)
    if isinstance(arg, AxiArg):
        return isinstance(to, AxiArg) and all(
            to.channels.get(c) == width for c, width in arg.channels.items()
        )
    return False


def _ends(arg: Argument, to: Connection) -> Iterator[tuple[str, str]]:
    """What of the dataflow function an argument takes for itself."""
    if isinstance(arg, (StreamArg, BlockArg)) and not isinstance(to, Const):
        yield to.name, arg.direction.value
    elif isinstance(arg, AxiArg) and isinstance(to, AxiArg):
        for channel in arg.channels:
            yield to.name, channel
    elif isinstance(arg, ScalarArg) and arg.direction is Direction.WRITE and isinstance(to, ScalarArg):
        yield to.name, arg.direction.value
