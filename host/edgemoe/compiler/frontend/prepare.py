# SPDX-License-Identifier: Apache-2.0
"""What is done to clang's IR before anything is inlined: unused functions go, intrinsics take and return integers
directly, and everything but processes and bodies of fixed-latency modules is marked for inlining.

clang passes integers above 128 bits through memory (``sret`` results, ``byval`` arguments). Those calls of
intrinsics become direct ones of a twin named ``<intrinsic>.v``; the width stands in the mangled name (``DU256_`` is
``unsigned _BitInt(256)``).
"""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.intrinsics import DIRECT, Intrinsic, intrinsic
from edgemoe.compiler.frontend.pointers import referenced
from edgemoe.compiler.frontend.source.pragmas import Dataflow
from edgemoe.compiler.frontend.source.reading import Written
from edgemoe.compiler.frontend.source.rewrite import Source
from edgemoe.compiler.llvmir.debug import in_shim
from edgemoe.compiler.llvmir.instructions import name
from edgemoe.compiler.llvmir.objects import Function, Inst, Module, Record
from edgemoe.compiler.llvmir.types import POINTER, VOID, IntType, Type, bits, integer_bytes

MARKER = "__hls_pragma"
#: How the mangled name of ``hls::module<...>::body()`` ends.
MODULE_BODY = "4bodyEv"

_ATTRIBUTES = 'nounwind "no-builtins"'


def prepare(module: Module, top: str, source: Source) -> set[str]:
    """Keeps what the function of mangled name ``top`` needs, and readies it for inlining, in place.

    Returns the functions that stay functions: the top, processes, bodies of fixed-latency modules.
    """
    _refuse_run_time_initialisers(module, top)
    _keep_reachable(module, top)
    for function in module.functions.values():
        _direct_intrinsics(function, module)
        _whole_bytes(function)
        _forget_shim_variables(function, module)
    kept = {
        top,
        *processes(module, source),
        *(name for name in module.functions if name.endswith(MODULE_BODY)),
    }
    for function in module.functions.values():
        if function.name in kept:
            function.linkage, function.attributes = "", f"noinline {_ATTRIBUTES}"
        else:
            small = module.debug.of_shim(function.debug)
            function.linkage = "internal"
            function.attributes = f"{'alwaysinline ' if small else ''}{_ATTRIBUTES}"
    return kept


def pragma_of(call: Inst, source: Source) -> Written | None:
    """The pragma of an instruction, None if it is no marker."""
    if call.callee != MARKER:
        return None
    return source.pragma(int(call.operands[0]))


def _is_dataflow(call: Inst, source: Source) -> bool:
    written = pragma_of(call, source)
    return written is not None and written.grammar.record is Dataflow


def processes(module: Module, source: Source) -> list[str]:
    """Mangled names of the functions that dataflow functions call: they stay functions."""
    found: dict[str, None] = {}
    for function in module.functions.values():
        calls = [inst for inst in function.instructions() if inst.opcode == "call"]
        if any(_is_dataflow(call, source) for call in calls):
            for call in calls:
                callee = module.functions.get(call.callee)
                if callee is not None and not module.debug.of_shim(callee.debug):
                    found[call.callee] = None
    return list(found)


def _keep_reachable(module: Module, top: str) -> None:
    functions: dict[str, Function] = {}
    variables: dict[str, None] = {}
    waiting = [f"@{top}"]
    while waiting:
        token = waiting.pop()
        key = name(token)
        if key in module.functions:
            if key not in functions:
                function = functions[key] = module.functions[key]
                for inst in function.instructions():
                    if inst.callee:
                        waiting.append(f"@{inst.callee}")
                    waiting += referenced(module, [token for token in inst.operands if token[:1] != "%"])
        elif token in module.globals and token not in variables:
            variables[token] = None
            waiting += referenced(module, [module.globals[token].init])
    module.functions = {key: f for key, f in module.functions.items() if key in functions}
    module.globals = {token: g for token, g in module.globals.items() if token in variables}
    for variable in module.globals.values():
        # Nothing outside may change them, and no comdat holds them.
        variable.prefix = "internal unnamed_addr" if variable.init else "external"
        variable.suffix = f", !dbg !{variable.debug}" if variable.debug else ""
    module.other = [line for line in module.other if not line.startswith("$")]
    for number, text in module.debug.texts.items():
        # Template arguments that are functions name them here too.
        before, value, _ = text.partition("value: ptr @")
        if value:
            module.debug.texts[number] = f"{before}value: ptr null)"


