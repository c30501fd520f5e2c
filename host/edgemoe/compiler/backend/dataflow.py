# SPDX-License-Identifier: Apache-2.0
"""A dataflow function: processes that start together, joined by channels.

A channel needs no logic here: the output buffer of the writing process is its FIFO, sized by a parameter, and its
valid/ready pair goes straight to the reader. The module has the same kinds of ports as a process.
"""

from __future__ import annotations

from edgemoe.compiler.backend.process import Emitted
from edgemoe.compiler.backend.text import Names, commented_list, indent, literal, remark, safe, span
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import (
    AxiArg,
    BlockArg,
    BlockChannel,
    Channel,
    Connection,
    Const,
    Direction,
    Function,
    Instance,
    ScalarArg,
    StreamArg,
)

AXI_INPUT_CHANNELS = ("r", "b")
_CHANNEL_SUFFIXES = (
    *(
        "_data",
        "_valid",
        "_ready",
        "_block",
        "_write_ok",
        "_write_acquire",
        "_write_release",
        "_write_enable",
    ),
    *("_write_data", "_read_ok", "_read_acquire", "_read_release", "_read_data"),
)
_TRUE = "1'b1"


def function_ports(function: Function) -> list[str]:
    """The ports of a process or dataflow module behind clk, rst, start and done."""
    ports: list[str] = []
    for arg in function.args:
        name = safe(arg.name)
        if isinstance(arg, ScalarArg):
            if arg.direction is Direction.READ:
                ports.append(f"input  logic {span(arg.width)}{name}")
            else:
                ports += [f"output logic {span(arg.width)}{name}", f"output logic {name}_vld"]
        elif isinstance(arg, StreamArg):
            ports += _stream_ports(name, arg.width, arg.direction is Direction.READ)
        elif isinstance(arg, AxiArg):
            for channel, width in arg.channels.items():
                ports += _stream_ports(f"{name}_{channel}", width, channel in AXI_INPUT_CHANNELS)
        elif isinstance(arg, BlockArg):
            message = f"block {arg.name} has no other end: blocks join the processes of a DATAFLOW function"
            raise CompileError(arg.loc.file, arg.loc.line, message)
    return ports


def _stream_ports(name: str, width: int, is_input: bool) -> list[str]:
    if is_input:
        return [
            f"input  logic {span(width)}{name}_dout",
            f"input  logic {name}_empty_n",
            f"output logic {name}_read",
        ]
    return [
        f"output logic {span(width)}{name}_din",
        f"input  logic {name}_full_n",
        f"output logic {name}_write",
    ]


def emit_dataflow(function: Function, functions: dict[str, Function]) -> Emitted:
    """Writes the module that holds the processes of ``function``."""
    return _Dataflow(function, functions).emit()


