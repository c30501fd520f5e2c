# SPDX-License-Identifier: Apache-2.0
"""Mistakes in the compiler's front end: pragmas, LLVM IR as text, pointers, structs and copies, interfaces."""

from __future__ import annotations

from edgemoe.mutate.mutation import of_compiler

PRAGMAS = ("tests/compiler/front/test_pragmas.py",)
LLVM_TEXT = ("tests/compiler/front/test_llvmir.py::test_module_by_hand",)
LAYOUT = ("tests/compiler/front/test_llvmir.py::test_layout_is_that_of_the_native_build",)
REGISTERS = ("tests/compiler/front/test_registers.py",)


def _language(name: str) -> tuple[str, ...]:
    """The native build and the IR of one program of `language/`."""
    return (f"tests/compiler/test_language.py::test_interpreter_equals_native[{name}]",)


def _cases(name: str) -> tuple[str, ...]:
    """What is said of one source of `REFUSED`."""
    return (f"tests/compiler/front/test_cases.py::test_refused_with_file_line_and_reason[{name}]",)


def _refused(name: str) -> tuple[str, ...]:
    """What is said of one program of `refused/`."""
    return (f"tests/compiler/test_refused.py::test_the_expected_message_comes[{name}]",)


PRAGMA_MUTATIONS = (
    of_compiler(
        "WAR read as RAW",
        "frontend/source/grammar.py",
        "war=Hazard.WAR",
        "war=Hazard.RAW",
        PRAGMAS,
    ),
    of_compiler(
        "dim=0 of a partition is refused",
        "frontend/source/grammar.py",
        '"dim": number("dim", 0),',
        '"dim": number("dim"),',
        PRAGMAS,
    ),
    of_compiler(
        "rewind is lost without a note",
        "frontend/source/grammar.py",
        'unused="the loop starts again when its function is started again"',
        'unused=""',
        PRAGMAS,
    ),
    of_compiler(
        "an option may be given twice",
        "frontend/source/reading.py",
        "if key in self.seen:\n            raise",
        "if not key:\n            raise",
        PRAGMAS,
    ),
    of_compiler(
        "off=false is off",
        "frontend/source/reading.py",
        'written.off |= on and key == "off"',
        'written.off |= key == "off"',
        PRAGMAS,
    ),
    of_compiler(
        "a number may be less than makes sense",
        "frontend/source/reading.py",
        "value < option.least:",
        "value < option.least - 1:",
        PRAGMAS,
    ),
    of_compiler(
        "a partition may lack its factor",
        "frontend/source/reading.py",
        'if not whole and "factor" not in seen:',
        'if whole and "factor" not in seen:',
        PRAGMAS,
    ),
    of_compiler(
        "a word ends an expression although an operator goes on",
        "frontend/source/reading.py",
        'complete or (parts and following == "=")',
        "complete or parts",
        PRAGMAS,
    ),
)

LLVM_MUTATIONS = (
    of_compiler(
        "bytes of a string in base ten",
        "llvmir/line.py",
        "text[at + 1 : at + 3], 16)",
        "text[at + 1 : at + 3], 10)",
        LLVM_TEXT,
    ),
    of_compiler(
        "a phi's blocks are out of step with its values",
        "llvmir/instructions.py",
        'inst.targets.append(line.next())\n        line.expect("]")',
        'inst.targets.insert(0, line.next())\n        line.expect("]")',
        LLVM_TEXT,
    ),
    of_compiler(
        "members of a packed struct are aligned",
        "llvmir/types.py",
        "if not body.packed:\n                offset =",
        "if body.packed:\n                offset =",
        LAYOUT,
    ),
    of_compiler(
        "an integer of 33 bits takes 5 bytes",
        "llvmir/types.py",
        "        size *= 2\n",
        "        size += 1\n",
        LAYOUT,
    ),
)

