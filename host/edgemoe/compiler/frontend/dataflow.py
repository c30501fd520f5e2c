# SPDX-License-Identifier: Apache-2.0
"""Builds the IR of a ``DATAFLOW`` function: instances of processes, tied together by channels."""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.arguments import Arguments
from edgemoe.compiler.frontend.lower import constant
from edgemoe.compiler.frontend.markers import Fact
from edgemoe.compiler.frontend.parse import Function as LlvmFunction
from edgemoe.compiler.frontend.parse import Inst, Module
from edgemoe.compiler.frontend.source.pragmas import Stream
from edgemoe.compiler.frontend.source.tokens import lex
from edgemoe.compiler.ir import (
    Argument,
    AxiArg,
    BlockArg,
    BlockChannel,
    Channel,
    Connection,
    Direction,
    Function,
    Instance,
    Kind,
    ScalarArg,
    StreamArg,
)

#: FIFO depth where neither a STREAM pragma nor the stream's type says one; as in Vitis HLS.
DEFAULT_DEPTH = 2


@dataclass(slots=True)
class Callee:
    """A process as its caller sees it: the IR function and the argument of each LLVM parameter."""

    function: Function
    arguments: list[Argument | None]


def build_dataflow(
    module: Module, source: LlvmFunction, facts: list[Fact], name: str, callees: dict[str, Callee]
) -> Function:
    """The dataflow function of ``source``."""
    return _Builder(module, source, facts, name, callees).build()


