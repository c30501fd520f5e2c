# SPDX-License-Identifier: Apache-2.0
"""Builds a kernel for the machine at hand and calls it: the reference for simulated hardware.

The same source that becomes SystemVerilog is compiled by the same clang against the same headers;
dataflow processes run as coroutines, so feedback between them works and a deadlock is reported
stream by stream.
"""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.clang import cache_environment, zig_command
from edgemoe.compiler.frontend.source.macros import KEEP, expand_pragmas
from edgemoe.compiler.frontend.source.structure import Structure
from edgemoe.compiler.headers import standard_headers
from edgemoe.compiler.ir import RETURN
from edgemoe.compiler.libraries import is_whole, keep
from edgemoe.compiler.native_source import rewrite, top_parameters
from edgemoe.errors import UserError

_LANGUAGE = ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fsigned-char"]
_WARNINGS = ["-Wall", "-Wno-unknown-pragmas", "-Wno-unused", "-Wno-c++26-extensions"]
#: What a build with checks has beside those of the headers; ``hls/shim/detail/native_faults.h`` tells what they find.
_CHECKED = [
    "-ftrivial-auto-var-init=pattern",
    "-fsanitize=bounds,shift,integer-divide-by-zero",
    "-fno-sanitize-trap=all",
    "-fsanitize-recover=all",
]


class NativeError(UserError):
    """A native kernel stopped: a deadlock or an access outside its memory."""


