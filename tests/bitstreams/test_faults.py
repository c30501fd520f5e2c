# SPDX-License-Identifier: Apache-2.0
"""Faults put into the scripts and files on purpose: each is caught, by a command that fails or by a check."""

from pathlib import Path

import pytest

from edgemoe.bitstream.folder import folder_files
from edgemoe.blockdesign import module_ports
from edgemoe.config import board
from edgemoe.registers import IP_NAME
from edgemoe.sim.build import Rtl, accelerator_design, compile_rtl
from edgemoe.sim.description import read_description

from .conftest import Recorder
from .record import Record, problems

BUILD, HWH, RTL = "build.tcl", "expected/edgemoe.hwh", f"rtl/{IP_NAME}"
# What is wrong, the file, what stands there, what is put in its place, and what is said.
FAULTS = [
    ("a port that is not there", BUILD, "AWID AWADDR AWLEN", "AWIDX AWADDR AWLEN", "no port m_axi_gmem0_AWIDX"),
    ("a port left out", BUILD, " AWQOS", "", "the port m_axi_gmem0_AWQOS is in 0 interfaces"),
    ("a port of another bus", BUILD, "[ports_of m_axi_gmem1", "[ports_of m_axi_gmem2", "is in two interfaces"),
    ("two ports swapped", BUILD, "CLK ap_clk}", "CLK ap_rst_n}", "is in two interfaces"),
    ("a port wider in the RTL", f"{RTL}/accelerator.sv", "[127:0] m_axi_gmem0_WDATA", "[255:0] m_axi_gmem0_WDATA",
     "its ports are not the SystemVerilog's"),
    ("a port wider in the wrapper", f"{RTL}/accelerator_ip.v", "[127:0] m_axi_gmem5_RDATA", "[63:0] m_axi_gmem5_RDATA",
     "m_axi_gmem5_RDATA has 64 bits, m_axi_gmem5 says 128"),
    ("a port the other way", f"{RTL}/accelerator_ip.v", "output wire interrupt", "input wire interrupt",
     "its ports are not the SystemVerilog's"),
    ("a port more", f"{RTL}/accelerator.sv", "output logic interrupt", "output logic interrupt,\n input logic spare",
     "its ports are not the SystemVerilog's"),
    ("a bus of another width", BUILD, "PROTOCOL AXI4 DATA_WIDTH 128", "PROTOCOL AXI4 DATA_WIDTH 64",
     "m_axi_gmem0_WDATA has 128 bits, m_axi_gmem0 says 64"),
    ("addresses of another width", BUILD, "ADDR_WIDTH 64", "ADDR_WIDTH 32", "ADDR_WIDTH of m_axi_gmem0 is 32, not 64"),
    ("longer bursts than there are", BUILD, "MAX_BURST_LENGTH 16", "MAX_BURST_LENGTH 256", "MAX_BURST_LENGTH of"),
    ("another protocol", BUILD, "{PROTOCOL AXI4LITE", "{PROTOCOL AXI4", "PROTOCOL of s_axi_control is AXI4"),
    ("a master as slave", BUILD, "m_axi_gmem2 master interface", "m_axi_gmem2 slave interface", "are both slave"),
    ("reset of the other polarity", BUILD, "ACTIVE_LOW", "ACTIVE_HIGH", "POLARITY of ap_rst_n is ACTIVE_HIGH"),
    ("a bus without clock", BUILD, ":m_axi_gmem5 ", " ", "ap_clk is said to clock"),
    ("a parameter that is not there", BUILD, "PSU__SAXIGP2__DATA_WIDTH", "PSU__SAXIGP2_DATA_WIDTH", "has no parameter"),
    ("a memory port left off", BUILD, "CONFIG.PSU__USE__S_AXI_GP3 1", "CONFIG.PSU__USE__S_AXI_GP3 0", "empty"),
    ("a memory port too narrow", BUILD, "PSU__SAXIGP2__DATA_WIDTH 128", "PSU__SAXIGP2__DATA_WIDTH 32", "has 32 bits"),
    ("a memory port too many", BUILD, "CONFIG.PSU__USE__S_AXI_GP3 1",
     "CONFIG.PSU__USE__S_AXI_GP3 1\n  CONFIG.PSU__USE__S_AXI_GP0 1", "saxihpc0_fpd_aclk is not connected to a clock"),
    ("another clock", BUILD, "REF_CTRL__FREQMHZ 300", "REF_CTRL__FREQMHZ 150", "the clock is 150 MHz, not 300"),
    ("a clock pin without clock", BUILD, "  [get_bd_pins accelerator/ap_clk]", "  ",
     "ap_clk is not connected to a clock"),
    ("a clock pin on the reset", BUILD, "pl_resetn0] \\", "pl_resetn0] [get_bd_pins accelerator/ap_clk] \\",
     "two drivers"),
    ("a reset left out", BUILD, "  [get_bd_pins smartconnect_hp1/aresetn] \\\n",
     "", "smartconnect_hp1/aresetn has no driver"),
    ("resets straight from the processor", BUILD, "get_bd_pins proc_sys_reset_0/peripheral_aresetn",
     "get_bd_pins proc_sys_reset_0/peripheral_reset", "the reset of accelerator/ap_rst_n is"),
    ("another address", BUILD, "-offset 0xA0000000", "-offset 0xA0020000", "the address of accelerator is 0xa0020000"),
    ("an address that does not fit its range", BUILD, "-offset 0xA0010000 -range 0x00010000",
     "-offset 0xA0010000 -range 0x00020000", "no multiple of"),
    ("another range", BUILD, "-offset 0xA0000000 -range 0x00010000", "-offset 0xA0000000 -range 0x00008000",
     "the address of accelerator is 0xa0000000, 0x8000 bytes"),
    ("addresses swapped", BUILD, "get_bd_addr_segs axi_intc_0/S_AXI/Reg",
     "get_bd_addr_segs accelerator/s_axi_control/Reg",
     "the address of axi_intc_0 is nowhere"),
    ("a range in the .hwh", HWH, 'HIGHVALUE="0xA000FFFF"', 'HIGHVALUE="0xA0007FFF"',
     "in the .hwh 0xa0000000, 0x8000 bytes"),
    ("half of the DRAM", BUILD, "-offset 0x00000000 -range 0x80000000", "-offset 0x00000000 -range 0x40000000",
     "of the DRAM, not"),
    ("masters swapped", BUILD, "accelerator/m_axi_gmem0] [get_bd_intf_pins smartconnect_hp0",
     "accelerator/m_axi_gmem1] [get_bd_intf_pins smartconnect_hp0", "connected already"),
    ("the DRAM behind another port", BUILD, "zynq_ultra_ps_e_0/SAXIGP3/HP1_DDR_LOW",
     "zynq_ultra_ps_e_0/SAXIGP2/HP0_DDR_LOW",
     "m_axi_gmem1 sees"),
    ("a bus left out", BUILD,
     "connect_bd_intf_net [get_bd_intf_pins accelerator/m_axi_gmem2] [get_bd_intf_pins smartconnect_hp2/S00_AXI]", "",
     "accelerator/m_axi_gmem2 (aximm, 32 bits) is connected 0 times"),
    ("registers left out", BUILD,
     "connect_bd_intf_net [get_bd_intf_pins smartconnect_control/M00_AXI] [get_bd_intf_pins accelerator/s_axi_control]"
     , "",
     "the processor does not reach the registers of accelerator"),
    ("interrupt left out", BUILD,
     "connect_bd_net [get_bd_pins accelerator/interrupt] \\\n  [get_bd_pins xlconcat_0/In0]", "",
     "accelerator/interrupt is not on input 0"),
    ("interrupt past the controller", BUILD, "connect_bd_net [get_bd_pins axi_intc_0/irq]",
     "connect_bd_net [get_bd_pins accelerator/interrupt]", "not by the interrupt controller"),
    ("interrupt of a pulse", BUILD, "LEVEL_HIGH", "EDGE_RISING", "SENSITIVITY of interrupt is EDGE_RISING"),
    ("a register elsewhere", BUILD, "register $block program_1 0x010", "register $block program_1 0x014",
     "program_1 is"),
    ("a register that can't be written", BUILD, "program_1 0x010 read-write", "program_1 0x010 read-only",
     "program_1 is"),
    ("a bit elsewhere", BUILD, "{AP_DONE 1 1", "{AP_DONE 2 1", "the register CTRL is"),
    ("another part", BUILD, "set part xczu7ev-ffvc1156-2-e", "set part xczu9eg-ffvb1156-2-e", "the part is xczu9eg"),
    ("another board", BUILD, "{xilinx.com:zcu104:part0:*}", "{xilinx.com:zcu102:part0:*}", "the board is"),
    ("another IP's name", BUILD, "-vendor edgemoe", "-vendor edgemoi", "no IP edgemoe:hls:accelerator:1.0"),
    ("a command that Vivado has not", BUILD, "save_bd_design\n", "store_bd_design\n", 'no command "store_bd_design"'),
    ("an option that a command has not", BUILD, "connect_bd_intf_net [", "connect_bd_intf_net -fast [", "no option"),
    ("a property that an object has not", BUILD, "set_property size 32", "set_property bits 32", 'no property "bits"'),
    ("a file that is missing", BUILD, "*.sv *.v]", "*.sv *.v] x.sv", "expected 1 to 1 words"),
]  # fmt: skip


@pytest.fixture(scope="module")
def rtl() -> Rtl:
    return compile_rtl(board("sim-small"))


@pytest.fixture(scope="module")
def files(rtl: Rtl) -> dict[str, str]:
    return folder_files(board("zcu104"), rtl)


@pytest.mark.parametrize(("file", "old", "new", "said"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_caught(
    file: str,
    old: str,
    new: str,
    said: str,
    rtl: Rtl,
    files: dict[str, str],
    run_script: Recorder,
    tmp_path: Path,
) -> None:
    assert old in files[file], "the fault is out of date"
    files = files | {file: files[file].replace(old, new, 1)}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    run = run_script("vivado.tcl", tmp_path / BUILD)
    if run.status:
        assert said in run.said
        return
    ports = {IP_NAME: module_ports(files[f"{RTL}/{IP_NAME}.sv"], IP_NAME)}
    parser = read_description(tmp_path / HWH)
    design = accelerator_design(board("zcu104"), rtl.report)
    found = problems(Record.read(run.record), design, ports, tmp_path / HWH, parser)
    assert said in "\n".join(found)
