# SPDX-License-Identifier: Apache-2.0
"""Modules, functions, blocks and instructions of LLVM IR.

An operand is a token: ``%name`` (a result or a parameter), ``@name`` (a global), a decimal number, ``true``,
``false``, ``undef``, ``poison``, ``null``, ``zeroinitializer``, or the text of a constant expression or aggregate,
which :attr:`Module.constants` knows as an object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from edgemoe.compiler.llvmir.debug import DebugInfo
from edgemoe.compiler.llvmir.types import VOID, Layout, StructType, Type, bits


@dataclass(slots=True, eq=False)
class Inst:
    """One instruction.

    ``type`` is the result's type; of a store the stored value's, of a ``getelementptr`` the source element type, of an
    alloca the allocated type. ``text`` is the line that it was read from, "" once it was changed or made.
    """

    opcode: str
    result: str = ""
    type: Type = VOID
    operands: list[str] = field(default_factory=list)
    types: list[Type] = field(default_factory=list)  #: of the operands
    flags: tuple[str, ...] = ()  #: nsw, inbounds, disjoint, ...
    compare: str = ""  #: icmp
    callee: str = ""  #: call: the function's name, "" when it is called through a pointer
    targets: list[str] = field(default_factory=list)  #: br, switch: blocks; phi: the block of each operand
    indices: list[int] = field(default_factory=list)  #: extractvalue, insertvalue
    before: str = ""  #: call: what stands between the opcode and the result's type
    signature: str = ""  #: call: the types of a variadic function's parameters
    attributes: list[str] = field(default_factory=list)  #: call: of each argument
    after: str = ""  #: call: what follows the arguments
    debug: str = ""  #: number of the DILocation
    loop: str = ""  #: number of the loop's metadata
    extra: str = ""  #: other attachments (range, nonnull, ...), as text
    text: str = ""

    @property
    def width(self) -> int:
        """Bits of the result, 0 if it is no integer."""
        return bits(self.type) if self.opcode not in _TYPE_OF_SOMETHING_ELSE else 0

    @property
    def widths(self) -> list[int]:
        """Bits of the operands, 0 for those that are no integers."""
        return [bits(type_) for type_ in self.types]


_TYPE_OF_SOMETHING_ELSE = frozenset({"store", "getelementptr", "alloca"})


@dataclass(slots=True, eq=False)
class Record:
    """``#dbg_value`` or ``#dbg_declare``: the operand holds (or points at) the variable of that number."""

    kind: str
    operand: str
    variable: str
    expression: str
    debug: str
    text: str = ""
    type: str = "ptr"  #: of the operand


@dataclass(slots=True, eq=False)
class Parameter:
    """A parameter of a definition: its type, attributes as text, name with the percent sign."""

    type: Type
    attributes: str
    name: str


@dataclass(slots=True, eq=False)
class Function:
    """A definition. ``blocks`` in the order of the text, the entry first; names have the percent sign."""

    name: str  #: without the sign
    type: Type  #: of the result
    params: list[Parameter]
    blocks: dict[str, list[Inst | Record]]
    linkage: str = ""  #: what stands between ``define`` and the result's type
    attributes: str = ""  #: what stands between the parameters and the body, without the debug node
    debug: str = ""  #: number of the DISubprogram

    def instructions(self) -> Iterator[Inst]:
        """All instructions, in the order of the text."""
        for block in self.blocks.values():
            for item in block:
                if isinstance(item, Inst):
                    yield item

    def definitions(self) -> dict[str, Inst]:
        """Instructions by their result."""
        return {inst.result: inst for inst in self.instructions() if inst.result}

    def values(self) -> set[str]:
        """The names of parameters and results."""
        return {param.name for param in self.params} | set(self.definitions())


@dataclass(slots=True, eq=False)
class Global:
    """A global variable; ``init`` is "" for one that is only declared."""

    name: str  #: with the at sign
    type: Type
    init: str
    constant: bool
    prefix: str = ""  #: what stands between the equals sign and ``global`` or ``constant``
    suffix: str = ""  #: what follows the initial value
    debug: str = ""  #: number of the DIGlobalVariableExpression


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant that is not one token: an aggregate (``array``, ``struct``, ``bytes``) or an expression's opcode."""

    kind: str
    type: Type  #: source element type of a ``getelementptr``; of a cast the result's
    operands: tuple[str, ...]
    types: tuple[Type, ...]


@dataclass(slots=True, eq=False)
class Module:
    """Everything in one text of LLVM IR."""

    types: dict[str, StructType]
    globals: dict[str, Global]
    functions: dict[str, Function]
    constants: dict[str, Constant]
    debug: DebugInfo
    declarations: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)  #: groups, by number
    other: list[str] = field(default_factory=list)  #: data layout, comdats, named metadata: as they stood

    @property
    def layout(self) -> Layout:
        """Sizes and offsets of the types."""
        rules = next((line for line in self.other if line.startswith("target datalayout")), "i128:128")
        return Layout(self.types, 16 if "i128:128" in rules else 8, 4 if "p:32:32" in rules else 8)
