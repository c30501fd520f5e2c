# SPDX-License-Identifier: Apache-2.0
"""From the kernels to a board's bitstream: a folder with all that Vivado needs, and Vivado itself if it is there."""

from edgemoe.bitstream.build import build_bitstream

__all__ = ["build_bitstream"]
