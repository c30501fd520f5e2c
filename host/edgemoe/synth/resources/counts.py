# SPDX-License-Identifier: Apache-2.0
"""Cells of a netlist of Xilinx primitives → what they take of the fabric."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgemoe.errors import UserError

_LUT = re.compile(r"LUT[1-6]|INV")
_SHIFT = re.compile(r"SRL(?:16|C32)E|SRLC16E")
_CARRY = {"CARRY4": 1, "CARRY8": 2}
_MEMORY_LUTS = {
    "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "RAM512X1S": 8,
    "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM256X1D": 8,
    "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8, "RAM64X8SW": 8, "RAM32X16DR8": 8,
}  # fmt: skip
"""LUTs of a memory primitive, as the vendor's library guides (UG953, UG974) have them."""
_BRAM = {"RAMB36E1": 1.0, "RAMB36E2": 1.0, "RAMB18E1": 0.5, "RAMB18E2": 0.5}
_FREE = re.compile(r"GND|VCC|BUFG|MUXF[789]")
"""Constants, buffers of clocks, and the multiplexers between the LUTs of a slice, which no LUT is lost to."""


@dataclass(frozen=True)
class Resources:
    """What a netlist takes; sums and multiples are netlists beside each other."""

    lut_logic: int = 0
    """LUTs as logic: LUT1 to LUT6 and inverters."""
    lut_memory: int = 0
    """LUTs as memories."""
    lut_shift: int = 0
    """LUTs as shift registers."""
    ff: int = 0
    dsp: int = 0
    bram36: float = 0.0
    """Block RAMs of 36 Kbit; one of 18 Kbit is a half."""
    uram: int = 0
    carry4: int = 0
    """Carry chains, in steps of four bits."""

    @property
    def lut(self) -> int:
        """LUTs of every use."""
        return self.lut_logic + self.lut_memory + self.lut_shift

    def __add__(self, other: Resources) -> Resources:
        mine, others = dataclasses.asdict(self), dataclasses.asdict(other)
        return Resources(**{name: mine[name] + others[name] for name in mine})

    def __mul__(self, times: int) -> Resources:
        return Resources(**{name: value * times for name, value in dataclasses.asdict(self).items()})

    def figures(self) -> dict[str, int | float]:
        """All figures by name, for JSON."""
        return {"lut": self.lut} | dataclasses.asdict(self)


def of_cells(module: str, cells: Mapping[str, int]) -> Resources:
    """The resources of the cells of `module`, by type; those of its submodules are not among them.

    Raises:
        UserError: a cell whose resources are not known; to leave it out would be a wrong figure.
    """
    total = Resources()
    for kind, count in cells.items():
        if _LUT.fullmatch(kind):
            found = Resources(lut_logic=count)
        elif kind in _MEMORY_LUTS:
            found = Resources(lut_memory=count * _MEMORY_LUTS[kind])
        elif _SHIFT.fullmatch(kind):
            found = Resources(lut_shift=count)
        elif kind in _BRAM:
            found = Resources(bram36=count * _BRAM[kind])
        elif kind in _CARRY:
            found = Resources(carry4=count * _CARRY[kind])
        elif kind in ("DSP48E1", "DSP48E2"):
            found = Resources(dsp=count)
        elif kind == "URAM288":
            found = Resources(uram=count)
        elif kind in ("FDRE", "FDSE", "FDCE", "FDPE"):
            found = Resources(ff=count)
        elif _FREE.fullmatch(kind):
            continue
        else:
            raise UserError(
                f"Yosys made {count} cells {kind} of module {module}; what one of them takes is not known."
            )
        total += found
    return total
