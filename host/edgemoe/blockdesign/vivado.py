# SPDX-License-Identifier: Apache-2.0
"""The Tcl with which Vivado builds a block design: packages the kernels as IP, connects them, makes the bitstream.

No Vivado has run the Tcl; `tests/bitstreams` runs it against a recorder of Vivado's commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgemoe.blockdesign.boards import Board, Family
from edgemoe.blockdesign.design import (
    CONCAT,
    CONCAT_VLNV,
    CONTROL_SMARTCONNECT,
    DMA_LENGTH_BITS,
    DMA_VLNV,
    INTC,
    INTC_VLNV,
    RESET,
    RESET_VLNV,
    SMARTCONNECT_VLNV,
    Design,
    Dma,
    smartconnect,
)
from edgemoe.blockdesign.ip import CONTROL, Stream
from edgemoe.blockdesign.scripts import filled
from edgemoe.blockdesign.verilog import ip_module
from edgemoe.errors import UserError

BURST_BYTES, OUTSTANDING = 256, 16
"""Of the masters that the compiler makes: the longest burst, and how many may be under way."""


@dataclass(frozen=True)
class _Processor:
    """How Vivado calls what a processing system has."""

    automation: tuple[str, str]
    """The rule and the options that apply a board's preset."""
    fixed: dict[str, object]
    clock_parameter: str
    clock: str
    reset: str
    control_clock: str
    port: Callable[[int, int], dict[str, object]]
    """Parameters that switch a memory port on: of its index and its bits."""
    port_clock: Callable[[int], str]
    segment: Callable[[int, str], str]
    """Name of a range of the DRAM behind a port: of the port's index and the range's name."""


PROCESSORS = {
    "zynqmp": _Processor(
        automation=("xilinx.com:bd_rule:zynq_ultra_ps_e", 'apply_board_preset "1"'),
        fixed={
            "PSU__USE__M_AXI_GP0": 1,
            "PSU__USE__M_AXI_GP1": 0,
            "PSU__USE__M_AXI_GP2": 0,
            "PSU__MAXIGP0__DATA_WIDTH": 32,
            "PSU__USE__IRQ0": 1,
            "PSU__USE__FABRIC__RST": 1,
            "PSU__FPGA_PL0_ENABLE": 1,
        },
        clock_parameter="PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ",
        clock="pl_clk0",
        reset="pl_resetn0",
        control_clock="maxihpm0_fpd_aclk",
        port=lambda index, bits: {
            f"PSU__USE__S_AXI_GP{index + 2}": 1,
            f"PSU__SAXIGP{index + 2}__DATA_WIDTH": bits,
        },
        port_clock="saxihp{}_fpd_aclk".format,
        segment=lambda index, name: f"SAXIGP{index + 2}/HP{index}_DDR_{name}",
    ),
    "zynq7": _Processor(
        automation=(
            "xilinx.com:bd_rule:processing_system7",
            'make_external "FIXED_IO, DDR" apply_board_preset "1" Master "Disable" Slave "Disable"',
        ),
        fixed={
            "PCW_USE_M_AXI_GP0": 1,
            "PCW_USE_FABRIC_INTERRUPT": 1,
            "PCW_IRQ_F2P_INTR": 1,
            "PCW_EN_CLK0_PORT": 1,
            "PCW_EN_RST0_PORT": 1,
        },
        clock_parameter="PCW_FPGA0_PERIPHERAL_FREQMHZ",
        clock="FCLK_CLK0",
        reset="FCLK_RESET0_N",
        control_clock="M_AXI_GP0_ACLK",
        port=lambda index, bits: {
            f"PCW_USE_S_AXI_HP{index}": 1,
            f"PCW_S_AXI_HP{index}_DATA_WIDTH": bits,
        },
        port_clock="S_AXI_HP{}_ACLK".format,
        segment=lambda index, name: f"S_AXI_HP{index}/HP{index}_DDR_{name}",
    ),
}


def build_tcl(design: Design) -> str:
    """Vivado's script for a design: package the kernels, make the block design, build the bitstream.

    Raises:
        UserError: the board is the simulated one.
    """
    board = design.board
    if board.board_part is None:
        raise UserError(
            f"The board {board.name} exists in simulation only: Vivado has nothing to build for it."
        )
    return filled(
        "build.tcl",
        design=design,
        board=board,
        board_files=_board_files(board),
        board_pattern=f"{board.board_part.rpartition(':')[0]}:*",
        clock=f"{design.clock_mhz:g}",
        outstanding=OUTSTANDING,
        kernels=_kernels(design),
        cells=_cells(design),
        nets=_nets(design),
        buses=_buses(design),
        addresses=_addresses(design),
    )