class _Builder:
    def __init__(
        self, module: Module, source: LlvmFunction, facts: list[Fact], name: str, callees: dict[str, Callee]
    ) -> None:
        self._module = module
        self._source = source
        self._facts = [fact for fact in facts if fact.function == source.name]
        self._callees = callees
        self._definitions = {i.result: i for b in source.blocks.values() for i in b if i.result}
        self._own = Arguments(module, source, self._definitions)
        self._position = {param.name: k for k, param in enumerate(source.params)}
        self._args: dict[str, Argument] = {}
        _, loc = module.debug.subprogram(source.debug)
        self.function = Function(name, Kind.DATAFLOW, loc=loc)
        self._channels: dict[str, Channel | BlockChannel] = {}
        self._ends: dict[tuple[str, Direction], str] = {}

    def build(self) -> Function:
        for block in self._source.blocks.values():
            for inst in block:
                if inst.opcode == "call" and inst.callee in self._callees:
                    self._instance(inst)
                elif inst.opcode == "ret" or inst.opcode == "alloca":
                    continue
                elif inst.opcode in ("br", "store", "load") or (
                    inst.opcode == "call" and not inst.callee.startswith("llvm.")
                ):
                    loc = self._module.loc(inst)
                    raise CompileError(
                        loc.file,
                        loc.line,
                        "a DATAFLOW function may only declare channels and call processes once each, without control "
                        "flow; put computation into a process.",
                    )
        self.function.args = [self._args[p.name] for p in self._source.params if p.name in self._args]
        self.function.channels = {channel.name: channel for channel in self._channels.values()}
        self._check_ends()
        return self.function

    def _instance(self, call: Inst) -> None:
        callee = self._callees[call.callee]
        taken = {instance.name for instance in self.function.instances}
        name, k = f"u_{callee.function.name}", 1
        while name in taken:
            k += 1
            name = f"u_{callee.function.name}_{k}"
        connections: dict[str, Connection] = {}
        for token, width, arg in zip(call.operands, call.widths, callee.arguments, strict=True):
            if arg is not None:
                connections[arg.name] = self._connect(call, token, width, arg)
        self.function.instances.append(
            Instance(name, callee.function.name, connections, self._module.loc(call))
        )

    def _connect(self, call: Inst, token: str, width: int, arg: Argument) -> Connection:
        if isinstance(arg, ScalarArg) and arg.direction is Direction.READ:
            token = self._uncast(call, token, arg)
        if token in self._position:
            return self._top_argument(call, token, arg)
        if isinstance(arg, ScalarArg) and arg.direction is Direction.READ and not token.startswith("%"):
            return constant(token, width)
        definition = self._definitions.get(token)
        if (
            definition is not None
            and definition.opcode == "alloca"
            and isinstance(arg, (StreamArg, BlockArg))
        ):
            self._end(token, arg, call)
            return self._channel(token, arg)
        loc = self._module.loc(call)
        raise CompileError(
            loc.file,
            loc.line,
            f"the argument '{arg.name}' must be an argument of the DATAFLOW function, a channel declared in it, or a "
            "constant.",
        )

    def _uncast(self, call: Inst, token: str, arg: ScalarArg) -> str:
        """The argument behind the casts with which clang passes a narrow integer on.

        A cast or a mask that changes bits which the process looks at is a computation, and has no place here.
        """
        kept = arg.width
        while (definition := self._definitions.get(token)) is not None:
            if definition.opcode == "trunc":
                kept = min(kept, definition.width)
            elif definition.opcode == "and" and not definition.operands[1].startswith("%"):
                mask = int(definition.operands[1]) % (1 << definition.width)
                kept = min(kept, (mask & ~(mask + 1)).bit_length() if mask & (mask + 1) == 0 else 0)
            elif definition.opcode not in ("zext", "sext", "freeze", "bitcast"):
                break
            token = definition.operands[0]
        own = self._own.by_token.get(token) if token in self._position else None
        if isinstance(own, ScalarArg) and min(kept, own.width) < arg.width:
            raise self._not_whole(call, own, arg)
        return token

    def _not_whole(self, call: Inst, own: ScalarArg, arg: ScalarArg) -> CompileError:
        loc = self._module.loc(call)
        return CompileError(
            loc.file,
            loc.line,
            f"the argument '{arg.name}' gets '{own.name}' in another width or with a mask; pass '{own.name}' as it is, "
            "in its own type, and compute inside the process.",
        )

    def _top_argument(self, call: Inst, token: str, arg: Argument) -> Connection:
        known = self._args.get(token)
        if known is None:
            known = self._args[token] = self._copy(token, arg)
        if isinstance(known, ScalarArg) and isinstance(arg, ScalarArg) and known.width != arg.width:
            raise self._not_whole(call, known, arg)
        if isinstance(known, AxiArg) and isinstance(arg, AxiArg):
            known.channels.update(arg.channels)
            known.width = known.width or arg.width
        if isinstance(known, (StreamArg, ScalarArg, BlockArg, AxiArg)):
            return known
        raise TypeError(f"{type(known).__name__} cannot be an argument of a dataflow function")

    def _copy(self, token: str, arg: Argument) -> Argument:
        name, loc = self._own.name(token), self.function.loc
        if isinstance(arg, StreamArg):
            return StreamArg(name, arg.width, arg.direction, loc)
        if isinstance(arg, BlockArg):
            return BlockArg(name, arg.width, arg.dims, arg.direction, loc)
        if isinstance(arg, AxiArg):
            return AxiArg(name, arg.width, "", {}, loc)
        if isinstance(arg, ScalarArg):
            own = self._own.by_token.get(token)
            signed = own.signed if isinstance(own, ScalarArg) else arg.signed
            return ScalarArg(name, arg.width, arg.direction, signed, loc)
        raise TypeError(type(arg).__name__)

    def _channel(self, token: str, arg: StreamArg | BlockArg) -> Channel | BlockChannel:
        known = self._channels.get(token)
        if known is None:
            name = self._own.name(token)
            loc = self.function.loc
            if isinstance(arg, StreamArg):
                known = Channel(name, arg.width, self._depth(token), loc)
            else:
                known = BlockChannel(name, arg.width, arg.dims, 2, loc)
            self._channels[token] = known
        return known

    def _depth(self, token: str) -> int:
        for fact in self._facts:
            if isinstance(fact.pragma, Stream) and fact.names(token) and fact.pragma.depth is not None:
                fact.used = True
                return fact.pragma.depth
        variable = self._source.declared.get(token, "")
        name = self._module.debug.type_name(self._module.debug.field(variable, "type")) if variable else ""
        tokens = [token.text for token in lex(name)]
        depth = tokens[-2] if tokens[:2] == ["stream", "<"] and tokens[-3:-2] == [","] else ""
        return int(depth) if depth.isdigit() and int(depth) > 0 else DEFAULT_DEPTH

    def _end(self, token: str, arg: StreamArg | BlockArg, call: Inst) -> None:
        key = (token, arg.direction)
        if key in self._ends:
            loc = self._module.loc(call)
            what = "reader" if arg.direction is Direction.READ else "writer"
            raise CompileError(
                loc.file,
                loc.line,
                f"the channel '{self._own.name(token)}' has a second {what}; one process may hold each end.",
            )
        self._ends[key] = arg.name

    def _check_ends(self) -> None:
        for token, channel in self._channels.items():
            for direction, what in ((Direction.READ, "read"), (Direction.WRITE, "written")):
                if (token, direction) not in self._ends:
                    loc = channel.loc
                    raise CompileError(loc.file, loc.line, f"the channel '{channel.name}' is never {what}.")
