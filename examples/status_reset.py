# SPDX-License-Identifier: Apache-2.0
"""State of the accelerator, and a reset: what it says when it is idle, and that it works on after it."""

import sys

from pynq import Overlay

import edgemoe

OVERLAY = sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit"

accelerator = edgemoe.Accelerator(Overlay(OVERLAY))
print("without a package:", accelerator.status().package)
accelerator.load("models/nano.package.safetensors")
print("reset:", accelerator.reset())
accelerator.infer("models/street.png", "depth")
status = accelerator.status()
print(status.state, status.build, status.package, status.last.task, status.last.cycles, "cycles")
accelerator.close()
print(accelerator.status().state)
