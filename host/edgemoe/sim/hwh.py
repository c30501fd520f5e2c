# SPDX-License-Identifier: Apache-2.0
"""Writes hardware descriptions (.hwh) that PYNQ reads: an accelerator, an AXI INTC, the processing system.

Vivado writes such a file beside a bitstream. This one describes the block design that a Vivado project for
the accelerator would have, so that PYNQ finds registers, memory ports, interrupt and clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

PS, INTC = "zynq_ultra_ps_e_0", "axi_intc_0"
PS_VLNV, INTC_VLNV = "xilinx.com:ip:zynq_ultra_ps_e:3.5", "xilinx.com:ip:axi_intc:4.1"
AXI_VLNV = "xilinx.com:interface:aximm:1.0"
IP_ADDRESS, INTC_ADDRESS, RANGE = 0xA0000000, 0xA0010000, 0x10000
DDR_LAST = 0x7FFFFFFF


@dataclass(frozen=True)
class RegisterField:
    """Bits of a register with a name of their own."""

    name: str
    lsb: int
    width: int
    writable: bool


@dataclass(frozen=True)
class HardwareRegister:
    """One 32-bit register of the AXI4-Lite slave."""

    name: str
    offset: int
    meaning: str
    readable: bool
    writable: bool
    fields: tuple[RegisterField, ...]

    @property
    def access(self) -> str:
        if self.readable and self.writable:
            return "read-write"
        return "write-only" if self.writable else "read-only"


@dataclass(frozen=True)
class HardwareIp:
    """An accelerator as a block design sees it."""

    instance: str
    vlnv: str
    registers: tuple[HardwareRegister, ...]
    masters: dict[str, int]
    """Names of its AXI4 master bundles, and the bits of their data."""


def hardware_ip(
    instance: str, vlnv: str, report: Mapping[str, Any], meanings: Mapping[str, str] | None = None
) -> HardwareIp:
    """The IP that the compiler's report describes; `meanings` are texts for its arguments, by name."""
    registers = [
        HardwareRegister(
            control["name"],
            control["offset"],
            control["meaning"],
            True,
            True,
            tuple(RegisterField(f["name"], f["lsb"], f["width"], f["writable"]) for f in control["fields"]),
        )
        for control in report["control"]
    ]
    for argument in report["registers"]:
        name, width, writable = argument["name"], argument["width"], argument["writable"]
        meaning = (meanings or {}).get(name, name)
        registers += _argument_registers(name, argument["offset"], width, writable, meaning)
    masters = {master["name"]: master["bits"] for master in report["masters"]}
    return HardwareIp(instance, vlnv, tuple(registers), masters)


def _argument_registers(
    name: str, offset: int, bits: int, writable: bool, meaning: str
) -> list[HardwareRegister]:
    """The registers of one argument: `name`, or `name_1` and `name_2` for the halves of 64 bits."""
    if bits <= 32:
        field = RegisterField(name, 0, bits, writable)
        return [HardwareRegister(name, offset, meaning, True, writable, (field,))]
    halves = []
    for index, half in enumerate(("low word", "high word")):
        field = RegisterField(name, 0, 32, writable)
        halves.append(
            HardwareRegister(
                f"{name}_{index + 1}", offset + 4 * index, f"{meaning}, {half}", True, writable, (field,)
            )
        )
    return halves


def hardware_description(design: str, ip: HardwareIp, *, part: str, clock_mhz: float) -> str:
    """The text of the .hwh file for `ip` on a Zynq UltraScale+ device."""
    root = Element("EDKSYSTEM", EDWVERSION="1.2", TIMESTAMP="", VIVADOVERSION="2022.1")
    SubElement(root, "SYSTEMINFO", ARCH="zynquplus", DEVICE=part, NAME=design)
    SubElement(root, "EXTERNALPORTS")
    SubElement(root, "EXTERNALINTERFACES")
    modules = SubElement(root, "MODULES")
    _accelerator(modules, ip)
    _interrupt_controller(modules, ip)
    _processing_system(modules, ip, clock_mhz)
    ElementTree.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
    return head + ElementTree.tostring(root, "unicode") + "\n"


