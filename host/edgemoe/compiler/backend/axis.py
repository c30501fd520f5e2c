# SPDX-License-Identifier: Apache-2.0
"""The module ``<top>_axis``: the top module with AXI4-Stream in place of its FIFO ports, for a block design.

A stream ``x`` that the kernel reads is ``s_axis_x_tdata``, ``_tkeep``, ``_tlast``, ``_tvalid``, ``_tready``; one that
it writes is ``m_axis_x_*``. An element lies in the low bits of TDATA, whose width is that of the element filled up to
a power of two of bytes; the bits above it are zero (for a signed element too) and are not looked at.
`lib/axis/hls_axis.sv` says what packets are. All other ports have the names that they have in
the top module; ``interrupt`` and the AXI4 ports are the same wires.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgemoe.compiler.backend.text import commented_list, indent, safe, span
from edgemoe.compiler.backend.wrapper import Wrapper
from edgemoe.compiler.ir import Direction, Function, StreamArg

SUFFIX = "_axis"


@dataclass(frozen=True)
class Stream:
    """A stream of the top function; ``port`` is its interface of the module ``<top>_axis``."""

    name: str
    direction: str  #: "in": the kernel reads it; "out": it writes it
    bits: int  #: of an element
    tdata_bits: int
    port: str


def streams(function: Function) -> list[Stream]:
    """The streams among the arguments, in their order."""
    found = []
    for arg in function.args:
        if isinstance(arg, StreamArg):
            is_input = arg.direction is Direction.READ
            container = 8 << max(0, (-(-arg.width // 8) - 1).bit_length())
            port = f"{'s' if is_input else 'm'}_axis_{arg.name}"
            found.append(Stream(arg.name, "in" if is_input else "out", arg.width, container, port))
    return found


def emit_axis(function: Function) -> str:
    """The text of ``<top>_axis``; the function has streams, and its control is AXI4-Lite."""
    found = streams(function)
    ports = Wrapper(function, axilite=True).ports()
    names = [port.split()[-1] for port in ports]
    for stream in found:
        ports += _ports(stream)
    lines = ["logic hls_done;"]
    lines += [line for stream in found for line in _signals(stream)]
    connections = [f".{name}({name})" for name in names]
    if any(stream.direction == "out" for stream in found):
        connections.append(".ap_done(hls_done)")
    for stream in found:
        ends = ("dout", "empty_n", "read") if stream.direction == "in" else ("din", "full_n", "write")
        connections += [f".{safe(stream.name)}_{end}({stream.port}_{end})" for end in ends]
    lines += [f"{safe(function.name)} hls_kernel (", *indent(commented_list(connections), 2), ");"]
    lines += [line for stream in found for line in _adapter(stream)]
    head = [f"module {function.name}{SUFFIX} (", *indent(commented_list(ports), 2), ");"]
    return "\n".join([*head, *indent(lines), "endmodule", ""])


def _ports(stream: Stream) -> list[str]:
    ahead, back = ("input ", "output") if stream.direction == "in" else ("output", "input ")
    return [
        f"{ahead} logic {span(stream.tdata_bits)}{stream.port}_tdata",
        # A vector even where it is one bit wide, as the interface wants it.
        f"{ahead} logic [{stream.tdata_bits // 8 - 1}:0] {stream.port}_tkeep",
        f"{ahead} logic {stream.port}_tlast",
        f"{ahead} logic {stream.port}_tvalid",
        f"{back} logic {stream.port}_tready",
    ]


def _signals(stream: Stream) -> list[str]:
    data, state, act = ("dout", "empty_n", "read") if stream.direction == "in" else ("din", "full_n", "write")
    return [
        f"logic {span(stream.bits)}{stream.port}_{data};",
        f"logic {stream.port}_{state}, {stream.port}_{act};",
    ]


def _adapter(stream: Stream) -> list[str]:
    ends = ["tdata", "tkeep", "tlast", "tvalid", "tready"]
    ends += ("dout", "empty_n", "read") if stream.direction == "in" else ("din", "full_n", "write")
    connections = [".clk(ap_clk)", ".rst(~ap_rst_n)"]
    connections += [".done(hls_done)"] if stream.direction == "out" else []
    connections += [f".{end}({stream.port}_{end})" for end in ends]
    return [
        f"hls_axis_{stream.direction} #(.W({stream.bits}), .T({stream.tdata_bits})) {stream.port}_adapter (",
        *indent(commented_list(connections), 2),
        ");",
    ]
