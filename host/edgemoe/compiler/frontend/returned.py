# SPDX-License-Identifier: Apache-2.0
"""What the top function returns: an output scalar named ``ap_return``."""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import RETURN, Direction, ScalarArg
from edgemoe.compiler.llvmir.objects import Module
from edgemoe.compiler.llvmir.types import VOID, bits

#: A register is read in two words at most.
MAX_BITS = 64


def returned(module: Module, top: str) -> ScalarArg | None:
    """The output scalar for the value of the function of mangled name ``top``; None if it returns nothing.

    Raises: CompileError if an argument has that name, or if the value is no integer (or ``ap_int``, ``ap_fixed``) of
    at most 64 bits.
    """
    function, debug = module.functions[top], module.debug
    name, loc = debug.subprogram(function.debug)
    if RETURN in debug.parameters(function.debug):
        raise CompileError(
            loc.file,
            loc.line,
            f"an argument of '{name}' is named {RETURN}, as what a function returns; rename it.",
        )
    memory = next((p for p in function.params if "sret" in p.attributes), None)
    if function.type == VOID and memory is None:
        return None
    type_ = debug.result_type(function.debug)
    known = None if debug.is_struct(type_) else debug.integer_type(type_)
    if known is None or (memory is None and not bits(function.type)):
        what = debug.type_name(type_)
        raise CompileError(
            loc.file,
            loc.line,
            f"'{name}' returns {f'a {what}' if what else 'a value'}, which is no integer, so no register can hold it; "
            "write it to a reference argument (T&) of an integer type for each member, or to a stream.",
        )
    width, signed = known
    if width > MAX_BITS:
        raise CompileError(
            loc.file,
            loc.line,
            f"'{name}' returns {width} bits; the register {RETURN} holds at most {MAX_BITS}. Return it in parts, "
            "through reference arguments (T&), or write it to a stream.",
        )
    return ScalarArg(RETURN, width, Direction.WRITE, signed, loc)
