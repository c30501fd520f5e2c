# SPDX-License-Identifier: Apache-2.0
"""A Verilated design as a Python object: registers, time, DRAM and what was seen on its ports."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgemoe.errors import DeviceError
from edgemoe.sim.arena import Arena

ACCESS_GRANULE = 16
"""Bytes that one entry of an access map stands for."""


@dataclass(frozen=True)
class DramConfig:
    """The simulated DRAM. The defaults leave about 90 % of the peak of one beat a cycle and port."""

    latency: int = 64
    """Cycles from a burst's address to its first beat."""
    outstanding: int = 16
    """Bursts that a port may have under way, reads and writes apart."""
    refresh_interval: int = 1560
    """Cycles from refresh to refresh (7.8 us at 200 MHz); 0: none."""
    refresh_cycles: int = 70
    """Cycles that a refresh takes (350 ns at 200 MHz)."""
    turnaround: int = 8
    """Cycles lost when the memory changes between reading and writing."""
    dwell: int = 128
    """Cycles that it keeps its direction while the other one waits."""
    stall_percent: int = 0
    """Chance, in percent, that a handshake is held back in a cycle; for tests."""
    seed: int = 0
    """Of the random stalls."""

    def __post_init__(self) -> None:
        if not 0 <= self.stall_percent <= 99:
            raise ValueError(f"stall_percent is {self.stall_percent}; it must be 0 to 99")


class _Config(ctypes.Structure):
    _fields_ = [(name, c_uint32) for name in DramConfig.__dataclass_fields__]


@dataclass(frozen=True)
class PortCounters:
    """What one AXI4 master did since the counters were cleared."""

    read_bytes: int
    write_bytes: int
    read_bursts: int
    write_bursts: int
    read_wait: int
    """Cycles with a read under way in which no beat was taken."""
    write_wait: int
    """Cycles with data offered in which no beat was taken."""
    out_of_range: int
    """Beats outside the memory; each was answered with DECERR."""
    faults: int
    """Beats answered with an error, injected ones included."""
    most_outstanding: int
    """The most read bursts under way at a time."""


class _Counters(ctypes.Structure):
    _fields_ = [(name, c_uint64) for name in PortCounters.__dataclass_fields__]


_FUNCTIONS = {
    "sim_create": (c_void_p, [c_void_p, c_uint64, c_uint64]),
    "sim_destroy": (None, [c_void_p]),
    "sim_configure": (None, [c_void_p, POINTER(_Config)]),
    "sim_reset": (c_int, [c_void_p, c_uint64]),
    "sim_write": (c_int, [c_void_p, c_uint32, c_uint32, c_uint64]),
    "sim_read": (c_int, [c_void_p, c_uint32, POINTER(c_uint32), c_uint64]),
    "sim_run": (c_uint64, [c_void_p, c_uint64, c_int]),
    "sim_cycle": (c_uint64, [c_void_p]),
    "sim_interrupt": (c_int, [c_void_p]),
    "sim_trace": (c_int, [c_void_p, c_char_p]),
    "sim_add_fault": (None, [c_void_p, c_uint64, c_uint64, c_int, c_int, c_int]),
    "sim_clear_faults": (None, [c_void_p]),
    "sim_access_map": (POINTER(c_uint8), [c_void_p, c_int]),
    "sim_clear_counters": (None, [c_void_p]),
    "sim_port_count": (c_int, [c_void_p]),
    "sim_port_name": (c_char_p, [c_void_p, c_int]),
    "sim_port_counters": (None, [c_void_p, c_int, POINTER(_Counters)]),
    "sim_violations": (c_uint64, [c_void_p, c_char_p, c_size_t]),
    "sim_diagnosis": (c_size_t, [c_void_p, c_char_p, c_size_t]),
    "sim_error": (c_size_t, [c_void_p, c_char_p, c_size_t]),
}


