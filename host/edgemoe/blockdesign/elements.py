# SPDX-License-Identifier: Apache-2.0
"""The elements of a hardware description (.hwh): modules, ports, bus interfaces, address ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement

from edgemoe.blockdesign.ip import IpRegister

AXI_VLNV, AXIS_VLNV = "xilinx.com:interface:aximm:1.0", "xilinx.com:interface:axis:1.0"

Pin = tuple[str, str]
"""Instance and port."""


def module(parent: Element, instance: str, vlnv: str, parameters: Mapping[str, object]) -> Element:
    """A block, with empty lists for its ports, bus interfaces and address ranges."""
    kind, version = vlnv.split(":")[2:4]
    block = SubElement(
        parent,
        "MODULE",
        COREREVISION="1",
        FULLNAME=f"/{instance}",
        HWVERSION=version,
        INSTANCE=instance,
        IPTYPE="PERIPHERAL",
        IS_ENABLE="1",
        MODCLASS="PERIPHERAL",
        MODTYPE=kind,
        VLNV=vlnv,
    )
    SubElement(block, "DOCUMENTS")
    SubElement(block, "ADDRESSBLOCKS")
    values = SubElement(block, "PARAMETERS")
    for name, value in parameters.items():
        SubElement(values, "PARAMETER", NAME=name, VALUE=str(value))
    for name in ("PORTS", "BUSINTERFACES", "MEMORYMAP"):
        SubElement(block, name)
    return block


def part(block: Element, name: str) -> Element:
    """One of the lists of a module."""
    found = block.find(name)
    assert found is not None
    return found


def port(
    block: Element,
    name: str,
    direction: str,
    high: int | None = None,
    *,
    kind: str = "undef",
    to: Sequence[Pin] = (),
) -> None:
    """A port of `high` + 1 bits, or a single wire; `direction` is I or O, `to` the pins at its other end."""
    entry = SubElement(part(block, "PORTS"), "PORT", DIR=direction, NAME=name, SIGIS=kind, SIGNAME="")
    if high is not None:
        entry.attrib |= {"LEFT": str(high), "RIGHT": "0"}
    if to:
        connections = SubElement(entry, "CONNECTIONS")
        for instance, pin in to:
            SubElement(connections, "CONNECTION", INSTANCE=instance, PORT=pin)


def bus(
    block: Element,
    name: str,
    wire: str,
    role: str,
    bits: int,
    signals: Mapping[str, str],
    *,
    protocol: str = "AXI4",
) -> None:
    """An AXI interface on the bus named `wire`; `signals` are the ports behind it by their logical names."""
    interface = SubElement(
        part(block, "BUSINTERFACES"),
        "BUSINTERFACE",
        BUSNAME=wire,
        DATAWIDTH=str(bits),
        NAME=name,
        TYPE=role,
        VLNV=AXI_VLNV,
    )
    SubElement(interface, "PARAMETER", NAME="DATA_WIDTH", VALUE=str(bits))
    SubElement(interface, "PARAMETER", NAME="PROTOCOL", VALUE=protocol)
    _port_maps(interface, signals)


def stream(block: Element, name: str, wire: str, role: str, bits: int, signals: Mapping[str, str]) -> None:
    """An AXI4-Stream interface; as `bus`."""
    interface = SubElement(
        part(block, "BUSINTERFACES"), "BUSINTERFACE", BUSNAME=wire, NAME=name, TYPE=role, VLNV=AXIS_VLNV
    )
    SubElement(interface, "PARAMETER", NAME="TDATA_NUM_BYTES", VALUE=str(bits // 8))
    SubElement(interface, "PARAMETER", NAME="HAS_TLAST", VALUE="1")
    _port_maps(interface, signals)


def _port_maps(interface: Element, signals: Mapping[str, str]) -> None:
    maps = SubElement(interface, "PORTMAPS")
    for logical, physical in signals.items():
        SubElement(maps, "PORTMAP", LOGICAL=logical, PHYSICAL=physical)


def address_range(
    block: Element, master: str, slave: Pin, first: int, size: int, *, kind: str, name: str
) -> None:
    """What `master` of the block sees at `first`: `kind` is REGISTER or MEMORY, `slave` an instance's interface."""
    SubElement(
        part(block, "MEMORYMAP"),
        "MEMRANGE",
        ADDRESSBLOCK=name,
        BASENAME="C_BASEADDR",
        BASEVALUE=f"0x{first:08X}",
        HIGHNAME="C_HIGHADDR",
        HIGHVALUE=f"0x{first + size - 1:08X}",
        INSTANCE=slave[0],
        IS_DATA="TRUE",
        IS_INSTRUCTION="TRUE",
        MASTERBUSINTERFACE=master,
        MEMTYPE=kind,
        SLAVEBUSINTERFACE=slave[1],
    )


def registers(block: Element, known: Iterable[IpRegister], interface: str, size: int) -> None:
    """The registers of a block behind `interface`, which takes `size` bytes of addresses."""
    space = SubElement(
        part(block, "ADDRESSBLOCKS"),
        "ADDRESSBLOCK",
        ACCESS="read-write",
        INTERFACE=interface,
        NAME="Reg",
        RANGE=str(size),
        USAGE="register",
    )
    entries = SubElement(space, "REGISTERS")
    for register in known:
        entry = SubElement(entries, "REGISTER", NAME=register.name)
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
            _properties(
                SubElement(fields, "FIELD", NAME=field.name),
                DESCRIPTION=field.name,
                ADDRESS_OFFSET=register.offset,
                ACCESS="read-write" if field.writable else "read-only",
                BIT_OFFSET=field.lsb,
                BIT_WIDTH=field.width,
            )


def _properties(parent: Element, **values: object) -> None:
    for name, value in values.items():
        SubElement(parent, "PROPERTY", NAME=name, VALUE=str(value))
