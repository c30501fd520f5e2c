# SPDX-License-Identifier: Apache-2.0
"""The processing system of the simulated board: its family, its clock registers, and how PYNQ sees it.

PYNQ asks the machine that it runs on which processor it has. Here that is a PC; each release of PYNQ asks
elsewhere, and this module is where it is told instead.
"""

from dataclasses import dataclass
from typing import Any

import pynq.ps
from pynq import GPIO, Clocks

from edgemoe.sim.pins import PinFiles


@dataclass(frozen=True)
class Family:
    """A family of devices: what PYNQ knows its processor by, and the registers that PYNQ programs."""

    architecture: str
    """As `uname -m` says on such a board."""
    pll_mhz: float
    """Of the PLL that the clocks of the programmable logic come from."""
    pins: PinFiles
    first_pin: int
    """Of the GPIO pins, the first that leads to the programmable logic."""
    registers: dict[int, dict[int, int]]
    """Address of a page of registers -> offset -> value after reset."""


# Zynq UltraScale+: PLLs at 1.2 GHz (33.333 MHz x 72 / 2), PL clocks at 100 MHz, processor at 1.2 GHz.
_PLL, _PL_CLOCK = 72 << 8 | 1 << 16, 12 << 8 | 1 << 16 | 1 << 24
# Zynq-7000: PLLs at 1.3 GHz and, for the PL clocks, 1 GHz (50 MHz x 26 and x 20); clocks at 100 MHz and 650 MHz.
_ARM_PLL, _IO_PLL, _FCLK = 26 << 12, 20 << 12, 10 << 8 | 1 << 20
FAMILIES = {
    "zynq_ultra_ps_e": Family(
        "aarch64",
        1200.0,
        PinFiles("zynqmp_gpio", 174),
        78,
        {
            0xFF5E0000: {0x20: _PLL, 0x30: _PLL} | {0xC0 + 4 * clock: _PL_CLOCK for clock in range(4)},
            0xFD1A0000: {0x20: _PLL, 0x2C: _PLL, 0x38: _PLL, 0x60: 1 << 8},
            0xFD610000: {},
            0xFD615000: {},
            0xFF419000: {},
        },
    ),
    "processing_system7": Family(
        "armv7l",
        1000.0,
        PinFiles("zynq_gpio", 118),
        54,
        {
            0xF8000000: {0x100: _ARM_PLL, 0x104: _IO_PLL, 0x108: _IO_PLL, 0x120: 2 << 8}
            | {0x170 + 0x10 * clock: _FCLK for clock in range(4)}
        },
    ),
}
DEFAULT = "zynq_ultra_ps_e"


def tell_pynq(family: Family) -> None:
    """Let PYNQ take this process for a board of that family, with the clocks that such a board has."""
    pynq.ps.CPU_ARCH = family.architecture  # where 3.0.1 looks; later releases ask the device
    pynq.ps.CPU_ARCH_IS_SUPPORTED = True
    GPIO._GPIO_MIN_USER_PIN = family.first_pin  # which is missing on a PC
    family.pins.install()
    if hasattr(Clocks, "_real_instance"):
        del Clocks._real_instance  # of the family before


def complete_clocks(parser: Any, family: Family) -> None:
    """Give the clocks of a description the frequencies that PYNQ will ask for.

    pynq 4.0.0 sets clocks by their frequencies and finds none in descriptions of Zynq-7000; its `Overlay` then ends
    in a TypeError. The divisors, which older releases use, say the same.
    """
    clocks = {number: dict(clock) for number, clock in parser.clock_dict.items()}
    for clock in clocks.values():
        if "frequency" in clock and clock["frequency"] is None:
            divisors = max(clock["divisor0"] * clock["divisor1"], 1)
            clock["frequency"] = family.pll_mhz / divisors
    parser.clock_dict = clocks
