# SPDX-License-Identifier: Apache-2.0
"""From a package to what the accelerator reads: weights region, image region and a layer program for each
task.

weights = pack_weights(package, build)                    # once a package, all tasks share it
program = build_program(package, build, task, weights)    # once a task: switching tasks is an address
image = pack_image(package.config, pixels)                # once an image
... run with program.data, weights.data, image ...
program.features(output), program.head(output), program.tap(output, name)
"""

from edgemoe.program.contents import Program, StageInfo, Tap
from edgemoe.program.fits import check_fits
from edgemoe.program.network import build_program
from edgemoe.program.packing import Weights, pack_image, pack_weights, patch_rows

__all__ = [
    "Program",
    "StageInfo",
    "Tap",
    "Weights",
    "build_program",
    "check_fits",
    "pack_image",
    "pack_weights",
    "patch_rows",
]
