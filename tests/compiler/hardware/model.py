# SPDX-License-Identifier: Apache-2.0
"""Builds one Verilator model that holds several compiled kernels, and talks to it."""

from __future__ import annotations

import ctypes
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgemoe import verilator
from edgemoe.built import digest, kept
from edgemoe.compiler.driver import CompileResult
from edgemoe.errors import DeviceError, UserError
from hardware.clang import clang

_HERE = Path(__file__).parent
_PORT = re.compile(r"^\s*(?:/\*.*\*/ )?(input|output)\s+logic (\[\d+:0\] )?(\w+),?$", re.MULTILINE)
_LIBRARY = "bench.so"
_BENCH = [_HERE / "bench.cpp", _HERE / "memory.cpp"]
#: What every model reads first.
_FIRST = '#include "verilated.h"\n#include "bench.hpp"\n'
#: Style warnings that generated text may give; everything else, widths included, is an error.
_LINT = [
    "-Wall",
    *(
        f"-Wno-{name}"
        for name in ("DECLFILENAME", "UNUSEDSIGNAL", "UNUSEDPARAM", "PINCONNECTEMPTY", "VARHIDDEN")
    ),
]
#: What Yosys writes has the style of no person, and loops between bits of one vector.
_LINT_NETLIST = ["-Wall", "-Wno-lint", "-Wno-style", "-Wno-UNOPTFLAT", "-Wno-fatal"]


@dataclass(frozen=True)
class Kernel:
    """A compiled top in the model: its ports carry ``prefix``. A ``netlist`` stands for its SystemVerilog."""

    prefix: str
    result: CompileResult
    netlist: Path | None = None

    @property
    def files(self) -> list[Path]:
        return [self.netlist] if self.netlist else self.result.files


def build_model(
    kernels: Sequence[Kernel], out: Path, cache: Path | None = None, optimise: str = "-O1"
) -> Path:
    """The shared library of a model that holds all ``kernels``; kept in ``out`` by a hash of its sources.

    ``cache`` keeps what every model shares; it is ``out`` unless told otherwise. ``optimise`` is for the C++ compiler:
    a model that runs for some thousand cycles is built with ``-O0`` in a third of the time.
    """
    netlists = [kernel.netlist for kernel in kernels if kernel.netlist]
    named = [f"{kernel.prefix} {kernel.result.sha256} {kernel.netlist}" for kernel in kernels]
    ours = [Path(__file__), _HERE / "bench.hpp", *_BENCH]
    key = digest(verilator.identity(), optimise, *named, *netlists, *ours)

    def make(entry: Path) -> None:
        headers = [_HERE / "bench.hpp"]
        units = [*verilator.runtime(), *_BENCH]
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            compiler = clang() if optimise == "-O0" else ()
            cxx = verilator.Cxx((_HERE,), ("-DVL_USER_FATAL",), compiler=compiler)
            shared = verilator.shared(cache or out, cxx, units, headers, first=_FIRST, optimise=optimise)
            (work / "bench.sv").write_text(_top(kernels))
            sources = [*_modules(kernels), work / "bench.sv"]
            lint = _LINT_NETLIST if netlists else _LINT
            verilator.translate(sources, "bench", work, ["--no-timing", *lint])
            unit = verilator.one_unit(work, _bindings(work))
            model = cxx.object(unit, work, optimise=optimise, header=shared.header)
            verilator.link([model, *shared.objects], entry / _LIBRARY)

    return kept(out / f"bench-{key[:16]}", make) / _LIBRARY


def _modules(kernels: Sequence[Kernel]) -> list[Path]:
    """The files of all ``kernels``; one of those that have the same module."""
    modules: dict[str, Path] = {}
    for path in (path for kernel in kernels for path in kernel.files):
        same = modules.setdefault(path.name, path)
        if same.read_text() != path.read_text():
            raise UserError(f"two kernels have different modules {path.stem}; rename one.")
    return list(modules.values())


def _top(kernels: Sequence[Kernel]) -> str:
    """A module with every kernel inside and every port outside; clocks too, so that only one kernel runs."""
    ports, instances = [], []
    for kernel in kernels:
        text = kernel.result.top.read_text()
        top = kernel.result.top.stem
        pins = []
        for direction, span, name in _PORT.findall(text):
            ports.append(f"  {direction} logic {span}{kernel.prefix}{name}")
            pins.append(f".{name}({kernel.prefix}{name})")
        instances.append(f"  {top} {kernel.prefix}top ({', '.join(pins)});")
    return "module bench (\n" + ",\n".join(ports) + "\n);\n" + "\n".join(instances) + "\nendmodule\n"


