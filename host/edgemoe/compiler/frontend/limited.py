# SPDX-License-Identifier: Apache-2.0
"""Work that may not end: done in a process of its own, which is ended when its time is over."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable

_CHUNK = 1 << 20


class OutOfTime(Exception):
    """The work was not done in its time."""


class Died(RuntimeError):
    """The child process ended without a word; the text is the first line that it wrote to stderr."""


def limited(work: Callable[[], str], seconds: float) -> str:
    """The text that `work` returns, computed in a child process.

    LLVM cannot be interrupted from within a process, so a child runs it; what the child knows of the program it has
    by being a copy of this process, and it sends back text only.

    Raises:
        OutOfTime: after `seconds`; the child is gone then.
        RuntimeError: what `work` raised, as text; `Died` if it was no exception that ended the child.
    """
    with tempfile.TemporaryFile() as words:  # a library that fails an assertion says so there
        answer = _answer(work, seconds, words.fileno())
        words.seek(0)
        said = words.read().decode(errors="replace").strip()
    if not answer:
        raise Died(said.partition("\n")[0] or "the child process ended without a word")
    if said:
        print(said, file=sys.stderr)
    if answer[:1] != b"+":
        raise RuntimeError(answer[1:].decode(errors="replace"))
    return answer[1:].decode()


def _answer(work: Callable[[], str], seconds: float, errors: int) -> bytes:
    """What the child wrote: a sign and its text."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of a fork beside threads: the child needs none of them
        child = os.fork()
    if child == 0:
        os.dup2(errors, 2)
        _child(work, reading, writing)
    os.close(writing)
    try:
        return _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)  # it has said all that it will
        os.waitpid(child, 0)


def _child(work: Callable[[], str], reading: int, writing: int) -> None:
    os.close(reading)
    faulthandler.disable()  # how this project came here tells a user nothing
    try:
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, signal.SIG_DFL)
        answer = b"+" + work().encode()
    except BaseException as error:
        answer = b"-" + str(error).encode()
    try:
        while answer:
            answer = answer[os.write(writing, answer) :]
    finally:
        os._exit(0)


def _read(reading: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise OutOfTime
        part = os.read(reading, _CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
