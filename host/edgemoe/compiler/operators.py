# SPDX-License-Identifier: Apache-2.0
"""Delay and latency of every operator, made of the figures of a family's fabric (`delays`).

The numbers steer the scheduler. An initiation interval is exact; a clock estimate is as good as the figures, and no
place and route stands behind it. One *level* is a net and a LUT of six inputs. Every cycle also has a register's
clock-to-out and set-up in it (``overhead``).

| operator | delay |
|---|---|
| and, or, xor, select | half a level: two of them, one after the other, fit one LUT |
| add, sub, compare of 6 bits in all | a level |
| add, sub | a level and a carry chain over the bits |
| compare | a level and a carry chain over half of the bits |
| shift by a variable | two levels for each three bits of the amount that matter; by a constant: wires |
| multiply, small or by a constant | a tree of adders |
| multiply, at most 27 x 18 bits | 2 cycles: operand registers, product register (one DSP block) |
| multiply, wider | 4 cycles: the same and two more registers for the partial sums |
| multiply-add | 3 cycles: operand, product and sum registers of one DSP slice; what is added is taken 1 cycle after \
the operands through its own register, or 2 after them from the slice below |
| multiply, kept in the fabric | a cycle for the operands, then one for each 2 levels of adders, left to retiming |
| divide, remainder | subtractions one after the other up to 4 bits, then a cycle for each 2 bits, left to retiming |
| memory read | 1 cycle, then the block RAM's clock-to-out; 2 cycles with output register, where a pipeline needs it |
| register-file memory read, bank chosen at run time | a level for each two bits of the choice |
| FIFO head | a register and a level |
"""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.delays import DEFAULT, FABRICS, Fabric
from edgemoe.compiler.ir import Const, Memory, Op, Opcode, Storage

_LUT_INPUTS = 6


@dataclass(frozen=True)
class Timing:
    """``delay`` in picoseconds, ``latency`` in cycles; see `edgemoe.compiler.schedule.Node`."""

    delay: int
    latency: int = 0


@dataclass(frozen=True)
class OperatorTable:
    """The operators of one family. Times are picoseconds."""

    fabric: Fabric = FABRICS[DEFAULT]
    dsp_bits: tuple[int, int] = (27, 18)
    small_divide_bits: int = 4
    divide_bits_per_cycle: int = 2

    @property
    def overhead(self) -> int:
        """What of each clock cycle is not for operators: clock-to-out and set-up of registers."""
        return self.fabric.register.ps + self.fabric.setup.ps

    @property
    def level(self) -> int:
        """A net and a LUT."""
        return self.fabric.net.ps + self.fabric.lut.ps

    def carry(self, bits: int) -> int:
        """A level and a carry chain over ``bits``."""
        fabric = self.fabric
        steps = max(0, -(-bits // fabric.carry_bits) - 1)
        return self.level + fabric.carry_start.ps + fabric.carry_end.ps + steps * fabric.carry_step.ps

    def timing(self, op: Op, memory: Memory | None = None) -> Timing:
        """The timing of ``op``; ``memory`` is what a load reads. Calls are timed by their module."""
        if op.opcode in (Opcode.ADD, Opcode.SUB, Opcode.ICMP):
            if sum(v.width for v in op.operands if not isinstance(v, Const)) <= _LUT_INPUTS:
                return Timing(self.level)
            return Timing(
                self.carry(op.width if op.opcode is not Opcode.ICMP else -(-op.operands[0].width // 2))
            )
        if op.opcode in (Opcode.AND, Opcode.OR, Opcode.XOR, Opcode.SELECT):
            return Timing(self.level // 2)
        if op.opcode in (Opcode.SHL, Opcode.LSHR, Opcode.ASHR):
            return Timing(self._shift(op))
        if op.opcode is Opcode.MUL:
            return self._multiply(op)
        if op.opcode is Opcode.MUL_ADD:
            return Timing(self.fabric.sum.ps, 3)
        if op.opcode in (Opcode.UDIV, Opcode.SDIV, Opcode.UREM, Opcode.SREM):
            if op.width <= self.small_divide_bits:
                return Timing(op.width * (self.carry(op.width) + self.level // 2))
            return Timing(0, -(-op.width // self.divide_bits_per_cycle))
        if op.opcode is Opcode.LOAD and memory is not None:
            return self._load(op, memory)
        if op.opcode in (Opcode.FIFO_READ, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL, Opcode.ACQUIRE):
            return Timing(self.level)
        return Timing(0)

    @property
    def registered_load(self) -> Timing:
        """A read of a block RAM with its output register."""
        return Timing(self.fabric.ram_registered.ps, 2)

    def _shift(self, op: Op) -> int:
        amount = op.operands[1]
        if isinstance(amount, Const):
            return 0
        bits = min(amount.width, max(1, (op.width - 1).bit_length()))
        return -(-2 * bits // 3) * self.level

    def _choices(self, bits: int) -> int:
        """Multiplexers that ``bits`` choose with: a LUT chooses among four."""
        return -(-bits // 2) * self.level

    def _multiply(self, op: Op) -> Timing:
        wide, narrow = sorted((operand.width for operand in op.operands), reverse=True)
        constant = any(isinstance(operand, Const) for operand in op.operands)
        small = self.fabric.small_multiply_bits
        if wide <= small or (constant and narrow <= small):
            return Timing((narrow - 1).bit_length() * self.carry(wide + narrow))
        if op.fabric:
            return Timing(0, 1 + -(-(narrow - 1).bit_length() // 2))
        fits = wide <= self.dsp_bits[0] and narrow <= self.dsp_bits[1]
        return Timing(self.fabric.product.ps, 2 if fits else 4)

    def _load(self, op: Op, memory: Memory) -> Timing:
        if memory.storage is Storage.REGISTERS:
            return Timing(self._choices((len(op.banks) - 1).bit_length()))
        return Timing(self.fabric.ram.ps, 1)


def is_multiplier(op: Op) -> bool:
    """Whether ``op`` becomes a real multiplier (a product with a constant is shifts and adds)."""
    if op.opcode is Opcode.MUL_ADD:
        return True
    return op.opcode is Opcode.MUL and not any(isinstance(operand, Const) for operand in op.operands)
