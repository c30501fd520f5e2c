# SPDX-License-Identifier: Apache-2.0
"""The verifier's entry, and its rules for programs, functions and memories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import (
    EFFECTS,
    NOWHERE,
    BlockArg,
    Function,
    Kind,
    Loc,
    Memory,
    ModuleArg,
    Opcode,
    Pipeline,
    Place,
    Program,
    Return,
    Storage,
)
from edgemoe.compiler.ircheck.dataflow import dataflow_problems
from edgemoe.compiler.ircheck.region import region_problems
from edgemoe.compiler.ircheck.scope import Problem, Scope


class IRError(CompileError):
    """The compiler broke a rule of its own; says which, and where in the user's source it was at work."""

    def __init__(self, after: str, problem: Problem) -> None:
        text, loc = problem
        super().__init__(loc.file, loc.line, f"the compiler is at fault after {after}: {text}")


def check_program(program: Program, after: str) -> None:
    """Raises `IRError` with the first problem; ``after`` says what ran last."""
    for problem in problems_of(program):
        raise IRError(after, problem)


def problems_of(program: Program) -> Iterator[Problem]:
    """Every broken rule."""
    if program.top not in program.functions:
        yield f"the top '{program.top}' is no function", NOWHERE
    known: dict[str, Function] = {}
    for name, function in program.functions.items():
        for text, loc in function_problems(name, function, known):
            yield f"function {name}: {text}", loc if loc.line else function.loc
        known[name] = function


def function_problems(name: str, function: Function, callees: dict[str, Function]) -> Iterator[Problem]:
    """The rules of one function; ``callees`` are those before it."""
    if function.name != name:
        yield f"is called {function.name}", function.loc
    yield from _unique("argument", (arg.name for arg in function.args))
    yield from _unique("region", (region.name for region in function.regions))
    for arg in function.args:
        if arg.width < 1:
            yield f"argument {arg.name} has {arg.width} bits", arg.loc
    for key, memory in function.memories.items():
        if key != memory.name:
            yield f"memory {key} is called {memory.name}", memory.loc
        for text in _memory_problems(function, memory):
            yield f"memory {key}: {text}", memory.loc
    if function.kind is Kind.DATAFLOW:
        if function.regions or function.memories:
            yield "a dataflow function has neither regions nor memories", function.loc
        yield from dataflow_problems(function, callees)
        return
    if function.instances or function.channels:
        yield "only a dataflow function has instances and channels", function.loc
    yield from _code_problems(function, callees)


def _code_problems(function: Function, callees: dict[str, Function]) -> Iterator[Problem]:
    """A process or a module."""
    if not function.regions:
        yield "has no region", function.loc
        return
    if function.regions[0].phis:
        yield f"the entry {function.regions[0].name} has phis, but nothing comes before it", function.loc
    if function.kind is Kind.MODULE:
        yield from _module_problems(function)
    else:
        for arg in function.args:
            if isinstance(arg, ModuleArg):
                yield f"argument {arg.name} is a leaf of a module", arg.loc
    ids = Counter(phi.id for region in function.regions for phi in region.phis)
    ids.update(op.id for region in function.regions for op in region.ops)
    for number, count in ids.items():
        if count > 1:
            yield f"the number {number} is given {count} times", function.loc
    scope = Scope(function, callees)
    for region in function.regions:
        for text, loc in region_problems(scope, region):
            yield f"region {region.name}: {text}", loc if loc.line else region.loc


def _module_problems(function: Function) -> Iterator[Problem]:
    region = function.regions[0]
    if len(function.regions) != 1 or isinstance(region, Pipeline):
        yield "a module is one block", function.loc
    end = region.terminator
    if not isinstance(end, Return) or end.value is None or end.value.width != function.result_width:
        yield f"a module returns its result of {function.result_width} bits", function.loc
    for arg in function.args:
        if not isinstance(arg, ModuleArg):
            yield f"argument {arg.name} of a module is no leaf", arg.loc
    for memory in function.memories.values():
        if not memory.constant:
            yield f"memory {memory.name}: a module has tables only", memory.loc
    for op in region.ops:
        if op.opcode in EFFECTS or op.opcode in (Opcode.CYCLE, Opcode.FIFO_EMPTY, Opcode.FIFO_FULL):
            yield f"v{op.id} ({op.opcode.value}): a module has no effects and no state", op.loc


def _memory_problems(function: Function, memory: Memory) -> Iterator[str]:
    if memory.width < 1 or memory.depth < 1 or memory.banks < 1:
        yield f"{memory.banks} banks of {memory.depth} words of {memory.width} bits"
    if memory.storage is Storage.REGISTERS and memory.depth != 1:
        yield f"{memory.depth} words in a bank of registers"
    if memory.constant and (memory.init is None or memory.storage is Storage.REGISTERS):
        yield "a table has its words, and is not registers"
    if memory.init is not None:
        shape = [len(bank) for bank in memory.init]
        if shape != [memory.depth] * memory.banks:
            yield f"initial words for banks of {shape}, not {memory.banks} of {memory.depth}"
        if any(not 0 <= word < 1 << memory.width for bank in memory.init for word in bank):
            yield f"an initial word has more than {memory.width} bits"
    if memory.place is Place.BLOCK:
        arg = next((a for a in function.args if isinstance(a, BlockArg) and a.name == memory.name), None)
        if arg is None or (arg.width, arg.dims) != (memory.width, memory.extents):
            yield "no block argument has its name, width and extents"


def _unique(what: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} {what}s are called {name}", Loc()
