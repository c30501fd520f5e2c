# SPDX-License-Identifier: Apache-2.0
"""Delays of the fabric of each family of parts: published figures, each with its source.

`operators` makes the delay of an operator out of them. They are figures of cells and of typical nets; no place and
route of the compiled design stands behind an estimate that is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Figure:
    """A delay in picoseconds and where it is published."""

    ps: int
    source: str


@dataclass(frozen=True)
class Fabric:
    """One family of parts, at the slowest speed grade of its boards."""

    name: str  #: as block designs and boards call it
    title: str
    register: Figure  #: clock-to-out of a flip-flop
    setup: Figure  #: the last net and the set-up of the flip-flop at its end
    net: Figure  #: between two levels of logic
    lut: Figure  #: a look-up table of six inputs
    carry_start: Figure  #: from a LUT into the carry chain to its first carry out
    carry_step: Figure  #: along the chain, for each block of it
    carry_end: Figure  #: from the chain to a sum or a LUT
    ram: Figure  #: block RAM, clock-to-out without output register
    ram_registered: Figure  #: the same with output register
    sum: Figure  #: DSP block, clock-to-out of the register of its sum
    product: Figure  #: DSP block, from the product register through the adder to the output
    carry_bits: int  #: bits in a block of the carry chain
    slice_bits: tuple[int, int]  #: operands of a DSP block's multiplier
    small_multiply_bits: int  #: products of operands of so many bits are made of LUTs
    ultra_ram: bool  #: whether parts of the family may have UltraRAM


_VIVADO = "Vivado 2021.2 for xczu3eg-1 (timing reports in gussmith23/lakeroad-evaluation)"
_FLOPOCO = "FloPoCo, target Zynq7000 (Vivado's figures for xc7z020-1)"
_UG949 = "AMD UG949, UltraFast design methodology"
_DS189 = "AMD DS189, speed grade -1 (the same block RAM as in Zynq-7020)"

#: What 7-series figures are to UltraScale+ ones where only the latter are published: one level of logic (LUT + net).
SCALE = (124 + 500) / (179 + 216)

ZYNQMP = Fabric(
    name="zynqmp",
    title="Zynq UltraScale+, -1",
    register=Figure(93, f"{_VIVADO}: FDRE C to Q"),
    setup=Figure(58, f"{_VIVADO}: the net into FDRE D, whose set-up is below 0.03 ns"),
    net=Figure(216, f"{_VIVADO}: nets of 2 to 5 loads, 0.18 to 0.26 ns"),
    lut=Figure(179, f"{_VIVADO}: LUT6"),
    carry_start=Figure(245, f"{_VIVADO}: CARRY8 S to CO"),
    carry_step=Figure(37, f"{_VIVADO}: CARRY8 CI to CO 0.030, net 0.007"),
    carry_end=Figure(72, f"{_VIVADO}: CARRY8 CI to O"),
    ram=Figure(1500, _UG949),
    ram_registered=Figure(400, _UG949),
    sum=Figure(422, f"{_VIVADO}: DSP48E2 clock-to-out of a register 0.263, output 0.159"),
    product=Figure(1121, f"{_VIVADO}: DSP48E2 clock-to-out of a register 0.263, adder 0.699, output 0.159"),
    carry_bits=8,
    slice_bits=(27, 18),
    small_multiply_bits=10,
    ultra_ram=True,
)
ZYNQ7 = Fabric(
    name="zynq7",
    title="Zynq-7000 (7-series), -1",
    register=Figure(518, f"{_FLOPOCO}: flip-flop"),
    setup=Figure(round(58 * SCALE), f"UltraScale+ x {SCALE:.2f}"),
    net=Figure(500, f"{_FLOPOCO}: typical local routing"),
    lut=Figure(124, f"{_FLOPOCO}: LUT"),
    carry_start=Figure(532 - 124, f"{_FLOPOCO}: LUT and start of a carry chain 0.532, less the LUT"),
    carry_step=Figure(114, f"{_FLOPOCO}: CARRY4"),
    carry_end=Figure(222, f"{_FLOPOCO}: end of a carry chain"),
    ram=Figure(2460, f"{_DS189}: TRCKO_DO"),
    ram_registered=Figure(890, f"{_DS189}: TRCKO_DO_REG"),
    sum=Figure(round(422 * SCALE), f"UltraScale+ x {SCALE:.2f}"),
    product=Figure(round(1121 * SCALE), f"UltraScale+ x {SCALE:.2f}"),
    carry_bits=4,
    slice_bits=(25, 18),
    small_multiply_bits=6,
    ultra_ram=False,
)
FABRICS = {fabric.name: fabric for fabric in (ZYNQMP, ZYNQ7)}
#: What a program is compiled for that names no board.
DEFAULT = ZYNQMP.name


def figures(fabric: Fabric) -> dict[str, Figure]:
    """The delays of a family by name."""
    found = {field.name: getattr(fabric, field.name) for field in fields(fabric)}
    return {name: value for name, value in found.items() if isinstance(value, Figure)}


#: The figures in words.
MEANINGS = {
    "register": "flip-flop, clock-to-out",
    "setup": "last net and set-up of a flip-flop",
    "net": "net between two levels",
    "lut": "LUT",
    "carry_start": "carry chain, from a LUT to the first carry out",
    "carry_step": "carry chain, each further block (8 bits of UltraScale+, 4 of 7-series)",
    "carry_end": "carry chain, to a sum",
    "ram": "block RAM, clock-to-out without output register",
    "ram_registered": "block RAM, clock-to-out with output register",
    "sum": "DSP block, clock-to-out of the register of its sum",
    "product": "DSP block, product register to output",
}
