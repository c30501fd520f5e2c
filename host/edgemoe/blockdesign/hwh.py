# SPDX-License-Identifier: Apache-2.0
"""A block design as a hardware description (.hwh), the file that Vivado writes beside a bitstream and PYNQ reads.

PYNQ finds in it: the blocks with registers and their addresses, which pin is on which input of the interrupt
controller, the parameters of DMAs, the clocks. Ports and buses are there as far as that needs them.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from edgemoe.blockdesign.design import (
    CONCAT,
    CONCAT_VLNV,
    CONTROL_SMARTCONNECT,
    DMA_LENGTH_BITS,
    DMA_VLNV,
    INTC,
    INTC_VLNV,
    SMARTCONNECT_VLNV,
    Design,
    Dma,
    smartconnect,
)
from edgemoe.blockdesign.elements import address_range, bus, module, port, registers, stream
from edgemoe.blockdesign.ip import CONTROL, Ip
from edgemoe.blockdesign.standard import DMA_REGISTERS, INTC_REGISTERS

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
MASTER, SLAVE, INITIATOR, TARGET = "MASTER", "SLAVE", "INITIATOR", "TARGET"


def hardware_description(design: Design) -> str:
    """The text of the .hwh file."""
    root = Element("EDKSYSTEM", EDWVERSION="1.2", TIMESTAMP="", VIVADOVERSION="2022.1")
    board = design.board
    attributes = {"ARCH": board.family.architecture, "DEVICE": board.device, "NAME": design.name}
    attributes |= {"PACKAGE": board.package, "SPEEDGRADE": board.speed}
    if board.board_part:
        attributes["BOARD"] = board.board_part
    SubElement(root, "SYSTEMINFO", attributes)
    SubElement(root, "EXTERNALPORTS")
    SubElement(root, "EXTERNALINTERFACES")
    modules = SubElement(root, "MODULES")
    for ip in design.ips:
        _ip(modules, design, ip)
    for dma in design.dmas:
        _dma(modules, design, dma)
    _interrupt_controller(modules, design)
    _smartconnects(modules, design)
    _processing_system(modules, design)
    ElementTree.indent(root)
    return HEAD + ElementTree.tostring(root, "unicode") + "\n"


def _ip(modules: Element, design: Design, ip: Ip) -> None:
    window = design.window(ip.instance)
    parameters = {"C_S_AXI_CONTROL_BASEADDR": f"0x{window.base:08x}"}
    parameters |= {f"C_M_AXI_{master.name.upper()}_ADDR_WIDTH": "64" for master in ip.masters}
    block = module(modules, ip.instance, ip.vlnv, parameters)
    registers(block, ip.registers, CONTROL, window.size)
    port(block, "ap_clk", "I", kind="clk")
    port(block, "ap_rst_n", "I", kind="rst")
    port(block, f"{CONTROL}_AWADDR", "I", (ip.register_bytes - 1).bit_length() - 1)
    _control(block, design, CONTROL, f"{CONTROL}_AWADDR")
    for master in ip.masters:
        address = f"{master.interface}_ARADDR"
        port(block, address, "O", 63)
        wire = f"{ip.instance}_{master.interface}"
        bus(block, master.interface, wire, MASTER, master.bits, {"ARADDR": address})
        _memory(block, design, master.interface)
    for end in ip.streams:
        role, direction = (TARGET, "I") if end.incoming else (INITIATOR, "O")
        data = f"{end.interface}_tdata"
        port(block, data, direction, end.bits - 1)
        stream(block, end.interface, f"{ip.instance}_{end.interface}", role, end.bits, {"TDATA": data})
    _interrupt_pin(block, design, "interrupt")


def _dma(modules: Element, design: Design, dma: Dma) -> None:
    window = design.window(dma.instance)
    parameters = {
        "C_BASEADDR": f"0x{window.base:08X}",
        "C_HIGHADDR": f"0x{window.last:08X}",
        "c_include_sg": 0,
        "c_micro_dma": 0,
        "c_sg_length_width": DMA_LENGTH_BITS,
        "c_addr_width": design.board.family.address_bits,
        "c_include_mm2s": int(dma.send is not None),
        "c_include_s2mm": int(dma.receive is not None),
    }
    for channel, end in dma.channels:
        data = "m_axis_mm2s" if channel == "mm2s" else "s_axis_s2mm"
        parameters |= {
            f"c_include_{channel}_dre": 0,
            f"c_{channel}_burst_size": 16,
            f"c_m_axi_{channel}_data_width": dma.memory_bits(end.stream),
            f"c_{data}_tdata_width": end.stream.bits,
        }
    block = module(modules, dma.instance, DMA_VLNV, parameters)
    registers(block, DMA_REGISTERS, "S_AXI_LITE", window.size)
    port(block, "s_axi_lite_awaddr", "I", 9)
    _control(block, design, "S_AXI_LITE", "s_axi_lite_awaddr")
    for channel, end in dma.channels:
        sends = channel == "mm2s"
        master, address = f"M_AXI_{channel.upper()}", f"m_axi_{channel}_{'ar' if sends else 'aw'}addr"
        port(block, address, "O", design.board.family.address_bits - 1)
        signals = {"ARADDR" if sends else "AWADDR": address}
        bits = dma.memory_bits(end.stream)
        bus(block, master, f"{dma.instance}_{master}", MASTER, bits, signals)
        _memory(block, design, master)
        name, role = ("M_AXIS_MM2S", INITIATOR) if sends else ("S_AXIS_S2MM", TARGET)
        port(block, f"{name.lower()}_tdata", "O" if sends else "I", end.stream.bits - 1)
        wire = f"{end.instance}_{end.stream.interface}"
        stream(block, name, wire, role, end.stream.bits, {"TDATA": f"{name.lower()}_tdata"})
        _interrupt_pin(block, design, f"{channel}_introut")


def _control(block: Element, design: Design, interface: str, address: str) -> None:
    """The AXI4-Lite slave of a block, on its place of the control interconnect."""
    index = [window.instance for window in design.windows].index(block.attrib["INSTANCE"])
    wire = f"{CONTROL_SMARTCONNECT}_M{index:02}_AXI"
    bus(block, interface, wire, SLAVE, 32, {"AWADDR": address}, protocol="AXI4LITE")


def _memory(block: Element, design: Design, master: str) -> None:
    """The DRAM as a master of the block sees it."""
    instance, family = block.attrib["INSTANCE"], design.board.family
    index = next(r.port for r in design.routes if (r.instance, r.interface) == (instance, master))
    slave = (family.instance, family.memory_ports[index].name)
    for name, first, size in design.board.ddr:
        address_range(block, master, slave, first, size, kind="MEMORY", name=f"HP{index}_DDR_{name}")


def _interrupt_pin(block: Element, design: Design, pin: str) -> None:
    instance = block.attrib["INSTANCE"]
    index = next(line.input for line in design.interrupts if (line.instance, line.pin) == (instance, pin))
    port(block, pin, "O", kind="INTERRUPT", to=[(CONCAT, f"In{index}")])


def _interrupt_controller(modules: Element, design: Design) -> None:
    """The AXI INTC, and the Concat that makes one vector of the pins."""
    count = len(design.interrupts)
    concat = module(modules, CONCAT, CONCAT_VLNV, {"NUM_PORTS": count})
    for line in design.interrupts:
        port(concat, f"In{line.input}", "I", 0, kind="INTERRUPT", to=[(line.instance, line.pin)])
    port(concat, "dout", "O", count - 1, kind="INTERRUPT", to=[(INTC, "intr")])
    window, family = design.window(INTC), design.board.family
    parameters = {"C_NUM_INTR_INPUTS": count, "C_BASEADDR": f"0x{window.base:08x}", "C_IRQ_CONNECTION": 1}
    block = module(modules, INTC, INTC_VLNV, parameters)
    registers(block, INTC_REGISTERS, "s_axi", window.size)
    port(block, "s_axi_awaddr", "I", 8)
    port(block, "intr", "I", count - 1, kind="INTERRUPT", to=[(CONCAT, "dout")])
    port(block, "irq", "O", kind="INTERRUPT", to=[(family.instance, family.interrupt_pin)])
    _control(block, design, "s_axi", "s_axi_awaddr")


def _smartconnects(modules: Element, design: Design) -> None:
    """One from the processor to the registers, and one for the masters of each memory port."""
    family, count = design.board.family, len(design.windows)
    block = module(modules, CONTROL_SMARTCONNECT, SMARTCONNECT_VLNV, {"NUM_SI": 1, "NUM_MI": count})
    bus(block, "S00_AXI", f"{family.instance}_{family.control_master}", SLAVE, 32, {})
    for index in range(count):
        wire = f"{CONTROL_SMARTCONNECT}_M{index:02}_AXI"
        bus(block, f"M{index:02}_AXI", wire, MASTER, 32, {}, protocol="AXI4LITE")
    for _, bits, routes in design.used_ports:
        name = smartconnect(routes[0].port)
        block = module(modules, name, SMARTCONNECT_VLNV, {"NUM_SI": len(routes), "NUM_MI": 1})
        for index, route in enumerate(routes):
            wire = f"{route.instance}_{route.interface}"
            bus(block, f"S{index:02}_AXI", wire, SLAVE, route.bits, {})
        bus(block, "M00_AXI", f"{name}_M00_AXI", MASTER, bits, {})


def _processing_system(modules: Element, design: Design) -> None:
    family = design.board.family
    parameters = _clocks(design) | {port.width_parameter: bits for port, bits, _ in design.used_ports}
    if family.name == "zynqmp":
        parameters["C_MAXIGP0_DATA_WIDTH"] = 32
    block = module(modules, family.instance, family.vlnv, parameters)
    block.set("IS_PL", "FALSE")
    address = f"{family.control_signal}_awaddr"
    port(block, address, "O", family.address_bits - 1)
    wire = f"{family.instance}_{family.control_master}"
    bus(block, family.control_master, wire, MASTER, 32, {"AWADDR": address})
    for memory_port, bits, routes in design.used_ports:
        address = f"{memory_port.signal}_awaddr"
        port(block, address, "I", family.address_bits - 1)
        wire = f"{smartconnect(routes[0].port)}_M00_AXI"
        bus(block, memory_port.name, wire, SLAVE, bits, {"AWADDR": address})
    port(block, family.interrupt_pin, "I", 0, kind="INTERRUPT", to=[(INTC, "irq")])
    for window in design.windows:
        slave = (window.instance, window.interface)
        address_range(
            block, family.control_master, slave, window.base, window.size, kind="REGISTER", name="Reg"
        )


def _clocks(design: Design) -> dict[str, object]:
    """The parameters of the logic's four clocks, of which a design uses the first."""
    first, second = design.clock_divisors
    parameters: dict[str, object] = {}
    for clock in range(4):
        if design.board.family.name == "zynqmp":
            prefix = f"PSU__CRL_APB__PL{clock}_REF_CTRL__"
            parameters |= {
                f"{prefix}DIVISOR0": first,
                f"{prefix}DIVISOR1": second,
                f"{prefix}ACT_FREQMHZ": f"{design.actual_mhz:.6g}",
                f"{prefix}SRCSEL": "IOPLL",
                f"PSU__FPGA_PL{clock}_ENABLE": int(clock == 0),
            }
        else:
            prefix = f"PCW_FCLK{clock}_PERIPHERAL_"
            parameters |= {
                f"{prefix}DIVISOR0": first,
                f"{prefix}DIVISOR1": second,
                f"{prefix}CLKSRC": "IO PLL",
                f"PCW_FPGA_FCLK{clock}_ENABLE": int(clock == 0),
            }
    return parameters
