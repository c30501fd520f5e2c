# SPDX-License-Identifier: Apache-2.0
"""FIFO ports of a process.

Inputs are read where they stand (first word falls through). Every output ends in a library buffer with credits:
``DEPTH`` slots are the user's FIFO, the others catch what a running pipeline may still write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgemoe.compiler.backend.text import any_of, remark, safe, span
from edgemoe.compiler.ir import Loc


@dataclass
class Output:
    """One written stream: who writes when, and how credits move."""

    width: int
    writes: list[tuple[str, str, Loc]] = field(default_factory=list)  #: enable, data
    takes: list[tuple[str, int]] = field(default_factory=list)  #: when, how many credits
    unused: list[str] = field(default_factory=list)  #: one credit back each
    extra_slots: int = 0


def port_name(channel: str) -> str:
    """``x.ar`` as it appears in port names."""
    name, _, kind = channel.partition(".")
    return f"{safe(name)}_{kind}" if kind else safe(name)


@dataclass
class Streams:
    """Collects the stream accesses of all regions of a process."""

    inputs: dict[str, int] = field(default_factory=dict)  #: channel: width
    outputs: dict[str, Output] = field(default_factory=dict)
    reads: dict[str, list[str]] = field(default_factory=dict)  #: channel: enables

    def add_input(self, channel: str, width: int) -> None:
        self.inputs[channel] = width
        self.reads[channel] = []

    def add_output(self, channel: str, width: int) -> None:
        self.outputs[channel] = Output(width)

    @staticmethod
    def available(channel: str) -> str:
        return f"{port_name(channel)}_empty_n"

    @staticmethod
    def head(channel: str) -> str:
        return f"{port_name(channel)}_dout"

    @staticmethod
    def room(channel: str, count: int) -> str:
        """A condition: ``count`` credits are left."""
        name = port_name(channel)
        return f"{name}_credits != '0" if count == 1 else f"{name}_credits >= {name}_C'({count})"

    @staticmethod
    def full(channel: str, earlier: Sequence[str] = ()) -> str:
        """A condition: the FIFO has as many elements as the user's depth. A write after a 0 never waits.

        ``earlier``: bits, one a write that is not in the FIFO yet but comes before the test.
        """
        name = port_name(channel)
        if not earlier:
            return f"{name}_credits <= {name}_C'({name}_SLOTS - {name}_DEPTH)"
        more = " + ".join(f"32'({bit})" for bit in earlier)
        return f"32'({name}_credits) <= 32'({name}_SLOTS - {name}_DEPTH) + {more}"

    def parameters(self) -> list[str]:
        return [f"parameter int {port_name(channel)}_DEPTH = 2" for channel in self.outputs]

    def ports(self) -> list[str]:
        """Port declarations, inputs first."""
        lines = []
        for channel, width in self.inputs.items():
            name = port_name(channel)
            lines += [
                f"input  logic {span(width)}{name}_dout",
                f"input  logic {name}_empty_n",
                f"output logic {name}_read",
            ]
        for channel, output in self.outputs.items():
            name = port_name(channel)
            lines += [
                f"output logic {span(output.width)}{name}_din",
                f"input  logic {name}_full_n",
                f"output logic {name}_write",
            ]
        return lines

    def declarations(self) -> list[str]:
        lines: list[str] = []
        for channel, output in self.outputs.items():
            name = port_name(channel)
            lines += [
                "",
                f"// output {channel}: the FIFO and {output.extra_slots} slots for what the pipelines have under way",
                f"localparam int {name}_SLOTS = {name}_DEPTH + {output.extra_slots};",
                f"localparam int {name}_C = $clog2({name}_SLOTS + 1);",
                f"logic [{name}_C-1:0] {name}_credits, {name}_take, {name}_unused;",
                f"logic {name}_put;",
                f"logic {span(output.width)}{name}_data;",
            ]
        return lines

    def logic(self) -> list[str]:
        lines: list[str] = []
        for channel, enables in self.reads.items():
            lines.append(f"assign {port_name(channel)}_read = {any_of(enables)};")
        for channel, output in self.outputs.items():
            lines += self._output(port_name(channel), output)
        return lines

    @staticmethod
    def _output(name: str, output: Output) -> list[str]:
        takes = [f"({when} ? {name}_C'({count}) : '0)" for when, count in output.takes]
        unused = [f"({when} ? {name}_C'(1) : '0)" for when in output.unused]
        lines = ["", f"assign {name}_put = {any_of(when for when, _, _ in output.writes)};"]
        lines.append(f"assign {name}_take = {' + '.join(takes) or chr(39) + '0'};")
        lines.append(f"assign {name}_unused = {' + '.join(unused) or chr(39) + '0'};")
        datas = [data for _, data, _ in output.writes]
        if not datas:
            lines.append(f"assign {name}_data = '0;")
        elif len(set(datas)) == 1:
            lines.append(f"assign {name}_data = {datas[0]};")
        else:
            lines += ["always_comb begin", f"  {name}_data = {datas[-1]};{remark(output.writes[-1][2])}"]
            for when, data, loc in output.writes[:-1]:
                lines.append(f"  if ({when}) {name}_data = {data};{remark(loc)}")
            lines.append("end")
        return [
            *lines,
            f"hls_output #(.W({output.width}), .D({name}_SLOTS)) {name}_buffer (",
            f"    .clk(clk), .rst(rst), .take({name}_take), .unused({name}_unused), .credits({name}_credits),",
            f"    .write({name}_put), .data({name}_data), .dout({name}_din), .valid({name}_write),",
            f"    .ready({name}_full_n)",
            ");",
        ]
