# SPDX-License-Identifier: Apache-2.0
"""A stream of frames with a task for each: the host makes the next one ready while the device has this one."""

import sys
from itertools import cycle

from pynq import Overlay

import edgemoe
from edgemoe.notebooks import FRAMES

OVERLAY = sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit"

pictures = sorted(FRAMES.glob("*.jpg"))[:2]
with edgemoe.Accelerator(Overlay(OVERLAY)) as accelerator:
    accelerator.load("models/nano.package.safetensors")
    for result in accelerator.stream(zip(pictures, cycle(("segmentation", "depth")))):
        print(result.task, result.value.dtype, result.run.cycles, "cycles")
