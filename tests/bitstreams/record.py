# SPDX-License-Identifier: Apache-2.0
"""What the recorder wrote of a run of build.tcl, and what must hold of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from edgemoe.blockdesign import INTC, Design, Ip, Port
from edgemoe.compiler.backend.masters import BURST_BYTES, OUTSTANDING

Row = list[str]
# Bits of the signals of AXI whose width does not depend on the bus, and those that the master drives.
FIXED = {"LEN": 8, "SIZE": 3, "BURST": 2, "LOCK": 2, "CACHE": 4, "PROT": 3, "QOS": 4, "REGION": 4, "RESP": 2}
LITE = (
    "AWADDR AWVALID AWREADY WDATA WSTRB WVALID WREADY BRESP BVALID BREADY ARADDR ARVALID ARREADY RDATA RRESP RVALID "
    "RREADY"
)
FULL = (
    "AWID AWADDR AWLEN AWSIZE AWBURST AWLOCK AWCACHE AWPROT AWQOS AWREGION AWVALID AWREADY WDATA WSTRB WLAST WVALID "
    "WREADY BID BRESP BVALID BREADY ARID ARADDR ARLEN ARSIZE ARBURST ARLOCK ARCACHE ARPROT ARQOS ARREGION ARVALID "
    "ARREADY RID RDATA RRESP RLAST RVALID RREADY"
)
STREAM = "TDATA TKEEP TLAST TVALID TREADY"
FROM_SLAVE = {
    "AWREADY",
    "WREADY",
    "ARREADY",
    "BID",
    "BRESP",
    "BVALID",
    "RID",
    "RDATA",
    "RRESP",
    "RLAST",
    "RVALID",
    "TREADY",
}


@dataclass
class Record:
    """The facts of a record by their kind, and the block design as dictionaries."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, path: Path) -> Record:
        record = cls()
        for line in path.read_text().splitlines():
            kind, *words = line.split("\t")
            record.rows[kind].append(words)
        return record

    @property
    def cells(self) -> dict[str, str]:
        return {name: vlnv for name, vlnv in self.rows["cell"]}

    @property
    def pins(self) -> dict[str, Row]:
        """Pin -> direction (I or O), bits, type."""
        return {name: rest for name, *rest in self.rows["pin"]}

    @property
    def interfaces(self) -> dict[str, Row]:
        """Interface pin -> mode, type, bits of data."""
        return {name: rest for name, *rest in self.rows["intf"]}

    def of(self, kind: str, ip: str) -> list[Row]:
        """The facts of a kind about a packaged IP."""
        return [rest for owner, *rest in self.rows[kind] if owner == ip]

    def config(self, cell: str) -> dict[str, str]:
        return {name: value for owner, name, value in self.rows["config"] if owner == cell}

    def driver(self, pin: str) -> str | None:
        """The output that drives a pin."""
        for net in self.rows["wire"]:
            if pin in net:
                return next((other for other in net if self.pins[other][0] == "O"), None)
        return None

    def other_end(self, interface: str) -> str | None:
        for net in self.rows["bus"]:
            if interface in net:
                return next(end for end in net if end != interface)
        return None


def problems(
    record: Record, design: Design, ports: dict[str, tuple[Port, ...]], hwh: Path, parser: Any
) -> list[str]:
    """All that is wrong with a recorded run: of the IPs by their kind in `ports`, the .hwh and what PYNQ read of it."""
    found: list[str] = []
    for ip in {ip.kind: ip for ip in design.ips}.values():
        found += _packaging(record, ip, ports[ip.kind])
    found += _part(record, design)
    found += _connections(record)
    found += _clocks(record, design)
    found += _addresses(record, design, parser)
    found += _memory(record, design, ElementTree.parse(hwh))
    found += _interrupts(record, design, parser)
    found += _registers(record, design, parser)
    return found


