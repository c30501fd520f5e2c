# SPDX-License-Identifier: Apache-2.0
"""What a long command tells: lines with the time left where there is no terminal, and results apart from the bars."""

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe import progress
from edgemoe.progress import Progress, clock


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65, "1:05"), (59.6, "1:00"), (3725, "1:02:05")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_lines_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with Progress(stream) as told:
        for done in range(11):
            told.step("compiling", done, 10)
            now[0] += 2
        told.say("the result")
    lines = stream.getvalue().splitlines()
    assert lines == [
        "compiling ...",
        "compiling: 30 %, 0:14 left",
        "compiling: 60 %, 0:08 left",
        "compiling: 90 %, 0:02 left",
        "compiling: done in 0:20",
    ]
    assert capsys.readouterr().out == "the result\n"


def test_in_a_terminal_the_result_is_a_line_of_its_own() -> None:
    """stdout and stderr are the same terminal, as a person has it."""
    code = (
        "from edgemoe.progress import Progress\n"
        "with Progress() as told:\n"
        "    told.step('compiling', 1, 3); told.say('THE RESULT'); told.step('compiling', 3, 3)\n"
        "    told.note('[a note]')\n"
    )
    leader, follower = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stdout=follower, stderr=follower, check=True)
    os.close(follower)
    shown = b""
    while True:
        try:
            shown += os.read(leader, 65536)
        except OSError:
            break
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    lines = plain.replace("\r", "\n").split("\n")
    assert "THE RESULT" in lines
    assert "[a note]" in lines
    assert any("100 %" in line for line in lines)


def test_what_cannot_be_told_ends_no_run() -> None:
    """As where stderr goes to a file on a full disk."""
    with Path("/dev/full").open("w") as full, Progress(full) as told:
        told.step("compiling", 0, 1)
        told.note("a note")
        told.step("compiling", 1, 1)
        with contextlib.suppress(OSError):
            full.close()
