# SPDX-License-Identifier: Apache-2.0
"""Mistakes in the compiler's middle: layout of memories, order of accesses, exit tests, verifier, schedules."""

from __future__ import annotations

from edgemoe.mutate.mutation import Mutation

BANKS = ("tests/compiler/front/test_banks.py",)
DEPENDS = ("tests/compiler/front/test_depends.py",)
EXITS = ("tests/compiler/front/test_exits.py",)
CHECK = ("tests/compiler/front/test_ircheck.py",)
CYCLES = ("tests/compiler/test_cyclesim.py",)
TEXT = ("tests/compiler/front/test_irtext.py",)


def _compiler(idea: str, file: str, old: str, new: str, tests: tuple[str, ...]) -> Mutation:
    return Mutation(idea, f"host/edgemoe/compiler/{file}", old, new, tests)


MIDDLE_MUTATIONS = (
    _compiler(
        "blocks of a partition as long as it has banks",
        "banks.py",
        "divmod(constant, self.words)",
        "divmod(constant, self.factor)",
        BANKS,
    ),
    _compiler(
        "the last block of a partition has no room",
        "banks.py",
        "-(-self.extent // self.factor)",
        "self.extent // self.factor",
        BANKS,
    ),
    _compiler(
        "a bank chosen at run time taken for a known one",
        "banks.py",
        "if any(c % self.factor for c in coefficients):",
        "if all(c % self.factor for c in coefficients) and coefficients:",
        BANKS,
    ),
    _compiler("the innermost dimension first", "banks.py", "in reversed(self.dims):", "in self.dims:", BANKS),
    _compiler(
        "dependences an iteration too far",
        "passes/depends.py",
        "self._add(source, target, distance, hazard)\n\n    def _chain",
        "self._add(source, target, distance + 1, hazard)\n\n    def _chain",
        DEPENDS,
    ),
    _compiler(
        "a load after a store taken for a store",
        "passes/depends.py",
        "return Hazard.WAW if second.opcode is Opcode.STORE else Hazard.RAW",
        "return Hazard.WAW",
        DEPENDS,
    ),
    _compiler(
        "a false dependence drops every hazard",
        "passes/depends.py",
        "if p.inter and p.covers(source.memory, hazard)]",
        "if p.inter]",
        DEPENDS,
    ),
    _compiler(
        "elements meet in their own iteration again",
        "passes/linear.py",
        "% period or period",
        "% period",
        DEPENDS,
    ),
    _compiler(
        "equal elements taken for different", "passes/linear.py", "% rest != 0", "% rest == 0", DEPENDS
    ),
    _compiler(
        "a shift is one too far",
        "passes/linear.py",
        "number = 1 << min(number, op.width)",
        "number = 2 << min(number, op.width)",
        DEPENDS,
    ),
    _compiler(
        "what varies taken for fixed",
        "passes/linear.py",
        "(a, b) if forms.varies(symbol) else (a - b,)",
        "(a - b,)",
        DEPENDS,
    ),
    _compiler(
        "comparison not turned round",
        "passes/exits.py",
        "a, b, how = b, a, _SWAPPED.get(how, how)",
        "a, b, how = b, a, how",
        EXITS,
    ),
    _compiler(
        "a sign-extended bit counts upwards",
        "passes/exits.py",
        "step = sign if other.opcode is Opcode.ZEXT else -sign",
        "step = sign",
        EXITS,
    ),
    _compiler(
        "the bound moves the wrong way",
        "passes/exits.py",
        "Const.of(-constant, counter.width)",
        "Const.of(constant, counter.width)",
        EXITS,
    ),
    _compiler(
        "the verifier lets edges of any width pass",
        "ircheck/region.py",
        "if value.width != phi.width:",
        "if value.width < phi.width:",
        CHECK,
    ),
    _compiler(
        "the verifier lets order turn round",
        "ircheck/region.py",
        "and position[source] >= position[target]",
        "and position[source] == position[target]",
        CHECK,
    ),
    _compiler(
        "the verifier misses a channel without an end",
        "ircheck/dataflow.py",
        "if ends[channel.name, direction.value] != 1:",
        "if ends[channel.name, direction.value] > 1:",
        CHECK,
    ),
    _compiler(
        "the verifier lets any bank pass",
        "ircheck/operation.py",
        "if not op.banks or not all(0 <= bank < memory.banks for bank in op.banks):",
        "if not op.banks:",
        CHECK,
    ),
    _compiler(
        "the verifier lets a call have any arguments",
        "ircheck/operation.py",
        "if [value.width for value in op.operands] != wanted or op.width",
        "if op.width",
        CHECK,
    ),
    _compiler(
        "a port used twice in a cycle is not seen",
        "cyclesim/checks.py",
        "if key in self.ports:",
        "if key in self.ports and bank < 0:",
        CYCLES,
    ),
    _compiler(
        "a store that comes too late is not seen",
        "cyclesim/checks.py",
        "if late > key and not _waived(promises, op.memory, Hazard.RAW, late, key):",
        "if late > key and bool(promises):",
        CYCLES,
    ),
    _compiler(
        "an operand read before it is there is not seen",
        "cyclesim/checks.py",
        "and value.id in local and born(value) > when:",
        "and value.id in local and born(value) > when + 99:",
        CYCLES,
    ),
)
