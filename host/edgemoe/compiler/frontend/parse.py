# SPDX-License-Identifier: Apache-2.0
"""Parses the optimised LLVM IR text into small objects: one :class:`Inst` a line, operands as text tokens.

An operand token is ``%name`` (a result or a parameter), ``@name`` (a global), a decimal number, ``true``/``false``,
``undef``/``poison``/``null``/``zeroinitializer``, or a constant expression ``getelementptr (...)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.debug import DebugInfo
from edgemoe.compiler.frontend.layout import Layout
from edgemoe.compiler.ir import Loc

BINARY = frozenset(
    {"add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "udiv", "sdiv", "urem", "srem"}
)
_FLOATING = frozenset(
    {
        "fadd",
        "fsub",
        "fmul",
        "fdiv",
        "frem",
        "fneg",
        "fcmp",
        "fptosi",
        "fptoui",
        "sitofp",
        "uitofp",
        "fpext",
        "fptrunc",
    }
)
_CASTS = frozenset({"zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr"})
_FLAGS = re.compile(
    r"^(?:(?:nuw|nsw|exact|disjoint|nneg|samesign|inbounds|volatile|noundef|tail|musttail|notail|range\([^)]*\)) )+"
)
_INT = re.compile(r"i(\d+)$")
_LABEL = re.compile(r'([\w.$-]+|"[^"]*"):')
_RESULT = re.compile(r'(%[\w.$-]+|%"[^"]*") = (.*)$')
_GLOBAL = re.compile(
    r'^@([\w.$]+|"[^"]*") = (?:[\w()]+ )*?(constant|global) (.*?)'
    r"(?:, comdat(?:\([^)]*\))?)?(?:, align \d+)?((?:, !dbg !\d+)*)$",
    re.MULTILINE,
)
_ATTACHMENT = re.compile(r", !(?!dbg|llvm\.loop)[\w.]+ ![\d{].*$|, align \d+")


@dataclass(slots=True, eq=False)
class Inst:
    """One instruction. ``width`` is the bits of an integer result, 0 otherwise; ``type`` the result's or, for
    stores, the stored value's LLVM type; of a GEP the source element type, of an alloca the allocated type."""

    result: str
    opcode: str
    type: str = ""
    width: int = 0
    operands: list[str] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    compare: str = ""
    callee: str = ""
    targets: list[str] = field(default_factory=list)  #: br: blocks; phi: the block of each operand
    disjoint: bool = False  #: an `or` that is an addition
    debug: str = ""
    text: str = ""


@dataclass(slots=True, eq=False)
class Function:
    """A definition; ``blocks`` in the order of the text, the entry first."""

    name: str
    params: list[tuple[str, str]]  #: (LLVM type, %name)
    blocks: dict[str, list[Inst]]
    debug: str
    variables: dict[str, str] = field(default_factory=dict)  #: %value -> C++ name
    declared: dict[str, str] = field(default_factory=dict)  #: %value -> id of its DILocalVariable


@dataclass(slots=True, eq=False)
class Global:
    """A global variable: its type, its initial value as text and whether it is constant."""

    name: str
    type: str
    init: str
    constant: bool
    debug: str = ""


