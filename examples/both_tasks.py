# SPDX-License-Identifier: Apache-2.0
"""Both tasks of one image by interrupt: asked for at once, run one after the other."""

import asyncio
import sys

from pynq import Overlay

import edgemoe

OVERLAY = sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit"


async def both(accelerator):
    """Labels and metres of the street."""
    tasks = ("segmentation", "depth")
    return await asyncio.gather(*(accelerator.infer_async("models/street.png", task) for task in tasks))


with edgemoe.Accelerator(Overlay(OVERLAY)) as accelerator:
    accelerator.load("models/nano.package.safetensors")
    labels, metres = asyncio.run(both(accelerator))
    vehicle = labels == accelerator.package.config.classes.index("vehicle")
print(f"the nearest vehicle is {metres[vehicle].min():.1f} m away")
