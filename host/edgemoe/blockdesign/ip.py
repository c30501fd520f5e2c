# SPDX-License-Identifier: Apache-2.0
"""An IP as a block design sees it, made from the compiler's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONTROL = "s_axi_control"
"""The AXI4-Lite slave of every IP that the compiler makes."""
WORD = 32


@dataclass(frozen=True)
class RegisterField:
    """Bits of a register with a name of their own."""

    name: str
    lsb: int
    width: int
    writable: bool


@dataclass(frozen=True)
class IpRegister:
    """One 32-bit register of the AXI4-Lite slave; `offset` in bytes."""

    name: str
    offset: int
    meaning: str
    writable: bool
    fields: tuple[RegisterField, ...]

    @property
    def access(self) -> str:
        return "read-write" if self.writable else "read-only"


@dataclass(frozen=True)
class Master:
    """An AXI4 master `m_axi_<name>` with `bits` of data."""

    name: str
    bits: int

    @property
    def interface(self) -> str:
        return f"m_axi_{self.name}"


@dataclass(frozen=True)
class Stream:
    """An AXI4-Stream port `interface` with `bits` of TDATA, for the argument `name`; `incoming`: the IP reads it."""

    name: str
    bits: int
    incoming: bool
    interface: str


@dataclass(frozen=True)
class Ip:
    """An IP with an AXI4-Lite slave `s_axi_control` and a pin `interrupt`."""

    instance: str
    vlnv: str
    registers: tuple[IpRegister, ...]
    masters: tuple[Master, ...] = ()
    streams: tuple[Stream, ...] = ()

    @property
    def kind(self) -> str:
        """The name in its VLNV."""
        return self.vlnv.split(":")[2]

    @property
    def register_bytes(self) -> int:
        """Bytes that its registers reach over."""
        return max((register.offset + 4 for register in self.registers), default=4)


def ip_of_report(
    instance: str, vlnv: str, report: Mapping[str, Any], meanings: Mapping[str, str] | None = None
) -> Ip:
    """The IP that the compiler's report describes; `meanings` are texts for its arguments, by name."""
    registers = [
        IpRegister(
            control["name"],
            control["offset"],
            control["meaning"],
            True,
            tuple(RegisterField(f["name"], f["lsb"], f["width"], f["writable"]) for f in control["fields"]),
        )
        for control in report["control"]
    ]
    for argument in report["registers"]:
        registers += _argument_registers(argument, (meanings or {}).get(argument["name"], argument["name"]))
    masters = tuple(Master(master["name"], master["bits"]) for master in report["masters"])
    streams = tuple(
        Stream(stream["name"], stream["tdata_bits"], stream["direction"] == "in", stream["port"])
        for stream in report["streams"]
    )
    return Ip(instance, vlnv, tuple(registers), masters, streams)


def _argument_registers(argument: Mapping[str, Any], meaning: str) -> list[IpRegister]:
    """The registers of one argument: `name`, or `name_1` and `name_2` for the words of more than 32 bits."""
    name, offset, bits = argument["name"], argument["offset"], argument["width"]
    writable = argument["writable"]
    if bits <= WORD:
        return [IpRegister(name, offset, meaning, writable, (RegisterField(name, 0, bits, writable),))]
    words = []
    for index, which in enumerate(("low word", "high word")):
        field = RegisterField(name, 0, min(WORD, bits - WORD * index), writable)
        words.append(
            IpRegister(f"{name}_{index + 1}", offset + 4 * index, f"{meaning}, {which}", writable, (field,))
        )
    return words