def _module(parent: Element, instance: str, vlnv: str, *, in_logic: bool = True) -> Element:
    kind = vlnv.split(":")[2]
    module = SubElement(
        parent,
        "MODULE",
        COREREVISION="1",
        FULLNAME=f"/{instance}",
        HWVERSION=vlnv.split(":")[3],
        INSTANCE=instance,
        IPTYPE="PERIPHERAL",
        IS_ENABLE="1",
        MODCLASS="PERIPHERAL",
        MODTYPE=kind,
        VLNV=vlnv,
    )
    if not in_logic:
        module.set("IS_PL", "FALSE")
    return module


def _parameters(parent: Element, values: dict[str, str]) -> None:
    block = SubElement(parent, "PARAMETERS")
    for name, value in values.items():
        SubElement(block, "PARAMETER", NAME=name, VALUE=value)


def _port(parent: Element, name: str, direction: str, high: int | None, to: tuple[str, str] | None) -> None:
    port = SubElement(
        parent, "PORT", DIR=direction, NAME=name, SIGIS="INTERRUPT" if to else "undef", SIGNAME=""
    )
    if high is not None:
        port.attrib |= {"LEFT": str(high), "RIGHT": "0"}
    if to:
        connections = SubElement(port, "CONNECTIONS")
        SubElement(connections, "CONNECTION", INSTANCE=to[0], PORT=to[1])


def _bus(
    parent: Element, name: str, bus: str, role: str, protocol: str, bits: int, signal: tuple[str, str]
) -> None:
    interface = SubElement(
        parent, "BUSINTERFACE", BUSNAME=bus, DATAWIDTH=str(bits), NAME=name, TYPE=role, VLNV=AXI_VLNV
    )
    SubElement(interface, "PARAMETER", NAME="DATA_WIDTH", VALUE=str(bits))
    SubElement(interface, "PARAMETER", NAME="PROTOCOL", VALUE=protocol)
    maps = SubElement(interface, "PORTMAPS")
    SubElement(maps, "PORTMAP", LOGICAL=signal[0], PHYSICAL=signal[1])


def _range(parent: Element, instance: str, first: int, last: int, kind: str, master: str, slave: str) -> None:
    SubElement(
        parent,
        "MEMRANGE",
        ADDRESSBLOCK="Reg" if kind == "REGISTER" else "HP0_DDR_LOW",
        BASENAME="C_BASEADDR",
        BASEVALUE=f"0x{first:08X}",
        HIGHNAME="C_HIGHADDR",
        HIGHVALUE=f"0x{last:08X}",
        INSTANCE=instance,
        IS_DATA="TRUE",
        IS_INSTRUCTION="TRUE",
        MASTERBUSINTERFACE=master,
        MEMTYPE=kind,
        SLAVEBUSINTERFACE=slave,
    )


def _properties(parent: Element, **values: object) -> None:
    for name, value in values.items():
        SubElement(parent, "PROPERTY", NAME=name, VALUE=str(value))


