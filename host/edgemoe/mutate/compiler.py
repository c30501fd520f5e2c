# SPDX-License-Identifier: Apache-2.0
"""Mistakes in the compiler's middle: layout of memories, order of accesses, exit tests, verifier, schedules."""

from __future__ import annotations

from edgemoe.mutate.mutation import of_compiler

BANKS = ("tests/compiler/front/test_banks.py",)
DEPENDS = ("tests/compiler/front/test_depends.py",)
EXITS = ("tests/compiler/front/test_exits.py",)
RANDOM_LOOPS = (f"{DEPENDS[0]}::test_no_dependence_is_denied",)
DISTANCES = (
    f"{DEPENDS[0]}::test_distance_of_a_counter",
    f"{DEPENDS[0]}::test_what_is_as_far_apart_as_the_loop_is_long_never_meets",
    f"{DEPENDS[0]}::test_an_unknown_index_may_be_equal_in_the_next_iteration",
    f"{DEPENDS[0]}::test_a_promise_speaks_of_what_it_names",
    f"{DEPENDS[0]}::test_a_promise_within_an_iteration_says_nothing_of_the_next",
)
PASSES = "tests/compiler/front/test_passes.py"
NARROWING = "tests/compiler/front/test_narrow.py"
RANGES = (f"{PASSES}::test_ranges_contain_the_values", f"{NARROWING}::test_narrowing_keeps_results")
NARROW = (
    f"{NARROWING}::test_narrowing_keeps_results",
    f"{NARROWING}::test_narrowed_comparisons_keep_results",
)
MASKED = (f"{NARROWING}::test_masked_comparisons_keep_results",)
CHECK = ("tests/compiler/front/test_ircheck.py",)
CARRY = ("tests/compiler/back/test_carry.py",)
SLICES = (
    "tests/compiler/back/test_slices.py::test_which_port_a_sum_comes_through",
    "tests/compiler/back/test_slices.py::test_a_sum_that_waits_comes_through_port_c",
)
CASCADE = ("tests/compiler/front/test_interpreter.py::test_interpreter_equals_native[cascade]",)


