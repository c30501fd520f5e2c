# SPDX-License-Identifier: Apache-2.0
"""Block designs: IPs beside a processing system, described once and written for every tool.

A `Design` says what stands at which address, on which memory port and on which interrupt input; from it come the
hardware description that PYNQ reads (`hwh`) and what Vivado runs (`vivado`). So they cannot disagree.
"""

from edgemoe.blockdesign.boards import BOARDS, Board, Fabric, Family, MemoryPort, board_facts
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
from edgemoe.blockdesign.verilog import Port, ip_files, ip_module, ip_verilog, module_ports
from edgemoe.blockdesign.vitis import vitis_tcl
from edgemoe.blockdesign.vivado import build_tcl

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
    "Fabric",
    "Family",
    "Interrupt",
    "Ip",
    "IpRegister",
    "Master",
    "MemoryPort",
    "Port",
    "RegisterField",
    "Route",
    "Stream",
    "StreamEnd",
    "Window",
    "board_facts",
    "build_tcl",
    "check_name",
    "hardware_description",
    "ip_files",
    "ip_module",
    "ip_of_report",
    "ip_verilog",
    "lay_out",
    "module_ports",
    "pair_streams",
    "vitis_tcl",
]
