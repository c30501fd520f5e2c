# SPDX-License-Identifier: Apache-2.0
"""Small structs in registers: what is taken out of an aggregate is what was put in last, or it stays as it is."""

from __future__ import annotations

import pytest

from edgemoe.compiler.frontend.registers import fold_registers
from edgemoe.compiler.llvmir.reader import read_module

HEAD = "define i32 @f(i32 %x, i32 %y, {i32, i32} %p) {\nentry:\n"


def returned(lines: str) -> str:
    """What the function of these lines returns, once its aggregates are folded."""
    module = read_module(f"{HEAD}{lines}\n}}\n")
    function = module.functions["f"]
    fold_registers(function)
    return list(function.instructions())[-1].operands[0]


PAIR = "  %a = insertvalue {i32, i32} poison, i32 %x, 0\n  %b = insertvalue {i32, i32} %a, i32 %y, 1\n"
NESTED = (
    "  %a = insertvalue {{i32, i32}, i32} poison, i32 %x, 0, 0\n"
    "  %b = insertvalue {{i32, i32}, i32} %a, i32 %y, 0, 1\n"
)


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (f"{PAIR}  %r = extractvalue {{i32, i32}} %b, 0\n  ret i32 %r", "%x"),
        (f"{PAIR}  %r = extractvalue {{i32, i32}} %b, 1\n  ret i32 %r", "%y"),
        (f"{NESTED}  %r = extractvalue {{{{i32, i32}}, i32}} %b, 0, 0\n  ret i32 %r", "%x"),
        (f"{NESTED}  %r = extractvalue {{{{i32, i32}}, i32}} %b, 0, 1\n  ret i32 %r", "%y"),
        # the whole pair was put over its first member
        (
            f"{NESTED}  %c = insertvalue {{{{i32, i32}}, i32}} %b, {{i32, i32}} %p, 0\n"
            "  %r = extractvalue {{i32, i32}, i32} %c, 0, 0\n  ret i32 %r",
            "%r",
        ),
        ("  %r = extractvalue {i32, i32} %p, 1\n  ret i32 %r", "%r"),
    ],
)
def test_what_is_taken_out_is_what_was_put_in(lines: str, value: str) -> None:
    assert returned(lines) == value


def test_the_number_of_a_pointer_is_that_pointer() -> None:
    lines = (
        "  %m = alloca i32\n  %n = ptrtoint ptr %m to i64\n  %q = inttoptr i64 %n to ptr\n"
        "  %v = load i32, ptr %q\n  ret i32 %v"
    )
    function = read_module(f"{HEAD}{lines}\n}}\n").functions["f"]
    assert fold_registers(function)
    assert [i.operands for i in function.instructions() if i.opcode == "load"] == [["%m"]]
    assert not [i for i in function.instructions() if i.opcode in ("ptrtoint", "inttoptr")]