MIDDLE_MUTATIONS = (
    of_compiler(
        "blocks of a partition as long as it has banks",
        "banks.py",
        "divmod(constant, self.words)",
        "divmod(constant, self.factor)",
        BANKS,
    ),
    of_compiler(
        "the last block of a partition has no room",
        "banks.py",
        "-(-self.extent // self.factor)",
        "self.extent // self.factor",
        BANKS,
    ),
    of_compiler(
        "a bank chosen at run time taken for a known one",
        "banks.py",
        "if any(c % self.factor for c in coefficients):",
        "if all(c % self.factor for c in coefficients) and coefficients:",
        BANKS,
    ),
    of_compiler(
        "the innermost dimension first", "banks.py", "in reversed(self.dims):", "in self.dims:", BANKS
    ),
    of_compiler(
        "dependences an iteration too far",
        "passes/depends.py",
        "self._add(source, target, distance, hazard)\n\n    def _chain",
        "self._add(source, target, distance + 1, hazard)\n\n    def _chain",
        DEPENDS,
    ),
    of_compiler(
        "a load after a store taken for a store",
        "passes/depends.py",
        "return Hazard.WAW if second.opcode is Opcode.STORE else Hazard.RAW",
        "return Hazard.WAW",
        DISTANCES,
    ),
    of_compiler(
        "a false dependence drops every hazard",
        "passes/depends.py",
        "if p.inter and p.covers(source.memory, hazard)]",
        "if p.inter]",
        DISTANCES,
    ),
    of_compiler(
        "elements meet in their own iteration again",
        "passes/linear.py",
        "% period or period",
        "% period",
        DISTANCES,
    ),
    of_compiler(
        "equal elements taken for different", "passes/linear.py", "% rest != 0", "% rest == 0", RANDOM_LOOPS
    ),
    of_compiler(
        "a shift is one too far",
        "passes/linear.py",
        "number = 1 << min(number, op.width)",
        "number = 2 << min(number, op.width)",
        RANDOM_LOOPS,
    ),
    of_compiler(
        "what varies taken for fixed",
        "passes/linear.py",
        "(a, b) if forms.varies(symbol) else (a - b,)",
        "(a - b,)",
        DISTANCES,
    ),
    of_compiler(
        "comparison not turned round",
        "passes/exits.py",
        "a, b, how = b, a, how.swapped",
        "a, b, how = b, a, how",
        EXITS,
    ),
    of_compiler(
        "a sign-extended bit counts upwards",
        "passes/exits.py",
        "step = sign if other.opcode is Opcode.ZEXT else -sign",
        "step = sign",
        EXITS,
    ),
    of_compiler(
        "the bound moves the wrong way",
        "passes/exits.py",
        "Const.of(-constant, counter.width)",
        "Const.of(constant, counter.width)",
        EXITS,
    ),
    of_compiler(
        "the verifier lets edges of any width pass",
        "ircheck/region.py",
        "if value.width != phi.width:",
        "if value.width < phi.width:",
        CHECK,
    ),
    of_compiler(
        "the verifier lets order turn round",
        "ircheck/region.py",
        "and position[source] >= position[target]",
        "and position[source] == position[target]",
        CHECK,
    ),
    of_compiler(
        "the verifier misses a channel without an end",
        "ircheck/dataflow.py",
        "if ends[channel.name, direction.value] != 1:",
        "if ends[channel.name, direction.value] > 1:",
        CHECK,
    ),
    of_compiler(
        "the verifier lets any bank pass",
        "ircheck/operation.py",
        "if not op.banks or not all(0 <= bank < memory.banks for bank in op.banks):",
        "if not op.banks:",
        CHECK,
    ),
    of_compiler(
        "the verifier lets a call have any arguments",
        "ircheck/operation.py",
        "if [value.width for value in op.operands] != wanted or op.width",
        "if op.width",
        CHECK,
    ),
    of_compiler(
        "a port used twice in a cycle is not seen",
        "cyclesim/checks.py",
        "if key in self.ports:",
        "if key in self.ports and bank < 0:",
        ("tests/compiler/test_channels.py::test_a_port_serves_one_access_a_cycle",),
    ),
    of_compiler(
        "a store that comes too late is not seen",
        "cyclesim/checks.py",
        "if late > key and not _waived(promises, op.memory, Hazard.RAW, late, key):",
        "if late > key and bool(promises):",
        ("tests/compiler/test_cyclesim.py::test_a_lost_dependence_is_found[histogram]",),
    ),
    of_compiler(
        "an operand read before it is there is not seen",
        "cyclesim/checks.py",
        "and value.id in local and born(value) > when:",
        "and value.id in local and born(value) > when + 99:",
        ("tests/compiler/test_cyclesim.py::test_a_shifted_operation_is_found[histogram]",),
    ),
    of_compiler(
        "the last iteration of a loop is out of a hazard's reach",
        "passes/depends.py",
        "if loop.trip is None else loop.trip):",
        "if loop.trip is None else loop.trip - 1):",
        DISTANCES,
    ),
    of_compiler(
        "a promise within iterations speaks of the next ones",
        "passes/depends.py",
        "about = [p for p in loop.promises if p.inter and",
        "about = [p for p in loop.promises if",
        DISTANCES,
    ),
    of_compiler(
        "one that excludes another stands for it",
        "passes/depends.py",
        "                if source.predicate is None:\n                    break",
        "                break",
        ("tests/compiler/front/test_depends.py::test_order_survives_operations_that_exclude_each_other",),
    ),
    of_compiler(
        "a block is acquired again before its last access",
        "passes/depends.py",
        "self._add(user, op, 1, Hazard.RELEASE)",
        "self._add(user, op, 2, Hazard.RELEASE)",
        ("tests/compiler/test_cyclesim.py::test_lost_order_of_blocks_is_found",),
    ),
    of_compiler(
        "of very many accesses a store forgets the loads before it",
        "passes/depends.py",
        "[*stores, *(loads if is_store else [])]",
        "[*stores, *(loads if not is_store else [])]",
        ("tests/compiler/front/test_depends.py::test_very_many_accesses_keep_their_order",),
    ),
    of_compiler(
        "a sum takes no carry",
        "passes/facts.py",
        "Range.of(max(a.unsigned, b.unsigned) + 1, max(a.signed, b.signed) + 1, width)",
        "Range.of(max(a.unsigned, b.unsigned), max(a.signed, b.signed) + 1, width)",
        RANGES,
    ),
    of_compiler(
        "a difference is as short as its operands",
        "passes/facts.py",
        "max(parts[0].signed, parts[1].signed) + 1, width)",
        "max(parts[0].signed, parts[1].signed), width)",
        RANGES,
    ),
    of_compiler(
        "a join knows what its first value is",
        "passes/facts.py",
        "Range(max(self.unsigned, other.unsigned), max(self.signed, other.signed))",
        "Range(self.unsigned, max(self.signed, other.signed))",
        RANGES,
    ),
    of_compiler(
        "a counter at its bound needs no bit more",
        "passes/facts.py",
        "(Compare.ULE, True): bound,",
        "(Compare.ULE, True): bound - 1,",
        ("tests/compiler/front/test_narrow.py::test_counters_reach_their_bounds",),
    ),
    of_compiler(
        "the highest bit of a mask is not needed",
        "passes/facts.py",
        "min(wanted, operands[1].value.bit_length())",
        "min(wanted, operands[1].value.bit_length() - 1)",
        NARROW,
    ),
    of_compiler(
        "a cut value is needed from bit 0 only",
        "passes/facts.py",
        "yield operands[0], op.lo + wanted",
        "yield operands[0], wanted",
        NARROW,
    ),
    of_compiler(
        "negative numbers compared as large ones",
        "passes/narrow.py",
        "if how in _SIGNED and unsigned < width:",
        "if how in _SIGNED and unsigned <= width:",
        NARROW,
    ),
    of_compiler(
        "a signed quotient is as short as its operands",
        "passes/narrow.py",
        "max(self._ranges.of(v).signed for v in op.operands) + 1)",
        "max(self._ranges.of(v).signed for v in op.operands))",
        NARROW,
    ),
    of_compiler(
        "a signed remainder is extended with zeros",
        "passes/narrow.py",
        "return emit.resize(result, bits, signed=True)\n        raise",
        "return emit.resize(result, bits)\n        raise",
        NARROW,
    ),
    of_compiler(
        "a shift amount loses its highest bit",
        "passes/narrow.py",
        "max(1, self._ranges.of(amount).unsigned))",
        "max(1, self._ranges.of(amount).unsigned - 1))",
        NARROW,
    ),
    of_compiler(
        "a masked bound rounded the wrong way",
        "passes/masked.py",
        "compare in (Compare.ULT, Compare.UGE)",
        "compare in (Compare.ULE, Compare.UGT)",
        MASKED,
    ),
    of_compiler(
        "a bound outside of the mask is cut",
        "passes/masked.py",
        "and right.value & ~mask:",
        "and right.value & ~mask & 0:",
        MASKED,
    ),
    of_compiler(
        "a load does not vary",
        "passes/invariant.py",
        "Opcode.LOAD, Opcode.CALL,",
        "Opcode.CALL,",
        ("tests/compiler/front/test_narrow.py::test_what_a_memory_holds_varies",),
    ),
    of_compiler(
        "an addition that others need goes into a tree",
        "passes/reassociate.py",
        "and users[v] == 1",
        "and users[v] <= 2",
        (f"{NARROWING}::test_partial_sums_that_others_need_stay",),
    ),
    of_compiler(
        "the value of a loop's exit is not needed",
        "passes/dead.py",
        "if isinstance(region.terminator, Branch):\n            work.append",
        "if not region.ops:\n            work.append",
        ("tests/compiler/front/test_passes.py::test_pass_keeps_results",),
    ),
    of_compiler(
        "a loop runs an iteration less than counted",
        "passes/trip.py",
        "following if ahead else value, bound.value",
        "following, bound.value",
        ("tests/compiler/front/test_narrow.py::test_trips_are_counted",),
    ),
    of_compiler(
        "a slice's sum a cycle early", "operators.py", "Timing(self.fabric.sum.ps, 3)", "Timing(0, 2)", SLICES
    ),
    of_compiler("two slices above one", "backend/cascades.py", " and added.id not in taken", "", SLICES),
    of_compiler(
        "slices of a cascade that are not neighbours",
        "backend/cascades.py",
        "if cycles[op] == cycles[under] + 1",
        "if cycles[op] > cycles[under]",
        SLICES,
    ),
    of_compiler(
        "a slice's factor without its sign bit",
        "passes/narrow.py",
        "return self._get(value, self._ranges.of(value).signed)",
        "return self._get(value, max(1, self._ranges.of(value).signed - 1))",
        CASCADE,
    ),
    of_compiler(
        "what holds an operator up does not move with it",
        "carry.py",
        "needs.add((mine, theirs))",
        "needs.discard((mine, theirs))",
        CARRY,
    ),
    of_compiler(
        "the last use counted for each user",
        "carry.py",
        "if len(moving) == 1:",
        "if moving:",
        CARRY,
    ),
    of_compiler(
        "a whole cycle of slack taken for any", "carry.py", "item.delay + period", "item.delay", CARRY
    ),
)
