# SPDX-License-Identifier: Apache-2.0
"""The clang that compiles kernels, for models of Verilator: without optimisation it takes a third of g++'s time."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from edgemoe.compiler.frontend.clang import zig_command

_DRIVER = ("--driver-mode=g++", "--no-default-config", "-nostdinc")
_PLAIN = ("-g0", "-fno-stack-protector", "-fno-asynchronous-unwind-tables")


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
    folders = [str(own) if "/lib/gcc/" in folder and "c++" not in folder else folder for folder in folders]
    return (*zig, "clang", *_DRIVER, *(f"-isystem{folder}" for folder in dict.fromkeys(folders)), *_PLAIN)
