# SPDX-License-Identifier: Apache-2.0
"""Arguments of the top that are one struct, or a reference to what is only read: a scalar for each member.

``void top(P p, const int& n)`` gets the scalars ``p_a``, ``p_b`` and ``n``.
"""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.objects import ELEMENT, Parts, Variable, key_of
from edgemoe.compiler.frontend.pointers import Field, Place
from edgemoe.compiler.frontend.split import scalars
from edgemoe.compiler.llvmir.debug import in_shim
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Parameter, Record
from edgemoe.compiler.llvmir.types import POINTER, IntType, NamedType, Type, integer_bytes

_NAMES_A_TYPE = frozenset({"DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type"})


def scalars_for_structs(module: Module, top: str) -> None:
    """Gives the top parameters for the members, in place of the struct's address; in place.

    Raises: CompileError for a struct with arrays.
    """
    function = module.functions[top]
    parts = Parts(module, set())
    params: list[Parameter] = []
    entry: list[Inst | Record] = []
    for param in function.params:
        variable = module.debug.parameters(function.debug).get(param.name[1:], "")
        debug = module.debug.field(variable, "type")
        type_ = _value_type(module, param, debug)
        if type_ is None:
            params.append(param)
        elif isinstance(type_, IntType):
            name = f"{param.name}.coerce"
            params.append(Parameter(type_, "", name))
            entry.append(Inst("alloca", param.name, type_))
            entry.append(Inst("store", "", type_, [name, param.name], [type_, POINTER]))
        else:
            whole = Variable(top, param.name, type_, param.name[1:], module.debug.strip(debug))
            entry.append(Inst("alloca", param.name, type_))
            for place in scalars(parts, top, Place(param.name, (), type_)):
                params.append(_member(module, function, parts, whole, place, entry))
    function.params = params
    next(iter(function.blocks.values()))[:0] = entry


def _value_type(module: Module, param: Parameter, debug: str) -> Type | None:
    """The type of the value that a pointer parameter stands for, None if it stands for none."""
    if param.type != POINTER:
        return None
    words = param.attributes.split()
    if "byval" in words:
        name = words[words.index("byval") + 2]
        return NamedType(name) if name in module.types else None
    info = module.debug
    number = _behind(module, debug, frozenset({"DW_TAG_typedef"}))
    if info.field(number, "tag") != "DW_TAG_reference_type":
        return None
    inner = _behind(module, info.field(number, "baseType"), frozenset({"DW_TAG_typedef"}))
    if info.field(inner, "tag") != "DW_TAG_const_type":
        return None
    integer = info.integer_type(inner)
    if integer is not None:
        return IntType(8 * integer_bytes(integer[0]))
    struct = _behind(module, inner, _NAMES_A_TYPE)
    if info.field(struct, "tag") not in ("DW_TAG_structure_type", "DW_TAG_class_type"):
        return None
    return None if in_shim(info.file_of_scope(struct)) else _named(module, struct)


def _behind(module: Module, number: str, tags: frozenset[str]) -> str:
    while module.debug.field(number, "tag") in tags:
        number = module.debug.field(number, "baseType")
    return number


def _named(module: Module, struct: str) -> Type | None:
    """LLVM's type of a struct that the debug information describes."""
    names = [module.debug.field(struct, "name")]
    scope = module.debug.field(struct, "scope")
    while module.debug.node(scope).kind in ("DINamespace", "DICompositeType"):
        names.insert(0, module.debug.field(scope, "name"))
        scope = module.debug.field(scope, "scope")
    wanted = "::".join(names)
    for known in module.types:
        kind, _, rest = known[1:].strip('"').partition(".")
        if kind in ("struct", "class") and rest == wanted:
            return NamedType(known)
    return None


def _member(
    module: Module,
    function: Function,
    parts: Parts,
    whole: Variable,
    place: Place,
    entry: list[Inst | Record],
) -> Parameter:
    """The parameter of one member; ``entry`` gets what stores it."""
    part = parts.part(whole, place)
    debug = module.debug
    if ELEMENT in key_of(place.steps):
        name, loc = debug.subprogram(function.debug)
        raise CompileError(
            loc.file,
            loc.line,
            f"the argument '{whole.name}' of {name} is a struct with an array, '{part.name[1:]}'; pass the array as a "
            "stream or as hls::burst_maxi<T>, and the other members by themselves.",
        )
    assert isinstance(part.type, IntType)
    token = f"{part.name}.value"
    number = debug.add(
        f'!DILocalVariable(name: "{part.name[1:]}", scope: !{function.debug}, type: !{parts.member_type(whole, place)})'
    )
    entry.append(
        Record("dbg_value", token, number, "!DIExpression()", _place(module, function), type=str(part.type))
    )
    indices = [step.number for step in place.steps if isinstance(step, Field)]
    pointer = f"{token}.at"
    types: list[Type] = [POINTER, IntType(64), *[IntType(32)] * len(indices)]
    operands = [whole.base, "0", *map(str, indices)]
    entry.append(Inst("getelementptr", pointer, whole.type, operands, types))
    entry.append(Inst("store", "", part.type, [token, pointer], [part.type, POINTER]))
    return Parameter(part.type, "", token)


def _place(module: Module, function: Function) -> str:
    line = module.debug.field(function.debug, "line") or "0"
    return module.debug.add(f"!DILocation(line: {line}, scope: !{function.debug})")