def _accelerator(modules: Element, ip: HardwareIp) -> None:
    module = _module(modules, ip.instance, ip.vlnv)
    SubElement(module, "DOCUMENTS")
    blocks = SubElement(module, "ADDRESSBLOCKS")
    block = SubElement(
        blocks,
        "ADDRESSBLOCK",
        ACCESS="read-write",
        INTERFACE="s_axi_control",
        NAME="Reg",
        RANGE=str(RANGE),
        USAGE="register",
    )
    registers = SubElement(block, "REGISTERS")
    for register in ip.registers:
        entry = SubElement(registers, "REGISTER", NAME=register.name)
        _properties(
            entry,
            DESCRIPTION=register.meaning,
            ADDRESS_OFFSET=register.offset,
            SIZE=32,
            ACCESS=register.access,
            IS_ENABLED="true",
            RESET_VALUE=0,
        )
        fields = SubElement(entry, "FIELDS")
        for field in register.fields:
            part = SubElement(fields, "FIELD", NAME=field.name)
            _properties(
                part,
                DESCRIPTION=field.name,
                ADDRESS_OFFSET=register.offset,
                ACCESS="read-write" if field.writable else "read-only",
                BIT_OFFSET=field.lsb,
                BIT_WIDTH=field.width,
            )
    widths = {f"C_M_AXI_{name.upper()}_ADDR_WIDTH": "64" for name in ip.masters}
    _parameters(module, {"C_S_AXI_CONTROL_BASEADDR": f"0x{IP_ADDRESS:08x}"} | widths)
    ports = SubElement(module, "PORTS")
    address_bits = max(register.offset for register in ip.registers).bit_length()
    _port(ports, "ap_clk", "I", None, None)
    _port(ports, "ap_rst_n", "I", None, None)
    _port(ports, "s_axi_control_AWADDR", "I", address_bits - 1, None)
    for name in ip.masters:
        _port(ports, f"m_axi_{name}_ARADDR", "O", 63, None)
    _port(ports, "interrupt", "O", None, (INTC, "intr"))
    buses = SubElement(module, "BUSINTERFACES")
    control = ("AWADDR", "s_axi_control_AWADDR")
    _bus(buses, "s_axi_control", "ps_axi_M00", "SLAVE", "AXI4LITE", 32, control)
    memory = SubElement(module, "MEMORYMAP")
    for name, bits in ip.masters.items():
        bus = f"{ip.instance}_m_axi_{name}"
        _bus(buses, f"m_axi_{name}", bus, "MASTER", "AXI4", bits, ("ARADDR", f"m_axi_{name}_ARADDR"))
        _range(memory, PS, 0, DDR_LAST, "MEMORY", f"m_axi_{name}", "S_AXI_HP0_FPD")


def _interrupt_controller(modules: Element, ip: HardwareIp) -> None:
    module = _module(modules, INTC, INTC_VLNV)
    SubElement(module, "DOCUMENTS")
    _parameters(module, {"C_NUM_INTR_INPUTS": "1", "C_BASEADDR": f"0x{INTC_ADDRESS:08x}"})
    ports = SubElement(module, "PORTS")
    _port(ports, "s_axi_awaddr", "I", 8, None)
    _port(ports, "intr", "I", 0, (ip.instance, "interrupt"))
    _port(ports, "irq", "O", None, (PS, "pl_ps_irq0"))
    buses = SubElement(module, "BUSINTERFACES")
    _bus(buses, "s_axi", "ps_axi_M01", "SLAVE", "AXI4LITE", 32, ("AWADDR", "s_axi_awaddr"))


def _processing_system(modules: Element, ip: HardwareIp, clock_mhz: float) -> None:
    module = _module(modules, PS, PS_VLNV, in_logic=False)
    SubElement(module, "DOCUMENTS")
    bits = min(128, max(ip.masters.values(), default=128))  # what a port of the processing system takes
    values = {"C_MAXIGP0_DATA_WIDTH": "32", "C_SAXIGP2_DATA_WIDTH": str(bits)}
    for clock in range(4):
        prefix = f"PSU__CRL_APB__PL{clock}_REF_CTRL__"
        values |= {
            f"{prefix}DIVISOR0": "6",
            f"{prefix}DIVISOR1": "1",
            f"{prefix}ACT_FREQMHZ": f"{clock_mhz:g}",
            f"{prefix}SRCSEL": "IOPLL",
            f"PSU__FPGA_PL{clock}_ENABLE": str(int(clock == 0)),
        }
    _parameters(module, values)
    ports = SubElement(module, "PORTS")
    _port(ports, "maxigp0_awaddr", "O", 39, None)
    _port(ports, "saxigp2_awaddr", "I", 48, None)
    _port(ports, "pl_ps_irq0", "I", 0, (INTC, "irq"))
    buses = SubElement(module, "BUSINTERFACES")
    master = f"{PS}_M_AXI_HPM0_FPD"
    _bus(buses, "M_AXI_HPM0_FPD", master, "MASTER", "AXI4", 32, ("AWADDR", "maxigp0_awaddr"))
    _bus(buses, "S_AXI_HP0_FPD", "smc_M00", "SLAVE", "AXI4", bits, ("AWADDR", "saxigp2_awaddr"))
    memory = SubElement(module, "MEMORYMAP")
    slaves = ((ip.instance, IP_ADDRESS, "s_axi_control"), (INTC, INTC_ADDRESS, "s_axi"))
    for instance, base, slave in slaves:
        _range(memory, instance, base, base + RANGE - 1, "REGISTER", "M_AXI_HPM0_FPD", slave)
