# SPDX-License-Identifier: Apache-2.0
"""A whole program by its schedules: processes side by side, channels between them, chance around them."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgemoe.compiler.backend.issue import channel_depths
from edgemoe.compiler.cyclesim.channels import Blocks, Fifo, Outside, Source
from edgemoe.compiler.cyclesim.process import Process
from edgemoe.compiler.interp import Axi, InterpreterError, Run
from edgemoe.compiler.interp_source import module_source
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
    Opcode,
    Place,
    Program,
    ScalarArg,
    StreamArg,
)
from edgemoe.compiler.planning import Schedules

#: Depth of an output FIFO of the top.
_OUTSIDE_DEPTH = 2
#: Cycles without any movement after which nothing will move any more.
_QUIET = 2000
_AXI_INPUTS = ("r", "b")


@dataclass
class Outcome:
    """``data`` holds the results, as after :func:`edgemoe.compiler.interp.run`."""

    cycles: int
    data: Run
    most: dict[str, int] = field(default_factory=dict)  #: elements that each channel held at once


class Deadlock(InterpreterError):
    """Nothing moves any more; ``full`` are the channels that someone waits to write to."""

    def __init__(self, message: str, full: list[str]) -> None:
        super().__init__(message)
        self.full = full


class CycleSimulator:
    """A scheduled program made ready to run; memories keep their contents from run to run, as in hardware."""

    def __init__(self, program: Program, schedules: Schedules, seed: int = 0) -> None:
        self.program, self.schedules = program, schedules
        self._scope: dict[str, Any] = {}
        rng = random.Random(seed)
        self._memories: dict[str, dict[str, list[list[int]]]] = {}
        for name, function in program.functions.items():
            if function.kind is Kind.MODULE:
                exec(module_source(function), self._scope)  # source made from our own IR
            # What no one has written may be anything.
            self._memories[name] = {
                m.name: [list(bank) for bank in m.init]
                if m.init is not None
                else [[rng.getrandbits(m.width) for _ in range(m.depth)] for _ in range(m.banks)]
                for m in function.memories.values()
                if m.place is Place.LOCAL
            }

    def run(
        self,
        data: Run,
        stalls: float = 0.0,
        seed: int = 0,
        limit: int = 10_000_000,
        depths: Mapping[str, int] | None = None,
    ) -> Outcome:
        """One start. ``data`` is changed in place; ``stalls`` is the part of cycles in which nothing moves outside.

        ``depths`` are other depths of channels. Raises `ScheduleFault`, or `Deadlock` with what every process waits
        for.
        """
        return _Start(self, data, stalls, seed, depths or {}).run(limit)

    def process(self, function: Function, name: str) -> Process:
        return Process(function, self.schedules, self._scope, self._memories[function.name], name)


class _Start:
    """One run."""

    def __init__(
        self, simulator: CycleSimulator, data: Run, stalls: float, seed: int, depths: Mapping[str, int]
    ) -> None:
        self._simulator, self._data, self._depths = simulator, data, depths
        self._random = random.Random(seed)
        self._outside = Outside(self._random, stalls)
        self._fifos: list[Fifo] = []
        self._blocks: dict[str, Blocks] = {}
        self._channels: dict[str, Fifo] = {}
        self._held: dict[
            str, int
        ] = {}  # places for what readers leave in a channel while they wait for others
        self._axis: dict[str, Axi] = {}
        program = simulator.program
        top = program.functions[program.top]
        self._add_outside(top)
        self.processes: list[Process] = []
        if top.kind is Kind.DATAFLOW:
            for instance in top.instances:
                self._add(program.functions[instance.function], instance.name, instance.connections)
        else:
            own: dict[str, Connection] = {arg.name: arg for arg in top.args if _is_outside(arg)}  # type: ignore[misc]
            self._add(top, top.name, own)

    def _add_outside(self, top: Function) -> None:
        for arg in top.args:
            if isinstance(arg, AxiArg):
                memory = self._data.memories.setdefault(arg.name, [])
                bus = Axi(memory, {c: deque() for c in ("ar", "r", "aw", "w", "b")})
                self._axis[arg.name] = bus
                self._outside.buses.append(bus)
        places = channel_depths(top, self._simulator.program.functions)
        for channel in top.channels.values():
            if isinstance(channel, Channel):
                self._held[channel.name] = places[channel.name] - channel.depth
                depth = self._depths.get(channel.name, channel.depth)
                self._channels[channel.name] = Fifo(channel.name, depth)
            elif isinstance(channel, BlockChannel):
                size = channel.dims[0] * channel.dims[1]
                words = [self._random.getrandbits(channel.width) for _ in range(2 * size)]
                self._blocks[channel.name] = Blocks(
                    channel.name, size, channel.depth, words[:size], words[size:]
                )

    def _add(self, function: Function, name: str, ties: dict[str, Connection]) -> None:
        process = self._simulator.process(function, name)
        extra = Process.extra_places(function, self._simulator.schedules.plans[function.name])
        for arg in function.args:
            self._tie(process, arg, ties[arg.name], extra)
        self.processes.append(process)

    def _tie(self, process: Process, arg: Argument, to: Connection, extra: dict[str, int]) -> None:
        if isinstance(arg, StreamArg):
            reads = arg.direction is Direction.READ
            if isinstance(to, Channel):
                fifo = self._channels[to.name]
                process.ends[arg.name] = fifo
                if reads:
                    fifo.reader = process.function.name
                else:
                    fifo.writer = process.function.name
                    fifo.extra = extra.get(arg.name, 0) + self._held[to.name]
                    self._fifos.append(fifo)
            elif isinstance(to, StreamArg):
                self._open(
                    process, arg.name, to.name, self._data.streams.setdefault(to.name, deque()), reads, extra
                )
        elif isinstance(arg, AxiArg) and isinstance(to, AxiArg):
            for part in arg.channels:
                queue = self._axis[to.name].queues[part]
                self._open(
                    process, f"{arg.name}.{part}", f"{to.name}.{part}", queue, part in _AXI_INPUTS, extra
                )
        elif isinstance(arg, BlockArg) and isinstance(to, (BlockChannel, BlockArg)):
            process.blocks[arg.name] = self._blocks[to.name]
        elif isinstance(arg, ScalarArg) and arg.direction is Direction.READ:
            value = to.value if isinstance(to, Const) else self._data.scalars[to.name]
            process.args[arg.name] = value & ((1 << arg.width) - 1)

    def _open(
        self,
        process: Process,
        channel: str,
        name: str,
        queue: deque[int],
        reads: bool,
        extra: dict[str, int],
    ) -> None:
        """An end of a stream that leads outside."""
        if reads:
            source = Source(name, queue)
            process.ends[channel] = source
            self._outside.sources.append(source)
            return
        fifo = Fifo(
            name, _OUTSIDE_DEPTH, extra.get(channel, 0), writer=process.function.name, reader="outside"
        )
        process.ends[channel] = fifo
        self._fifos.append(fifo)
        self._outside.sinks.append((fifo, queue))

    def run(self, limit: int) -> Outcome:
        quiet = now = 0
        while not all(process.done for process in self.processes):
            self._outside.before()
            moved = any([process.tick(now) for process in self.processes])
            moved = self._outside.after() or moved
            self._tick()
            now += 1
            quiet = 0 if moved else quiet + 1
            if quiet > _QUIET or now > limit:
                raise Deadlock(self._stuck(now), self._full())
        while any(fifo.data for fifo, _ in self._outside.sinks):
            self._outside.after()
            self._tick()
        self._outside.after()
        self._collect()
        return Outcome(now, self._data, {name: fifo.most for name, fifo in self._channels.items()})

    def _tick(self) -> None:
        for fifo in self._fifos:
            fifo.tick()
        for block in self._blocks.values():
            block.tick()

    def _collect(self) -> None:
        program = self._simulator.program
        top = program.functions[program.top]
        for process in self.processes:
            instance = next((i for i in top.instances if i.name == process.name), None)
            for name, value in process.outputs.items():
                to = instance.connections[name] if instance else None
                self._data.scalars[name if to is None or isinstance(to, Const) else to.name] = value

    def _full(self) -> list[str]:
        """Channels that someone waits to write to."""
        ops = [(p, p.waits_for) for p in self.processes if not p.done and p.waits_for is not None]
        ends = [p.ends.get(op.channel) for p, op in ops if op.opcode is Opcode.FIFO_WRITE]
        return [end.name for end in ends if isinstance(end, Fifo) and end.name in self._channels]

    def _stuck(self, now: int) -> str:
        """What every process waits for, in the words of the native build."""
        lines = [f"deadlock: no process can go on after {now} cycles"]
        for process in self.processes:
            op = process.waits_for
            if process.done or op is None:
                continue
            end = process.ends.get(op.channel)
            name = end.name if isinstance(end, (Fifo, Source)) else op.channel
            if op.opcode is Opcode.ACQUIRE:
                what = f"for block '{name}'"
            elif op.opcode is Opcode.FIFO_WRITE and isinstance(end, Fifo):
                what = f"to write to full stream '{name}' (depth {end.depth}, read by '{end.reader}')"
            else:
                writer = f" (written by '{end.writer}')" if isinstance(end, Fifo) else ""
                what = f"to read from empty stream '{name}'{writer}"
            lines.append(f"process '{process.function.name}' waits {what} at {op.loc}")
        return "\n  ".join(lines)


def _is_outside(arg: Argument) -> bool:
    return isinstance(arg, (StreamArg, ScalarArg, BlockArg, AxiArg))


def run(
    program: Program,
    schedules: Schedules,
    data: Run,
    stalls: float = 0.0,
    seed: int = 0,
    limit: int = 10_000_000,
) -> Outcome:
    """Runs ``program`` once from fresh memories; see `CycleSimulator.run`."""
    return CycleSimulator(program, schedules, seed).run(data, stalls, seed, limit)