POINTER_MUTATIONS = (
    of_compiler(
        "a step from an element forgets the element",
        "frontend/pointers.py",
        "Index(self.constant + other.constant,",
        "Index(other.constant,",
        _language("addresses"),
    ),
    of_compiler(
        "rows of one array taken for one row",
        "frontend/joins.py",
        "same = all(at in own or step",
        "same = all(True or step",
        _language("addresses"),
    ),
    of_compiler(
        "two choices have one tag",
        "frontend/joins.py",
        "{source: str(number) for",
        "{source: str(number // 2) for",
        _language("chosen"),
    ),
    of_compiler(
        "an index that goes with a choice is lost",
        "frontend/joins.py",
        "if operand == sources[number]:",
        "if operand == sources[0] and number == 0:",
        _language("chosen"),
    ),
    of_compiler(
        "an index's constant is forgotten",
        "frontend/joins.py",
        "        if index.constant:\n            summed",
        "        if index.constant < 0:\n            summed",
        _language("addresses"),
    ),
    of_compiler(
        "a store through a chosen pointer writes everywhere",
        "frontend/elements.py",
        "            if conditions:\n                old",
        "            if not conditions:\n                old",
        _language("chosen"),
    ),
    of_compiler(
        "pointers compared as unsigned numbers",
        "frontend/rewrite.py",
        "compare = _UNSIGNED_TO_SIGNED.get(inst.compare, inst.compare)",
        "compare = inst.compare",
        _language("addresses"),
    ),
    of_compiler(
        "a distance of pointers turned round",
        "frontend/rewrite.py",
        '"sub", index, list(pair))',
        '"sub", index, list(pair[::-1]))',
        _language("addresses"),
    ),
)

STRUCT_MUTATIONS = (
    of_compiler(
        "a part of an element is read from its low bits",
        "frontend/elements.py",
        '"lshr", type_, [value, str(8 * piece.inside)])',
        '"lshr", type_, [value, str(0 * piece.inside)])',
        _language("addresses"),
    ),
    of_compiler(
        "a part of an element is written to its low bits",
        "frontend/elements.py",
        "- 1) << 8 * piece.inside\n",
        "- 1) << 0 * piece.inside\n",
        _language("addresses"),
    ),
    of_compiler(
        "the rest of an element is lost with a part of it",
        "frontend/elements.py",
        '"or", scalar, [kept, part])',
        '"or", scalar, [part, part])',
        _language("addresses"),
    ),
    of_compiler(
        "members read together lie on each other",
        "frontend/elements.py",
        '"shl", whole, [value, str(8 * piece.at)])',
        '"shl", whole, [value, str(0 * piece.at)])',
        _language("addresses"),
    ),
    of_compiler(
        "initial values of an array are all its first one",
        "frontend/objects.py",
        "inner.element, at + k * step, data)",
        "inner.element, at, data)",
        _language("statics"),
    ),
    of_compiler(
        "initial bytes of a wide integer turned round",
        "frontend/objects.py",
        "<< 8 * k for k in range(body.count)))",
        "<< 8 * (body.count - 1 - k) for k in range(body.count)))",
        _language("statics"),
    ),
    of_compiler(
        "an overlapping move copies what it has written",
        "frontend/copies.py",
        "        for at, value, width in values:\n            rewrite.store(",
        "        for at, value, width in values[:1] * len(values):\n            rewrite.store(",
        _language("addresses"),
    ),
    of_compiler(
        "a copy in a loop ends an element early",
        "frontend/copies.py",
        "[following, str(count)]",
        "[following, str(count - 1)]",
        _language("copies"),
    ),
    of_compiler(
        "memset fills the lowest byte only",
        "frontend/copies.py",
        'int.from_bytes(b"\\1" * (-(-width // 8)), "little")',
        'int.from_bytes(b"\\1", "little")',
        _language("fills"),
    ),
    of_compiler(
        "what was put in last is not what is taken out",
        "frontend/registers.py",
        "if source.indices == inst.indices:",
        "if source.indices == inst.indices[:1]:",
        REGISTERS,
    ),
    of_compiler(
        "a whole put over a part is not seen",
        "frontend/registers.py",
        "or inst.indices[: len(source.indices)] == source.indices",
        "or not source.indices",
        REGISTERS,
    ),
    of_compiler(
        "a pragma may name an element",
        "frontend/split.py",
        "if any(isinstance(step, Index) for step in place.steps):",
        "if any(step is None for step in place.steps):",
        _cases("element"),
    ),
)