def _load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class VerilatedDesign:
    """One instance of a Verilated design with `arena` as its DRAM. Time moves only inside its methods."""

    register_limit = 20_000
    """Cycles after which an AXI4-Lite access counts as failed."""

    def __init__(self, library: Path, arena: Arena, dram: DramConfig | None = None) -> None:
        self._library = _load(library)
        self.arena = arena
        self._handle = self._library.sim_create(arena.pointer, arena.base, arena.size)
        self.configure(dram or DramConfig())
        self.reset()

    def close(self) -> None:
        """Free the model; a waveform file is complete after this."""
        if self._handle:
            self._library.sim_destroy(self._handle)
            self._handle = None

    def __enter__(self) -> "VerilatedDesign":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def configure(self, dram: DramConfig) -> None:
        """Change the DRAM's parameters; bursts under way keep theirs."""
        self.dram = dram
        self._library.sim_configure(self._handle, byref(_Config(**asdict(dram))))

    def reset(self, cycles: int = 8) -> None:
        """Hold `ap_rst_n` low for some cycles; the DRAM forgets what was under way, not its content."""
        self._check(self._library.sim_reset(self._handle, cycles), "reset")

    def write(self, address: int, value: int) -> None:
        """Write a 32-bit register in an AXI4-Lite transaction."""
        done = self._library.sim_write(self._handle, address, value & 0xFFFFFFFF, self.register_limit)
        self._check(done, f"write of register {address:#x}")

    def read(self, address: int) -> int:
        """Read a 32-bit register in an AXI4-Lite transaction."""
        value = c_uint32()
        done = self._library.sim_read(self._handle, address, byref(value), self.register_limit)
        self._check(done, f"read of register {address:#x}")
        return value.value

    def run(self, cycles: int, *, until_interrupt: bool = False) -> int:
        """Let up to `cycles` cycles pass, or fewer if the interrupt line rises; how many it were."""
        passed = int(self._library.sim_run(self._handle, cycles, int(until_interrupt)))
        self._check(True, "run")
        return passed

    @property
    def cycle(self) -> int:
        """Cycles since the design was made."""
        return int(self._library.sim_cycle(self._handle))

    @property
    def interrupt(self) -> bool:
        """Level of the interrupt line."""
        return bool(self._library.sim_interrupt(self._handle))

    def trace(self, path: Path | None) -> None:
        """Start writing waveforms (FST) to `path`; None ends it."""
        if not self._library.sim_trace(self._handle, str(path).encode() if path else None):
            raise DeviceError("This simulation was built without waveforms; build it with trace=True.")

    def add_fault(
        self, first: int, last: int, *, access: Literal["read", "write", "both"] = "both", response: int = 2
    ) -> None:
        """Answer accesses to the addresses first..last with SLVERR (2) or DECERR (3)."""
        on_read, on_write = int(access != "write"), int(access != "read")
        self._library.sim_add_fault(self._handle, first, last, on_read, on_write, response)

    def clear_faults(self) -> None:
        """Answer every access inside the memory normally again."""
        self._library.sim_clear_faults(self._handle)

    def clear_counters(self) -> None:
        """Set the ports' counters and the access maps to zero."""
        self._library.sim_clear_counters(self._handle)

    def counters(self) -> dict[str, PortCounters]:
        """Counters of every port, by bundle name."""
        result = {}
        for index in range(self._library.sim_port_count(self._handle)):
            raw = _Counters()
            self._library.sim_port_counters(self._handle, index, byref(raw))
            name = self._library.sim_port_name(self._handle, index).decode()
            result[name] = PortCounters(
                **{field: getattr(raw, field) for field in PortCounters.__dataclass_fields__}
            )
        return result

    def accesses(self, address: int, size: int, *, writes: bool = False) -> npt.NDArray[np.uint8]:
        """How often each 16-byte granule of a range was read (or written), up to 255; a copy."""
        first = (address - self.arena.base) // ACCESS_GRANULE
        last = (address - self.arena.base + size - 1) // ACCESS_GRANULE
        whole = self._library.sim_access_map(self._handle, int(writes))
        entries = np.ctypeslib.as_array(whole, (self.arena.size // ACCESS_GRANULE,))
        return entries[first : last + 1].copy()

    def violations(self) -> tuple[int, list[str]]:
        """How often a port broke a rule of AXI4, and the first breaches in words."""
        text = ctypes.create_string_buffer(65536)
        count = self._library.sim_violations(self._handle, text, len(text))
        return int(count), text.value.decode().splitlines()

    def diagnosis(self) -> str:
        """What every port and process waits for, a line each."""
        return self._text("sim_diagnosis")

    def _text(self, function: str) -> str:
        buffer = ctypes.create_string_buffer(65536)
        getattr(self._library, function)(self._handle, buffer, len(buffer))
        return buffer.value.decode().rstrip()

    def _check(self, done: bool | int, action: str) -> None:
        if failure := self._text("sim_error"):
            raise DeviceError(f"The design stopped itself at cycle {self.cycle}: {failure}")
        if not done:
            raise DeviceError(
                f"No answer to a {action} within {self.register_limit} cycles (cycle {self.cycle}).\n"
                + self.diagnosis()
            )