def _refuse_run_time_initialisers(module: Module, top: str) -> None:
    """A global whose initial value is computed before main: hardware has no such moment."""
    constructors = module.globals.get("@llvm.global_ctors")
    if constructors is None:
        return
    reachable: set[str] = set()
    waiting = [top]
    used: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in reachable or key not in module.functions:
            continue
        reachable.add(key)
        for inst in module.functions[key].instructions():
            used |= set(referenced(module, inst.operands))
            waiting.append(inst.callee)
    waiting = [name(token) for token in referenced(module, [constructors.init])]
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in seen or key not in module.functions:
            continue
        seen.add(key)
        for inst in module.functions[key].instructions():
            if inst.callee:
                waiting.append(inst.callee)
            for token in referenced(module, inst.operands):
                if token in used and token in module.globals and not module.globals[token].constant:
                    loc = module.debug.loc(inst.debug)
                    raise CompileError(
                        loc.file,
                        loc.line,
                        f"the initial value of '{token[1:]}' is computed at run time, before the program starts, for "
                        "which hardware has no moment; make it a constant expression (constexpr).",
                    )


def _forget_shim_variables(function: Function, module: Module) -> None:
    """Names of the shim's own variables help nobody, and LLVM's passes carry each of them along."""
    debug = module.debug
    for block in function.blocks.values():
        block[:] = [
            item
            for item in block
            if not (
                isinstance(item, Record)
                and (
                    in_shim(debug.file_of_scope(debug.field(item.variable, "scope")))
                    or debug.variable(item.variable) == "this"
                )
            )
            and not (isinstance(item, Inst) and item.callee.startswith("llvm.lifetime"))
        ]


def _whole_bytes(function: Function) -> None:
    """Integers of odd widths are kept in memory as clang keeps its own: extended to 8, 16, 32, ... bits.

    clang stores and loads an odd width itself where it passes a struct of one member as that member.
    """
    number = 0
    for block in function.blocks.values():
        made: list[Inst | Record] = []
        for item in block:
            width = _accessed(item) if isinstance(item, Inst) else 0
            memory = IntType(8 * integer_bytes(width)) if width else None
            if memory is None or memory.width == width or not isinstance(item, Inst):
                made.append(item)
                continue
            number += 1
            name = f"%hls.m{number}"
            narrow = IntType(width)
            if item.opcode == "load":
                load = Inst("load", name, memory, item.operands, item.types, item.flags, debug=item.debug)
                made += [load, Inst("trunc", item.result, narrow, [name], [memory], debug=item.debug)]
            else:
                value, pointer = item.operands
                made.append(Inst("zext", name, memory, [value], [narrow], debug=item.debug))
                made.append(
                    Inst(
                        "store", "", memory, [name, pointer], [memory, POINTER], item.flags, debug=item.debug
                    )
                )
        block[:] = made


def _accessed(inst: Inst) -> int:
    if inst.opcode == "load":
        return bits(inst.type)
    return bits(inst.types[0]) if inst.opcode == "store" else 0


# ---- intrinsics ----------------------------------------------------------------------------------------------------


def _direct_intrinsics(function: Function, module: Module) -> None:
    number = 0
    for block in function.blocks.values():
        at = 0
        while at < len(block):
            inst = block[at]
            if isinstance(inst, Inst) and inst.opcode == "call" and "__hls_" in inst.callee:
                meaning = intrinsic(inst.callee)
                if meaning is not None and (made := _direct(inst, meaning, number)):
                    block[at : at + 1] = made
                    number += 1
                    at += len(made) - 1
                    _declare(module, next(i for i in made if i.opcode == "call"))
            at += 1


def _direct(call: Inst, meaning: Intrinsic, number: int) -> list[Inst]:
    """The instructions in place of a call that passes an integer through memory, [] if it does not."""
    wide = IntType(meaning.width)
    memory = IntType(8 * integer_bytes(meaning.width))
    if call.attributes and "sret" in call.attributes[0]:
        value = f"%hls.w{number}"
        made = [_twin(call, value, wide, call.operands[1:], call.types[1:])]
        if memory != wide:
            made.append(Inst("zext", f"%hls.z{number}", memory, [value], [wide], debug=call.debug))
            value = made[-1].result
        store = Inst("store", "", memory, [value, call.operands[0]], [memory, POINTER], debug=call.debug)
        return [*made, store]
    if call.attributes and "byval" in call.attributes[-1]:
        value = f"%hls.z{number}"
        made = [Inst("load", value, memory, [call.operands[-1]], [POINTER], debug=call.debug)]
        if memory != wide:
            made.append(Inst("trunc", f"%hls.w{number}", wide, [value], [memory], debug=call.debug))
            value = made[-1].result
        twin = _twin(call, "", VOID, [*call.operands[:-1], value], [*call.types[:-1], wide])
        return [*made, twin]
    return []


def _twin(call: Inst, result: str, type_: Type, operands: list[str], types: list[Type]) -> Inst:
    return Inst(
        "call",
        result,
        type_,
        operands,
        types,
        callee=call.callee + DIRECT,
        attributes=[""] * len(operands),
        debug=call.debug,
    )


def _declare(module: Module, call: Inst) -> None:
    types = ", ".join(map(str, call.types))
    line = f"declare {call.type} @{call.callee}({types}) nounwind convergent"
    if line not in module.declarations:
        module.declarations.append(line)