INTERFACE_MUTATIONS = (
    of_compiler(
        "a result of 65 bits is returned",
        "frontend/returned.py",
        "if width > MAX_BITS:",
        "if width > MAX_BITS + 1:",
        ("tests/compiler/test_returned.py::test_what_no_register_can_hold_is_refused",),
    ),
    of_compiler(
        "two modes of one port",
        "interfaces.py",
        "if before and (interface.mode in before or",
        "if before and (interface.mode in before and",
        _refused("interface_twice"),
    ),
    of_compiler(
        "an option of another mode is taken",
        "interfaces.py",
        "if key not in _OPTIONS.get(mode, _PLAIN_OPTIONS):",
        "if not key:",
        _refused("interface_other_option"),
    ),
    of_compiler(
        "any offset of a register is taken",
        "interfaces.py",
        "if self.axilite and asked != at:",
        "if self.axilite and asked < at:",
        _refused("interface_wrong_offset"),
    ),
    of_compiler(
        "an unused argument goes without a warning",
        "interfaces.py",
        "arg.direction is Direction.READ and id(arg) not in used",
        "arg.direction is Direction.WRITE and id(arg) not in used",
        _refused("argument_unused"),
    ),
)

CHECK_MUTATIONS = (
    of_compiler(
        "a copy may end behind its array",
        "frontend/outside.py",
        "if start is not None and not 0 <= start <= start + size <= whole:",
        "if start is not None and not 0 <= start <= start + size <= whole + size:",
        _refused("copy_too_long"),
    ),
    of_compiler(
        "a const table may be written",
        "frontend/outside.py",
        'if inst.opcode == "store" and variable is not None and variable.constant:',
        'if inst.opcode == "load" and variable is not None and variable.constant:',
        _refused("const_written"),
    ),
    of_compiler(
        "of a loop's rounds the last is not looked at",
        "frontend/outside.py",
        ".extend((made[0], made[-1]))",
        ".extend((made[0], made[0]))",
        _refused("index_walked_loop"),
    ),
    of_compiler(
        "a loop whose condition nothing changes",
        "frontend/endless.py",
        "            return UNCHANGED\n",
        '            return ""\n',
        _refused("endless_unchanged"),
    ),
    of_compiler(
        "a counter whose bound is the largest of its values",
        "frontend/endless.py",
        '(kind == "le" and most >= high)',
        '(kind == "le" and most > high)',
        _refused("endless_counter"),
    ),
    of_compiler(
        "what is written on one way only is written",
        "frontend/uninitialised.py",
        "                sure &= one\n",
        "                sure |= one\n",
        _refused("uninitialised_by_call"),
    ),
    of_compiler(
        "any comparison explains an index outside",
        "frontend/guards.py",
        'return constant and inst.compare == ("eq" if holds else "ne")',
        "return constant",
        _refused("index_behind_order"),
    ),
    of_compiler(
        "a store clears the bytes of an element that it does not reach",
        "frontend/accesses.py",
        "if bytes_of_bits(value.width) < bytes_of_bits(width):",
        "if bytes_of_bits(value.width) < 0:",
        _language("odd_bytes"),
    ),
    of_compiler(
        "overflow of signed products asked without a sign",
        "frontend/overflow.py",
        '"sext" if kind[0] == "s" else "zext"',
        '"zext"',
        _language("overflow"),
    ),
)

FRONT_MUTATIONS = (
    *PRAGMA_MUTATIONS,
    *LLVM_MUTATIONS,
    *POINTER_MUTATIONS,
    *STRUCT_MUTATIONS,
    *INTERFACE_MUTATIONS,
    *CHECK_MUTATIONS,
)
