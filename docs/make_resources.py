# SPDX-License-Identifier: Apache-2.0
"""What every board's accelerator takes of its fabric, by Yosys: `make resources`, with BOARD= of one board only.

Writes docs/pictures/resources.json; `make tables` puts it into docs/reference/resources.md.
"""

import json
import sys
from pathlib import Path
from typing import Any

from edgemoe import faults
from edgemoe.blockdesign import board_facts
from edgemoe.config import BOARDS
from edgemoe.kernels import HELPERS
from edgemoe.progress import Progress
from edgemoe.sim.build import compile_rtl
from edgemoe.synth.resources import measure

FIGURES = Path(__file__).resolve().parent / "pictures" / "resources.json"


def main() -> None:
    """Measure the boards that are named, or all, and keep what is known of the others."""
    for name in sys.argv[1:] or BOARDS:
        with Progress() as progress:
            rtl = compile_rtl(BOARDS[name], progress=progress.step)
            top = rtl.report.get("axis_top", rtl.report["module"])
            report = measure(rtl.files, top, board_facts(name), helpers=HELPERS, told=progress.step)
        # Read only now: another board may have been measured meanwhile.
        record: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
        record[name] = report
        known = {board: record[board] for board in BOARDS if board in record}
        FIGURES.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    faults.end(main)