def _bindings(work: Path) -> str:
    lines = [
        f'  signals["{name}"] = {{&top.{member}, {bits}}};'
        for name, (member, bits) in verilator.ports(work).items()
    ]
    return _PORTS.replace("BINDINGS", "\n".join(lines))


_PORTS = """#include "bench.hpp"
#include "Vtop.h"

namespace {
struct Made : Top {
  Vtop top;
  explicit Made(VerilatedContext* context) : top(context) {}
  void eval() override { top.eval(); }
  void final() override { top.final(); }
};
}

Top* make_top(VerilatedContext* context, Signals& signals) {
  Made* made = new Made(context);
  Vtop& top = made->top;
BINDINGS
  return made;
}
"""


class Model:
    """A loaded model, whose registers start with noise made from ``seed``; one kernel at a time is driven."""

    def __init__(self, library: Path, seed: int = 1) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.bench_open.restype = ctypes.c_void_p
        for name in ("failure", "problems"):
            getattr(self._library, f"bench_{name}").restype = ctypes.c_char_p
        for name in ("read", "get", "until"):
            getattr(self._library, f"bench_{name}").restype = ctypes.c_int64
        for name in ("left", "count", "cycle"):
            getattr(self._library, f"bench_{name}").restype = ctypes.c_uint64
        for name in ("select", "stalls", "take"):
            getattr(self._library, f"bench_{name}").restype = None
        self._bench = ctypes.c_void_p(self._library.bench_open(seed))
        self._kept: list[object] = []

    def _call(self, name: str, *arguments: object) -> int:
        done = getattr(self._library, f"bench_{name}")(self._bench, *arguments)
        if done == -1:
            raise DeviceError(self._library.bench_failure(self._bench).decode())
        return done

    def select(self, prefix: str) -> None:
        self._kept.clear()
        self._call("select", prefix.encode())

    def stalls(self, seed: int, percent: int, bursts: bool = False) -> None:
        self._call("stalls", ctypes.c_uint32(seed), ctypes.c_uint32(percent), int(bursts))

    def reset(self, cycles: int = 3) -> None:
        self._call("reset", cycles)

    def input(self, name: str, data: bytes, count: int) -> None:
        self._call("input", name.encode(), data, ctypes.c_uint64(count))

    def output(self, name: str) -> None:
        self._call("output", name.encode())

    def left(self, name: str) -> int:
        return self._call("left", name.encode())

    def take(self, name: str, size: int) -> bytes:
        """Everything that came out of an output stream; ``size`` is the bytes of an element."""
        count = self._call("count", name.encode())
        buffer = ctypes.create_string_buffer(max(1, count * size))
        self._library.bench_take(self._bench, name.encode(), buffer)
        return buffer.raw[: count * size]

    def memory(self, bundle: str, data: ctypes.Array[ctypes.c_uint8], base: int, bad: range) -> None:
        """Puts ``data`` at address ``base`` behind ``bundle``; accesses in ``bad`` are answered with errors."""
        self._kept.append(data)
        wide = [ctypes.c_uint64(v) for v in (base, len(data), bad.start, bad.stop)]
        self._call("memory", bundle.encode(), data, *wide)

    def problems(self) -> str:
        return self._library.bench_problems(self._bench).decode()

    def most_reads(self, bundle: str) -> int:
        return self._call("most_reads", bundle.encode())

    def write(self, address: int, value: int) -> None:
        self._call("write", address, ctypes.c_uint32(value))

    def read(self, address: int) -> int:
        return self._call("read", address)

    def set(self, port: str, value: int) -> None:
        self._call("set", port.encode(), ctypes.c_uint64(value))

    def get(self, port: str) -> int:
        return self._call("get", port.encode())

    def steps(self, cycles: int) -> None:
        self._call("steps", ctypes.c_uint64(cycles))

    def until(self, port: str, limit: int) -> int:
        return self._call("until", port.encode(), ctypes.c_uint64(limit))
