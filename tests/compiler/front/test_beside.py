# SPDX-License-Identifier: Apache-2.0
"""Values that the front end makes beside LLVM's get names that no other value has."""

from __future__ import annotations

import pytest

from edgemoe.compiler.frontend.beside import Beside
from edgemoe.compiler.frontend.scaled import scale_bytes
from edgemoe.compiler.llvmir.reader import read_module

#: An address in rows of four, chosen among 20 and 8 bytes; LLVM made copies of it, and numbered them.
CHOSEN = """
@m = internal global [8 x [4 x i32]] zeroinitializer

define i32 @f(i1 %c, i32 %p.0) {
entry:
  %a = select i1 %c, i32 20, i32 8
  %a.by16 = select i1 %c, i32 8, i32 20
  %p = getelementptr i8, ptr @m, i32 %a
  %p.1 = getelementptr i8, ptr @m, i32 %a.by16
  %p.1.0 = load i32, ptr %p
  %p.2 = load i32, ptr %p.1
  %s = add i32 %p.1.0, %p.2
  %t = add i32 %s, %p.0
  ret i32 %t
}
"""


def test_a_name_is_taken_once_and_stays() -> None:
    beside = Beside(["%p", "%p.1", "%p.1_"])
    assert [beside.name("%p", what) for what in ("1", "tag", "1")] == ["%p.1__", "%p.tag", "%p.1__"]


def test_what_differs_by_its_key_only_has_names_apart() -> None:
    beside = Beside(["%p"])
    assert [beside.name("%p", "by2", key) for key in (0, 1, 0)] == ["%p.by2", "%p.by2_", "%p.by2"]


@pytest.mark.parametrize("dims", ["[8 x [1 x i16]]", "[4 x [2 x [1 x i16]]]", "[1 x [8 x [1 x [1 x i16]]]]"])
def test_dimensions_of_one_stride_have_steps_of_their_own(dims: str) -> None:
    text = (
        CHOSEN.replace("[8 x [4 x i32]]", dims).replace("load i32", "load i16").replace("add i32", "add i16")
    )
    module = read_module(text)
    scale_bytes(module, every=True)
    results = [inst.result for inst in module.functions["f"].instructions() if inst.result]
    assert len(results) > 8 and len(results) == len({*results})


def test_a_choice_used_in_two_arrays_counts_in_the_rows_of_each() -> None:
    other = "@n = internal global [8 x [2 x [2 x i32]]] zeroinitializer"
    text = CHOSEN.replace("\n\ndefine", f"\n{other}\n\ndefine")
    module = read_module(text.replace("ptr @m, i32 %a.by16", "ptr @n, i32 %a"))
    scale_bytes(module, every=True)
    results = [inst.result for inst in module.functions["f"].instructions() if inst.result]
    assert len(results) == len({*results})


def test_scaled_addresses_leave_the_copies_of_others_alone() -> None:
    module = read_module(CHOSEN)
    scale_bytes(module, every=True)
    results = [inst.result for inst in module.functions["f"].instructions() if inst.result]
    assert len(results) > 8, "addresses were scaled"
    assert len(results) == len({*results, "%p.0"}) - 1
