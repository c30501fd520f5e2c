# SPDX-License-Identifier: Apache-2.0
"""The arguments of a process, told apart by their use: streams, AXI masters, blocks, scalars in and out."""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.intrinsics import AXI_CHANNELS, Intrinsic, intrinsic
from edgemoe.compiler.frontend.names import identifier, parameter
from edgemoe.compiler.frontend.parse import Function as LlvmFunction
from edgemoe.compiler.frontend.parse import Inst, Module, bits
from edgemoe.compiler.ir import Argument, AxiArg, BlockArg, Direction, ScalarArg, StreamArg


def parameter_name(function: LlvmFunction, token: str) -> str:
    """The C++ name of a parameter of `function`."""
    known = function.variables.get(token)
    return identifier(known or parameter(token))


def refuse_other_streams(module: Module, source: LlvmFunction, streams: set[str]) -> None:
    """Raises: CompileError for one of the ``streams`` of the top that is no reference."""
    _, loc = module.debug.subprogram(source.debug)
    for param in source.params:
        name = parameter_name(source, param.name)
        number = module.debug.field(source.declared.get(param.name, ""), "type")
        tag = module.debug.node(module.debug.strip(number, only=_QUALIFIERS)).fields.get("tag", "")
        if name in streams and tag and tag != "DW_TAG_reference_type":
            how = "pointer" if tag == "DW_TAG_pointer_type" else "value"
            raise CompileError(
                loc.file,
                loc.line,
                f"the stream '{name}' is passed by {how}; make it a reference, hls::stream<T>& {name}.",
            )


_QUALIFIERS = frozenset({"DW_TAG_const_type", "DW_TAG_volatile_type", "DW_TAG_typedef"})


class Arguments:
    """Arguments by LLVM parameter. Output scalars join when the first store to them is seen."""

    def __init__(self, module: Module, source: LlvmFunction, definitions: dict[str, Inst]) -> None:
        self._module = module
        self._source = source
        self._definitions = definitions
        self._position = {param.name: k for k, param in enumerate(source.params)}
        _, self._loc = module.debug.subprogram(source.debug)
        self.by_token: dict[str, Argument] = {}
        self.scalars: dict[str, ScalarArg] = {}
        self.returned: ScalarArg | None = None  #: the top's result
        for block in source.blocks.values():
            for inst in block:
                if inst.opcode == "call" and (meaning := intrinsic(inst.callee.removesuffix(".v"))):
                    self._use(inst, meaning)
        for type_, token in ((p.type, p.name) for p in source.params):
            if token not in self.by_token and bits(type_):
                width, signed = self._declared(token, bits(type_))
                scalar = ScalarArg(self.name(token), width, Direction.READ, signed, self._loc)
                self.by_token[token] = self.scalars[token] = scalar

    def name(self, token: str) -> str:
        """The C++ name of a parameter."""
        return parameter_name(self._source, token)

    def _declared(self, token: str, width: int) -> tuple[int, bool]:
        """(bits, signed) of a scalar parameter in C++; ``width`` is how LLVM passes it."""
        variable = self._source.declared.get(token, "")
        known = (
            self._module.debug.integer_type(self._module.debug.field(variable, "type")) if variable else None
        )
        return (min(known[0], width), known[1]) if known is not None else (width, False)

    def args(self) -> list[Argument]:
        """In parameter order, the result before them."""
        result = [self.returned] if self.returned is not None else []
        return [*result, *(self.by_token[p.name] for p in self._source.params if p.name in self.by_token)]

    def output(self, token: str, width: int) -> ScalarArg | None:
        """The output scalar behind a pointer parameter that is stored to."""
        if token not in self._position:
            return None
        known = self.by_token.get(token)
        if known is None:
            declared, signed = self._declared(token, width)
            known = self.by_token[token] = ScalarArg(
                self.name(token), declared, Direction.WRITE, signed, self._loc
            )
        return known if isinstance(known, ScalarArg) and known.direction is Direction.WRITE else None

    def at(self, position: int) -> Argument | None:
        """The argument of a parameter number, None if it is unused."""
        return self.by_token.get(self._source.params[position].name)

    # ---- by use --------------------------------------------------------------------------------------------

    def _param(self, inst: Inst) -> str:
        token = inst.operands[0]
        if token in self._position:
            return token
        loc = self._module.loc(inst)
        definition = self._definitions.get(token)
        if definition is not None and definition.opcode == "alloca":
            message = (
                "a stream inside a process has no other end; streams join processes of a DATAFLOW function."
            )
        else:
            message = (
                "the stream used here is chosen at run time or is an element of an array or a struct, and a stream is "
                "a port; name it: 'x = c ? a.read() : b.read();', and one argument or variable for each."
            )
        raise CompileError(loc.file, loc.line, message)

    def _use(self, inst: Inst, meaning: Intrinsic) -> None:
        kind = meaning.kind
        if kind in ("fifo_read", "fifo_write", "fifo_empty", "fifo_full"):
            direction = Direction.READ if kind in ("fifo_read", "fifo_empty") else Direction.WRITE
            token = self._param(inst)
            known = self.by_token.get(token)
            if known is None:
                loc = self._module.loc(inst)
                self.by_token[token] = StreamArg(self.name(token), meaning.width, direction, loc)
            elif isinstance(known, StreamArg) and known.direction is not direction:
                at = self._module.loc(inst)
                raise CompileError(
                    at.file, at.line, f"the stream '{known.name}' is both read and written by one process."
                )
        elif kind in ("chan_read", "chan_write"):
            token = self._param(inst)
            axi = self.by_token.setdefault(token, AxiArg(self.name(token), 0, "", {}, self._module.loc(inst)))
            channel = AXI_CHANNELS[meaning.numbers[0]]
            if isinstance(axi, AxiArg):
                axi.channels[channel] = meaning.width
                if channel in ("r", "w"):
                    axi.width = meaning.width
        elif kind in ("blk_acq", "blk_rel"):
            writes, width, rows, columns = meaning.numbers
            token = self._param(inst)
            if token not in self.by_token:
                direction = Direction.WRITE if writes else Direction.READ
                loc = self._module.loc(inst)
                self.by_token[token] = BlockArg(self.name(token), width, (rows, columns), direction, loc)

    def stream(self, inst: Inst) -> str:
        """Name of the stream argument of a stream intrinsic."""
        return self.by_token[inst.operands[0]].name

    axi = stream
    block = stream

    def block_at(self, token: str) -> BlockArg | None:
        """The block argument behind a pointer parameter."""
        known = self.by_token.get(token)
        return known if isinstance(known, BlockArg) else None
