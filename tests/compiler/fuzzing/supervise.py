# SPDX-License-Identifier: Apache-2.0
"""Runs batches in a process of their own, which may hang or crash: every program gets a verdict all the same."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fuzzing.batch import Batch
from fuzzing.generate import Program

#: CPU seconds that each process of a batch may take for a step: the batch itself, or a compiler that it starts.
STEP_SECONDS = 240
#: Seconds without a word after which a batch is taken to wait for ever; no machine is so loaded.
SILENCE = 3600.0


def verdicts(
    programs: Sequence[Program], folder: Path, step_seconds: int = STEP_SECONDS, *, rtl: bool = True
) -> Iterator[dict[str, Any]]:
    """Verdicts and times of ``programs``, as `batch` says them; ``step_seconds`` is CPU time.

    Without ``rtl`` a program is done after the interpreters.
    """
    waiting = [list(programs)]
    while waiting:
        left = {p.seed: p for p in waiting.pop()}
        last: dict[str, Any] = {}
        for line in _lines(list(left.values()), folder, step_seconds, rtl):
            if "stage" in line:
                last = line
                continue
            if "kind" in line:
                left.pop(line["seed"], None)
            if "ended" not in line:
                yield line
            elif left and "build of" in last.get("stage", "") and len(left) > 1:
                rest = list(left.values())  # one of many made the build hang or crash
                waiting += [rest[: len(rest) // 2], rest[len(rest) // 2 :]]
            elif left:
                seed = last.get("seed") if last.get("seed") in left else next(iter(left))
                guilty = left.pop(seed)
                detail = f"{last.get('stage')}: {line['ended']}"
                kind = _kind(line["ended"], last)
                yield {"seed": seed, "kind": kind, "detail": detail, "features": sorted(guilty.features)}
                if left:
                    waiting.append(list(left.values()))


def _kind(ended: str, last: dict[str, Any]) -> str:
    if "silent" in ended or ended == f"signal {signal.SIGXCPU.value}":
        return "hang"
    return "undefined" if "native run (pattern)" in last.get("stage", "") else "crash"


def _lines(programs: list[Program], folder: Path, step_seconds: int, rtl: bool) -> Iterator[dict[str, Any]]:
    """What a batch in a child process says; the last line is ``{"ended": how}``."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _child(programs, folder, read, write, step_seconds, rtl)
    os.close(write)
    buffer, deadline = b"", time.monotonic() + SILENCE
    silent = False
    while True:
        ready, _, _ = select.select([read], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            silent = True
            os.killpg(child, signal.SIGKILL)
            break
        data = os.read(read, 1 << 16)
        if not data:
            break
        deadline = time.monotonic() + SILENCE
        *lines, buffer = (buffer + data).split(b"\n")
        yield from (json.loads(line) for line in lines)
    os.close(read)
    _, status = os.waitpid(child, 0)
    if silent:
        yield {"ended": f"silent for {SILENCE:g} s"}
    elif status:
        how = (
            f"signal {os.WTERMSIG(status)}"
            if os.WIFSIGNALED(status)
            else f"exit status {os.WEXITSTATUS(status)}"
        )
        yield {"ended": how}
    else:
        yield {"ended": "well"}


def _child(
    programs: list[Program], folder: Path, read: int, write: int, step_seconds: int, rtl: bool
) -> None:
    """Never returns. A group of its own, so that its compilers end with it."""
    status = 1
    try:
        os.setpgid(0, 0)
        os.close(read)
        os.nice(5)

        _, most = resource.getrlimit(resource.RLIMIT_CPU)

        def say(line: dict[str, Any]) -> None:
            # A signal ends the process when its time for the step is over; what it starts inherits the limit.
            resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + step_seconds, most))
            os.write(write, json.dumps(line).encode() + b"\n")

        Batch(programs, folder, say, rtl=rtl).run()
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)
