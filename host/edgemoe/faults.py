# SPDX-License-Identifier: Apache-2.0
"""The one place that turns an exception into a message and an exit status.

What is the user's (a file, the disk, an interruption) gets its status without a trace. Everything else is a fault
of the program: its traceback goes into a file, and one line says so.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from edgemoe import __version__, caches
from edgemoe.errors import EdgeMoeError

EXTRAS = ("torch", "onnx", "onnxruntime", "onnxscript")  # packages that `make cosim` does not install
INTERRUPTED = 130
FAULT = 70
BAD_INPUT = 2

ENVIRONMENT = {
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EFBIG, errno.EISDIR, errno.ELOOP, errno.EMFILE,
    errno.ENAMETOOLONG, errno.ENFILE, errno.ENODEV, errno.ENOENT, errno.ENOMEM, errno.ENOSPC, errno.ENOTDIR,
    errno.ENOTEMPTY, errno.ENXIO, errno.EPERM, errno.EROFS, errno.ETXTBSY,
}  # fmt: skip
"""Refusals of the operating system that a user can do something about."""


def end(main: Callable[[], int | None], name: str = "error") -> NoReturn:
    """Run a script's `main` and leave with its status; an exception is told as that of a command is."""
    try:
        status = main() or 0
    except (Exception, KeyboardInterrupt) as error:
        status = told(error, name)
    sys.exit(status)


def told(error: BaseException, name: str) -> int:
    """Say on stderr what an exception means, after `name`; the exit status that goes with it."""
    message, status = explain(error, caches.build_root() / "faults")
    with contextlib.suppress(OSError):  # a full disk under stderr changes no status
        print(f"{name}: {message}", file=sys.stderr, flush=True)
    return status


def explain(error: BaseException, faults: Path) -> tuple[str, int]:
    """Message and exit status of an exception. `faults`: the folder for tracebacks of faults."""
    if isinstance(error, EdgeMoeError):
        return str(error), error.exit_status
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in EXTRAS:
        return f"this command needs {error.name}, which `make setup` installs.", BAD_INPUT
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; nothing half-written is left.", INTERRUPTED
    if isinstance(error, MemoryError):
        return "the machine has too little memory for this.", BAD_INPUT
    if isinstance(error, OSError) and error.errno in ENVIRONMENT:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}. Nothing more is known; check the path and the disk.", BAD_INPUT
    return _fault(error, faults), FAULT


def _fault(error: BaseException, faults: Path) -> str:
    """Keeps the traceback and says where."""
    text = "".join(traceback.format_exception(error))
    name = type(error).__name__
    head = (
        f"edgemoe {__version__}, Python {platform.python_version()}, {platform.platform()}\n{sys.argv!r}\n\n"
    )
    file = faults / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        faults.mkdir(parents=True, exist_ok=True)
        file.write_text(head + text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        print(head + text, file=sys.stderr)
        return f"a fault of edgemoe itself ({name}). Please report it with the lines above."
    return f"a fault of edgemoe itself ({name}), not of your input. Please report it with the file {file}."
