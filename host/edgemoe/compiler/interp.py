# SPDX-License-Identifier: Apache-2.0
"""Runs an IR program: what the generated hardware must compute, without cycles.

Processes are a Kahn network: each is turned into a Python generator that yields when a stream it reads is empty, and
runs its regions one operation after the other. Every function of a program becomes Python source once
(:func:`process_source`), so that whole kernels take seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from edgemoe.compiler.interp_source import module_source, process_source
from edgemoe.compiler.ir import (
    AxiArg,
    BlockArg,
    BlockChannel,
    Channel,
    Const,
    Direction,
    Function,
    Kind,
    Place,
    Program,
    ScalarArg,
    StreamArg,
)


class InterpreterError(Exception):
    """The program cannot go on: every process waits."""


@dataclass(slots=True)
class Run:
    """Inputs, and after :func:`run` also the results.

    ``streams`` are tokens by stream argument (inputs are consumed), ``scalars`` values by name (outputs are added),
    ``memories`` the elements behind each AXI argument.
    """

    streams: dict[str, deque[int]] = field(default_factory=dict)
    scalars: dict[str, int] = field(default_factory=dict)
    memories: dict[str, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class Axi:
    """One AXI argument: its queues and the array behind it."""

    data: list[int]
    queues: dict[str, deque[int]]
    pending: deque[tuple[int, int]] = field(default_factory=deque)

    def serve(self) -> bool:
        """Answers every request that is complete; True if anything moved."""
        moved = False
        while self.queues["ar"]:
            token = self.queues["ar"].popleft()
            first, count = token & 0xFFFFFFFF, token >> 32
            self.queues["r"].extend(
                self.data[first + k] if first + k < len(self.data) else 0 for k in range(count)
            )
            moved = True
        while self.queues["aw"]:
            token = self.queues["aw"].popleft()
            self.pending.append((token & 0xFFFFFFFF, token >> 32))
        while self.pending and len(self.queues["w"]) >= self.pending[0][1]:
            first, count = self.pending.popleft()
            for k in range(count):
                value = self.queues["w"].popleft()
                if first + k < len(self.data):
                    self.data[first + k] = value
            self.queues["b"].append(1)
            moved = True
        return moved


@dataclass(slots=True)
class _Blocks:
    """A ping-pong channel: finished blocks, and the block that each side holds."""

    size: int
    full: deque[list[int]] = field(default_factory=deque)


class Interpreter:
    """A program made ready to run; RAMs of static arrays keep their content from run to run."""

    def __init__(self, program: Program) -> None:
        self.program = program
        scope: dict[str, Any] = {}
        for function in program.functions.values():
            if function.kind is Kind.MODULE:
                exec(module_source(function), scope)  # source made from our own IR
        self._factories: dict[str, Callable[..., Generator[None, None, None]]] = {}
        self._memories: dict[str, dict[str, list[list[int]]]] = {}
        for name, function in program.functions.items():
            if function.kind is Kind.PROCESS:
                local = dict(scope)
                exec(process_source(function), local)  # source made from our own IR
                self._factories[name] = local["process"]
                self._memories[name] = {
                    m.name: [list(row) for row in m.init]
                    if m.init
                    else [[0] * m.depth for _ in range(m.banks)]
                    for m in function.memories.values()
                    if m.place is not Place.BLOCK
                }

    def run(self, run: Run) -> Run:
        """Runs the top once; ``run`` is changed in place and returned."""
        top = self.program.functions[self.program.top]
        queues: dict[str, deque[int]] = {}
        axis: dict[str, Axi] = {}
        blocks = {
            c.name: _Blocks(c.dims[0] * c.dims[1])
            for c in top.channels.values()
            if isinstance(c, BlockChannel)
        }
        for arg in top.args:
            if isinstance(arg, StreamArg):
                queues[arg.name] = run.streams.setdefault(arg.name, deque())
            elif isinstance(arg, AxiArg):
                axis[arg.name] = Axi(
                    run.memories.setdefault(arg.name, []), {c: deque() for c in ("ar", "r", "aw", "w", "b")}
                )
        for channel in top.channels.values():
            if isinstance(channel, Channel):
                queues[channel.name] = deque()
        waiting: list[Generator[None, None, None]] = []
        if top.kind is Kind.DATAFLOW:
            for instance in top.instances:
                function = self.program.functions[instance.function]
                ties = {
                    name: c if isinstance(c, Const) else c.name for name, c in instance.connections.items()
                }
                waiting.append(self._start(function, ties, queues, axis, blocks, run.scalars))
        else:
            waiting.append(
                self._start(top, {arg.name: arg.name for arg in top.args}, queues, axis, blocks, run.scalars)
            )
        self._loop(waiting, axis, queues, blocks)
        for axi in axis.values():
            axi.serve()
        return run

    def _start(
        self,
        function: Function,
        ties: dict[str, Any],
        queues: dict[str, deque[int]],
        axis: dict[str, Axi],
        blocks: dict[str, _Blocks],
        scalars: dict[str, int],
    ) -> Generator[None, None, None]:
        channels: dict[str, deque[int]] = {}
        inputs: dict[str, int] = {}
        names: dict[str, str] = {}
        shared: dict[str, _Blocks] = {}
        for arg in function.args:
            tie = ties[arg.name]
            if isinstance(arg, StreamArg):
                channels[arg.name] = queues[tie]
            elif isinstance(arg, AxiArg):
                channels.update({f"{arg.name}.{c}": queue for c, queue in axis[tie].queues.items()})
            elif isinstance(arg, BlockArg):
                shared[arg.name] = blocks[tie]
            elif isinstance(arg, ScalarArg) and arg.direction is Direction.READ:
                value = tie.value if isinstance(tie, Const) else scalars[tie]
                inputs[arg.name] = value & ((1 << arg.width) - 1)
            elif isinstance(arg, ScalarArg):
                names[arg.name] = tie
        memories = self._memories[function.name]
        return self._factories[function.name](inputs, channels, memories, shared, scalars, names)

    @staticmethod
    def _loop(
        waiting: list[Generator[None, None, None]],
        axis: dict[str, Axi],
        queues: dict[str, deque[int]],
        blocks: dict[str, _Blocks],
    ) -> None:
        """Lets every process run until it waits, round after round."""

        def state() -> tuple[int, ...]:
            lengths = [len(q) for q in queues.values()] + [len(b.full) for b in blocks.values()]
            return (len(waiting), *lengths, *(len(q) for a in axis.values() for q in a.queues.values()))

        while waiting:
            before = state()
            moved = False
            for process in list(waiting):
                try:
                    next(process)
                except StopIteration:
                    waiting.remove(process)
                moved |= any([axi.serve() for axi in axis.values()])
            if not moved and state() == before:
                raise InterpreterError(f"{len(waiting)} of the processes wait for ever")


def run(program: Program, data: Run) -> Run:
    """Runs ``program`` once from fresh memories."""
    return Interpreter(program).run(data)
