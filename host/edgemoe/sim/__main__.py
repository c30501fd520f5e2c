# SPDX-License-Identifier: Apache-2.0
"""`python -m edgemoe.sim [--waves FILE] program.py [arguments]`: run a PYNQ program, unchanged, on the simulated board.

With `--waves` the first kernel of the first overlay that the program loads is recorded into FILE (FST).
"""

import runpy
import sys
import traceback
from pathlib import Path

import edgemoe.sim  # makes the simulated board the active device
from edgemoe.errors import EdgeMoeError


def main() -> int:
    """Run the program named on the command line as its own `__main__`."""
    waves = None
    if sys.argv[1:2] == ["--waves"]:
        waves = Path(sys.argv[2]) if len(sys.argv) > 2 else None
        sys.argv[1:3] = []
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        usage = f"usage: python -m {edgemoe.sim.__name__} [--waves FILE] program.py [arguments]"
        print(usage, file=sys.stderr)
        return 0 if len(sys.argv) == 2 else 2
    program = Path(sys.argv[1])
    if not program.is_file():
        print(f"error: there is no program {program}", file=sys.stderr)
        return 2
    sys.argv = sys.argv[1:]
    sys.path[0] = str(program.resolve().parent)
    try:
        device = edgemoe.sim.activate()
        device.memory  # noqa: B018 - says now, not amid the program, that it cannot be
        device.record_waves(waves)
        runpy.run_path(str(program), run_name="__main__")
    except EdgeMoeError as failure:
        print(f"error: {_place(program, failure)}{failure}", file=sys.stderr)
        return failure.exit_status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _place(program: Path, failure: BaseException) -> str:
    """The program's line that led to the failure, as a prefix of the message."""
    frames = traceback.extract_tb(failure.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == program]
    return f"{program}, line {lines[-1]}: " if lines else ""


if __name__ == "__main__":
    sys.exit(main())
