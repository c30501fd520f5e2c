# SPDX-License-Identifier: Apache-2.0
"""What a design takes of an FPGA's fabric, by Yosys: LUTs, flip-flops, DSP blocks, block RAMs, module by module."""

from edgemoe.synth.resources.report import FILE as RESOURCES
from edgemoe.synth.resources.report import measure
from edgemoe.synth.resources.show import show_resources
from edgemoe.synth.resources.yosys import identity

__all__ = ["RESOURCES", "identity", "measure", "show_resources"]
