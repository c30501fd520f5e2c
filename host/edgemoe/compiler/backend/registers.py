# SPDX-License-Identifier: Apache-2.0
"""The register map of the AXI4-Lite slave, laid out as Vitis HLS does.

Arguments follow each other from 0x10 on, in the order of the top function, ``ap_return`` (what it returns) before
them. An input takes its data words and one reserved word, ``ap_return`` as well; an output scalar takes its data
words, a control word (bit 0: written in this run) and two reserved words. ``BUS_ERROR`` comes last: bit k is set when
bundle k answered with an error since the last start.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import RETURN, AxiArg, Direction, Function, ScalarArg

FIRST_ARGUMENT = 0x10
BUS_ERROR = "BUS_ERROR"


@dataclass(frozen=True)
class Bits:
    """A part of a control register with a name of its own."""

    name: str
    lsb: int
    writable: bool  #: by the host
    width: int = 1


@dataclass(frozen=True)
class ControlRegister:
    """One of the registers before the arguments, which every design has; ``lib/hls_axilite.sv`` holds them."""

    name: str
    offset: int
    meaning: str
    fields: tuple[Bits, ...]


CONTROL = (
    ControlRegister(
        "CTRL",
        0x00,
        "Control signals",
        (
            Bits("AP_START", 0, True),
            Bits("AP_DONE", 1, False),
            Bits("AP_IDLE", 2, False),
            Bits("AP_READY", 3, False),
            Bits("AUTO_RESTART", 7, True),
            Bits("INTERRUPT", 9, False),
        ),
    ),
    ControlRegister("GIER", 0x04, "Global interrupt enable", (Bits("Enable", 0, True),)),
    ControlRegister(
        "IP_IER", 0x08, "Interrupt enable", (Bits("CHAN0_INT_EN", 0, True), Bits("CHAN1_INT_EN", 1, True))
    ),
    ControlRegister(
        "IP_ISR",
        0x0C,
        "Interrupt status; writing 1 toggles",
        (Bits("CHAN0_INT_ST", 0, True), Bits("CHAN1_INT_ST", 1, True)),
    ),
)


@dataclass(frozen=True)
class Register:
    """One argument in the map; ``width`` in bits, ``offset`` in bytes."""

    name: str
    offset: int
    width: int
    writable: bool  #: by the host
    valid_offset: int | None = None  #: output scalars: the word whose bit 0 says that it was written

    @property
    def words(self) -> int:
        return -(-self.width // 32)

    @property
    def index(self) -> int:
        """The first word, counted from the first argument."""
        return (self.offset - FIRST_ARGUMENT) // 4


def register_map(function: Function) -> list[Register]:
    """The registers of ``function``'s arguments, in address order."""
    registers: list[Register] = []
    offset = FIRST_ARGUMENT
    for arg in function.args:
        if isinstance(arg, ScalarArg):
            if arg.width > 64:
                message = f"scalar argument {arg.name} has {arg.width} bits; a register holds at most 64"
                raise CompileError(arg.loc.file, arg.loc.line, message)
            words = -(-arg.width // 32)
            if arg.name == RETURN:
                registers.append(Register(arg.name, offset, arg.width, False))
                offset += 4 * words + 4
            elif arg.direction is Direction.READ:
                registers.append(Register(arg.name, offset, arg.width, True))
                offset += 4 * words + 4
            else:
                registers.append(Register(arg.name, offset, arg.width, False, offset + 4 * words))
                offset += 4 * words + 12
        elif isinstance(arg, AxiArg):
            registers.append(Register(arg.name, offset, 64, True))
            offset += 12
    bundles = bundle_names(function)
    if bundles:
        registers.append(Register(BUS_ERROR, offset, len(bundles), False))
    return registers


def bundle_names(function: Function) -> list[str]:
    """The AXI4 masters of ``function``, in the order of their first argument."""
    return list(bundle_bits(function))


def bundle_bits(function: Function) -> dict[str, int]:
    """The AXI4 masters of ``function`` and the width of their data, in the order of their first argument."""
    bits: dict[str, int] = {}
    for arg in function.args:
        if isinstance(arg, AxiArg):
            bits.setdefault(arg.bundle, arg.width)
    return bits
