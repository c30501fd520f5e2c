# SPDX-License-Identifier: Apache-2.0
"""Hardware descriptions, as PYNQ reads them."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from ips import kernel

from edgemoe.blockdesign import BOARDS, Design, board_facts, hardware_description, lay_out
from edgemoe.sim.description import read_description

FAMILY_OF_PYNQ = {"zynqmp": "zynq_ultra_ps_e", "zynq7": "processing_system7"}


def full_design(board: str) -> Design:
    """Two kinds of kernel, one of them twice, streams both ways, masters of several widths."""
    ips = [
        kernel("fir_0", masters=[32, 512], arguments=20),
        kernel("fir_1", masters=[32, 512], arguments=20),
        kernel("mix_0", streams=[(32, True), (16, False), (64, True)], arguments=0),
    ]
    return lay_out("mine", board_facts(board), ips, clock_mhz=100.0)


@pytest.mark.parametrize("board", BOARDS)
def test_pynq_reads_all_of_it(board: str, tmp_path: Path) -> None:
    design = full_design(board)
    path = tmp_path / "mine.hwh"
    path.write_text(hardware_description(design))
    parser = read_description(path)
    assert parser.family_ps == FAMILY_OF_PYNQ[design.board.family.name]
    places = {
        name: (block["phys_addr"], block["addr_range"])
        for name, block in parser.ip_dict.items()
        if "phys_addr" in block
    }
    assert places == {window.instance: (window.base, window.size) for window in design.windows}
    for ip in design.ips:
        block = parser.ip_dict[ip.instance]
        assert block["type"] == ip.vlnv
        registers = {name: entry["address_offset"] for name, entry in block["registers"].items()}
        assert registers == {register.name: register.offset for register in ip.registers}
    pins = {f"{line.instance}/{line.pin}": line.input for line in design.interrupts}
    for pin, index in pins.items():
        assert parser.interrupt_pins[pin]["index"] == index
        assert parser.interrupt_pins[pin]["controller"] == "axi_intc_0"
        instance, _, name = pin.rpartition("/")
        assert parser.ip_dict[instance]["interrupts"][name]["index"] == index
    assert parser.interrupt_controllers["axi_intc_0"]["raw_irq"] == (
        121 if design.board.family.name == "zynqmp" else 61
    )
    clock = parser.clock_dict[0]
    assert clock["enable"] == 1 and (clock["divisor0"], clock["divisor1"]) == design.clock_divisors


@pytest.mark.parametrize("board", ["kv260", "pynq-z2"])
def test_dmas_have_what_their_driver_reads(board: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.hwh"
    path.write_text(hardware_description(full_design(board)))
    blocks = read_description(path).ip_dict
    first, second = blocks["axi_dma_0"], blocks["axi_dma_1"]
    assert first["type"] == "xilinx.com:ip:axi_dma:7.1"
    assert {"mm2s_introut", "s2mm_introut"} == set(first["interrupts"])
    expected = {"c_include_sg": "0", "c_sg_length_width": "26", "c_include_mm2s": "1", "c_include_s2mm": "1"}
    expected |= {"c_m_axi_mm2s_data_width": "32", "c_m_axi_s2mm_data_width": "32"}
    expected |= {"c_m_axis_mm2s_tdata_width": "32", "c_s_axis_s2mm_tdata_width": "16"}
    assert expected.items() <= first["parameters"].items()
    assert {"mm2s_introut"} == set(second["interrupts"])
    assert second["parameters"]["c_include_s2mm"] == "0"
    assert second["parameters"]["c_m_axi_mm2s_data_width"] == "64"


@pytest.mark.parametrize("board", BOARDS)
def test_every_name_at_the_other_end_exists(board: str) -> None:
    """Connections, port maps and address ranges name instances, ports and interfaces of the file."""
    root = ElementTree.fromstring(hardware_description(full_design(board)))
    ports = {m.get("INSTANCE"): {p.get("NAME"): p for p in m.iter("PORT")} for m in root.iter("MODULE")}
    buses = {m.get("INSTANCE"): {b.get("NAME") for b in m.iter("BUSINTERFACE")} for m in root.iter("MODULE")}
    assert len(ports) == len(list(root.iter("MODULE")))
    for module in root.iter("MODULE"):
        own = module.get("INSTANCE")
        for port in module.iter("PORT"):
            for there in port.iter("CONNECTION"):
                back = ports[there.get("INSTANCE")][there.get("PORT")]
                assert (own, port.get("NAME")) in {
                    (c.get("INSTANCE"), c.get("PORT")) for c in back.iter("CONNECTION")
                }
                assert {port.get("DIR"), back.get("DIR")} == {"I", "O"}
        for entry in module.iter("PORTMAP"):
            assert entry.get("PHYSICAL") in ports[own]
        for entry in module.iter("MEMRANGE"):
            assert entry.get("MASTERBUSINTERFACE") in buses[own]
            assert entry.get("SLAVEBUSINTERFACE") in buses[entry.get("INSTANCE")]
    wires = [b.get("BUSNAME") for b in root.iter("BUSINTERFACE")]
    assert {wires.count(wire) for wire in wires} == {2}


def test_masters_see_all_of_the_memory() -> None:
    root = ElementTree.fromstring(hardware_description(full_design("kv260")))
    ranges = {
        (e.get("BASEVALUE"), e.get("HIGHVALUE"))
        for e in root.iter("MEMRANGE")
        if e.get("MEMTYPE") == "MEMORY"
    }
    assert ranges == {("0x00000000", "0x7FFFFFFF"), ("0x800000000", "0x87FFFFFFF")}
