# SPDX-License-Identifier: Apache-2.0
"""Work that may not end: done in a process of its own, which is ended when its time is over."""

from __future__ import annotations

import os
import select
import signal
import time
import warnings
from collections.abc import Callable

_CHUNK = 1 << 20


class OutOfTime(Exception):
    """The work was not done in its time."""


def limited(work: Callable[[], str], seconds: float) -> str:
    """The text that `work` returns, computed in a child process.

    LLVM cannot be interrupted from within a process, so a child runs it; what the child knows of the program it has
    by being a copy of this process, and it sends back text only.

    Raises:
        OutOfTime: after `seconds`; the child is gone then.
        RuntimeError: what `work` raised, as text, or that the child ended without a word.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of a fork beside threads: the child needs none of them
        child = os.fork()
    if child == 0:
        _child(work, reading, writing)
    os.close(writing)
    try:
        answer = _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)  # it has said all that it will
        os.waitpid(child, 0)
    if answer[:1] != b"+":
        raise RuntimeError(answer[1:].decode(errors="replace") or "the child process ended without a word")
    return answer[1:].decode()


def _child(work: Callable[[], str], reading: int, writing: int) -> None:
    os.close(reading)
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