class _Dataflow:
    def __init__(self, function: Function, functions: dict[str, Function]) -> None:
        self.function, self.functions = function, functions
        self.names = Names()
        self.ports = function_ports(function)
        for port in self.ports:
            self.names.take(port.split()[-1])
        self.active = self.names.fresh("active")
        self.channel_names = {name: self.names.fresh(name, _CHANNEL_SUFFIXES) for name in function.channels}
        self.instance_names = {
            instance.name: self.names.fresh(instance.name, ("_done", "_finished"))
            for instance in function.instances
        }

    def emit(self) -> Emitted:
        function, active = self.function, self.active
        ports = [
            "input  logic clk",
            "input  logic rst",
            "input  logic start",
            "output logic done",
            *self.ports,
        ]
        instances = [line for instance in function.instances for line in self._instance(instance)]
        finished = " & ".join(f"{name}_finished" for name in self.instance_names.values())
        lines = [
            *self._channels(),
            *self._unwritten(),
            "",
            "// every process starts with the function; the function is done when all are",
            f"logic {active};",
            f"assign done = {active} & {finished or _TRUE};",
            f"always_ff @(posedge clk) {active} <= ~rst & (start | ({active} & ~done));",
            *instances,
        ]
        title = f"// dataflow {function.name}{remark(function.loc).replace('  // ', ', ')}"
        head = [title, f"module {safe(function.name)} (", *indent(commented_list(ports), 2), ");"]
        return Emitted(
            function.name,
            "\n".join([*head, *indent(lines), "endmodule", ""]),
            register_bits=self._register_bits(),
        )

    def _register_bits(self) -> int:
        """Each block is there twice, shadow and active, with two bits of state; and whether the function runs."""
        blocks = (c for c in self.function.channels.values() if isinstance(c, BlockChannel))
        return sum(2 * c.dims[0] * c.dims[1] * c.width + 2 for c in blocks) + 1 + len(self.function.instances)

    def _channels(self) -> list[str]:
        lines = []
        for channel in self.function.channels.values():
            if isinstance(channel, BlockChannel):
                lines += self._block(channel)
                continue
            name, note = self.channel_names[channel.name], remark(channel.loc, f"{channel.depth} deep")
            lines.append(f"logic {span(channel.width)}{name}_data;{note}")
            lines.append(f"logic {name}_valid, {name}_ready;")
        return lines

    def _block(self, channel: BlockChannel) -> list[str]:
        name, words = self.channel_names[channel.name], channel.dims[0] * channel.dims[1]
        bits = words * channel.width
        pins = ["write_ok", "write_acquire", "write_release", "write_enable", "write_data"]
        pins += ["read_ok", "read_acquire", "read_data"]
        return [
            f"logic {name}_write_ok, {name}_write_acquire, {name}_write_release;{remark(channel.loc)}",
            f"logic {name}_read_ok, {name}_read_acquire, {name}_read_release;",
            f"logic {span(words)}{name}_write_enable;",
            f"logic {span(bits)}{name}_write_data, {name}_read_data;",
            f"hls_block #(.W({channel.width}), .N({words})) {name}_block (",
            *indent(
                commented_list([".clk(clk)", ".rst(rst)", *(f".{pin}({name}_{pin})" for pin in pins)]), 2
            ),
            ");",
        ]

    def _unwritten(self) -> list[str]:
        """Output scalars that no process writes read as zero."""
        used = {id(c) for instance in self.function.instances for c in instance.connections.values()}
        lines = []
        for arg in self.function.args:
            if isinstance(arg, ScalarArg) and arg.direction is Direction.WRITE and id(arg) not in used:
                lines += [f"assign {safe(arg.name)} = '0;", f"assign {safe(arg.name)}_vld = 1'b0;"]
        return lines

    def _instance(self, instance: Instance) -> list[str]:
        callee, name = self.functions[instance.function], self.instance_names[instance.name]
        parameters: list[str] = []
        ports = [".clk(clk)", ".rst(rst)", ".start(start)", f".done({name}_done)"]
        for arg in callee.args:
            ports += self._connect(safe(arg.name), arg, instance.connections[arg.name], parameters)
        generics = f" #({', '.join(parameters)})" if parameters else ""
        return [
            "",
            f"logic {name}_done, {name}_finished;{remark(instance.loc)}",
            f"{safe(callee.name)}{generics} {name} (",
            *indent(commented_list(ports), 2),
            ");",
            f"always_ff @(posedge clk) {name}_finished <= ~rst & ~start & ({name}_finished | {name}_done);",
        ]

    def _connect(self, port: str, arg: object, to: Connection, parameters: list[str]) -> list[str]:
        if isinstance(arg, ScalarArg):
            if isinstance(to, Const):
                return [f".{port}({literal(to.value, to.width)})"]
            assert isinstance(to, ScalarArg)
            if arg.direction is Direction.WRITE:
                return [f".{port}({safe(to.name)})", f".{port}_vld({safe(to.name)}_vld)"]
            return [f".{port}({safe(to.name)})"]
        if isinstance(arg, AxiArg):
            assert isinstance(to, AxiArg)
            ports = []
            for channel in arg.channels:
                is_input = channel in AXI_INPUT_CHANNELS
                ports += _wires(f"{port}_{channel}", is_input, f"{safe(to.name)}_{channel}")
            return ports
        if isinstance(arg, BlockArg):
            assert isinstance(to, BlockChannel)
            name = self.channel_names[to.name]
            side = "read" if arg.direction is Direction.READ else "write"
            kinds = ("ok", "acquire", "release") + (("enable", "data") if side == "write" else ())
            ports = [f".{port}_{kind}({name}_{side}_{kind})" for kind in kinds]
            return [*ports, f".{port}_q({name}_read_data)"] if side == "read" else ports
        assert isinstance(arg, StreamArg)
        is_input = arg.direction is Direction.READ
        if isinstance(to, Channel):
            if not is_input:
                parameters.append(f".{port}_DEPTH({to.depth})")
            name = self.channel_names[to.name]
            wires = (f"{name}_data", f"{name}_valid", f"{name}_ready")
            kinds = ("dout", "empty_n", "read") if is_input else ("din", "write", "full_n")
            return [f".{port}_{kind}({wire})" for kind, wire in zip(kinds, wires, strict=True)]
        assert isinstance(to, StreamArg)
        return _wires(port, is_input, safe(to.name))


def _wires(port: str, is_input: bool, to: str) -> list[str]:
    kinds = ("dout", "empty_n", "read") if is_input else ("din", "full_n", "write")
    return [f".{port}_{kind}({to}_{kind})" for kind in kinds]
