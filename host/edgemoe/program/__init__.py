# SPDX-License-Identifier: Apache-2.0
"""From a package to what the accelerator reads: weights region, image region and a layer program for each
task.

workload = Workload(package, build)                       # weights: packed once, all tasks share them
program = workload.program(task)                          # once a task: switching tasks is an address
memory = workload.memory(pixels, program)                 # once an image
run = ...                                                 # any back end: a `Run`
run.features, run.head, run.tap(name)
"""

from edgemoe.program.contents import Program, StageInfo, Tap
from edgemoe.program.fits import build_for, check_fits
from edgemoe.program.network import build_program
from edgemoe.program.packing import Weights, pack_image, pack_weights, patch_rows, striped
from edgemoe.program.run import Memory, Run, Sizes, Traffic
from edgemoe.program.workload import Workload

__all__ = [
    "Memory",
    "Program",
    "Run",
    "Sizes",
    "StageInfo",
    "Tap",
    "Traffic",
    "Weights",
    "Workload",
    "build_for",
    "build_program",
    "check_fits",
    "pack_image",
    "pack_weights",
    "patch_rows",
    "striped",
]
