# SPDX-License-Identifier: Apache-2.0
"""The optimised LLVM IR as the builders of our IR see it: no debug records, names of variables beside the values.

What cannot become hardware at all (floating point, vectors, unknown instructions) is refused here with its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.valuenames import value_names
from edgemoe.compiler.ir import Loc
from edgemoe.compiler.llvmir.debug import DebugInfo
from edgemoe.compiler.llvmir.instructions import BINARY
from edgemoe.compiler.llvmir.line import CASTS
from edgemoe.compiler.llvmir.objects import Constant, Global, Inst, Parameter, Record
from edgemoe.compiler.llvmir.objects import Function as LlvmFunction
from edgemoe.compiler.llvmir.objects import Module as LlvmModule
from edgemoe.compiler.llvmir.types import Layout, PlainType, VectorType, bits

__all__ = ["BINARY", "Function", "Global", "Inst", "Module", "bits"]

_KNOWN = (
    BINARY
    | CASTS
    | {"icmp", "freeze", "select", "phi", "br", "ret", "unreachable", "load", "store", "alloca"}
)
_KNOWN |= {"getelementptr", "call"}
_FLOATING = frozenset({"fptosi", "fptoui", "sitofp", "uitofp", "fpext", "fptrunc"})
_SKIPPED = ("llvm.lifetime", "llvm.assume", "llvm.experimental.noalias", "llvm.dbg")
_FLOAT_TYPES = frozenset({"float", "double", "half", "fp128", "bfloat", "x86_fp80"})


@dataclass(slots=True, eq=False)
class Function:
    """A definition; ``blocks`` in the order of the text, the entry first."""

    name: str
    params: list[Parameter]
    blocks: dict[str, list[Inst]]
    debug: str
    variables: dict[str, str] = field(default_factory=dict)  #: %value -> C++ name
    declared: dict[str, str] = field(default_factory=dict)  #: %value -> number of its DILocalVariable
    names: dict[str, str] = field(
        default_factory=dict
    )  #: %value -> its variable's name and the path in there


class Module:
    """Everything in one module of LLVM IR.

    Raises: CompileError for an instruction that nothing here lowers.
    """

    def __init__(self, source: LlvmModule) -> None:
        self.source = source
        self.debug: DebugInfo = self.source.debug
        self.layout: Layout = self.source.layout
        self.globals: dict[str, Global] = self.source.globals
        self.functions = {name: self._function(f) for name, f in self.source.functions.items()}

    def loc(self, inst: Inst) -> Loc:
        """The place in the user's source."""
        return self.debug.loc(inst.debug)

    def constant(self, token: str) -> Constant | None:
        """The object behind the text of a constant expression or aggregate."""
        return self.source.constants.get(token)

    def _function(self, source: LlvmFunction) -> Function:
        function = Function(source.name, source.params, {}, source.debug)
        # A parameter is itself, whatever inlined function's parameter the optimiser says has the same value.
        own = self.debug.parameters(source.debug)
        for param in source.params:
            written = re.sub(r"\.(coerce|addr)\d*$", "", param.name[1:].strip('"'))
            if written in own:
                function.variables[param.name], function.declared[param.name] = written, own[written]
        function.names = value_names(source, self.debug)
        for label, items in source.blocks.items():
            block = function.blocks.setdefault(label, [])
            for item in items:
                if isinstance(item, Record):
                    self._name(function, item)
                elif not item.callee.startswith(_SKIPPED):
                    self._check(item)
                    block.append(item)
        return function

    def _name(self, function: Function, record: Record) -> None:
        name = self.debug.variable(record.variable)
        if record.operand[:1] == "%" and name and name != "this":
            function.variables.setdefault(record.operand, name)
            function.declared.setdefault(record.operand, record.variable)

    def _check(self, inst: Inst) -> None:
        if inst.opcode in _KNOWN and not self._floats(inst):
            return
        loc = self.loc(inst)
        if inst.opcode in _FLOATING or inst.opcode[0] == "f" or self._floats(inst):
            message = "floating point at run time is not supported; use integers or ap_fixed."
        else:
            message = f"this needs the LLVM instruction '{inst.opcode}', which is not supported."
        raise CompileError(loc.file, loc.line, message)

    @staticmethod
    def _floats(inst: Inst) -> bool:
        types = (inst.type, *inst.types)
        return any(
            isinstance(t, VectorType) or (isinstance(t, PlainType) and t.name in _FLOAT_TYPES) for t in types
        )