def _board_files(board: Board) -> str:
    if str(board.board_part).startswith("xilinx.com:"):
        return "install them with the devices (Vivado's installer), or from the board store (Tools, Vivado Store)"
    return "its maker offers them; unpack them below data/boards/board_files of Vivado"


# ---- packaging --------------------------------------------------------------------------------------------------


def _kernels(design: Design) -> list[dict[str, Any]]:
    """A row for each kernel that is to be packaged; instances of one kernel share it."""
    kernels = {ip.vlnv: ip for ip in design.ips}
    return [
        {
            "vlnv": vlnv,
            "vendor": vlnv.split(":")[0],
            "library": vlnv.split(":")[1],
            "name": ip.kind,
            "top": ip_module(ip.kind),
            "buses": [CONTROL, *(m.interface for m in ip.masters), *(s.interface for s in ip.streams)],
            "masters": [
                {
                    "interface": master.interface,
                    "bits": master.bits,
                    "beats": min(256, max(1, BURST_BYTES * 8 // master.bits)),
                }
                for master in ip.masters
            ],
            "streams": [_stream(stream) for stream in ip.streams],
            "range": f"0x{design.window(ip.instance).size:X}",
            "registers": [
                {
                    "name": register.name,
                    "offset": f"0x{register.offset:03X}",
                    "access": register.access,
                    "meaning": _words(register.meaning),
                    "fields": [
                        {
                            "name": field.name,
                            "lsb": field.lsb,
                            "width": field.width,
                            "access": "read-write" if field.writable else "read-only",
                        }
                        for field in register.fields
                    ],
                }
                for register in ip.registers
            ],
        }
        for vlnv, ip in kernels.items()
    ]


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "interface": stream.interface,
        "mode": "slave" if stream.incoming else "master",
        "bytes": stream.bits // 8,
    }


def _words(text: str) -> str:
    """A text that can stand in braces."""
    return re.sub(r"[{}\\\s]+", " ", text)


# ---- the block design -------------------------------------------------------------------------------------------


def _cells(design: Design) -> list[dict[str, Any]]:
    family, processor = design.board.family, PROCESSORS[design.board.family.name]
    config = {**processor.fixed, processor.clock_parameter: f"{design.clock_mhz:g}"}
    for port, bits, _ in design.used_ports:
        config |= processor.port(family.memory_ports.index(port), bits)
    cells = [
        _cell(
            family.instance,
            family.vlnv,
            config,
            "The processing system: the board's preset, and ours on top.",
        )
        | {"automation": processor.automation},
        _cell(RESET, RESET_VLNV),
        _cell(
            INTC,
            INTC_VLNV,
            {"C_IRQ_CONNECTION": 1},
            "Interrupts: PYNQ finds an IP's through this controller only.",
        ),
    ]
    cells.append(_cell(CONCAT, CONCAT_VLNV, {"NUM_PORTS": len(design.interrupts)}))
    cells.append(
        _cell(
            CONTROL_SMARTCONNECT,
            SMARTCONNECT_VLNV,
            {"NUM_SI": 1, "NUM_MI": len(design.windows)},
            "From the processor to the registers.",
        )
    )
    for port, _, routes in design.used_ports:
        cells.append(
            _cell(
                smartconnect(family.memory_ports.index(port)),
                SMARTCONNECT_VLNV,
                {"NUM_SI": len(routes), "NUM_MI": 1},
                f"From masters to the DRAM, through {port.name}.",
            )
        )
    cells += [_cell(dma.instance, DMA_VLNV, _dma(dma, family), "A DMA for streams.") for dma in design.dmas]
    cells += [{**_cell(ip.instance, ip.vlnv), "vlnv": ip.vlnv} for ip in design.ips]
    return cells


def _cell(name: str, vlnv: str, config: dict[str, object] | None = None, why: str = "") -> dict[str, Any]:
    """Without the version: each Vivado has its own newest of the vendor's IP."""
    return {
        "name": name,
        "vlnv": vlnv.rsplit(":", 1)[0],
        "config": config or {},
        "why": why,
        "automation": None,
    }


def _dma(dma: Dma, family: Family) -> dict[str, object]:
    config: dict[str, object] = {
        "c_include_sg": 0,
        "c_sg_length_width": DMA_LENGTH_BITS,
        "c_addr_width": family.address_bits,
        "c_include_mm2s": int(dma.send is not None),
        "c_include_s2mm": int(dma.receive is not None),
    }
    for channel, end in dma.channels:
        config[f"c_include_{channel}_dre"] = 0
        config[f"c_{channel}_burst_size"] = 16
        config[f"c_m_axi_{channel}_data_width"] = dma.memory_bits(end.stream)
    if dma.send:  # the other direction takes its width from the stream
        config["c_m_axis_mm2s_tdata_width"] = dma.send.stream.bits
    return config


def _nets(design: Design) -> list[list[str]]:
    """Each a driver and what it drives."""
    family, processor = design.board.family, PROCESSORS[design.board.family.name]
    ps = family.instance
    connects = [CONTROL_SMARTCONNECT]
    connects += [smartconnect(family.memory_ports.index(port)) for port, _, _ in design.used_ports]
    clocks = [f"{ps}/{processor.control_clock}"]
    clocks += [
        f"{ps}/{processor.port_clock(family.memory_ports.index(port))}" for port, _, _ in design.used_ports
    ]
    clocks += [f"{RESET}/slowest_sync_clk", f"{INTC}/s_axi_aclk", *(f"{name}/aclk" for name in connects)]
    clocks += [f"{ip.instance}/ap_clk" for ip in design.ips]
    resets = [f"{INTC}/s_axi_aresetn", *(f"{name}/aresetn" for name in connects)]
    resets += [f"{ip.instance}/ap_rst_n" for ip in design.ips]
    for dma in design.dmas:
        clocks += [f"{dma.instance}/s_axi_lite_aclk"]
        clocks += [f"{dma.instance}/m_axi_{channel}_aclk" for channel, _ in dma.channels]
        resets += [f"{dma.instance}/axi_resetn"]
    nets = [
        [f"{ps}/{processor.clock}", *clocks],
        [f"{ps}/{processor.reset}", f"{RESET}/ext_reset_in"],
        [f"{RESET}/peripheral_aresetn", *resets],
    ]
    nets += [[f"{i.instance}/{i.pin}", f"{CONCAT}/In{i.input}"] for i in design.interrupts]
    nets.append([f"{CONCAT}/dout", f"{INTC}/intr"])
    nets.append([f"{INTC}/irq", f"{ps}/{family.interrupt_pin}"])
    return nets


def _buses(design: Design) -> list[tuple[str, str]]:
    """Pairs of interfaces, the master first."""
    family = design.board.family
    ps = family.instance
    pairs = [(f"{ps}/{family.control_master}", f"{CONTROL_SMARTCONNECT}/S00_AXI")]
    for index, window in enumerate(design.windows):
        pairs.append((f"{CONTROL_SMARTCONNECT}/M{index:02}_AXI", f"{window.instance}/{window.interface}"))
    for port, _, routes in design.used_ports:
        connect = smartconnect(family.memory_ports.index(port))
        for index, route in enumerate(routes):
            pairs.append((f"{route.instance}/{route.interface}", f"{connect}/S{index:02}_AXI"))
        pairs.append((f"{connect}/M00_AXI", f"{ps}/{port.name}"))
    for dma in design.dmas:
        if dma.send:
            pairs.append((f"{dma.instance}/M_AXIS_MM2S", f"{dma.send.instance}/{dma.send.stream.interface}"))
        if dma.receive:
            pairs.append(
                (f"{dma.receive.instance}/{dma.receive.stream.interface}", f"{dma.instance}/S_AXIS_S2MM")
            )
    return pairs


def _addresses(design: Design) -> list[dict[str, Any]]:
    family, processor = design.board.family, PROCESSORS[design.board.family.name]
    ps, kernels = family.instance, {ip.instance for ip in design.ips}
    rows = []
    for window in design.windows:
        interface = window.interface if window.instance in kernels else window.interface.upper()
        rows.append(
            {
                "space": f"{ps}/Data",
                "segment": f"{window.instance}/{interface}/Reg",
                "base": window.base,
                "size": window.size,
            }
        )
    for route in design.routes:
        space = route.interface if route.instance in kernels else route.interface.replace("M_AXI_", "Data_")
        for name, base, size in design.board.ddr:
            segment = f"{ps}/{processor.segment(route.port, name)}"
            rows.append(
                {"space": f"{route.instance}/{space}", "segment": segment, "base": base, "size": size}
            )
    return rows
