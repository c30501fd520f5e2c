# SPDX-License-Identifier: Apache-2.0
"""Runs a program by its schedule, cycle by cycle: what the hardware does, without SystemVerilog.

It stands beside the native build, the interpreter and the simulated hardware as an opinion of its own, and it finds
faults of the scheduler and of the analysis of dependences where they happen: a value read before it is there, a memory
port used twice in a cycle, two accesses of a word out of order, a loop-carried value that comes too late::

    schedules = schedule_program(program, clock_ns=5.0)
    outcome = run(program, schedules, Run(streams=..., scalars=...), stalls=0.3, seed=1)
"""

from edgemoe.compiler.cyclesim.checks import ScheduleFault
from edgemoe.compiler.cyclesim.simulator import CycleSimulator, Outcome, run

__all__ = ["CycleSimulator", "Outcome", "ScheduleFault", "run"]