def _packaging(record: Record, ip: Ip, ports: tuple[Port, ...]) -> Iterator[str]:
    """Every port of the SystemVerilog is in one interface, with the width and the direction that it has there."""
    rtl = {port.name: (port.direction[0].upper(), port.bits) for port in ports}
    top = f"{ip.kind}_ip"
    wrapped = {name: (way, int(bits)) for name, way, bits in record.of("port", top)}
    if wrapped != rtl:
        yield f"{top}: its ports are not the SystemVerilog's: {sorted(set(wrapped.items()) ^ set(rtl.items()))}"
    modes = {name: mode for name, mode, *_ in record.of("interface", ip.kind)}
    expected = {"ap_clk": "slave", "ap_rst_n": "slave", "interrupt": "master", "s_axi_control": "slave"}
    expected |= {master.interface: "master" for master in ip.masters}
    expected |= {stream.interface: "slave" if stream.incoming else "master" for stream in ip.streams}
    for name, mode in expected.items():
        if modes.get(name) != mode:
            yield f"{ip.kind}: the interface {name} is {modes.get(name)}, not {mode}"
    mapped = [row for row in record.of("map", ip.kind) if row[0] in expected]
    counts = Counter(physical for _, _, physical, *_ in mapped)
    for name in rtl:
        if counts[name] != 1:
            yield f"{ip.kind}: the port {name} is in {counts[name]} interfaces"
    parameters: dict[str, dict[str, str]] = defaultdict(dict)
    for name, parameter, value in record.of("parameter", ip.kind):
        parameters[name][parameter] = value
    wanted: dict[str, dict[str, str]] = {
        "ap_clk": {"ASSOCIATED_RESET": "ap_rst_n"},
        "ap_rst_n": {"POLARITY": "ACTIVE_LOW"},
        "interrupt": {"SENSITIVITY": "LEVEL_HIGH"},
        "s_axi_control": {"PROTOCOL": "AXI4LITE", "DATA_WIDTH": "32"},
    }
    for master in ip.masters:
        wanted[master.interface] = {
            "PROTOCOL": "AXI4",
            "DATA_WIDTH": str(master.bits),
            "ADDR_WIDTH": "64",
            "MAX_BURST_LENGTH": str(BURST_BYTES * 8 // master.bits),
            "NUM_READ_OUTSTANDING": str(OUTSTANDING),
            "NUM_WRITE_OUTSTANDING": str(OUTSTANDING),
        }
    for stream in ip.streams:
        wanted[stream.interface] = {"TDATA_NUM_BYTES": str(stream.bits // 8)}
    for name, values in wanted.items():
        for parameter, value in values.items():
            if parameters[name].get(parameter) != value:
                yield f"{ip.kind}: {parameter} of {name} is {parameters[name].get(parameter)}, not {value}"
    buses = set(expected) - {"ap_clk", "ap_rst_n", "interrupt"}
    clocked = set(parameters["ap_clk"].get("ASSOCIATED_BUSIF", "").split(":"))
    if clocked != buses:
        yield f"{ip.kind}: ap_clk is said to clock {sorted(clocked)}, not {sorted(buses)}"
    for bus in buses:
        yield from _signals(
            ip, bus, modes.get(bus, ""), [row for row in mapped if row[0] == bus], parameters[bus]
        )


def _signals(ip: Ip, bus: str, mode: str, rows: list[Row], parameters: dict[str, str]) -> Iterator[str]:
    """The signals of one bus: all there, each on the port of its name, as wide as the parameters say."""
    signals = LITE if bus == "s_axi_control" else FULL if bus.startswith("m_axi_") else STREAM
    if {row[1] for row in rows} != set(signals.split()):
        yield f"{ip.kind}: {bus} lacks or has too many of {sorted({row[1] for row in rows} ^ set(signals.split()))}"
    for _, logical, physical, direction, bits in rows:
        if physical != f"{bus}_{logical.lower() if signals == STREAM else logical}":
            yield f"{ip.kind}: {logical} of {bus} is the port {physical}"
        into = (logical in FROM_SLAVE) == (mode == "master")
        if direction != ("I" if into else "O"):
            yield f"{ip.kind}: {physical} has the direction {direction}"
        data = int(parameters.get("DATA_WIDTH", 8 * int(parameters.get("TDATA_NUM_BYTES", 0))))
        widths = {"WDATA": data, "RDATA": data, "WSTRB": data // 8, "TDATA": data, "TKEEP": data // 8}
        if logical[2:] == "ADDR" and "ADDR_WIDTH" in parameters:
            widths[logical] = int(parameters["ADDR_WIDTH"])
        stem = logical[1:] if logical in ("BRESP", "RRESP") else logical[2:]
        width = widths.get(logical, FIXED.get(stem))
        if width is not None and int(bits) != width:
            yield f"{ip.kind}: {physical} has {bits} bits, {bus} says {width}"


def _part(record: Record, design: Design) -> Iterator[str]:
    for name, _, part in record.rows["project"]:
        if part != design.board.part:
            yield f"project {name}: the part is {part}, not {design.board.part}"
    board = str(design.board.board_part).rpartition(":")[0]
    chosen = [value for _, _, name, value in record.rows["property"] if name == "board_part"]
    if len(chosen) != 1 or not chosen[0].startswith(board):
        yield f"the board is {chosen}, not {board}"


def _connections(record: Record) -> Iterator[str]:
    """Every interface is connected once, from a master to a slave, and every pin that needs a driver has one."""
    counts = Counter(end for net in record.rows["bus"] for end in net)
    for name, (mode, kind, bits) in record.interfaces.items():
        if counts[name] != 1:
            yield f"the {mode} {name} ({kind}, {bits} bits) is connected {counts[name]} times"
    spare = ("/aux_reset_in", "/mb_debug_sys_rst", "/dcm_locked")
    for name, (direction, _, kind) in record.pins.items():
        if direction == "I" and not name.endswith(spare) and record.driver(name) is None:
            yield f"the {kind} pin {name} has no driver"


def _clocks(record: Record, design: Design) -> Iterator[str]:
    """One clock of the processing system drives every clock pin; its frequency is the design's. Resets likewise."""
    family = design.board.family
    clock, parameter, reset = {
        "zynqmp": ("pl_clk0", "PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ", "pl_resetn0"),
        "zynq7": ("FCLK_CLK0", "PCW_FPGA0_PERIPHERAL_FREQMHZ", "FCLK_RESET0_N"),
    }[family.name]
    frequency = record.config(family.instance)[parameter]
    if float(frequency) != design.clock_mhz:
        yield f"the clock is {frequency} MHz, not {design.clock_mhz:g}"
    for name, (direction, _, kind) in record.pins.items():
        driver = record.driver(name)
        if direction == "I" and kind == "clk" and driver != f"{family.instance}/{clock}":
            yield f"the clock of {name} is {driver}"
        if (
            direction == "I"
            and name.endswith(("resetn", "rst_n"))
            and driver != "proc_sys_reset_0/peripheral_aresetn"
        ):
            yield f"the reset of {name} is {driver}"
    if record.driver("proc_sys_reset_0/ext_reset_in") != f"{family.instance}/{reset}":
        yield f"the resets do not come from {reset}"


def _addresses(record: Record, design: Design, parser: Any) -> Iterator[str]:
    """What the processor sees is where PYNQ will look."""
    space = f"{design.board.family.instance}/Data"
    ours = {
        segment.split("/")[0]: (int(base), int(size))
        for owner, segment, base, size in record.rows["address"]
        if owner == space
    }
    theirs = {
        name: (block["phys_addr"], block["addr_range"])
        for name, block in parser.ip_dict.items()
        if "phys_addr" in block
    }
    for name in sorted(set(ours) | set(theirs)):
        if ours.get(name) != theirs.get(name):
            yield f"the address of {name} is {_place(ours.get(name))}, in the .hwh {_place(theirs.get(name))}"
        elif _slave(record, design, name) is None:
            yield f"the processor does not reach the registers of {name}"


def _slave(record: Record, design: Design, cell: str) -> str | None:
    """The control interface of a cell, if it hangs on the interconnect that the processor leads to."""
    family = design.board.family
    start = record.other_end(f"{family.instance}/{family.control_master}")
    if start is None:
        return None
    connect = start.split("/")[0]
    for name in record.interfaces:
        if name.startswith(f"{connect}/M"):
            end = record.other_end(name)
            if end is not None and end.split("/")[0] == cell:
                return end
    return None


def _place(place: tuple[int, int] | None) -> str:
    return "nowhere" if place is None else f"0x{place[0]:x}, 0x{place[1]:x} bytes"


def _memory(record: Record, design: Design, hwh: Any) -> Iterator[str]:
    """Every master reaches the DRAM through the port that the .hwh names, with all of its ranges, and wide enough."""
    family = design.board.family
    expected = {
        (module.get("INSTANCE"), entry.get("MASTERBUSINTERFACE")): entry.get("SLAVEBUSINTERFACE")
        for module in hwh.iter("MODULE")
        for entry in module.iter("MEMRANGE")
        if entry.get("MEMTYPE") == "MEMORY"
    }
    for (instance, master), port in expected.items():
        bus = record.other_end(f"{instance}/{master}")
        connect = bus.split("/")[0] if bus else None
        end = record.other_end(f"{connect}/M00_AXI") if connect else None
        if end != f"{family.instance}/{port}":
            yield f"{instance}/{master} leads to {end}, in the .hwh to {port}"
            continue
        index = [memory.name for memory in family.memory_ports].index(str(port))
        spaces = (f"{instance}/{master}", f"{instance}/{str(master).replace('M_AXI_', 'Data_')}")
        ranges = {
            (segment.split("/")[1:][0], segment.rpartition("_DDR_")[2]): (int(base), int(size))
            for owner, segment, base, size in record.rows["address"]
            if owner in spaces
        }
        behind = f"SAXIGP{index + 2}" if family.name == "zynqmp" else f"S_AXI_HP{index}"
        wanted = {(behind, name): (base, size) for name, base, size in design.board.ddr}
        if ranges != wanted:
            yield f"{instance}/{master} sees {ranges} of the DRAM, not {wanted}"
    parameters = {entry.get("NAME"): entry.get("VALUE") for entry in hwh.iter("PARAMETER")}
    for port, bits, _ in design.used_ports:
        index = family.memory_ports.index(port)
        name = (
            f"PSU__SAXIGP{index + 2}__DATA_WIDTH"
            if family.name == "zynqmp"
            else f"PCW_S_AXI_HP{index}_DATA_WIDTH"
        )
        given = record.config(family.instance)[name]
        if not given == str(bits) == parameters[port.width_parameter]:
            yield f"{port.name} has {given} bits, the design {bits}, the .hwh {parameters[port.width_parameter]}"
    for dma in design.dmas:
        block = next(module for module in hwh.iter("MODULE") if module.get("INSTANCE") == dma.instance)
        described = {entry.get("NAME"): entry.get("VALUE") for entry in block.iter("PARAMETER")}
        for name, value in record.config(dma.instance).items():
            if name in described and described[name] != value and name != "c_s_axis_s2mm_tdata_width":
                yield f"{dma.instance}: {name} is {value}, in the .hwh {described[name]}"


def _interrupts(record: Record, design: Design, parser: Any) -> Iterator[str]:
    """Every interrupt is on the input of the controller on which PYNQ expects it, and that one on the processor."""
    concat = record.driver(f"{INTC}/intr")
    if concat is None:
        yield f"nothing is connected to {INTC}/intr"
        return
    cell = concat.split("/")[0]
    for name, entry in parser.interrupt_pins.items():
        if name not in record.pins or record.pins[name][0] != "O" or entry["controller"] != INTC:
            continue
        if record.driver(f"{cell}/In{entry['index']}") != name:
            yield f"{name} is not on input {entry['index']} of the interrupt controller"
    for line in design.interrupts:
        if f"{line.instance}/{line.pin}" not in parser.interrupt_pins:
            yield f"PYNQ sees no interrupt of {line.instance}/{line.pin}"
    pin = f"{design.board.family.instance}/{design.board.family.interrupt_pin}"
    if record.driver(pin) != f"{INTC}/irq":
        yield f"{pin} is driven by {record.driver(pin)}, not by the interrupt controller"


def _registers(record: Record, design: Design, parser: Any) -> Iterator[str]:
    """The registers of the packaged IPs are those that PYNQ finds in the .hwh."""
    for ip in design.ips:
        made: dict[str, dict[str, Any]] = {}
        for _, name, offset, size, access in record.of("register", ip.kind):
            made[name] = {"address_offset": int(offset, 0), "size": int(size), "access": access, "fields": {}}
        for _, register, name, low, bits, access in record.of("field", ip.kind):
            made[register]["fields"][name] = (int(low), int(bits), access)
        described = {
            name: _described(entry) for name, entry in parser.ip_dict[ip.instance]["registers"].items()
        }
        for name in sorted(set(made) | set(described)):
            if made.get(name) != described.get(name):
                yield f"the register {name} is {made.get(name)}, in the .hwh {described.get(name)}"


def _described(entry: dict[str, Any]) -> dict[str, Any]:
    fields = {
        name: (part["bit_offset"], part["bit_width"], part["access"])
        for name, part in entry["fields"].items()
    }
    return {key: entry[key] for key in ("address_offset", "size", "access")} | {"fields": fields}
