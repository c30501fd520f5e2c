# SPDX-License-Identifier: Apache-2.0
"""`python -m edgemoe.sim program.py [arguments]`: run a PYNQ program, unchanged, on the simulated board.

With `--waves FILE` before the program the first overlay that it loads is recorded into FILE (FST), of an overlay with
several kernels the one that `--of NAME` names.
"""

import runpy
import sys
import traceback
from pathlib import Path

import edgemoe.sim  # makes the simulated board the active device
from edgemoe.errors import EdgeMoeError


def main() -> int:
    """Run the program named on the command line as its own `__main__`."""
    chosen: dict[str, str] = {}
    while len(sys.argv) > 2 and sys.argv[1] in ("--waves", "--of"):
        chosen[sys.argv[1]] = sys.argv[2]
        del sys.argv[1:3]
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        options = "[--waves FILE [--of NAME]]"
        print(f"usage: python -m {edgemoe.sim.__name__} {options} program.py [arguments]", file=sys.stderr)
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
        waves = chosen.get("--waves")
        device.record_waves(Path(waves) if waves else None, chosen.get("--of"))
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
