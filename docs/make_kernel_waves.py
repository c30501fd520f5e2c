# SPDX-License-Identifier: Apache-2.0
"""The picture of docs/how-to/own-kernel.md, from the waves of a run of the filter in examples/fir: `make pictures`.

usage: make_kernel_waves.py WAVES
"""

import sys
from pathlib import Path

from make_waves import CLOCK, PICTURES, changes, diagram

from edgemoe import faults

START = "top.s_axi_control_WVALID"
FETCH = "top.m_axi_gmem0_ARVALID"
SIGNALS = (
    ("registers: WVALID", START),
    ("x: ARVALID", FETCH),
    ("x: RVALID", "top.m_axi_gmem0_RVALID"),
    ("y: AWVALID", "top.m_axi_gmem1_AWVALID"),
    ("y: WVALID", "top.m_axi_gmem1_WVALID"),
    ("y: BVALID", "top.m_axi_gmem1_BVALID"),
    ("registers: RVALID", "top.s_axi_control_RVALID"),
)
BEFORE, AFTER = 30, 220
"""Cycles that the picture shows before and after the request for the first sample."""


def main(waves: Path) -> None:
    """Write the picture."""
    seen = changes(waves, [CLOCK, *[name for _, name in SIGNALS]])
    first = next(time for time, value in seen[FETCH] if value)
    text = diagram(seen, SIGNALS, first, (BEFORE, AFTER), "cycles from the request for the first samples")
    (PICTURES / "own-kernel.svg").write_text(text)


if __name__ == "__main__":
    faults.end(lambda: main(Path(sys.argv[1])))
