# SPDX-License-Identifier: Apache-2.0
"""A test bench inside the simulator: clock and reset, FIFO ports, control, AXI memories, a watchdog.

Every handshake can be made hostile: a port stalls a random share of the time, in bursts of random length, drawn from
the seed. The watchdog names who waits for whom when nothing moves any more.
"""

from __future__ import annotations

import json
import os
import random
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from control import AxiLiteControl
from memory import AxiMemory

#: Cycles without any handshake after which a design counts as hung.
PATIENCE = 5000
#: Cycles without any handshake after which outputs that were held closed open.
HOLD = 1500


def parameters() -> Any:
    """What ``simulate.run`` was given for this run."""
    return json.loads(Path(os.environ["EDGEMOE_BENCH"]).read_text())


class BenchError(AssertionError):
    """The design hung or broke a protocol."""


class Stall:
    """Random stalls: a two-state chain that is stalled ``share`` of the time in bursts of ``burst`` cycles."""

    def __init__(self, rng: random.Random, share: float, burst: float = 1.0) -> None:
        self.rng, self.share = rng, share
        self.leave = 1.0 / burst
        self.enter = min(1.0, share / max(1e-9, 1.0 - share) / burst)
        self.stalled = False

    @classmethod
    def any(cls, rng: random.Random, most: float) -> Stall:
        """A stall of 0 to ``most`` of the time; both ends are likely, and so are long bursts."""
        share = rng.choice([0.0, most, rng.uniform(0.0, most)])
        return cls(rng, share, rng.choice([1.0, 3.0, 40.0]))

    def __call__(self) -> bool:
        if self.share == 0.0:
            return False
        self.stalled = self.rng.random() < (1.0 - self.leave if self.stalled else self.enter)
        return self.stalled


class InputPort:
    """Feeds a stream that the design reads. An offered element stays until it is taken, as in a FIFO."""

    def __init__(self, dut: Any, name: str, stall: Stall) -> None:
        self.name, self.stall = name, stall
        self.data, self.valid, self.read = (getattr(dut, f"{name}_{s}") for s in ("dout", "empty_n", "read"))
        self.queue: deque[int] = deque()
        self.offered = False
        self.taken = 0
        self.valid.value = 0
        self.data.value = 0

    def tick(self) -> bool:
        moved = self.offered and bool(self.read.value)
        if moved:
            self.queue.popleft()
            self.taken += 1
        if moved or not self.offered:
            offer = bool(self.queue) and not self.stall()
            if offer:
                self.data.value = self.queue[0]
            if offer != self.offered:
                self.valid.value = int(offer)
                self.offered = offer
        return moved

    def state(self) -> str:
        what = "offers" if self.offered else "stalls" if self.queue else "has nothing for"
        return f"input {self.name}: bench {what} it, {self.taken} taken, {len(self.queue)} left"


class OutputPort:
    """Takes a stream that the design writes."""

    def __init__(self, dut: Any, name: str, stall: Stall) -> None:
        self.name, self.stall = name, stall
        self.data, self.ready, self.write = (getattr(dut, f"{name}_{s}") for s in ("din", "full_n", "write"))
        self.values: list[int] = []
        self.open = False
        self.held = False  # closed until nothing else moves, so that everything behind it fills up
        self.ready.value = 0

    def tick(self) -> bool:
        moved = self.open and bool(self.write.value)
        if moved:
            self.values.append(int(self.data.value))
        ready = not self.held and not self.stall()
        if ready != self.open:
            self.ready.value = int(ready)
            self.open = ready
        return moved

    def state(self) -> str:
        return f"output {self.name}: bench {'takes' if self.open else 'stalls'}, {len(self.values)} received"


