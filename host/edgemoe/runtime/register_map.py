# SPDX-License-Identifier: Apache-2.0
"""Where the accelerator's registers lie: from the hardware description of the overlay that is loaded."""

from collections.abc import Mapping
from typing import Any

from edgemoe.errors import UserError
from edgemoe.registers import BUS_ERROR, REGISTERS, Register

WORD = 32
CURE = "Overlay and driver are of different versions; write the overlay again (`make cosim`)."


def register_offsets(description: Mapping[str, Any]) -> dict[str, int]:
    """Name -> offset in bytes of every register that the driver uses (of 64 bits: of its low word).

    Args:
        description: of the IP, as PYNQ hands it to a driver.

    Raises:
        UserError: a register is missing, or has another width or access than host and accelerator agreed on.
    """
    name = description.get("fullpath", "the accelerator")
    registers = description.get("registers") or {}
    return {register.name: _offset(name, register, registers) for register in REGISTERS}


def _offset(ip: str, register: Register, found: Mapping[str, Any]) -> int:
    words = register.bits // WORD
    names = [f"{register.name}_{i + 1}" for i in range(words)] if words > 1 else [register.name]
    access = "read-write" if register.writable else "read-only"
    for index, name in enumerate(names):
        entry = found.get(name)
        if entry is None:
            raise UserError(f"The hardware description of {ip} has no register {name!r}. {CURE}")
        bits = entry["fields"].get(register.name, {}).get("bit_width", entry["size"])
        wrong_width = entry["size"] != WORD or (bits != WORD and register is not BUS_ERROR)
        if wrong_width or entry["access"] != access:
            raise UserError(
                f"Register {name!r} of {ip} has {bits} bits, {entry['access']}; expected {WORD} bits, {access}. "
                + CURE
            )
        if entry["address_offset"] != found[names[0]]["address_offset"] + 4 * index:
            raise UserError(f"The words {', '.join(names)} of {ip} do not follow each other. {CURE}")
    return int(found[names[0]]["address_offset"])
