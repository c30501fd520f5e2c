# SPDX-License-Identifier: Apache-2.0
"""A compiled program's inside as two files of text: its IR and its schedules."""

from __future__ import annotations

from pathlib import Path

from edgemoe.compiler.ir import Program
from edgemoe.compiler.irtext import program_text
from edgemoe.compiler.planning import schedule_program
from edgemoe.compiler.schedtext import schedules_text
from edgemoe.folders import claim

IR, SCHEDULE = "ir.txt", "schedule.txt"


def dump(program: Program, clock_ns: float, folder: Path) -> None:
    """Writes ``ir.txt`` and ``schedule.txt`` for a clock of ``clock_ns`` nanoseconds.

    Raises:
        UserError: the folder holds files of these names that no earlier run made.
    """
    schedules = schedule_program(program, clock_ns)
    texts = {IR: program_text(program), SCHEDULE: schedules_text(schedules, program.functions)}

    def write(work: Path) -> None:
        for name, text in texts.items():
            (work / name).write_text(text)

    with claim(folder, tuple(texts), need_bytes=8 << 20) as claimed:
        claimed.fill(write)
