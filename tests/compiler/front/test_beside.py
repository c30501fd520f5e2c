# SPDX-License-Identifier: Apache-2.0
"""Values that the front end makes beside LLVM's get names that no other value has."""

from __future__ import annotations

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


def test_scaled_addresses_leave_the_copies_of_others_alone() -> None:
    module = read_module(CHOSEN)
    scale_bytes(module, every=True)
    results = [inst.result for inst in module.functions["f"].instructions() if inst.result]
    assert len(results) > 8, "addresses were scaled"
    assert len(results) == len({*results, "%p.0"}) - 1