class Module:
    """Everything in one LLVM IR text."""

    def __init__(self, text: str) -> None:
        self.debug = DebugInfo(dict(re.findall(r"^!(\d+) = (.*)$", text, re.MULTILINE)))
        types = re.findall(r'^(%(?:[\w.:$-]+|"[^"]*")) = type (.*)$', text, re.MULTILINE)
        self.layout = Layout(dict(types))
        self.globals: dict[str, Global] = {}
        for m in _GLOBAL.finditer(text):
            length = type_length(m[3])
            name = "@" + m[1]
            debug = re.search(r"!(\d+)", m[4])
            self.globals[name] = Global(
                name, m[3][:length], m[3][length:].strip(), m[2] == "constant", debug[1] if debug else ""
            )
        self.functions: dict[str, Function] = {}
        pattern = re.compile(
            r"^define [^\n]*?@([\w.$]+)\(([^\n]*)\)([^\n()]*)\{\n(.*?)^\}", re.MULTILINE | re.DOTALL
        )
        for m in pattern.finditer(text):
            debug = re.search(r"!dbg !(\d+)", m[3])
            self.functions[m[1]] = self._function(m[1], m[2], debug[1] if debug else "", m[4])

    def loc(self, inst: Inst) -> Loc:
        """The place in the user's source."""
        return self.debug.loc(inst.debug)

    def _function(self, name: str, params: str, debug: str, body: str) -> Function:
        parameters = []
        for index, param in enumerate(split(params)):
            words = param.split()
            parameters.append((words[0], words[-1] if words[-1].startswith("%") else f"%{index}"))
        function = Function(name, parameters, {}, debug)
        # A parameter is itself, whatever inlined function's parameter the optimiser says has the same value.
        own = self.debug.parameters(debug)
        for _, token in parameters:
            written = re.sub(r"\.(coerce|addr)\d*$", "", token.lstrip("%").strip('"'))
            if written in own:
                function.variables[token], function.declared[token] = written, own[written]
        block: list[Inst] = []
        for line in body.split("\n"):
            if not line:
                continue
            if line[0] not in " \t":
                label = _LABEL.match(line)
                if label:
                    block = function.blocks.setdefault("%" + label[1], [])
                    continue
            line = line.strip()
            if line.startswith("#dbg_"):
                self._name(function, line)
                continue
            if not function.blocks:
                block = function.blocks.setdefault("%0", [])
            if "@llvm.lifetime" in line or "@llvm.assume" in line or "noalias.scope" in line:
                continue
            block.append(self._inst(line))
        return function

    def _name(self, function: Function, line: str) -> None:
        found = re.match(r'#dbg_(?:value|declare)\(\w+ (%[\w.$-]+|%"[^"]*"), !(\d+),', line)
        if found:
            name = self.debug.variable(found[2])
            if name and name != "this":
                function.variables.setdefault(found[1], name)
                function.declared.setdefault(found[1], found[2])

    def _inst(self, line: str) -> Inst:
        text = line
        debug = ""
        cut = line.find(", !dbg !")
        if cut >= 0:
            found = re.match(r"\d+", line[cut + 8 :])
            debug = found[0] if found else ""
            line = line[:cut]
        if "!" in line or ", align " in line:
            line = re.sub(r", !llvm\.loop !\d+", "", _ATTACHMENT.sub("", line))
        result = ""
        if line[0] == "%":
            found = _RESULT.match(line)
            if found:
                result, line = found[1], found[2]
        line = _FLAGS.sub("", line)
        opcode, _, rest = line.partition(" ")
        inst = Inst(result, opcode, debug=debug, text=text)
        flags = _FLAGS.match(rest)
        if flags:
            inst.disjoint = "disjoint" in flags[0]
            rest = rest[flags.end() :]
        handler = _HANDLERS.get(opcode)
        if handler is None:
            loc = self.debug.loc(debug)
            if opcode in _FLOATING:
                raise CompileError(
                    loc.file,
                    loc.line,
                    "floating point at run time is not supported; use integers or ap_fixed.",
                )
            raise CompileError(
                loc.file, loc.line, f"this needs the LLVM instruction '{opcode}', which is not supported."
            )
        handler(inst, rest)
        return inst


def bits(type_: str) -> int:
    """Bits of an integer type, 0 for any other."""
    found = _INT.match(type_)
    return int(found[1]) if found else 0


def type_length(text: str) -> int:
    """How many characters the type at the start of ``text`` takes."""
    if text[0] == "%":
        found = re.match(r'%"[^"]*"|%[\w.:$-]+', text)
        return found.end() if found else 0
    depth = 0
    for k, c in enumerate(text):
        depth += c in "[{<("
        depth -= c in "]}>)"
        if depth == 0 and (c in "]}>" or k + 1 == len(text) or text[k + 1] in " ,"):
            return k + 1
    return len(text)


def split(text: str) -> list[str]:
    """Comma-separated parts; commas in brackets and quotes do not separate."""
    if not any(c in text for c in '([{<"'):
        return [part.strip() for part in text.split(",")] if text.strip() else []
    parts, depth, quoted, start = [], 0, False, 0
    for k, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif not quoted:
            if c in "([{<":
                depth += 1
            elif c in ")]}>":
                depth -= 1
            elif c == "," and depth == 0:
                parts.append(text[start:k].strip())
                start = k + 1
    parts.append(text[start:].strip())
    return [p for p in parts if p]


