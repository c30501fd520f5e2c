# SPDX-License-Identifier: Apache-2.0
"""`python -m edgemoe.sim program.py [arguments]`: run a PYNQ program, unchanged, on the simulated board."""

import runpy
import sys
from pathlib import Path

import edgemoe.sim  # makes the simulated board the active device
from edgemoe.errors import EdgeMoeError


def main() -> int:
    """Run the program named on the command line as its own `__main__`."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(f"usage: python -m {edgemoe.sim.__name__} program.py [arguments]", file=sys.stderr)
        return 0 if len(sys.argv) == 2 else 2
    program = Path(sys.argv[1])
    if not program.is_file():
        print(f"error: there is no program {program}", file=sys.stderr)
        return 2
    sys.argv = sys.argv[1:]
    sys.path[0] = str(program.resolve().parent)
    try:
        runpy.run_path(str(program), run_name="__main__")
    except EdgeMoeError as failure:
        print(f"error: {failure}", file=sys.stderr)
        return failure.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
