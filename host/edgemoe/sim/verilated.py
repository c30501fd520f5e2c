# SPDX-License-Identifier: Apache-2.0
"""A Verilated design as a Python object: registers, time, DRAM and what was seen on its ports."""

import ctypes
import os
import weakref
from collections.abc import Callable
from ctypes import POINTER, byref, c_uint16, c_uint32, c_uint64
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.arena import Arena
from edgemoe.sim.channel import Channel
from edgemoe.sim.dram import DramConfig, PortCounters
from edgemoe.sim.library import ChannelConfig, Config, Counters, Model
from edgemoe.sim.waves import check_wave_file

ACCESS_GRANULE = 16
"""Bytes that one entry of an access map stands for."""
CYCLES, INTERRUPT, ANY_RISES = range(3)
"""When a run ends before its cycles have passed; `Until` of native/harness.cpp."""
CHUNK = 4096
"""Cycles that pass in one call of the library, so that Ctrl-C and other threads are heard between two."""


class VerilatedDesign:
    """One instance of a Verilated design with `arena` as its DRAM. Time moves only inside its methods.

    Registers, and memories to which nothing gives a value, start with noise made from `seed`: what reset forgets
    shows. The same seed gives the same noise.

    After `close` every method raises a `DeviceError` that says why there is no design any more.
    """

    register_limit = 20_000
    """Cycles after which an AXI4-Lite access counts as failed."""

    def __init__(self, library: Path, arena: Arena, dram: DramConfig | None = None, *, seed: int = 1) -> None:
        self.arena = arena
        self._model = Model(library, arena, seed)
        # Also when the program ends: a waveform file is whole then, and no model is left behind.
        self._finalizer = weakref.finalize(self, self._model.close, "was dropped")
        self._channels = 0
        self.watch: Callable[[int], None] | None = None
        """Told of the cycles that have passed, a part of a `run` at a time."""
        self.configure(dram or DramConfig())
        self.reset()

    def close(self, reason: str = "was closed") -> None:
        """Free the model; a waveform file is complete after this. `reason` ends "a design that ..."."""
        self._model.close(reason)

    def __enter__(self) -> "VerilatedDesign":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def configure(self, dram: DramConfig) -> None:
        """Change the DRAM's parameters; bursts under way keep theirs."""
        self._model.call("sim_configure", byref(Config(**asdict(dram))))
        self.dram = dram

    def reset(self, cycles: int = 8) -> None:
        """Hold `ap_rst_n` low for some cycles; the DRAM forgets what was under way, not its content."""
        if not 0 < cycles <= 1_000_000:
            raise UserError(f"A reset takes 1 to 1,000,000 cycles, not {cycles}.")
        self._check(self._model.call("sim_reset", cycles), "reset")

    def write(self, address: int, value: int) -> None:
        """Write a 32-bit register in an AXI4-Lite transaction."""
        done = self._model.call("sim_write", address, value & 0xFFFFFFFF, self.register_limit)
        self._check(done, f"write of register {address:#x}")

    def read(self, address: int) -> int:
        """Read a 32-bit register in an AXI4-Lite transaction."""
        value = c_uint32()
        done = self._model.call("sim_read", address, byref(value), self.register_limit)
        self._check(done, f"read of register {address:#x}")
        return value.value

    def run(self, cycles: int, *, until_interrupt: bool = False) -> int:
        """Let up to `cycles` cycles pass, or fewer if the interrupt line rises; how many it were."""
        return self._run(cycles, INTERRUPT if until_interrupt else CYCLES)

    def advance(self, cycles: int) -> int:
        """Let up to `cycles` cycles pass, fewer if a line that was low goes high: ours, or a DMA channel's."""
        return self._run(cycles, ANY_RISES)

    def _run(self, cycles: int, until: int) -> int:
        passed = 0
        while passed < cycles:
            step = min(CHUNK, cycles - passed)
            done = int(self._model.call("sim_run", step, until))
            self._check(True, "run")
            passed += done
            if self.watch is not None:
                self.watch(done)
            if done < step:
                break
        return passed

    @property
    def cycle(self) -> int:
        """Cycles since the design was made."""
        return int(self._model.call("sim_cycle"))

    @property
    def interrupt(self) -> bool:
        """Level of the interrupt line."""
        return bool(self._model.call("sim_interrupt"))

    @property
    def streams(self) -> dict[str, int]:
        """The AXI4-Stream ports (`s_axis_<x>`, `m_axis_<x>`) and the bits of their TDATA."""
        with self._model.held():
            count = self._model.call("sim_stream_count")
            return {
                self._model.call("sim_stream_name", index).decode(): int(
                    self._model.call("sim_stream_bits", index)
                )
                for index in range(count)
            }

    def attach(self, stream: str, name: str, *, memory_bits: int, burst: int) -> Channel:
        """A DMA channel at the port `stream`, which has none yet: counted as a port `name` of the DRAM.

        Args:
            memory_bits: of a beat on the memory's side, 8 to 512.
            burst: beats of a burst at most, 1 to 256.
        """
        config = ChannelConfig(memory_bits=memory_bits, burst=burst)
        self._check(
            self._model.call("sim_attach", list(self.streams).index(stream), name.encode(), byref(config)),
            f"request for a channel at {stream}",
        )
        self._channels += 1
        return Channel(self._model, self._channels - 1)

    def trace(self, path: Path | None) -> None:
        """Start writing waveforms (FST) to `path`; None ends it.

        Raises:
            UserError: no file can be made there.
            DeviceError: this simulation was built without waveforms.
        """
        if path is not None:
            self.check_waves()
            check_wave_file(path)
        self._model.call("sim_trace", os.fsencode(path) if path else None)

    def check_waves(self) -> None:
        """`DeviceError` if this simulation cannot write waveforms."""
        if not self._model.has_waves:
            raise DeviceError(
                "This simulation was built without waveforms; build it with trace=True, an overlay with "
                "`edgemoe synth --waves --overlay`."
            )

    def add_fault(
        self, first: int, last: int, *, access: Literal["read", "write", "both"] = "both", response: int = 2
    ) -> None:
        """Answer accesses to the addresses first..last with SLVERR (2) or DECERR (3)."""
        on_read, on_write = int(access != "write"), int(access != "read")
        self._model.call("sim_add_fault", first, last, on_read, on_write, response)

    def clear_faults(self) -> None:
        """Answer every access inside the memory normally again."""
        self._model.call("sim_clear_faults")

    def mark_stale(self, granules: npt.NDArray[np.uint64], masks: npt.NDArray[np.uint16]) -> None:
        """Watch for reads of bytes whose newest value is not in memory yet, instead of those watched so far.

        Args:
            granules: addresses / 16 of the places, each once.
            masks: bit i: byte i of the granule is meant.
        """
        addresses, bits = np.ascontiguousarray(granules, np.uint64), np.ascontiguousarray(masks, np.uint16)
        self._model.call(
            "sim_mark_stale",
            addresses.ctypes.data_as(POINTER(c_uint64)),
            bits.ctypes.data_as(POINTER(c_uint16)),
            len(addresses),
        )

    def stale_read(self) -> int | None:
        """The first address that was read of those that `mark_stale` named; told once, and none is watched then."""
        address = c_uint64()
        return address.value if self._model.call("sim_stale_read", byref(address)) else None

    def written(self) -> tuple[int, int] | None:
        """Lowest and highest address that the design has written since the last call; None: it wrote nothing."""
        first, last = c_uint64(), c_uint64()
        return (
            (first.value, last.value) if self._model.call("sim_written", byref(first), byref(last)) else None
        )

    def clear_counters(self) -> None:
        """Set the ports' counters and the access maps to zero."""
        self._model.call("sim_clear_counters")

    def counters(self) -> dict[str, PortCounters]:
        """Counters of every port, by bundle name."""
        result = {}
        with self._model.held():
            for index in range(self._model.call("sim_port_count")):
                raw = Counters()
                self._model.call("sim_port_counters", index, byref(raw))
                name = self._model.call("sim_port_name", index).decode()
                result[name] = PortCounters(
                    **{field: getattr(raw, field) for field in PortCounters.__dataclass_fields__}
                )
        return result

    def accesses(self, address: int, size: int, *, writes: bool = False) -> npt.NDArray[np.uint8]:
        """How often each 16-byte granule of a range was read (or written), up to 255; a copy."""
        self.arena.check(address, size)
        first = (address - self.arena.base) // ACCESS_GRANULE
        last = (address - self.arena.base + size - 1) // ACCESS_GRANULE
        with self._model.held():  # the map is the model's memory: copied before anyone can free it
            whole = self._model.call("sim_access_map", int(writes))
            entries = np.ctypeslib.as_array(whole, (self.arena.size // ACCESS_GRANULE,))
            return entries[first : last + 1].copy()

    def violations(self) -> tuple[int, list[str]]:
        """How often a port broke a rule of AXI4, and the first breaches in words."""
        text = ctypes.create_string_buffer(65536)
        count = self._model.call("sim_violations", text, len(text))
        return int(count), text.value.decode().splitlines()

    def diagnosis(self) -> str:
        """What every port and process waits for, a line each."""
        return self._text("sim_diagnosis")

    def _text(self, function: str) -> str:
        with self._model.held():
            length = self._model.call(function, None, 0)
            if not length:
                return ""
            buffer = ctypes.create_string_buffer(length + 1)
            self._model.call(function, buffer, len(buffer))
        return buffer.value.decode().rstrip()

    def _check(self, done: bool | int, action: str) -> None:
        if failure := self._text("sim_error"):
            raise DeviceError(f"The design stopped itself at cycle {self.cycle}: {failure}")
        if not done:
            raise DeviceError(
                f"No answer to a {action} within {self.register_limit} cycles (cycle {self.cycle}).\n"
                + self.diagnosis()
            )
