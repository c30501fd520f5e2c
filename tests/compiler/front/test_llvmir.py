# SPDX-License-Identifier: Apache-2.0
"""The reader and the writer of LLVM IR: nothing is lost between them, and LLVM itself reads what was written."""

from __future__ import annotations

from pathlib import Path

import llvmlite.binding as llvm
import pytest

from edgemoe.compiler.frontend.clang import emit_llvm
from edgemoe.compiler.llvmir.instructions import OPCODES
from edgemoe.compiler.llvmir.line import ReadError
from edgemoe.compiler.llvmir.objects import Inst, Module, Record
from edgemoe.compiler.llvmir.reader import read_module
from edgemoe.compiler.llvmir.types import ArrayType, IntType, Layout, NamedType, PlainType, StructType
from edgemoe.compiler.llvmir.writer import item_text, module_text

ROOT = Path(__file__).resolve().parents[3]
SHIM = ROOT / "hls" / "shim"
PROGRAMS = [
    *sorted((ROOT / "tests/compiler/programs").glob("*.cpp"))[:6],
    *sorted(Path(__file__).parent.glob("programs/*.cpp")),
]


def shape(module: Module) -> list[object]:
    """Everything that matters of a module's instructions."""
    return [
        (function.name, label, [fields(item) for item in block])
        for function in module.functions.values()
        for label, block in function.blocks.items()
    ]


def fields(item: Inst | Record) -> object:
    """An item without the text it was read from."""
    names = [name for name in item.__slots__ if name != "text"]
    return [str(getattr(item, name)) for name in names]


@pytest.mark.parametrize("source", PROGRAMS, ids=lambda path: path.stem)
def test_what_is_written_reads_back(source: Path, tmp_path: Path) -> None:
    raw = emit_llvm(source, [SHIM], tmp_path)[0]
    first = read_module(raw)
    for function in first.functions.values():
        for block in function.blocks.values():
            for item in block:
                if isinstance(item, Record) or item.opcode in OPCODES:
                    item.text = ""  # written anew from the fields
    text = module_text(first)
    assert shape(read_module(text)) == shape(read_module(raw))


MODULE = """
%struct.pair = type <{ i8, [3 x i8], [2 x i32] }>
@"odd name" = internal constant { i8, [2 x i16] } { i8 1, [2 x i16] [i16 -3, i16 4] }
@text = private unnamed_addr constant [4 x i8] c"a\\22b\\00"
declare void @f(ptr, ...)
define i32 @g(ptr %p, i32 noundef signext %n) {
entry:
  %q = getelementptr inbounds nuw %struct.pair, ptr %p, i64 0, i32 2, i64 1
  %v = load i32, ptr %q, align 4, !range !0
  %w = add nuw nsw i32 %v, %n
  %c = icmp samesign ult i32 %w, 7
  call void (ptr, ...) @f(ptr noundef @"odd name", i32 %w)
  switch i32 %w, label %other [
    i32 1, label %one
    i32 -2, label %other
  ]

one:                                              ; preds = %entry
  br label %other

other:                                            ; preds = %one, %entry, %entry
  %x = phi i32 [ 0, %one ], [ %w, %entry ], [ %w, %entry ]
  %y = select i1 %c, i32 %x, i32 ptrtoint (ptr getelementptr inbounds (i8, ptr @text, i64 2) to i32)
  ret i32 %y
}
!0 = !{i32 0, i32 9}
"""


def test_module_by_hand() -> None:
    module = read_module(MODULE)
    insts = list(module.functions["g"].instructions())
    assert insts[0].flags == ("inbounds", "nuw")
    assert insts[0].type == NamedType("%struct.pair")
    assert insts[0].operands == ["%p", "0", "2", "1"]
    assert insts[1].extra == ", !range !0"
    assert insts[3].flags == ("samesign",)
    assert insts[3].width == 1
    assert insts[5].operands == ["%w", "1", "-2"]
    assert insts[5].targets == ["%other", "%one", "%other"]
    assert module.globals['@"odd name"'].init
    assert module.constants['c"a\\22b\\00"'].operands == ("97", "34", "98", "0")
    for inst in insts:
        inst.text = ""
    parsed = llvm.parse_assembly(module_text(module))
    parsed.verify()
    assert "samesign ult" in str(parsed)


def test_layout_is_that_of_the_native_build() -> None:
    types = {
        "%s": StructType((IntType(8), IntType(64), IntType(1))),
        "%p": StructType((IntType(8), IntType(64)), True),
    }
    layout = Layout(types)
    assert [offset for offset, _ in layout.fields(NamedType("%s"))] == [0, 8, 16]
    assert layout.size(NamedType("%s")) == 24
    assert layout.size(NamedType("%p")) == 9
    assert layout.size(ArrayType(3, NamedType("%s"))) == 72
    assert layout.measure(IntType(128)) == (16, 16)
    assert layout.size(PlainType("ptr")) == 8
    assert [layout.size(IntType(width)) for width in (1, 8, 9, 24, 33, 64, 65, 129)] == [
        1,
        1,
        2,
        4,
        8,
        8,
        16,
        24,
    ]


def test_text_that_is_no_ir_is_refused() -> None:
    with pytest.raises(ReadError, match="expected"):
        read_module("define void @f() {\nentry:\n  %a = icmp eq i32 %b %c\n}\n")


def test_a_changed_instruction_is_written_anew() -> None:
    inst = Inst("add", "%a", IntType(7), ["%b", "3"], [IntType(7), IntType(7)], ("nsw",), debug="12")
    assert item_text(inst) == "  %a = add nsw i7 %b, 3, !dbg !12"


RECORDS = """
define void @f(i7 %a, ptr %"odd, name") !dbg !1 {
    #dbg_value(i7 %a, !2, !DIExpression(), !5)
    #dbg_declare(ptr %"odd, name", !3, !DIExpression(DW_OP_LLVM_fragment, 8, 8), !6)
    #dbg_value(!DIArgList(i7 %a, i7 3), !2, !DIExpression(DW_OP_LLVM_arg, 0, DW_OP_LLVM_arg, 1, DW_OP_plus), !5)
    #dbg_value(ptr getelementptr (i8, ptr @x, i64 4), !3, !DIExpression(), !5)
    #dbg_value([2 x i8] %b, !3, !DIExpression(), !5)
    #dbg_label(!4, !6)
  ret void
}
"""


def test_records_of_variables() -> None:
    block = read_module(RECORDS).functions["f"].blocks["%0"]
    records = [item for item in block if isinstance(item, Record)]
    assert [(r.type, r.operand, r.variable, r.debug) for r in records] == [
        ("i7", "%a", "2", "5"),
        ("ptr", '%"odd, name"', "3", "6"),
        ("!DIArgList(i7 %a, i7 3)", "", "2", "5"),
        ("ptr", "getelementptr (i8, ptr @x, i64 4)", "3", "5"),
        ("[2 x i8]", "%b", "3", "5"),
        ("", "!4", "", "6"),
    ]
    lines = [line.strip() for line in RECORDS.split("\n") if "#dbg" in line]
    for record, line in zip(records, lines, strict=True):
        record.text = ""
        assert item_text(record).strip() == line
