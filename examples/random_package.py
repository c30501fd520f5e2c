# SPDX-License-Identifier: Apache-2.0
"""A package of random weights, made in memory: other sizes on the same hardware, and one that does not fit."""

import sys

from pynq import Overlay

import edgemoe
from edgemoe.config import model_preset
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_package

OVERLAY = sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit"

with edgemoe.Accelerator(Overlay(OVERLAY)) as accelerator:
    accelerator.load(random_package(model_preset("nano"), 7, top_k=3, layers=2))
    run = accelerator.run("models/street.png", "segmentation")
    print(run.status.name, run.cycles, "cycles")
    try:
        accelerator.load(random_package(model_preset("tiny"), 7, layers=1))
    except UserError as refused:
        print("refused:", refused)
