# SPDX-License-Identifier: Apache-2.0
"""Where the cycles of a run go: the longest stages, and all of them as a picture."""

import sys
from pathlib import Path

from pynq import Overlay

import edgemoe

OVERLAY = sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit"

with edgemoe.Accelerator(Overlay(OVERLAY)) as accelerator:
    accelerator.load("models/nano.package.safetensors")
    profile = accelerator.profile("models/street.png", "depth")
for row in sorted(profile.rows, key=lambda row: -row["cycles"])[:3]:
    print(row["name"], row["cycles"], "cycles")
picture = Path("build/examples/profile.png")
picture.parent.mkdir(parents=True, exist_ok=True)
profile.plot(picture)
print(picture)