class Bench:
    """One design, or one of several behind a prefix, under ``ap_ctrl_hs`` or AXI4-Lite control."""

    def __init__(self, dut: Any, rng: random.Random, *, prefix: str = "", stalls: float = 0.0) -> None:
        self.dut, self.rng, self.prefix, self.stalls = dut, rng, prefix, stalls
        self.inputs: dict[str, InputPort] = {}
        self.outputs: dict[str, OutputPort] = {}
        self.memories: dict[str, AxiMemory] = {}
        self.control: AxiLiteControl | None = None
        self.cycle = 0
        self.quiet = 0
        self.patience = PATIENCE

    def signal(self, name: str) -> Any:
        return getattr(self.dut, self.prefix + name)

    def has(self, name: str) -> bool:
        return hasattr(self.dut, self.prefix + name)

    def input(self, name: str, elements: Iterable[int] = ()) -> InputPort:
        """The input stream ``name`` with elements to feed, as integers of either sign."""
        if name not in self.inputs:
            port = InputPort(self.dut, self.prefix + name, Stall.any(self.rng, self.stalls))
            self.inputs[name] = port
        mask = (1 << len(self.inputs[name].data)) - 1
        self.inputs[name].queue.extend(v & mask for v in elements)
        return self.inputs[name]

    def output(self, name: str) -> OutputPort:
        """The output stream ``name``."""
        if name not in self.outputs:
            port = OutputPort(self.dut, self.prefix + name, Stall.any(self.rng, self.stalls))
            self.outputs[name] = port
        return self.outputs[name]

    def memory(self, bundle: str, size: int = 1 << 16) -> AxiMemory:
        """A memory of ``size`` bytes behind the master ``bundle``."""
        prefix = f"{self.prefix}m_axi_{bundle}"
        self.memories[bundle] = AxiMemory(
            self.dut, prefix, self.rng, lambda: Stall.any(self.rng, self.stalls), size
        )
        return self.memories[bundle]

    def axilite(self, registers: list[dict[str, Any]]) -> None:
        """Control goes through AXI4-Lite."""
        stall = lambda: Stall.any(self.rng, self.stalls)  # noqa: E731
        self.control = AxiLiteControl(self.dut, self.prefix, registers, stall)

    def _parts(self) -> list[Any]:
        return [*self.inputs.values(), *self.outputs.values(), *self.memories.values()]

    def silence(self) -> None:
        """Nothing is offered or taken at any port of the model, those of other designs in it included."""
        offers = ("ap_start", "_empty_n", "_full_n", "_RVALID", "_BVALID", "_ARREADY", "_AWREADY", "_WREADY")
        for name in dir(self.dut):
            if name.endswith(offers):
                getattr(self.dut, name).value = 0

    async def start_clock(self) -> None:
        """Starts the clock and resets; call it once, after the ports are known."""
        cocotb.start_soon(Clock(self.dut.ap_clk, 2, "ns").start())
        self.dut.ap_rst_n.value = 0
        for _ in range(4):
            await RisingEdge(self.dut.ap_clk)
        self.dut.ap_rst_n.value = 1
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        edge = RisingEdge(self.dut.ap_clk)
        ports = self._parts()
        while True:
            await edge
            self.cycle += 1
            moved = False
            for port in ports:
                moved |= port.tick()
            self.quiet = 0 if moved else self.quiet + 1
            if self.quiet == HOLD:
                for output in self.outputs.values():
                    output.held = False
            if self.quiet > self.patience:
                self.fail(f"nothing moved for {self.patience} cycles")

    def fail(self, reason: str) -> None:
        """Raises with the state of every port."""
        lines = [f"cycle {self.cycle}: {reason}"]
        lines += [part.state() for part in self._parts()]
        for name in ("ap_start", "ap_done", "ap_idle"):
            if self.has(name):
                lines.append(f"{name} = {self.signal(name).value}")
        raise BenchError("\n  ".join(lines))

    async def call(self, scalars: dict[str, int]) -> int:
        """Starts the design with scalar inputs and waits until it is done; returns the cycles it took."""
        first = self.cycle
        if self.control is not None:
            await self.control.call(scalars)
            return self.cycle - first
        for name, value in scalars.items():
            handle = self.signal(name)
            handle.value = value & ((1 << len(handle)) - 1)
        start, done = self.signal("ap_start"), self.signal("ap_done")
        edge = RisingEdge(self.dut.ap_clk)
        start.value = 1
        await edge
        start.value = 0
        while True:
            await edge
            if done.value:
                return self.cycle - first

    async def scalar(self, name: str) -> int:
        """An output scalar after a call."""
        if self.control is not None:
            return await self.control.output(name)
        return int(self.signal(name).value)

    async def drain(self, counts: dict[str, int], extra: int = 64) -> None:
        """Waits for ``counts`` elements on the outputs and ``extra`` cycles in which nothing more may come."""
        edge = RisingEdge(self.dut.ap_clk)
        while any(len(self.outputs[name].values) < count for name, count in counts.items()):
            await edge
        for _ in range(extra):
            await edge
        for name, count in counts.items():
            if len(self.outputs[name].values) > count:
                self.fail(
                    f"output {name} delivered {len(self.outputs[name].values)} elements, expected {count}"
                )
