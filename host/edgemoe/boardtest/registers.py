# SPDX-License-Identifier: Apache-2.0
"""Registers: every bit of every argument holds what was written, and only there."""

from __future__ import annotations

from edgemoe.boardtest.check import Bench, Check, judged
from edgemoe.registers import INPUTS, OUTPUTS, Register, build_id, limits
from edgemoe.runtime.driver import AcceleratorIp

PATTERNS = (0x0000000000000000, 0xFFFFFFFFFFFFFFFF, 0x5555555555555555, 0xAAAAAAAAAAAAAAAA)


def registers(bench: Bench) -> Check:
    """Patterns, walking ones, and a value of its own in every register at a time."""
    ip, wrong = bench.accelerator.ip, []
    before = {register.name: ip.get(register.name) for register in INPUTS}
    try:
        for register in INPUTS:
            for pattern in (*PATTERNS, *(1 << bit for bit in range(register.bits))):
                wrong += _written(ip, register, pattern & (1 << register.bits) - 1)
        for number, register in enumerate(INPUTS):
            ip.set(register.name, _own(number))
        for number, register in enumerate(INPUTS):
            wrong += _compare(register, _own(number), ip.get(register.name), "beside others")
    finally:
        for name, value in before.items():
            ip.set(name, value)
    wrong += _identity(bench, ip)
    bits = sum(register.bits for register in INPUTS)
    return judged("registers", wrong, f"{bits} bits of {len(INPUTS)} arguments read back", bits=bits)


def _own(number: int) -> int:
    """A value that no other register has in any byte; it fits 32 bits."""
    return int.from_bytes(bytes((number + 1) * 16 + byte for byte in range(4)), "little")


def _written(ip: AcceleratorIp, register: Register, value: int) -> list[str]:
    ip.set(register.name, value)
    return _compare(register, value, ip.get(register.name), "alone")


def _compare(register: Register, expected: int, got: int, how: str) -> list[str]:
    if got == expected:
        return []
    return [f"{register.name} ({how}): wrote {expected:#x}, read {got:#x}"]


def _identity(bench: Bench, ip: AcceleratorIp) -> list[str]:
    """What the build tells of itself is as expected, and cannot be written."""
    ip.identity()  # a run without a program, by which the build tells what it is
    expected = {"build_id": build_id(bench.build)}
    expected |= {f"limits{i}": word for i, word in enumerate(limits(bench.build))}
    wrong = []
    for register in OUTPUTS:
        if register.name not in expected:
            continue
        for how in ("after a run", "after a write to it"):
            wrong += _compare(register, expected[register.name], ip.get(register.name), how)
            ip.set(register.name, ~expected[register.name] & 0xFFFFFFFF)
    return wrong
