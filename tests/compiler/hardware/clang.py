# SPDX-License-Identifier: Apache-2.0
"""The clang that compiles kernels, for models of Verilator: without optimisation it takes a third of g++'s time."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from edgemoe.compiler.frontend.clang import cache_environment, zig_command

_PLAIN = ("-g0", "-fno-sanitize=all", "-fno-stack-protector", "-fno-asynchronous-unwind-tables")


@cache
def clang() -> tuple[str, ...]:
    """Its command, for objects that g++ links: it reads the headers of g++'s library. Nothing without a g++."""
    asked = ["g++", "-E", "-v", "-x", "c++", "/dev/null"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return ()
    _, _, listed = told.partition("#include <...> search starts here:\n")
    folders = [line.strip() for line in listed.partition("End of search list")[0].splitlines()]
    zig = zig_command()
    own = Path(zig[0]).parent / "lib" / "include"  # of the compiler itself, in place of g++'s own
    if not folders or not own.is_dir():
        return ()
    include = [f for f in folders if "/lib/gcc/" not in f or "c++" in f]
    return (*zig, "c++", "-nostdinc", *(f"-isystem{f}" for f in (*include, own)), *_PLAIN)


def environment(work: Path) -> tuple[tuple[str, str], ...]:
    """Its variables; what it keeps of a model goes with the folder ``work``."""
    return tuple({**cache_environment(), "ZIG_LOCAL_CACHE_DIR": str(work / "zig")}.items())
