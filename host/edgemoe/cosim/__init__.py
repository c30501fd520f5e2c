# SPDX-License-Identifier: Apache-2.0
"""Cosimulation: an image through the RTL of the whole accelerator, compared with the golden model."""

from edgemoe.cosim.run import run_cosim

__all__ = ["run_cosim"]
