# SPDX-License-Identifier: Apache-2.0
"""Delay and latency of every operator: a model of a mid-range FPGA fabric, not a measurement.

The numbers steer the scheduler; they were chosen by rule of thumb (a carry chain grows with its width,
a look-up level costs about 0.3 ns, a routed net about as much) and no place and route stands behind them.
An initiation interval is therefore exact, a clock estimate is a claim of this table.

| operator | model |
|---|---|
| add, sub | 0.6 ns + 0.02 ns a bit |
| compare | 0.5 ns + 0.02 ns a bit |
| and, or, xor; select | 0.3 ns; 0.4 ns |
| shift by a variable | 0.8 ns; by a constant: wires |
| multiply, both operands at most 10 bits or one constant | 2.5 ns, combinational |
| multiply, at most 27 x 18 bits | 2 cycles: operand registers, product register (one DSP block) |
| multiply, wider | 4 cycles: the same and two more registers for the partial sums |
| divide, remainder | combinational up to 8 bits (4 ns), then a cycle for each 2 bits, left to retiming |
| memory read | 1 cycle, then 1.0 ns (block RAM clock-to-out, no output register) |
| register-file memory read | 0.3 ns |
| FIFO head | 0.4 ns |
"""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.ir import Const, Memory, Op, Opcode, Storage


@dataclass(frozen=True)
class Timing:
    """``delay`` in picoseconds, ``latency`` in cycles; see `edgemoe.compiler.schedule.Node`."""

    delay: int
    latency: int = 0


@dataclass(frozen=True)
class OperatorTable:
    """All constants of the model, in picoseconds and bits."""

    add_base: int = 600
    add_per_bit: int = 20
    compare_base: int = 500
    logic: int = 300
    select: int = 400
    shift: int = 800
    small_multiply: int = 2500
    small_multiply_bits: int = 10
    multiply: int = 700
    dsp_bits: tuple[int, int] = (27, 18)
    small_divide: int = 4000
    small_divide_bits: int = 8
    divide_bits_per_cycle: int = 2
    memory_read: int = 1000
    register_read: int = 300
    fifo_read: int = 400
    register: int = 200  #: clock-to-out of a flip-flop

    def timing(self, op: Op, memory: Memory | None = None) -> Timing:
        """The timing of ``op``; ``memory`` is what a load reads. Calls are timed by their module."""
        if op.opcode in (Opcode.ADD, Opcode.SUB):
            return Timing(self.add_base + self.add_per_bit * op.width)
        if op.opcode is Opcode.ICMP:
            return Timing(self.compare_base + self.add_per_bit * op.operands[0].width)
        if op.opcode in (Opcode.AND, Opcode.OR, Opcode.XOR):
            return Timing(self.logic)
        if op.opcode is Opcode.SELECT:
            return Timing(self.select)
        if op.opcode in (Opcode.SHL, Opcode.LSHR, Opcode.ASHR):
            return Timing(0 if isinstance(op.operands[1], Const) else self.shift)
        if op.opcode is Opcode.MUL:
            return self._multiply(op)
        if op.opcode in (Opcode.UDIV, Opcode.SDIV, Opcode.UREM, Opcode.SREM):
            if op.width <= self.small_divide_bits:
                return Timing(self.small_divide)
            return Timing(self.register, -(-op.width // self.divide_bits_per_cycle))
        if op.opcode is Opcode.LOAD and memory is not None:
            return self._load(memory)
        if op.opcode in (Opcode.FIFO_READ, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL, Opcode.ACQUIRE):
            return Timing(self.fifo_read)
        if op.opcode is Opcode.CYCLE:
            return Timing(self.register)
        return Timing(0)

    def _multiply(self, op: Op) -> Timing:
        wide, narrow = sorted((operand.width for operand in op.operands), reverse=True)
        constant = any(isinstance(operand, Const) for operand in op.operands)
        if wide <= self.small_multiply_bits or (constant and narrow <= self.small_multiply_bits):
            return Timing(self.small_multiply)
        fits = wide <= self.dsp_bits[0] and narrow <= self.dsp_bits[1]
        return Timing(self.multiply, 2 if fits else 4)

    def _load(self, memory: Memory) -> Timing:
        if memory.storage is Storage.REGISTERS:
            return Timing(self.register_read)
        return Timing(self.memory_read, 1)


def is_multiplier(op: Op) -> bool:
    """Whether ``op`` becomes a real multiplier (a product with a constant is shifts and adds)."""
    return op.opcode is Opcode.MUL and not any(isinstance(operand, Const) for operand in op.operands)
