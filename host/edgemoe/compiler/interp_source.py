# SPDX-License-Identifier: Apache-2.0
"""Python source of an IR function, for the interpreter: one statement an operation, one ``if`` a region."""

from __future__ import annotations

from edgemoe.compiler.ir import (
    BlockArg,
    Branch,
    Compare,
    Const,
    Edge,
    Function,
    Jump,
    Op,
    Opcode,
    Phi,
    Place,
    Region,
    ScalarArg,
    Value,
)

_INFIX = {Opcode.ADD: "+", Opcode.SUB: "-", Opcode.AND: "&", Opcode.OR: "|", Opcode.XOR: "^"}
_ORDER = {
    Compare.EQ: "==", Compare.NE: "!=", Compare.ULT: "<", Compare.ULE: "<=", Compare.UGT: ">", Compare.UGE: ">=",
    Compare.SLT: "<", Compare.SLE: "<=", Compare.SGT: ">", Compare.SGE: ">=",
}  # fmt: skip


def name_of(value: Value) -> str:
    """A Python expression for a value."""
    if isinstance(value, Const):
        return str(value.value)
    if isinstance(value, Op):
        return f"v{value.id}"
    if isinstance(value, Phi):
        return f"p{value.id}"
    return f"a_{value.name}"


def _mask(width: int) -> int:
    return (1 << width) - 1


def _signed(text: str, width: int) -> str:
    half = 1 << (width - 1)
    return f"(({text} ^ {half}) - {half})"


def expression(op: Op) -> str:
    """The value of a pure operation."""
    code, width = op.opcode, op.width
    names = [name_of(v) for v in op.operands]
    widths = [v.width for v in op.operands]
    if code in (Opcode.AND, Opcode.OR, Opcode.XOR):
        return f"{names[0]} {_INFIX[code]} {names[1]}"
    if code in (Opcode.ADD, Opcode.SUB):
        return f"({names[0]} {_INFIX[code]} {names[1]}) & {_mask(width)}"
    if code is Opcode.MUL:
        parts = [_signed(n, w) if s else n for n, w, s in zip(names, widths, op.signs, strict=True)]
        return f"({parts[0]} * {parts[1]}) & {_mask(width)}"
    if code is Opcode.MUL_ADD:
        a, b, c = (_signed(n, w) for n, w in zip(names, widths, strict=True))
        return f"({a} * {b} + {c}) & {_mask(width)}"
    if code is Opcode.SHL:
        return f"(({names[0]} << {names[1]}) & {_mask(width)} if {names[1]} < {width} else 0)"
    if code is Opcode.LSHR:
        return f"({names[0]} >> {names[1]})"
    if code is Opcode.ASHR:
        return f"({_signed(names[0], width)} >> {names[1]}) & {_mask(width)}"
    if code in (Opcode.UDIV, Opcode.UREM):
        sign = "//" if code is Opcode.UDIV else "%"
        return f"({names[0]} {sign} {names[1]} if {names[1]} else 0)"
    if code in (Opcode.SDIV, Opcode.SREM):
        helper = "sdiv" if code is Opcode.SDIV else "srem"
        return f"{helper}({_signed(names[0], width)}, {_signed(names[1], width)}) & {_mask(width)}"
    if code is Opcode.ICMP and op.compare is not None:
        parts = (
            [_signed(n, w) for n, w in zip(names, widths, strict=True)]
            if op.compare.value[0] == "s"
            else names
        )
        return f"int({parts[0]} {_ORDER[op.compare]} {parts[1]})"
    if code is Opcode.SELECT:
        return f"({names[1]} if {names[0]} else {names[2]})"
    if code is Opcode.ZEXT:
        return names[0]
    if code is Opcode.SEXT:
        return f"{_signed(names[0], widths[0])} & {_mask(width)}"
    if code in (Opcode.TRUNC, Opcode.EXTRACT):
        return f"({names[0]} >> {op.lo}) & {_mask(width)}"
    if code is Opcode.CONCAT:
        text, at = [], width
        for n, w in zip(names, widths, strict=True):
            at -= w
            text.append(f"({n} << {at})" if at else n)
        return " | ".join(text)
    if code is Opcode.CALL:
        return f"module_{op.callee}({', '.join(names)})"
    if code is Opcode.CYCLE:
        return "0"
    raise ValueError(f"no expression for {code.value}")


HELPERS = """
def sdiv(a, b):
    if not b:
        return 0
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q
def srem(a, b):
    return a - sdiv(a, b) * b if b else 0
def at(row, address):
    return row[address] if address < len(row) else 0
"""


def module_source(function: Function) -> str:
    """``def module_<name>(leaves...)``."""
    # A module's ROMs are its own: another module's table of the same name may hold other bits of it.
    tables = [f"m_{m.name}={m.init!r}" for m in function.memories.values()]
    parameters = ["a_" + arg.name for arg in function.args] + tables
    lines = [HELPERS, f"def module_{function.name}({', '.join(parameters)}):"]
    region = function.regions[0]
    for op in region.ops:
        lines += ["    " + line for line in _statement(op, function)]
    value = getattr(region.terminator, "value", None)
    lines.append(f"    return {name_of(value) if value is not None else 0}")
    return "\n".join(lines) + "\n"


