# SPDX-License-Identifier: Apache-2.0
"""Block designs: IPs beside a processing system, described once and written for every tool.

A `Design` says what stands at which address, on which memory port and on which interrupt input; from it come the
hardware description that PYNQ reads (`hwh`) and what Vivado runs. So they cannot disagree.
"""

from edgemoe.blockdesign.boards import BOARDS, Board, Family, MemoryPort, board_facts
from edgemoe.blockdesign.design import (
    CONCAT,
    CONCAT_VLNV,
    DMA_VLNV,
    INTC,
    INTC_VLNV,
    RESERVED,
    RESET,
    RESET_VLNV,
    SMARTCONNECT_VLNV,
    Design,
    Dma,
    Interrupt,
    Route,
    StreamEnd,
    Window,
    check_name,
    lay_out,
    pair_streams,
)
from edgemoe.blockdesign.hwh import hardware_description
from edgemoe.blockdesign.ip import (
    CONTROL,
    Ip,
    IpRegister,
    Master,
    RegisterField,
    Stream,
    ip_of_report,
)

__all__ = [
    "BOARDS",
    "CONCAT",
    "CONCAT_VLNV",
    "CONTROL",
    "DMA_VLNV",
    "INTC",
    "INTC_VLNV",
    "RESERVED",
    "RESET",
    "RESET_VLNV",
    "SMARTCONNECT_VLNV",
    "Board",
    "Design",
    "Dma",
    "Family",
    "Interrupt",
    "Ip",
    "IpRegister",
    "Master",
    "MemoryPort",
    "RegisterField",
    "Route",
    "Stream",
    "StreamEnd",
    "Window",
    "board_facts",
    "check_name",
    "hardware_description",
    "ip_of_report",
    "lay_out",
    "pair_streams",
]
