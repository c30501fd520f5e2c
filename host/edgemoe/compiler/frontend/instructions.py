# SPDX-License-Identifier: Apache-2.0
"""The instructions of one LLVM function as operations of IR, and what they share: values, arguments, memories."""

from __future__ import annotations

import itertools
from typing import TypeAlias

from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.accesses import Accesses
from edgemoe.compiler.frontend.arguments import Arguments
from edgemoe.compiler.frontend.copies import COPIES, NO_VARIABLE
from edgemoe.compiler.frontend.guards import Guards, OutsideError, left_out
from edgemoe.compiler.frontend.intrinsics import AXI_CHANNELS, intrinsic
from edgemoe.compiler.frontend.lower import UNDEFINED, constant, lower_pure, unsupported
from edgemoe.compiler.frontend.markers import PIPELINE_MARK, Fact
from edgemoe.compiler.frontend.parse import Function as LlvmFunction
from edgemoe.compiler.frontend.parse import Inst, Module
from edgemoe.compiler.frontend.prepare import MODULE_BODY
from edgemoe.compiler.frontend.products import products
from edgemoe.compiler.ir import (
    Function,
    Kind,
    ModuleArg,
    Note,
    Op,
    Opcode,
    Value,
)

#: The name of a module's function, and the numbers of the leaves that it reads.
ModuleLeaves: TypeAlias = tuple[str, list[int]]

#: Said of what LLVM found to have no defined value, whatever made it so.
UNDEFINED_VALUE = (
    "a value used here is not defined, and is taken as 0: a variable (or a member or element) that is read before it "
    "is written, a division by zero, a shift by the width or more, or an index outside an array."
)


