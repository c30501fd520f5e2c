# SPDX-License-Identifier: Apache-2.0
"""A dataflow function: processes that start together, joined by channels.

A channel needs no logic here: the output buffer of the writing process is its FIFO, sized by a parameter, and its
valid/ready pair goes straight to the reader. The module has the same kinds of ports as a process.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.backend.process import Emitted
from edgemoe.compiler.backend.text import commented_list, indent, literal, remark, span
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


def function_ports(function: Function) -> list[str]:
    """The ports of a process or dataflow module behind clk, rst, start and done."""
    ports: list[str] = []
    for arg in function.args:
        if isinstance(arg, ScalarArg):
            if arg.direction is Direction.READ:
                ports.append(f"input  logic {span(arg.width)}{arg.name}")
            else:
                ports += [f"output logic {span(arg.width)}{arg.name}", f"output logic {arg.name}_vld"]
        elif isinstance(arg, StreamArg):
            ports += _stream_ports(arg.name, arg.width, arg.direction is Direction.READ)
        elif isinstance(arg, AxiArg):
            for channel, width in arg.channels.items():
                ports += _stream_ports(f"{arg.name}_{channel}", width, channel in AXI_INPUT_CHANNELS)
        elif isinstance(arg, BlockArg):
            raise CompileError(arg.loc.file, arg.loc.line, "ping-pong blocks are not built yet")
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


@dataclass
class _Dataflow:
    function: Function
    functions: dict[str, Function]
    parameters: dict[str, list[str]] = field(default_factory=dict)

    def emit(self) -> Emitted:
        function = self.function
        ports = ["input  logic clk", "input  logic rst", "input  logic start", "output logic done"]
        ports += function_ports(function)
        instances = [line for instance in function.instances for line in self._instance(instance)]
        finished = " & ".join(f"{instance.name}_finished" for instance in function.instances)
        lines = [
            *self._channels(),
            *self._unwritten(),
            "",
            "// every process starts with the function; the function is done when all are",
            "logic active;",
            f"assign done = active & {finished or chr(49) + chr(39) + 'b1'};",
            "always_ff @(posedge clk) active <= ~rst & (start | (active & ~done));",
            *instances,
        ]
        title = f"// dataflow {function.name}{remark(function.loc).replace('  // ', ', ')}"
        head = [title, f"module {function.name} (", *indent(commented_list(ports), 2), ");"]
        return Emitted(function.name, "\n".join([*head, *indent(lines), "endmodule", ""]))

    def _channels(self) -> list[str]:
        lines = []
        for channel in self.function.channels.values():
            if isinstance(channel, BlockChannel):
                raise CompileError(channel.loc.file, channel.loc.line, "ping-pong blocks are not built yet")
            lines.append(
                f"logic {span(channel.width)}{channel.name}_data;{remark(channel.loc, f'{channel.depth} deep')}"
            )
            lines.append(f"logic {channel.name}_valid, {channel.name}_ready;")
        return lines

    def _unwritten(self) -> list[str]:
        """Output scalars that no process writes read as zero."""
        used = {id(c) for instance in self.function.instances for c in instance.connections.values()}
        lines = []
        for arg in self.function.args:
            if isinstance(arg, ScalarArg) and arg.direction is Direction.WRITE and id(arg) not in used:
                lines += [f"assign {arg.name} = '0;", f"assign {arg.name}_vld = 1'b0;"]
        return lines

    def _instance(self, instance: Instance) -> list[str]:
        callee, name = self.functions[instance.function], instance.name
        parameters: list[str] = []
        ports = [".clk(clk)", ".rst(rst)", ".start(start)", f".done({name}_done)"]
        for arg in callee.args:
            ports += self._connect(arg.name, arg, instance.connections[arg.name], parameters)
        generics = f" #({', '.join(parameters)})" if parameters else ""
        return [
            "",
            f"logic {name}_done, {name}_finished;{remark(instance.loc)}",
            f"{callee.name}{generics} {name} (",
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
                return [f".{port}({to.name})", f".{port}_vld({to.name}_vld)"]
            return [f".{port}({to.name})"]
        if isinstance(arg, AxiArg):
            assert isinstance(to, AxiArg)
            ports = []
            for channel in arg.channels:
                is_input = channel in AXI_INPUT_CHANNELS
                ports += _wires(f"{port}_{channel}", is_input, f"{to.name}_{channel}")
            return ports
        assert isinstance(arg, StreamArg)
        is_input = arg.direction is Direction.READ
        if isinstance(to, Channel):
            if not is_input:
                parameters.append(f".{port}_DEPTH({to.depth})")
            wires = (f"{to.name}_data", f"{to.name}_valid", f"{to.name}_ready")
            kinds = ("dout", "empty_n", "read") if is_input else ("din", "write", "full_n")
            return [f".{port}_{kind}({wire})" for kind, wire in zip(kinds, wires, strict=True)]
        assert isinstance(to, StreamArg)
        return _wires(port, is_input, to.name)


def _wires(port: str, is_input: bool, to: str) -> list[str]:
    kinds = ("dout", "empty_n", "read") if is_input else ("din", "full_n", "write")
    return [f".{port}_{kind}({to}_{kind})" for kind in kinds]