def _typed(text: str) -> tuple[str, str]:
    """``type value`` -> both."""
    length = type_length(text)
    value = re.sub(
        r"^(?:(?:noundef|nonnull|signext|zeroext|inreg|align \d+|dereferenceable\(\d+\)) )+",
        "",
        text[length:].strip(),
    )
    return text[:length], value


def _binary(inst: Inst, rest: str) -> None:
    inst.type, _, rest = rest.partition(" ")
    inst.width = bits(inst.type)
    inst.operands = split(rest)
    inst.widths = [inst.width] * 2


def _icmp(inst: Inst, rest: str) -> None:
    inst.compare, type_, rest = rest.split(" ", 2)
    inst.type, inst.width = "i1", 1
    inst.operands = split(rest)
    inst.widths = [bits(type_)] * 2


def _cast(inst: Inst, rest: str) -> None:
    value, _, inst.type = rest.rpartition(" to ")
    type_, operand = _typed(value)
    inst.width = bits(inst.type)
    inst.operands, inst.widths = [operand], [bits(type_)]


def _freeze(inst: Inst, rest: str) -> None:
    inst.type, operand = _typed(rest)
    inst.width = bits(inst.type)
    inst.operands, inst.widths = [operand], [inst.width]


def _operands(inst: Inst, parts: list[str]) -> None:
    pairs = [_typed(part) for part in parts]
    inst.operands = [value for _, value in pairs]
    inst.widths = [bits(type_) for type_, _ in pairs]


def _select(inst: Inst, rest: str) -> None:
    parts = split(rest)
    _operands(inst, parts)
    inst.type = _typed(parts[1])[0]
    inst.width = bits(inst.type)


def _phi(inst: Inst, rest: str) -> None:
    length = type_length(rest)
    inst.type = rest[:length]
    inst.width = bits(inst.type)
    for part in split(rest[length:]):
        value, block = split(part.strip("[] "))
        inst.operands.append(value)
        inst.targets.append(block)
    inst.widths = [inst.width] * len(inst.operands)


def _br(inst: Inst, rest: str) -> None:
    for part in split(rest):
        word, _, value = part.partition(" ")
        if word == "label":
            inst.targets.append(value)
        else:
            inst.operands.append(value)
            inst.widths.append(1)


def _ret(inst: Inst, rest: str) -> None:
    if rest != "void":
        _operands(inst, [rest])


def _nothing(inst: Inst, rest: str) -> None:
    del inst, rest


def _load(inst: Inst, rest: str) -> None:
    parts = split(rest)
    inst.type = parts[0]
    inst.width = bits(inst.type)
    _operands(inst, parts[1:2])


def _store(inst: Inst, rest: str) -> None:
    parts = split(rest)
    inst.type = _typed(parts[0])[0]
    _operands(inst, parts[:2])


def _alloca(inst: Inst, rest: str) -> None:
    inst.type = split(rest)[0]


def _getelementptr(inst: Inst, rest: str) -> None:
    parts = split(rest)
    inst.type = parts[0]
    _operands(inst, parts[1:])


def _call(inst: Inst, rest: str) -> None:
    found = re.search(r"@([\w.$]+)\((.*)\)", rest)
    if not found:
        inst.callee = "?"
        return
    inst.callee = found[1]
    words = rest[: found.start()].split()
    inst.type = next((w for w in words if _INT.match(w)), "void")
    inst.width = bits(inst.type)
    _operands(inst, split(found[2]))


_HANDLERS = {
    **dict.fromkeys(BINARY, _binary),
    **dict.fromkeys(_CASTS, _cast),
    "icmp": _icmp,
    "freeze": _freeze,
    "select": _select,
    "phi": _phi,
    "br": _br,
    "ret": _ret,
    "unreachable": _nothing,
    "load": _load,
    "store": _store,
    "alloca": _alloca,
    "getelementptr": _getelementptr,
    "call": _call,
}
