# SPDX-License-Identifier: Apache-2.0
"""One image, one task: which class each pixel has."""

import sys

from pynq import Overlay

import edgemoe

overlay = Overlay(sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit")
with edgemoe.Accelerator(overlay) as accelerator:
    accelerator.load("models/nano.package.safetensors")
    labels = accelerator.infer("models/street.png", "segmentation")
    classes = accelerator.package.config.classes
print(labels.shape, labels.dtype)
print("road in", (labels == classes.index("flat")).sum(), "pixels")
