# SPDX-License-Identifier: Apache-2.0
"""The IR as text, for people and tests."""

from __future__ import annotations

from edgemoe.compiler.ir import (
    AxiArg,
    BlockArg,
    BlockChannel,
    Branch,
    Channel,
    Const,
    Edge,
    Function,
    Jump,
    Op,
    Phi,
    Pipeline,
    Program,
    Region,
    ScalarArg,
    StreamArg,
    Terminator,
    Value,
)


def program_text(program: Program) -> str:
    """Every function, callees first."""
    return "\n".join(function_text(function) for function in program.functions.values())


def function_text(function: Function) -> str:
    """One function."""
    lines = [
        f"{function.kind.value} {function.name}"
        + (f" -> {function.result_width}" if function.result_width else "")
    ]
    for arg in function.args:
        lines.append("  " + argument_text(arg))
    for memory in function.memories.values():
        dims = "".join(f"[{n}]" for n in memory.extents)
        parts = "".join(
            f" {d.split.value}({d.factor})" if d.split.value else " -" for d in memory.layout.dims
        )
        lines.append(
            f"  memory {memory.name} {memory.describe()} {memory.width} bits, {memory.banks} x {memory.depth}, "
            f"{dims}:{parts}"
        )
    for channel in function.channels.values():
        if isinstance(channel, Channel):
            lines.append(f"  channel {channel.name} {channel.width} bits, depth {channel.depth}")
        else:
            lines.append(
                f"  blocks {channel.name} {channel.width} bits, {channel.dims[0]} x {channel.dims[1]}"
            )
    for instance in function.instances:
        ties = ", ".join(f"{name} = {_tie(c)}" for name, c in instance.connections.items())
        lines.append(f"  {instance.name}: {instance.function}({ties})")
    for region in function.regions:
        lines += region_lines(region)
    return "\n".join(lines) + "\n"


def _tie(connection: object) -> str:
    if isinstance(connection, Const):
        return value_text(connection)
    return (
        connection.name
        if isinstance(connection, (StreamArg, ScalarArg, BlockArg, AxiArg, Channel, BlockChannel))
        else "?"
    )


def argument_text(arg: object) -> str:
    """``stream in x 16``"""
    if isinstance(arg, StreamArg):
        return f"stream {arg.direction.value} {arg.name} {arg.width}"
    if isinstance(arg, ScalarArg):
        return f"scalar {arg.direction.value} {arg.name} {'s' if arg.signed else 'u'}{arg.width}"
    if isinstance(arg, BlockArg):
        return f"blocks {arg.direction.value} {arg.name} {arg.width} {arg.dims[0]}x{arg.dims[1]}"
    if isinstance(arg, AxiArg):
        channels = " ".join(f"{name}:{width}" for name, width in sorted(arg.channels.items()))
        return f"axi {arg.name} {arg.width} bundle {arg.bundle} ({channels})"
    return f"leaf {arg.name} {arg.width}" if hasattr(arg, "name") and hasattr(arg, "width") else "?"


def region_lines(region: Region) -> list[str]:
    """One region, its operations and order."""
    phis = ", ".join(f"{value_text(phi)}:{phi.width}" for phi in region.phis)
    head = f"  {region.name}({phis})"
    if isinstance(region, Pipeline):
        head += f" pipeline ii={region.ii}"
    lines = [f"{head}:"]
    for op in region.ops:
        lines.append("    " + op_text(op))
    for d in region.depends:
        lines.append(
            f"    order {value_text(d.source)} -> {value_text(d.target)} {d.hazard.value} distance {d.distance}"
        )
    lines.append("    " + terminator_text(region.terminator))
    return lines


def op_text(op: Op) -> str:
    """``v3.x:8 = add v1, 1  if v2  ; line 7``"""
    words = [op.opcode.value]
    if op.compare is not None:
        words[0] += f".{op.compare.value}"
    if any(op.signs):
        words[0] += "." + "".join("s" if s else "u" for s in op.signs)
    for text in (op.memory, op.channel, op.callee):
        if text:
            words.append(text)
    if op.banks:
        words.append("bank " + (str(op.banks[0]) if len(op.banks) == 1 else f"{op.banks[0]}..{op.banks[-1]}"))
    operands = ", ".join(value_text(v) for v in op.operands)
    tail = f" @{op.lo}" if op.opcode.value == "extract" else ""
    result = f"{value_text(op)}:{op.width} = " if op.width else ""
    guard = f" if {value_text(op.predicate)}" if op.predicate is not None else ""
    number = "" if op.width else f"{value_text(op)} "
    mark = " invariant" if op.invariant else ""
    return (
        f"{number}{result}{' '.join(words)} {operands}{tail}{guard}{mark}".rstrip()
        + f"  ; line {op.loc.line}"
    )


def value_text(value: Value) -> str:
    """``v3``, ``p2``, ``7:4`` (value and width) or an argument's name."""
    if isinstance(value, Const):
        return f"{value.value}:{value.width}"
    if isinstance(value, Op):
        return f"v{value.id}"
    if isinstance(value, Phi):
        return f"p{value.id}"
    return value.name


def _edge_text(edge: Edge) -> str:
    return f"{edge.target}({', '.join(value_text(v) for v in edge.values)})"


def terminator_text(terminator: Terminator) -> str:
    """``branch v1 ? a(v2) : b()``"""
    if isinstance(terminator, Jump):
        return f"jump {_edge_text(terminator.edge)}"
    if isinstance(terminator, Branch):
        return (
            f"branch {value_text(terminator.condition)} ? {_edge_text(terminator.taken)} : "
            f"{_edge_text(terminator.otherwise)}"
        )
    return "return" + (f" {value_text(terminator.value)}" if terminator.value is not None else "")