class _Argument(ctypes.Structure):
    """``hls::native::argument`` of ``hls/shim/detail/native_call.h``."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("width", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_ulonglong),
    ]


_KINDS = ("stream", "memory", "input", "output")


@dataclass(frozen=True)
class Port:
    """An argument of the top; kind: ``stream``, ``memory``, ``input`` or ``output``; width in bits."""

    name: str
    kind: str
    width: int


@dataclass
class NativeResult:
    """What a call left behind."""

    #: elements written, unsigned, per output stream
    streams: dict[str, list[int]] = field(default_factory=dict)
    #: elements not taken, per input stream
    unread: dict[str, int] = field(default_factory=dict)
    #: scalar outputs, unsigned
    outputs: dict[str, int] = field(default_factory=dict)


def build_native(
    source: Path,
    top: str,
    *,
    include: Sequence[Path],
    out: Path,
    checks: bool = False,
    optimise: str = "-O2",
) -> Path:
    """Compiles ``top`` of ``source`` to a shared library in ``out`` and returns its path.

    ``include`` names the folders of the headers, ``hls/shim`` among them. ``checks`` adds the run-time
    checks of the headers (shift amounts, bit ranges, lanes, division by zero) and clang's of built-in arrays,
    shifts and divisions, and fills uninitialised variables with a pattern, so that a program that depends on
    them shows. The library is reused while
    nothing it is made of changes.
    """
    flags = [*_LANGUAGE, *(f"-I{folder}" for folder in include), *standard_headers(include)]
    flags += ["-DHLS_NATIVE_CHECKS"] if checks else []
    glue = (
        "#pragma GCC visibility push(default)\n"
        f'extern "C" int hls_native_call(hls::native::argument* a, char* message, unsigned long size) {{\n'
        f'  return hls::native::call<&::{top}>(a, "{top}", message, size);\n}}\n'
        'extern "C" int hls_native_describe(hls::native::argument* a) {\n'
        f"  if (a) hls::native::signature<decltype(&::{top})>::describe(a);\n"
        f"  return hls::native::signature<decltype(&::{top})>::arity;\n}}\n"
        'extern "C" void hls_native_free(void* p) { free(p); }\n'
        "#pragma GCC visibility pop\n"
    )
    # Our headers come first: macros of the source must not reach into them.
    main = f'#include "detail/native_call.h"\n#include "{source.resolve()}"\n# 1 "<native call of {top}>"\n{glue}'
    text, structure = preprocess(main, [*flags, *_WARNINGS], source)
    parameters = top_parameters(structure, top)
    if parameters is None:
        raise CompileError(str(source), 0, f"there is no function '{top}' with a body to build")
    names = "\\n".join([*(p.name for p in parameters), RETURN])
    text = rewrite(text, structure)
    text += 'extern "C" __attribute__((visibility("default"))) const char* hls_native_names()'
    text += f' {{ return "{names}"; }}\n'
    flags = [*_LANGUAGE, *_WARNINGS, optimise, "-shared", "-fPIC", "-fno-sanitize=all", "-fvisibility=hidden"]
    flags += _CHECKED if checks else []
    digest = hashlib.sha256("\0".join([sys.platform, *flags, text]).encode()).hexdigest()[:16]
    library = out / f"{top}-{digest}.so"
    if is_whole(library):
        return library
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        rewritten = Path(folder) / f"{top}.cpp"
        rewritten.write_text(text)
        made = Path(folder) / library.name
        _zig([*flags, "-o", str(made), str(rewritten)], "", source)
        return keep(made, library)


def preprocess(main: str, flags: Sequence[str], source: Path) -> tuple[str, Structure]:
    """The preprocessed text of the C++ text ``main``, macros in its pragmas expanded, and its structure."""
    text = _zig(["-E", KEEP, *flags, "-x", "c++", "-"], main, source)
    return expand_pragmas(text, lambda part: _zig(["-undef", "-w", "-E", "-x", "c++", "-"], part, source))


def _zig(arguments: list[str], stdin: str, source: Path) -> str:
    """Runs clang of the ziglang wheel as a C driver: C++ without the C++ library, which links fast."""
    command = [*zig_command(), "cc", *arguments]
    environment = cache_environment()
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise CompileError(str(source), 0, f"clang refused it:\n{done.stderr.strip()}")
    return done.stdout


class NativeKernel:
    """A natively built kernel as a Python callable."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.hls_native_names.restype = ctypes.c_char_p
        count = self._library.hls_native_describe(None)
        described = (_Argument * max(count, 1))()
        self._library.hls_native_describe(described)
        names = self._library.hls_native_names().decode().split("\n")
        #: arguments of the top in order
        self.ports = [
            Port(name, _KINDS[a.kind], a.width) for name, a in zip(names, described[:count], strict=False)
        ]

    def run(
        self,
        streams: Mapping[str, Sequence[int]] | None = None,
        scalars: Mapping[str, int] | None = None,
        memories: Mapping[str, np.ndarray] | None = None,
    ) -> NativeResult:
        """Calls the kernel once.

        ``streams``: elements of each input stream as integers of either sign; ``scalars``: scalar inputs;
        ``memories``: one contiguous uint8 array per AXI master, written in place. Raises ``NativeError``.
        """
        streams, scalars, memories = streams or {}, scalars or {}, memories or {}
        self._check_names({**streams, **scalars, **memories})
        arguments = (_Argument * max(len(self.ports), 1))()
        keep: list[object] = []
        for argument, port in zip(arguments, self.ports, strict=False):
            argument.name = port.name.encode()
            if port.kind == "memory":
                buffer = memories[port.name]
                if buffer.dtype != np.uint8 or not buffer.flags.c_contiguous or not buffer.flags.writeable:
                    raise UserError(f"memory '{port.name}' must be a writable contiguous uint8 array.")
                argument.data, argument.length = buffer.ctypes.data, buffer.size
                continue
            values = streams.get(port.name, ()) if port.kind == "stream" else [scalars.get(port.name, 0)]
            packed = pack_elements(values, port.width)
            data = ctypes.create_string_buffer(packed, len(packed) + 1)
            keep.append(data)
            argument.data, argument.length = ctypes.addressof(data), len(values)
        message = ctypes.create_string_buffer(4096)
        if self._library.hls_native_call(arguments, message, ctypes.c_ulong(len(message))):
            raise NativeError(message.value.decode(errors="replace"))
        return self._collect(arguments, streams)

    def _check_names(self, given: Mapping[str, object]) -> None:
        known = {p.name for p in self.ports}
        if wrong := sorted(set(given) - known):
            has = ", ".join(sorted(known))
            raise UserError(f"the kernel has no argument {', '.join(wrong)}; it has {has}.")
        missing = [p.name for p in self.ports if p.kind in ("memory", "input") and p.name not in given]
        if missing:
            raise UserError(f"the kernel's argument {', '.join(missing)} is missing.")

    def _collect(
        self, arguments: ctypes.Array[_Argument], streams: Mapping[str, Sequence[int]]
    ) -> NativeResult:
        result = NativeResult()
        for argument, port in zip(arguments, self.ports, strict=False):
            size = (port.width + 7) // 8
            if port.kind == "stream":
                if port.name in streams:
                    result.unread[port.name] = argument.length
                else:
                    data = ctypes.string_at(argument.data, argument.length * size)
                    result.streams[port.name] = unpack_elements(data, port.width)
                self._library.hls_native_free(ctypes.c_void_p(argument.data))
            elif port.kind == "output":
                result.outputs[port.name] = int.from_bytes(ctypes.string_at(argument.data, size), "little")
        return result


def pack_elements(values: Sequence[int], width: int) -> bytes:
    """Integers as little-endian elements of ``ceil(width / 8)`` bytes, modulo 2**width."""
    size, mask = (width + 7) // 8, (1 << width) - 1
    return b"".join((int(v) & mask).to_bytes(size, "little") for v in values)


def unpack_elements(data: bytes, width: int) -> list[int]:
    """The inverse of ``pack_elements``, unsigned."""
    size = (width + 7) // 8
    return [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]
