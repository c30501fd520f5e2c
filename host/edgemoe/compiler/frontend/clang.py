# SPDX-License-Identifier: Apache-2.0
"""Calls clang (the one in the ziglang wheel): preprocess, rewrite pragmas, emit LLVM IR text."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.complaints import FLAGS as WARNINGS
from edgemoe.compiler.frontend.complaints import judge
from edgemoe.compiler.frontend.source.macros import KEEP, expand_pragmas
from edgemoe.compiler.frontend.source.modules import HEADER, SUFFIX, Outlined, outline_modules, wanted_modules
from edgemoe.compiler.frontend.source.places import Lines, line_marker
from edgemoe.compiler.frontend.source.rewrite import Source, find_pragmas, rewrite_pragmas
from edgemoe.compiler.frontend.source.stray import stray_semicolons
from edgemoe.compiler.frontend.source.structure import read_structure
from edgemoe.compiler.headers import standard_headers
from edgemoe.compiler.ir import Note
from edgemoe.compiler.limits import CLANG_SECONDS

#: No optimisation by clang: the project runs its own list of passes (llvm.py). Of the targets of this clang, wasm64
#: lays out every type as the native build does, and passes a struct of several members by its address, not as integers.
FLAGS = [
    "-target", "wasm64-freestanding", "-fsigned-char", "-std=c++20", "-O1", "-g", "-fno-exceptions", "-fno-rtti",
    "-fno-threadsafe-statics", "-fno-strict-aliasing", "-fno-discard-value-names", "-fno-sanitize=all",
    "-Xclang", "-fexperimental-max-bitint-width=4096", "-Xclang", "-disable-llvm-passes",
    "-fno-caret-diagnostics", "-D__HLS_SYNTH__",
]  # fmt: skip

PRELUDE = "hls_intrinsics.h"


def cache_environment() -> dict[str, str]:
    """The environment for zig, whose cache goes to ``build/cache`` of the working directory unless told otherwise."""
    environment = dict(os.environ)
    cache = Path("build/cache/zig").resolve()
    environment.setdefault("ZIG_GLOBAL_CACHE_DIR", str(cache))
    environment.setdefault("ZIG_LOCAL_CACHE_DIR", str(cache))
    return environment


@cache
def zig_command() -> list[str]:
    """What starts the zig of the ziglang wheel: its executable, or a Python that starts it where that is not found."""
    package = find_spec("ziglang")
    for folder in (package.submodule_search_locations or []) if package else []:
        if (
            executable := Path(folder) / "zig"
        ).is_file():  # a Python in between costs more than clang's start
            return [str(executable)]
    return [sys.executable, "-m", "ziglang"]


def emit_llvm(source: Path, include: list[Path], work: Path) -> tuple[str, Source, list[str], list[Note]]:
    """LLVM IR text of ``source``, what the C++ itself says, the files read and clang's warnings; intermediate files go
    to ``work``.
    """
    work.mkdir(parents=True, exist_ok=True)
    flags = [*FLAGS, *(f"-I{path}" for path in include)]
    flags += standard_headers(include)
    # A source may have pragmas and none of our headers; the rewritten pragmas need their declaration all the same.
    declared = ["-include", PRELUDE] if any((path / PRELUDE).is_file() for path in include) else []
    preprocessed = work / f"{source.stem}.i.cpp"
    expand = [*flags, *declared, "-E", KEEP, "-o", str(preprocessed), str(source)]
    values = partial(_preprocess, work, source)
    _clang(expand, source)
    text, structure = expand_pragmas(preprocessed.read_text(), values)
    lines = Lines(text)
    pragmas = find_pragmas(structure, lines)
    if wanted_modules(pragmas):
        if not any(Path(name).name == HEADER for name in _files(text)):
            _clang([*expand, "-include", HEADER], source)
            text, structure = expand_pragmas(preprocessed.read_text(), values)
            pragmas = find_pragmas(structure, Lines(text))
        outlined = outline_modules(
            text, structure, wanted_modules(pragmas), partial(_tree, flags, work, source)
        )
        structure, lines = read_structure(outlined.text), Lines(outlined.text)
        pragmas = find_pragmas(structure, lines, outlined.obstacles)
    else:
        outlined = Outlined(text, {})
    stray = stray_semicolons(structure, lines)
    rewritten = work / f"{source.stem}.rewritten.cpp"
    marked = rewrite_pragmas(outlined.text, structure, lines, pragmas)
    rewritten.write_text(marked.text)
    output = work / f"{source.stem}.raw.ll"
    said = _clang([*flags, *WARNINGS, "-S", "-emit-llvm", "-o", str(output), str(rewritten)], source)
    return output.read_text(), marked, _files(text), [*judge(said), *stray]


def _preprocess(work: Path, source: Path, text: str) -> str:
    """What clang's preprocessor makes of a text that brings its own definitions, the predefined macros too."""
    path = work / "values.cpp"
    path.write_text(text)
    return _clang(["-undef", "-w", "-E", str(path)], source, wanted=True)


def _tree(flags: list[str], work: Path, source: Path, text: str) -> str:
    """clang's tree of the functions that are to become modules, as JSON. What does not compile shows later."""
    path = work / "modules.cpp"
    path.write_text(text)
    dump = ["-ast-dump=json", f"-ast-dump-filter={SUFFIX}"]
    options = ["-ferror-limit=0", "-fsyntax-only", *(word for option in dump for word in ("-Xclang", option))]
    return _run([*flags, *options, str(path)], source).stdout


def _clang(arguments: list[str], source: Path, *, wanted: bool = False) -> str:
    """Runs clang; what it wrote to stderr, or to stdout if that is ``wanted``, if it is content."""
    done = _run(arguments, source)
    if done.returncode:
        judge(done.stderr)
        raise CompileError(str(source), 0, f"clang failed: {done.stderr.strip() or 'no message'}")
    return done.stdout if wanted else done.stderr


def _run(arguments: list[str], source: Path) -> subprocess.CompletedProcess[str]:
    command = [*zig_command(), "c++", *arguments]
    environment = cache_environment()
    try:
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, timeout=CLANG_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise CompileError(
            str(source),
            0,
            f"clang was not done after {CLANG_SECONDS} s, which is the limit; is a constant computed without end?",
        ) from None


def _files(preprocessed: str) -> list[str]:
    """The files that a text is made of, in their order; those that clang makes up, as <built-in>, are none."""
    names = [marked.file for line in preprocessed.split("\n") if (marked := line_marker(line)) is not None]
    return [name for name in dict.fromkeys(names) if not name.startswith("<")]
