# SPDX-License-Identifier: Apache-2.0
"""Drops the debug records of LLVM IR that cannot name a value.

clang writes a record for each variable of each inlined function, and unrolling copies them all: in a kernel they are
most of the text, and LLVM's passes spend more time on them than on the code. A record is of use while it ties a name
to a number or to a variable in memory; pointers that were optimised away, constants and undefined values have no name
to give.
"""

from __future__ import annotations

from edgemoe.compiler.llvmir.objects import Inst, Module, Record


def drop_nameless(module: Module) -> Module:
    """``module`` without the records of pointers, constants and undefined values, changed in place."""
    for function in module.functions.values():
        for block in function.blocks.values():
            block[:] = [item for item in block if isinstance(item, Inst) or _names(item)]
    return module


def _names(record: Record) -> bool:
    return record.kind != "dbg_value" or (record.operand[:1] == "%" and record.type.startswith("i"))
