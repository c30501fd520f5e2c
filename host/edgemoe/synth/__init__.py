# SPDX-License-Identifier: Apache-2.0
"""C++ to SystemVerilog from the command line, and to an overlay on the simulated board."""

from edgemoe.synth.kernel import show_report, synth

__all__ = ["show_report", "synth"]
