# SPDX-License-Identifier: Apache-2.0
"""Calls clang (the one in the ziglang wheel): preprocess, rewrite pragmas, emit LLVM IR text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.pragmas import rewrite_pragmas
from edgemoe.compiler.headers import standard_headers

#: No optimisation by clang: the project runs its own list of passes (llvm.py). Of the targets of this clang, wasm64
#: lays out every type as the native build does, and passes a struct of several members by its address, not as integers.
FLAGS = [
    "-target", "wasm64-freestanding", "-fsigned-char", "-std=c++20", "-O1", "-g", "-fno-exceptions", "-fno-rtti",
    "-fno-threadsafe-statics", "-fno-strict-aliasing", "-fno-discard-value-names", "-fno-sanitize=all",
    "-Xclang", "-fexperimental-max-bitint-width=4096", "-Xclang", "-disable-llvm-passes",
    "-Wno-undefined-internal", "-Wno-unused-command-line-argument", "-Wno-unknown-pragmas",
    "-fno-caret-diagnostics", "-D__HLS_SYNTH__",
]  # fmt: skip

PRELUDE = "hls_intrinsics.h"

_ERROR = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?:fatal )?error: (?P<message>.*)$", re.MULTILINE
)


def cache_environment() -> dict[str, str]:
    """The environment for zig, whose cache goes to ``build/cache`` of the working directory unless told otherwise."""
    environment = dict(os.environ)
    cache = Path("build/cache/zig").resolve()
    environment.setdefault("ZIG_GLOBAL_CACHE_DIR", str(cache))
    environment.setdefault("ZIG_LOCAL_CACHE_DIR", str(cache))
    return environment


def emit_llvm(source: Path, include: list[Path], work: Path) -> tuple[str, list[str]]:
    """LLVM IR text of ``source``, and the files that were read. Intermediate files go to ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    flags = [*FLAGS, *(f"-I{path}" for path in include)]
    flags += standard_headers(include)
    # A source may have pragmas and none of our headers; the rewritten pragmas need their declaration all the same.
    declared = ["-include", PRELUDE] if any((path / PRELUDE).is_file() for path in include) else []
    preprocessed = work / f"{source.stem}.i.cpp"
    _clang([*flags, *declared, "-E", "-o", str(preprocessed), str(source)], source)
    text = preprocessed.read_text()
    rewritten = work / f"{source.stem}.rewritten.cpp"
    rewritten.write_text(rewrite_pragmas(text))
    output = work / f"{source.stem}.raw.ll"
    _clang([*flags, "-S", "-emit-llvm", "-o", str(output), str(rewritten)], source)
    return output.read_text(), _files(text)


def _clang(arguments: list[str], source: Path) -> None:
    command = [sys.executable, "-m", "ziglang", "c++", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=cache_environment(), check=False)
    if done.returncode == 0:
        return
    first = _ERROR.search(done.stderr)
    if first:
        raise CompileError(first["file"], int(first["line"]), _sentence(first["message"]))
    raise CompileError(str(source), 0, f"clang failed: {done.stderr.strip() or 'no message'}")


def _sentence(message: str) -> str:
    return message if message.endswith(".") else message + "."


def _files(preprocessed: str) -> list[str]:
    names = re.findall(r'^# \d+ "([^"<]+)"', preprocessed, re.MULTILINE)
    return list(dict.fromkeys(names))
