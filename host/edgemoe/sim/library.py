# SPDX-License-Identifier: Apache-2.0
"""The C side of a simulation: loads a shared library and guards every call into the model inside it."""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from edgemoe.errors import DeviceError
from edgemoe.sim.arena import Arena
from edgemoe.sim.dram import DramConfig, PortCounters

REBUILD = "Build the overlay again; `make cosim` does that for the accelerator's."


class Config(ctypes.Structure):
    """A `DramConfig` for the library."""

    _fields_ = [(name, c_uint32) for name in DramConfig.__dataclass_fields__]


class Counters(ctypes.Structure):
    """`PortCounters` from the library."""

    _fields_ = [(name, c_uint64) for name in PortCounters.__dataclass_fields__]


class ChannelConfig(ctypes.Structure):
    """Parameters of a DMA channel for the library; native/dma.hpp says what they are."""

    _fields_ = [(name, c_uint32) for name in ("memory_bits", "burst")]


class ChannelState(ctypes.Structure):
    """What a DMA channel is doing, from the library."""

    _fields_ = [(name, c_uint64) for name in ("address", "length", "moved")] + [
        (name, c_uint32) for name in ("running", "enabled", "status", "busy", "stream", "unanswered")
    ]


_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "sim_create": (c_void_p, [c_void_p, c_uint64, c_uint64, c_int]),
    "sim_destroy": (None, [c_void_p]),
    "sim_configure": (None, [c_void_p, POINTER(Config)]),
    "sim_reset": (c_int, [c_void_p, c_uint64]),
    "sim_write": (c_int, [c_void_p, c_uint32, c_uint32, c_uint64]),
    "sim_read": (c_int, [c_void_p, c_uint32, POINTER(c_uint32), c_uint64]),
    "sim_run": (c_uint64, [c_void_p, c_uint64, c_int]),
    "sim_cycle": (c_uint64, [c_void_p]),
    "sim_interrupt": (c_int, [c_void_p]),
    "sim_has_waves": (c_int, []),
    "sim_trace": (c_int, [c_void_p, c_char_p]),
    "sim_add_fault": (None, [c_void_p, c_uint64, c_uint64, c_int, c_int, c_int]),
    "sim_clear_faults": (None, [c_void_p]),
    "sim_mark_stale": (None, [c_void_p, POINTER(c_uint64), POINTER(c_uint16), c_size_t]),
    "sim_stale_read": (c_int, [c_void_p, POINTER(c_uint64)]),
    "sim_written": (c_int, [c_void_p, POINTER(c_uint64), POINTER(c_uint64)]),
    "sim_access_map": (POINTER(c_uint8), [c_void_p, c_int]),
    "sim_clear_counters": (None, [c_void_p]),
    "sim_port_count": (c_int, [c_void_p]),
    "sim_port_name": (c_char_p, [c_void_p, c_int]),
    "sim_port_counters": (None, [c_void_p, c_int, POINTER(Counters)]),
    "sim_stream_count": (c_int, [c_void_p]),
    "sim_stream_name": (c_char_p, [c_void_p, c_int]),
    "sim_stream_bits": (c_int, [c_void_p, c_int]),
    "sim_attach": (c_int, [c_void_p, c_int, c_char_p, POINTER(ChannelConfig)]),
    "sim_channel_reset": (None, [c_void_p, c_int]),
    "sim_channel_control": (None, [c_void_p, c_int, c_int, c_uint32]),
    "sim_channel_acknowledge": (None, [c_void_p, c_int, c_uint32]),
    "sim_channel_transfer": (None, [c_void_p, c_int, c_uint64, c_uint64]),
    "sim_channel_state": (None, [c_void_p, c_int, POINTER(ChannelState)]),
    "sim_violations": (c_uint64, [c_void_p, c_char_p, c_size_t]),
    "sim_diagnosis": (c_size_t, [c_void_p, c_char_p, c_size_t]),
    "sim_error": (c_size_t, [c_void_p, c_char_p, c_size_t]),
}


def load_library(path: Path) -> ctypes.CDLL:
    """The simulation in the shared library `path`, with its functions typed; `DeviceError` if it is none."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as failure:
        raise DeviceError(f"The simulation {path} cannot be loaded: {failure}. {REBUILD}") from None
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise DeviceError(
                f"The simulation {path} has no function {name}: another version built it. {REBUILD}"
            ) from None
        function.restype, function.argtypes = result, arguments
    return library


class Model:
    """A model that lives in a shared library, with `arena` as its memory; its registers start with noise from `seed`.

    Calls come one at a time, from whatever thread; none reaches the library after `close`, and none from a
    forked process, whose copy of the model and of its memory would go its own way unseen.
    """

    def __init__(self, path: Path, arena: Arena, seed: int = 1) -> None:
        self.path, self.arena = path, arena
        self._library = load_library(path)
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._end: str | None = None
        self._handle: int | None = self._library.sim_create(arena.pointer, arena.base, arena.size, seed)
        if not self._handle:
            raise DeviceError(f"There is not enough memory for the simulation {path}.")

    @property
    def has_waves(self) -> bool:
        """Whether the library was built to write waveforms."""
        return bool(self._library.sim_has_waves())

    def call(self, function: str, *arguments: Any) -> Any:
        """`function(model, *arguments)`; `DeviceError` when there is no model any more."""
        with self.held() as handle:
            return getattr(self._library, function)(handle, *arguments)

    @contextmanager
    def held(self) -> Iterator[int]:
        """Keeps other threads out for as long as pointers into the model are used; gives its handle."""
        if os.getpid() != self._process:  # first: the lock may have been held when the process was forked
            raise DeviceError(
                f"The simulated design belongs to process {self._process}, and this is a fork of it. "
                "Load the overlay in the process that uses it."
            )
        with self._lock:
            if self._handle is None:
                raise DeviceError(
                    f"This driver belongs to a design that {self._end}; take it anew from the Overlay."
                )
            yield self._handle

    def close(self, reason: str) -> None:
        """Free the model; calls then fail with `reason`, the end of "a design that ...". Once is enough."""
        if os.getpid() != self._process:  # what the fork has of it, waveform file included, stays as it is
            return
        with self._lock:
            handle, self._handle = self._handle, None
            if handle is not None:
                self._end = reason
                self._library.sim_destroy(handle)
