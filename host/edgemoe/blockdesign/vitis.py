# SPDX-License-Identifier: Apache-2.0
"""The Tcl with which Vitis HLS compiles a kernel: a second way from the same C++ to an IP. No Vitis has run it."""

from __future__ import annotations

from edgemoe.blockdesign.boards import Board
from edgemoe.blockdesign.ip import Ip
from edgemoe.blockdesign.scripts import filled


def vitis_tcl(ip: Ip, board: Board, clock_ns: float) -> str:
    """The script for `hls/kernels/<kind>.cpp`, whose top function has the IP's name; clock_ns: to schedule for."""
    vendor, library = ip.vlnv.split(":")[:2]
    return filled(
        "vitis_hls.tcl", top=ip.kind, vendor=vendor, library=library, board=board, clock_ns=clock_ns
    )
