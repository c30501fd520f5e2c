# SPDX-License-Identifier: Apache-2.0
"""What a block design has to know of a board: the processing system's ports, its memory, its addresses.

No board and no vendor tool has confirmed these facts; they are from the vendors' documents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgemoe.errors import UserError


@dataclass(frozen=True)
class MemoryPort:
    """A port of the processing system through which the logic reaches the DRAM."""

    name: str
    """Of the bus interface, e.g. `S_AXI_HP0_FPD`."""
    signal: str
    """What the names of its pins begin with, e.g. `saxigp2`."""
    width_parameter: str
    """The parameter of the processing system that holds the bits of its data, in a hardware description."""


@dataclass(frozen=True)
class Family:
    """A kind of processing system."""

    name: str
    architecture: str
    """As a hardware description calls it."""
    vlnv: str
    instance: str
    memory_ports: tuple[MemoryPort, ...]
    port_bits: tuple[int, ...]
    """Widths of data that a memory port can be set to, ascending."""
    control_master: str
    """The bus interface through which programs reach the registers."""
    control_signal: str
    control_base: int
    control_bytes: int
    """The addresses that `control_master` leads to."""
    interrupt_pin: str
    address_bits: int
    """Of physical addresses in the DRAM."""
    pll_mhz: float
    """What the clocks of the logic are divided from."""
    divisor_most: int = 63
    """The most that each of the two dividers of a clock divides by."""


@dataclass(frozen=True)
class Fabric:
    """The programmable logic of a part, from the vendor's product tables (DS891 UltraScale+, DS987 K26, DS190
    Zynq-7000).
    """

    dsp: int
    bram36: int
    """Block RAMs of 36 Kbit."""
    uram: int
    lut: int
    ff: int


@dataclass(frozen=True)
class Board:
    """A board, or the simulated one."""

    name: str
    family: Family
    device: str
    package: str
    speed: str
    part: str
    """As Vivado calls it."""
    board_part: str | None
    """Vivado's preset of the board; None: there is none."""
    ddr: tuple[tuple[str, int, int], ...]
    """Ranges of the DRAM: name, first address, bytes."""
    fabric: Fabric


ZYNQMP = Family(
    name="zynqmp",
    architecture="zynquplus",
    vlnv="xilinx.com:ip:zynq_ultra_ps_e:3.5",
    instance="zynq_ultra_ps_e_0",
    memory_ports=tuple(
        MemoryPort(f"S_AXI_HP{i}_FPD", f"saxigp{i + 2}", f"C_SAXIGP{i + 2}_DATA_WIDTH") for i in range(4)
    ),
    port_bits=(32, 64, 128),
    control_master="M_AXI_HPM0_FPD",
    control_signal="maxigp0",
    control_base=0xA000_0000,
    control_bytes=0x1000_0000,
    interrupt_pin="pl_ps_irq0",
    address_bits=40,
    pll_mhz=1200.0,
)
ZYNQ7 = Family(
    name="zynq7",
    architecture="zynq",
    vlnv="xilinx.com:ip:processing_system7:5.5",
    instance="processing_system7_0",
    memory_ports=tuple(
        MemoryPort(f"S_AXI_HP{i}", f"S_AXI_HP{i}", f"C_S_AXI_HP{i}_DATA_WIDTH") for i in range(4)
    ),
    port_bits=(32, 64),
    control_master="M_AXI_GP0",
    control_signal="M_AXI_GP0",
    control_base=0x4000_0000,
    control_bytes=0x4000_0000,
    interrupt_pin="IRQ_F2P",
    address_bits=32,
    pll_mhz=1000.0,
)
FAMILIES = {family.name: family for family in (ZYNQMP, ZYNQ7)}

_LOW, _HIGH = ("LOW", 0, 0x8000_0000), ("HIGH", 0x8_0000_0000, 0x8000_0000)
_KRIA = ("xck26", "sfvc784", "-2LV", "xck26-sfvc784-2LV-c")
_K26 = Fabric(dsp=1248, bram36=144, uram=64, lut=117_120, ff=234_240)

_ZCU102 = Board(
    "zcu102",
    ZYNQMP,
    "xczu9eg",
    "ffvb1156",
    "-2",
    "xczu9eg-ffvb1156-2-e",
    "xilinx.com:zcu102:part0:3.4",
    (_LOW, _HIGH),
    Fabric(dsp=2520, bram36=912, uram=0, lut=274_080, ff=548_160),
)

BOARDS = {
    board.name: board
    for board in (
        Board("sim-small", ZYNQMP, *_KRIA, None, (_LOW, _HIGH), _K26),
        _ZCU102,
        replace(_ZCU102, name="zcu102-max"),
        Board(
            "zcu104",
            ZYNQMP,
            "xczu7ev",
            "ffvc1156",
            "-2",
            "xczu7ev-ffvc1156-2-e",
            "xilinx.com:zcu104:part0:1.1",
            (_LOW,),
            Fabric(dsp=1728, bram36=312, uram=96, lut=230_400, ff=460_800),
        ),
        Board("kv260", ZYNQMP, *_KRIA, "xilinx.com:kv260_som:part0:1.4", (_LOW, _HIGH), _K26),
        Board(
            "pynq-z2",
            ZYNQ7,
            "7z020",
            "clg400",
            "-1",
            "xc7z020clg400-1",
            "tul.com.tw:pynq-z2:part0:1.0",
            (("LOWOCM", 0, 0x2000_0000),),
            Fabric(dsp=220, bram36=140, uram=0, lut=53_200, ff=106_400),
        ),
        replace(_ZCU102, name="zcu102-deep"),
    )
}


def board_facts(name: str) -> Board:
    """The board of that name; `UserError` if it is not described."""
    if name not in BOARDS:
        raise UserError(f"No block design is described for board {name!r}; there are {', '.join(BOARDS)}.")
    return BOARDS[name]