def _memory_lines(function: Function, source: str) -> list[str]:
    """Bindings ``m_<name>`` from the dictionary ``source``."""
    return [
        f"m_{m.name} = {source}[{m.name!r}]" for m in function.memories.values() if m.place is not Place.BLOCK
    ]


def process_source(function: Function) -> str:
    """The source of ``process``, a generator function that yields when it must wait."""
    lines = [HELPERS, "def process(inputs, channels, memories, blocks, outputs, names):"]
    body = _memory_lines(function, "memories")
    for arg in function.args:
        if isinstance(arg, ScalarArg):
            body.append(f"a_{arg.name} = inputs.get({arg.name!r}, 0)")
        if isinstance(arg, BlockArg):
            body.append(f"m_{arg.name} = [[0] for _ in range({arg.dims[0] * arg.dims[1]})]")
    number = {region.name: k for k, region in enumerate(function.regions)}
    channels = sorted({op.channel for region in function.regions for op in region.ops if _is_stream(op)})
    body += [f"c{k} = channels[{name!r}]" for k, name in enumerate(channels)]
    queue = {name: f"c{k}" for k, name in enumerate(channels)}
    body += ["region = 0", "while True:"]
    for region in function.regions:
        body.append(f"    if region == {number[region.name]}:")
        inner: list[str] = []
        for op in region.ops:
            inner += _statement(op, function, queue)
        inner += _terminate(region, function, number)
        body += ["        " + line for line in inner]
    lines += ["    " + line for line in body]
    return "\n".join(lines) + "\n"


def _is_stream(op: Op) -> bool:
    return op.opcode in (Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL)


def _terminate(region: Region, function: Function, number: dict[str, int]) -> list[str]:
    terminator = region.terminator
    if isinstance(terminator, Jump):
        return _go(terminator.edge, function, number)
    if isinstance(terminator, Branch):
        return [
            f"if {name_of(terminator.condition)}:",
            *("    " + line for line in _go(terminator.taken, function, number)),
            "else:",
            *("    " + line for line in _go(terminator.otherwise, function, number)),
        ]
    return ["return", "yield"]


def _go(edge: Edge, function: Function, number: dict[str, int]) -> list[str]:
    phis = function.region(edge.target).phis
    lines = []
    if phis:
        left = ", ".join(name_of(phi) for phi in phis)
        right = ", ".join(name_of(value) for value in edge.values)
        lines.append(f"{left} = {right}")
    return [*lines, f"region = {number[edge.target]}", "continue"]


def _statement(op: Op, function: Function, queue: dict[str, str] | None = None) -> list[str]:
    """One operation as lines; guarded by its predicate."""
    lines = _unguarded(op, function, queue or {})
    if op.predicate is None:
        return lines
    result = [f"{name_of(op)} = 0"] if op.width else []
    return [*result, f"if {name_of(op.predicate)}:", *("    " + line for line in lines)]


def _unguarded(op: Op, function: Function, queue: dict[str, str]) -> list[str]:
    code = op.opcode
    me = name_of(op)
    if code is Opcode.FIFO_READ:
        source = queue[op.channel]
        return [f"while not {source}:", "    yield", f"{me} = {source}.popleft()"]
    if code is Opcode.FIFO_WRITE:
        return [f"{queue[op.channel]}.append({name_of(op.operands[0])})"]
    if code is Opcode.FIFO_EMPTY:
        return ["yield", f"{me} = int(not {queue[op.channel]})"]
    if code is Opcode.FIFO_FULL:
        return ["yield", f"{me} = 0"]  # FIFOs have no end here
    if code is Opcode.OUTPUT:
        return [f"outputs[names[{op.channel!r}]] = {name_of(op.operands[0])}"]
    if code in (Opcode.ACQUIRE, Opcode.RELEASE):
        return _block(op, function)
    if code in (Opcode.LOAD, Opcode.STORE):
        bank = _bank(op)
        address = name_of(op.operands[0])
        if code is Opcode.LOAD:
            return [f"{me} = at(at(m_{op.memory}, {bank}) or (0,), {address})"]
        depth = function.memories[op.memory].depth
        guard = "" if isinstance(op.operands[0], Const) else f"if {address} < {depth}: "
        return [f"{guard}m_{op.memory}[{bank}][{address}] = {name_of(op.operands[1])}"]
    return [f"{me} = {expression(op)}"]


def _bank(op: Op) -> str:
    if len(op.banks) == 1:
        return str(op.banks[0])
    return f"at({op.banks!r}, {name_of(op.operands[-1])})"


def _block(op: Op, function: Function) -> list[str]:
    arg = function.argument(op.channel)
    name = op.channel
    writes = isinstance(arg, BlockArg) and arg.direction.value == "write"
    if op.opcode is Opcode.ACQUIRE:
        if writes:
            return [f"m_{name} = [[0] for _ in m_{name}]"]
        return [
            f"while not blocks[{name!r}].full:",
            "    yield",
            f"m_{name} = [[word] for word in blocks[{name!r}].full.popleft()]",
        ]
    return [f"blocks[{name!r}].full.append([row[0] for row in m_{name}])"] if writes else ["pass"]
