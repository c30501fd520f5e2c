# SPDX-License-Identifier: Apache-2.0
"""Runs compiled kernels in Verilator, among FIFOs and memories that stall at random.

Used by the tests to compare hardware with the native build of the same source::

    rtl = Rtl.build([compile_file(...), compile_file(...)], folder)
    outcome = rtl.run("mac", streams={"xs": [...]}, stall=25, seed=3)
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgemoe.compiler.backend.registers import BUS_ERROR, Register, register_map
from edgemoe.compiler.backend.streams import port_name
from edgemoe.compiler.driver import CompileResult
from edgemoe.compiler.ir import AxiArg, Direction, Function, ScalarArg, StreamArg
from edgemoe.compiler.native import pack_elements, unpack_elements
from edgemoe.errors import DeviceError
from hardware.model import Kernel, Model, build_model
from hardware.stuck import explain

CONTROL, GLOBAL_ENABLE, ENABLE, STATUS = 0x0, 0x4, 0x8, 0xC
_FIRST_ADDRESS = 0x1_0000_0000


@dataclass
class Outcome:
    """What a run left behind."""

    cycles: int
    streams: dict[str, list[int]] = field(default_factory=dict)  #: elements of each output stream, unsigned
    unread: dict[str, int] = field(default_factory=dict)  #: elements left in each input stream
    outputs: dict[str, int] = field(default_factory=dict)  #: output scalars, unsigned
    written: dict[str, bool] = field(default_factory=dict)  #: output scalars: their valid bits
    bus_error: int = 0
    most_reads: dict[str, int] = field(default_factory=dict)  #: outstanding read bursts of each bundle


class Rtl:
    """Several kernels in one Verilator model, each with the AXI4-Lite interface."""

    def __init__(self, library: Path, results: Sequence[CompileResult], seed: int = 1) -> None:
        self.model = Model(library, seed)
        self.kernels = {r.program.top: Kernel(f"k{n}_", r) for n, r in enumerate(results)}
        self._reset: set[str] = set()

    @classmethod
    def build(
        cls,
        results: Sequence[CompileResult],
        out: Path,
        *,
        cache: Path | None = None,
        seed: int = 1,
        netlists: Mapping[str, Path] | None = None,
        optimise: str = "-O1",
    ) -> Rtl:
        """One model of all ``results``; ``out`` keeps it, ``cache`` what all models share.

        Registers start with noise made from ``seed``. ``netlists`` gives Verilog that stands for a top's own.
        ``optimise`` is for the C++ compiler, as of `build_model`.
        """
        given = netlists or {}
        kernels = [
            Kernel(f"k{n}_", result, given.get(result.program.top)) for n, result in enumerate(results)
        ]
        return cls(build_model(kernels, out, cache, optimise), results, seed)

    def function(self, top: str) -> Function:
        return self.kernels[top].result.program.functions[top]

    def registers(self, top: str) -> dict[str, Register]:
        return {register.name: register for register in register_map(self.function(top))}

    def run(
        self,
        top: str,
        streams: Mapping[str, Sequence[int]] | None = None,
        scalars: Mapping[str, int] | None = None,
        memories: Mapping[str, np.ndarray] | None = None,
        *,
        stall: int = 0,
        bursts: bool = False,
        seed: int = 0,
        offset: int = 0,
        bad: Mapping[str, range] | None = None,
        limit: int = 2_000_000,
        reset_after: int | None = None,
    ) -> Outcome:
        """One start of ``top``. ``memories`` are uint8 arrays, changed in place.

        ``stall`` is the percentage of cycles in which a stream or bus is not ready; with ``bursts`` it is the most of
        a stream, each of which has its own share, in bursts of up to some 40 cycles. ``offset`` shifts every
        memory's address; byte offsets in ``bad`` answer with errors; ``reset_after`` resets the kernel that many
        cycles after its start and returns.
        """
        model, function = self.model, self.function(top)
        model.select(self.kernels[top].prefix)
        arrays = self._connect(function, streams or {}, memories or {}, offset, bad or {})
        if top not in self._reset:
            model.stalls(seed, 0)
            model.reset()
            self._reset.add(top)
        model.stalls(seed, stall, bursts)
        self._write_arguments(function, scalars or {}, offset)
        model.write(GLOBAL_ENABLE, 1)
        model.write(ENABLE, 1)
        model.write(CONTROL, 1)
        if reset_after is not None:
            model.steps(reset_after)
            model.reset()
            return Outcome(reset_after)
        cycles = model.until("interrupt", limit)
        if cycles < 0:
            found = self.kernels[top].result
            why = explain(found.program, found.report["clock"]["target_ns"], streams or {}, scalars or {})
            message = f"{top} is not done after {limit} cycles (stall {stall} %, seed {seed})"
            raise DeviceError("\n".join([message, why] if why else [message]))
        for name, array in arrays.items():  # done means that everything is in memory
            (memories or {})[name][:] = np.frombuffer(bytes(array), dtype=np.uint8)
        return self._collect(top, function, streams or {}, cycles, bursts)

    def _connect(
        self,
        function: Function,
        streams: Mapping[str, Sequence[int]],
        memories: Mapping[str, np.ndarray],
        offset: int,
        bad: Mapping[str, range],
    ) -> dict[str, ctypes.Array[ctypes.c_uint8]]:
        arrays: dict[str, ctypes.Array[ctypes.c_uint8]] = {}
        for number, arg in enumerate(function.args):
            if isinstance(arg, StreamArg) and arg.direction is Direction.READ:
                values = streams[arg.name]
                self.model.input(port_name(arg.name), pack_elements(values, arg.width), len(values))
            elif isinstance(arg, StreamArg):
                self.model.output(port_name(arg.name))
            elif isinstance(arg, AxiArg):
                data = memories[arg.name].tobytes()
                array = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
                base = _base(number, offset)
                wrong = bad.get(arg.name, range(0))
                self.model.memory(arg.bundle, array, base, range(base + wrong.start, base + wrong.stop))
                arrays[arg.name] = array
        return arrays

    def _write_arguments(self, function: Function, scalars: Mapping[str, int], offset: int) -> None:
        registers = {register.name: register for register in register_map(function)}
        for number, arg in enumerate(function.args):
            if isinstance(arg, ScalarArg) and arg.direction is Direction.READ:
                value = scalars[arg.name]
            elif isinstance(arg, AxiArg):
                value = _base(number, offset)
            else:
                continue
            register = registers[arg.name]
            for word in range(register.words):
                self.model.write(register.offset + 4 * word, (value >> (32 * word)) & 0xFFFF_FFFF)

    def _collect(
        self, top: str, function: Function, streams: Mapping[str, Sequence[int]], cycles: int, bursts: bool
    ) -> Outcome:
        model, outcome = self.model, Outcome(cycles)
        model.write(STATUS, 1)
        if model.get("interrupt"):
            raise DeviceError(f"{top}: writing 1 to the interrupt status does not clear it")
        control = model.read(CONTROL)
        if control & 0b110 != 0b110:
            raise DeviceError(f"{top}: control is {control:#x} after the run, not done and idle")
        if bursts:
            model.stalls(0, 0)
        model.steps(400)  # output buffers empty into the streams
        for arg in function.args:
            if isinstance(arg, StreamArg) and arg.direction is Direction.WRITE:
                data = model.take(port_name(arg.name), (arg.width + 7) // 8)
                outcome.streams[arg.name] = unpack_elements(data, arg.width)
            elif isinstance(arg, StreamArg):
                outcome.unread[arg.name] = model.left(port_name(arg.name))
            elif isinstance(arg, AxiArg):
                outcome.most_reads[arg.bundle] = model.most_reads(arg.bundle)
        for register in register_map(function):
            if register.writable:
                continue
            words = [model.read(register.offset + 4 * k) for k in range(register.words)]
            value = sum(word << (32 * k) for k, word in enumerate(words))
            if register.name == BUS_ERROR:
                outcome.bus_error = value
            else:
                outcome.outputs[register.name] = value
                valid = register.valid_offset  # what a function returns is always written
                outcome.written[register.name] = valid is None or bool(model.read(valid))
        if problems := model.problems():
            raise DeviceError(f"{top} breaks the AXI4 protocol:\n{problems}")
        return outcome


def _base(number: int, offset: int) -> int:
    """Where the memory of argument ``number`` lies: far apart, ``offset`` bytes from a 4 KiB boundary."""
    return _FIRST_ADDRESS * (number + 1) + offset