class Instructions:
    """Lowers single instructions; which block they stand in is the builder's business."""

    def __init__(
        self,
        module: Module,
        source: LlvmFunction,
        facts: list[Fact],
        name: str,
        modules: dict[str, ModuleLeaves],
    ) -> None:
        self.module = module
        self.source = source
        self.facts = [fact for fact in facts if fact.function == source.name]
        _, loc = module.debug.subprogram(source.debug)
        self.function = Function(name, Kind.PROCESS, loc=loc)
        self.modules = modules  #: by the mangled name of their body
        self.definitions = {i.result: i for b in source.blocks.values() for i in b if i.result}
        self.values: dict[str, Value] = {}
        self.ids = itertools.count(1)
        self.arguments = Arguments(module, source, self.definitions)
        self.accesses = Accesses(
            module, source, self.facts, self.definitions, self.function, self.arguments, self.values
        )
        self.leaf_args: dict[int, ModuleArg] = {}
        self.module_body = source.name.endswith(
            MODULE_BODY
        )  #: whether it is the body of a fixed-latency module
        self.result: Value | None = None  #: of a module
        self.notes: dict[Note, None] = {}
        self.products = products(module.source.functions[source.name], module.debug, facts)

    def variable(self, inst: Inst) -> str:
        return self.source.names.get(inst.result, "")

    def value(self, token: str, width: int, user: Inst) -> Value:
        if not token.startswith("%"):
            if token.startswith(("@", "getelementptr")):
                loc = self.module.loc(user)
                message = "a pointer is used as a value."
                if "@_ZTV" in token:
                    message = (
                        "a class with virtual functions: which one is called is known at run time only; use a "
                        "template, or a switch."
                    )
                raise CompileError(loc.file, loc.line, message)
            if token in UNDEFINED and user.opcode not in ("phi", "select"):
                self._undefined(user)
            return constant(token, width)
        value = self.values.get(token)
        if value is None:
            loc = self.module.loc(user)
            definition = self.definitions.get(token)
            if definition is None or definition.opcode in ("alloca", "getelementptr", "phi", "select"):
                raise CompileError(
                    loc.file,
                    loc.line,
                    "an address is kept in memory here, in an array or a struct; hardware has no addresses to keep: "
                    "keep an index instead.",
                )
            what = definition.opcode
            raise CompileError(loc.file, loc.line, f"this value comes from a {what}, which is not a number.")
        return value

    def _undefined(self, user: Inst) -> None:
        loc = self.module.loc(user)
        if not loc.line:
            loc = self.function.loc
        self.notes[Note(loc, UNDEFINED_VALUE, warning=True)] = None

    def _access(self, inst: Inst, emit: Emitter, predicate: Value | None) -> None:
        if inst.opcode == "load":
            self.values[inst.result] = self.accesses.load(inst, emit, self.variable(inst))
        else:
            self.accesses.store(inst, self.value(inst.operands[0], inst.widths[0], inst), emit, predicate)

    def _leave_out(self, inst: Inst, error: OutsideError) -> None:
        """An access that is not built if a comparison alone made it one outside; raises ``error`` if none did."""
        function = self.module.source.functions[self.source.name]
        label = next(label for label, block in function.blocks.items() if inst in block)
        if not Guards(function).equal(label):
            raise error
        self.notes[left_out(error)] = None
        if inst.result:
            self.values[inst.result] = constant("0", inst.width)

    def lower(self, inst: Inst, emit: Emitter, predicate: Value | None) -> None:
        opcode = inst.opcode
        if opcode in ("alloca", "getelementptr"):
            return
        emit.loc = self.module.loc(inst)
        if opcode in ("load", "store"):
            try:
                self._access(inst, emit, predicate)
            except OutsideError as error:
                self._leave_out(inst, error)
            return
        if opcode == "call" and (inst.callee == PIPELINE_MARK or inst.callee.startswith("llvm.assume")):
            return
        if opcode == "call" and inst.callee.startswith(COPIES):
            raise CompileError(emit.loc.file, emit.loc.line, NO_VARIABLE)
        if opcode == "call" and not inst.callee.startswith("llvm."):
            self._call(inst, emit, predicate)
            return
        if opcode in ("phi", "select", "freeze") and not inst.width:
            return  # of pointers: an error where it is used
        if any(token.startswith("@") for token in inst.operands):
            raise unsupported(inst, emit.loc.file, emit.loc.line)
        operands = [
            self.value(token, width, inst)
            for token, width in zip(inst.operands, inst.widths, strict=True)
            if width
        ]
        before = len(emit.ops)
        value = lower_pure(inst, operands, emit)
        if value is None:
            raise unsupported(inst, emit.loc.file, emit.loc.line)
        self.call_it(value, inst, emit, before)
        for fact in self.products.get(inst.result, ()):
            if isinstance(value, Op) and value.opcode is Opcode.MUL:
                value.fabric = fact.used = True
        self.values[inst.result] = value

    def call_it(self, value: Value, inst: Inst, emit: Emitter, before: int) -> None:
        """``value`` gets the name of ``inst`` if it was made for it, as the last operation."""
        if isinstance(value, Op) and len(emit.ops) > before and emit.ops[-1] is value:
            value.name = self.variable(inst)

    def _call(self, inst: Inst, emit: Emitter, predicate: Value | None) -> None:
        callee = inst.callee.removesuffix(".v")
        meaning = intrinsic(callee)
        if meaning is not None and meaning.kind == "call":
            name, numbers = self.modules[inst.operands[0].removeprefix("@")]
            operands = [self.value(inst.operands[k + 1], inst.widths[k + 1], inst) for k in numbers]
            self.values[inst.result] = emit.effect(
                Opcode.CALL, inst.width, operands, callee=name, name=self.variable(inst)
            )
            return
        if meaning is None:
            raise unsupported(inst, emit.loc.file, emit.loc.line)
        kind = meaning.kind
        if kind == "arg":
            number = meaning.numbers[0]
            arg = self.leaf_args.setdefault(number, ModuleArg(f"a{number}", inst.width, emit.loc))
            self.values[inst.result] = arg
        elif kind == "ret":
            self.function.result_width = inst.widths[-1]
            self.result = self.value(inst.operands[-1], inst.widths[-1], inst)
        elif kind == "mul_add":
            factors = [self.value(t, w, inst) for t, w in zip(inst.operands, inst.widths, strict=True)]
            before = len(emit.ops)
            value = emit.pure(Opcode.MUL_ADD, inst.width, factors)
            self.call_it(value, inst, emit, before)
            self.values[inst.result] = value
        elif kind == "cycle_count":
            self.values[inst.result] = emit.effect(Opcode.CYCLE, inst.width, [])
        elif kind in ("fifo_read", "fifo_write", "fifo_empty", "fifo_full"):
            channel = self.arguments.stream(inst)
            self._channel_access(inst, emit, predicate, channel, Opcode(kind))
        elif kind in ("chan_read", "chan_write"):
            channel = f"{self.arguments.axi(inst)}.{AXI_CHANNELS[meaning.numbers[0]]}"
            self._channel_access(inst, emit, predicate, channel, Opcode(kind.replace("chan", "fifo")))
        elif kind in ("blk_acq", "blk_rel"):
            block = self.arguments.block(inst)
            opcode = Opcode.ACQUIRE if kind == "blk_acq" else Opcode.RELEASE
            emit.effect(opcode, 0, [], channel=block, predicate=predicate)
        else:
            raise CompileError(
                emit.loc.file, emit.loc.line, f"the stream operation '{kind[5:]}' is not built yet."
            )

    def _channel_access(
        self, inst: Inst, emit: Emitter, predicate: Value | None, channel: str, opcode: Opcode
    ) -> None:
        if opcode is Opcode.FIFO_WRITE:
            data = self.value(inst.operands[-1], inst.widths[-1], inst)
            emit.effect(opcode, 0, [data], channel=channel, predicate=predicate)
            return
        name = self.variable(inst)
        guard = predicate if opcode is Opcode.FIFO_READ else None
        self.values[inst.result] = emit.effect(
            opcode, inst.width, [], channel=channel, predicate=guard, name=name
        )
