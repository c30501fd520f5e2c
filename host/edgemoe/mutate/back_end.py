# SPDX-License-Identifier: Apache-2.0
"""Mistakes in the compiler's back end: plans of regions, text of the SystemVerilog, the interpreter of schedules."""

from __future__ import annotations

from edgemoe.mutate.mutation import of_compiler

CYCLES = "tests/compiler/test_cyclesim.py"
EFFECTS = (f"{CYCLES}::test_lost_order_of_effects_is_found",)
BLOCKS = (f"{CYCLES}::test_lost_order_of_blocks_is_found",)
CHANNELS = ("tests/compiler/test_channels.py",)
STATICS = ("tests/compiler/back/test_emission.py::test_static_variables_have_their_initial_words",)
CHECKER = ("tests/compiler/back/test_schedule.py::test_what_breaks_a_constraint_is_seen",)
GRAPHS = ("tests/compiler/back/test_schedule.py",)
REGISTERS = ("tests/compiler/test_returned.py::test_the_register_stands_before_the_arguments",)
STREAMS = "tests/compiler/test_stream_cases.py"


def _scheduled(name: str) -> tuple[str, ...]:
    """One program, by its schedule and by its IR."""
    return (f"{CYCLES}::test_schedule_gives_what_the_program_means[{name}]",)


PLAN_MUTATIONS = (
    of_compiler(
        "a store may share the cycle of the load that needs it",
        "backend/plan.py",
        "Hazard.RAW: 1,",
        "Hazard.RAW: 0,",
        (f"{CYCLES}::test_the_next_iteration_loads_what_was_stored",),
    ),
    of_compiler(
        "a block is read in the cycle of its acquire",
        "backend/plan.py",
        "Hazard.ACQUIRE: 1,",
        "Hazard.ACQUIRE: 0,",
        BLOCKS,
    ),
    of_compiler(
        "writes of a stream change places",
        "backend/plan.py",
        "Hazard.FIFO: 1,",
        "Hazard.FIFO: -1,",
        EFFECTS,
    ),
    of_compiler(
        "the condition of a loop comes an iteration late",
        "backend/plan.py",
        'latency + 1, 1, "loop condition")',
        'latency + 1, 2, "loop condition")',
        _scheduled("search"),
    ),
    of_compiler(
        "operations that exclude each other in either of two ways",
        "backend/exclusive.py",
        "value.opcode is (Opcode.AND if holds else Opcode.OR)",
        "value.opcode is (Opcode.OR if holds else Opcode.AND)",
        ("tests/compiler/back/test_emission.py::test_contradicting_predicates_are_found",),
    ),
    of_compiler(
        "ports are shared by cycle, not by cycle modulo II",
        "schedule.py",
        "slots.setdefault(cycle % self.ii, [])",
        "slots.setdefault(cycle, [])",
        GRAPHS,
    ),
    of_compiler(
        "an access of a block that has to wait does not hold what uses it back",
        "turns.py",
        "            solver.push([user])",
        "            pass",
        GRAPHS,
    ),
    of_compiler(
        "a pinned operation a cycle late",
        "schedule.py",
        "node.latest is None else node.latest + 1)",
        "node.latest is None else node.latest + 2)",
        GRAPHS,
    ),
    of_compiler(
        "the checker of schedules misses a recurrence",
        "constraints.py",
        "ready + 1 - ii <= schedule.cycle(pair.phi) <= ready",
        "schedule.cycle(pair.phi) <= ready",
        CHECKER,
    ),
    of_compiler(
        "the checker of schedules misses ports modulo II",
        "constraints.py",
        "(gap % ii if ii else gap) == 0",
        "gap == 0",
        CHECKER,
    ),
    of_compiler(
        "the checker of schedules misses a distance",
        "constraints.py",
        "schedule.cycle(edge.dst) + ii * edge.distance - schedule.cycle(edge.src)",
        "schedule.cycle(edge.dst) + ii * 9 * edge.distance - schedule.cycle(edge.src)",
        CHECKER,
    ),
)

TEXT_MUTATIONS = (
    of_compiler(
        "a reset does not bring a register's initial value back",
        "backend/memories.py",
        '  if (rst) {name} <= {literal(memory.init[bank][0], memory.width)};"',
        '  if (rst) {name} <= {name};"',
        STATICS,
    ),
    of_compiler(
        "initial words are lost to what comes before the first reset",
        "backend/memories.py",
        'f"{name}_we & ~rst"',
        'f"{name}_we"',
        STATICS,
    ),
    of_compiler(
        "a returned value has a word too few",
        "backend/registers.py",
        "offset, arg.width, False))\n                offset += 4 * words + 4",
        "offset, arg.width, False))\n                offset += 4 * words",
        REGISTERS,
    ),
    of_compiler(
        "a stream is full an element late",
        "backend/streams.py",
        "_credits <= {name}_C'(",
        "_credits < {name}_C'(",
        (f"{STREAMS}::test_full_means_the_depth_that_was_asked_for[counted]",),
    ),
    of_compiler(
        "an iteration of a slow pipeline leaves its phase",
        "backend/region.py",
        'if in_flight else ""\n            idle',
        'if in_flight is None else ""\n            idle',
        (f"{STREAMS}::test_rtl_equals_native[pipeline_ii2_stall]",),
    ),
)

CYCLESIM_MUTATIONS = (
    of_compiler(
        "stores out of order are not seen",
        "cyclesim/checks.py",
        "if word in self._stored_now or turned:",
        "if False and turned:",
        EFFECTS,
    ),
    of_compiler(
        "a stream used twice in a cycle is not seen",
        "cyclesim/checks.py",
        "if op.channel in self._channels_now and op.opcode is not Opcode.OUTPUT:",
        "if op.channel in self._channels_now and op.opcode is Opcode.OUTPUT:",
        CHANNELS,
    ),
    of_compiler(
        "a block read in the cycle of its acquire is not seen",
        "cyclesim/checks.py",
        "if now and op.opcode is Opcode.LOAD:",
        "if now and op.opcode is Opcode.STORE:",
        BLOCKS,
    ),
    of_compiler(
        "a promised distance waives an iteration more",
        "cyclesim/checks.py",
        "and gap < promise.distance)",
        "and gap <= promise.distance)",
        CHANNELS,
    ),
    of_compiler(
        "a stream is full an element late in the schedule's interpreter",
        "cyclesim/channels.py",
        "self.taken + more >= self.depth",
        "self.taken + more > self.depth",
        CHANNELS,
    ),
    of_compiler(
        "places of iterations under way are given twice",
        "cyclesim/channels.py",
        "self._leaving + self.taken + count <=",
        "self._leaving + count <=",
        CHANNELS,
    ),
    of_compiler(
        "a block is handed over while its reader has none free",
        "cyclesim/channels.py",
        "len(self.full) < self.depth - 1 and not self.held",
        "len(self.full) < self.depth and not self.held",
        CHANNELS,
    ),
)

BACK_MUTATIONS = (*PLAN_MUTATIONS, *TEXT_MUTATIONS, *CYCLESIM_MUTATIONS)
