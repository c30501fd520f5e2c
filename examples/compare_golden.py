# SPDX-License-Identifier: Apache-2.0
"""The accelerator against the golden model: every stage's tensor, every element."""

import sys

import numpy as np
from pynq import Overlay

import edgemoe
from edgemoe import images
from edgemoe.backends import Golden
from edgemoe.program import Workload

OVERLAY = sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit"

with edgemoe.Accelerator(Overlay(OVERLAY)) as accelerator:
    accelerator.load("models/nano.package.safetensors")
    config = accelerator.package.config
    pixels = images.resize(images.as_pixels("models/street.png"), config.height, config.width)
    golden = Golden(Workload(accelerator.package, accelerator.build)).run(pixels, "depth", taps=True)
    device = accelerator.run(pixels, "depth", taps=True)
names = list(device.network.taps)
equal = [np.array_equal(golden.tap(name), device.tap(name)) for name in names]
print(len(names), "tensors,", "all equal" if all(equal) else f"first different: {names[equal.index(False)]}")
