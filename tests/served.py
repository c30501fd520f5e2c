# SPDX-License-Identifier: Apache-2.0
"""`edgemoe demo` as a process of its own."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

EDGEMOE = ("-m", "edgemoe")
ENDING_SECONDS = 8.0
"""How long the end may take where the computer is busy; on a quiet one it is less than a second."""


class Served:
    """A process of `edgemoe demo`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.address = self._first()
        self.port = int(self.address.rpartition(":")[2])

    def _first(self) -> str:
        """The address that it prints when the page is there."""
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], 300)
        line = self.process.stdout.readline() if ready else ""
        assert "http://" in line, (line, self.process.poll())
        return line.split("http://")[1].split("/")[0].join(["http://", ""])

    def interrupt(self, number: int = signal.SIGINT) -> tuple[int, float, str]:
        """Press Ctrl-C: exit status, seconds that it took, and stderr."""
        started = time.monotonic()
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - started, said


@contextmanager
def serving(*arguments: str, program: Sequence[str] = EDGEMOE, **environment: str) -> Iterator[Served]:
    """`edgemoe demo` on a free port. program: what runs `edgemoe`."""
    command = [sys.executable, *program, "demo", "--port", "0", *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        # Ctrl-C reaches it also where the tests run in a shell's background, which ignores it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield Served(process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
