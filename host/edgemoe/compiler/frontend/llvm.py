# SPDX-License-Identifier: Apache-2.0
"""Takes clang's IR to the form that becomes our own: everything inlined, aggregates split, loops annotated, simplified.

First the shim's small functions are inlined, then what is left; up to there only passes run that keep the paths of
accesses. Then aggregates are split (`split.py`), and LLVM's clean-up follows. Its list is the project's own: nothing
is vectorised, peeled or turned into library calls behind its back. An unrolled loop is thousands of small blocks, on
which instruction combining and SROA take time that grows with their square: GVN makes their conditions one value, and
CFG simplification, before it to leave it half of the blocks and after it, merges them. Switches are lowered last
because CFG simplification forms them again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import llvmlite.binding as llvm

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.frontend.endless import endless_loops
from edgemoe.compiler.frontend.joins import chooses_addresses
from edgemoe.compiler.frontend.limited import Died, OutOfTime, limited
from edgemoe.compiler.frontend.markers import Facts, bind, collect
from edgemoe.compiler.frontend.overflow import plain_overflows
from edgemoe.compiler.frontend.prepare import prepare
from edgemoe.compiler.frontend.products import note_declarations
from edgemoe.compiler.frontend.records import drop_nameless
from edgemoe.compiler.frontend.registers import fold_registers
from edgemoe.compiler.frontend.scaled import scale_bytes
from edgemoe.compiler.frontend.source.rewrite import Source
from edgemoe.compiler.frontend.split import settle_joins, split_aggregates
from edgemoe.compiler.frontend.structs import scalars_for_structs
from edgemoe.compiler.ir import Note
from edgemoe.compiler.limits import LLVM_SECONDS, UNROLLED_ITERATIONS
from edgemoe.compiler.llvmir.objects import Module
from edgemoe.compiler.llvmir.reader import read_module
from edgemoe.compiler.llvmir.writer import module_text

_INLINE = "always_inliner global_dead_code_eliminate"
# The variables of a small function go before it is copied into each of its callers.
_INLINE_SMALL = f"sroa {_INLINE}"
#: Passes that shorten code and leave the paths of accesses alone.
_SHORTEN = "sroa sroa sccp aggressive_dce"
_SHORTEN_ALL = "sroa sroa new_gvn sccp aggressive_dce"
_PASSES = [
    "sroa sroa instruction_combine sroa instruction_combine sroa simplify_cfg",
    "loop_simplify lcssa loop_rotate instruction_combine simplify_cfg sccp loop_simplify lcssa loop_unroll "
    "simplify_cfg new_gvn simplify_cfg sroa simplify_cfg instruction_combine simplify_cfg",
    "loop_unroll sroa new_gvn instruction_combine simplify_cfg loop_deletion aggressive_dce sroa "
    "dead_store_elimination instruction_combine simplify_cfg lower_switch strip_dead_prototype "
    "global_dead_code_eliminate",
]
#: The pass that finds equal values, which fails an assertion of its own on some programs.
_NUMBERING = "new_gvn"
_NO_NUMBERING = (
    "LLVM's search for equal values failed on this program ({}) and was left out: "
    "a value may be computed twice."
)
#: A list of passes, or what is done to the module between two of them.
_Step: TypeAlias = str | Callable[[llvm.ModuleRef], None]
#: How deep structs of pointers, passed by value, may nest.
_LEVELS = 8
#: Once no aggregate is left, addresses count 32 bits: no memory on a chip needs more, and index arithmetic stays short.
_DATA_LAYOUT = 'target datalayout = "e-m:e-p:32:32-i64:64-n32-S128"'


@functools.cache
def _setup() -> None:
    llvm.initialize_native_target()
    # Full unrolling is always the user's wish here; what is beyond our limits stays a loop, and is refused as such.
    # Size never stops it: these thresholds are for what LLVM would unroll beyond that, in part, or whole where a factor
    # does not divide the number of iterations.
    llvm.set_option("edgemoe", "-pragma-unroll-threshold=1")
    llvm.set_option("edgemoe", "-unroll-threshold=1")
    llvm.set_option("edgemoe", "-unroll-max-count=1")
    llvm.set_option("edgemoe", "-enable-noalias-to-md-conversion=false")
    llvm.set_option("edgemoe", f"-pragma-unroll-full-max-iterations={UNROLLED_ITERATIONS}")
    llvm.set_option("edgemoe", f"-unroll-max-upperbound={UNROLLED_ITERATIONS}")


def clean_up(source: Module, top: str, read: Source) -> tuple[Module, Facts]:
    """clang's IR, the mangled name of the top and what the C++ says -> IR for :mod:`parse`, and the pragmas."""
    _setup()
    options = llvm.create_pipeline_tuning_options()
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_unrolling = True
    machine = llvm.Target.from_default_triple().create_target_machine()
    builder = llvm.create_pass_builder(machine, options)

    def passes(text: str, steps: tuple[_Step, ...]) -> str:
        parsed = llvm.parse_assembly(text)
        parsed.verify()
        for step in steps:
            if not isinstance(step, str):
                step(parsed)
                continue
            manager = llvm.create_new_module_pass_manager()
            for name in step.split():
                getattr(manager, f"add_{name}_pass")()
            manager.run(parsed, builder)
        return str(parsed)

    _, loc = source.debug.subprogram(source.functions[top].debug)

    left_out: list[Note] = []

    def run(module: Module, *steps: _Step) -> Module:
        text = module_text(module)
        try:
            try:
                return read_module(limited(lambda: passes(text, steps), LLVM_SECONDS))
            except Died as error:
                fewer = tuple(_without_numbering(step) for step in steps)
                if fewer == steps:
                    raise
                done = read_module(limited(lambda: passes(text, fewer), LLVM_SECONDS))
                why = str(error)
                left_out.append(Note(loc, _NO_NUMBERING.format(why[max(why.find("Assertion"), 0) :])))
                return done
        except OutOfTime:
            raise CompileError(
                loc.file,
                loc.line,
                f"LLVM's passes were not done after {LLVM_SECONDS} s, which is the limit: too much is unrolled here. "
                "Unroll nested loops by factors, or pipeline the innermost ones.",
            ) from None
        except RuntimeError as error:
            raise CompileError(
                loc.file, loc.line, f"LLVM refuses this program, which is a fault of this compiler: {error}"
            ) from None

    _forget_target(source)
    kept = prepare(source, top, read)
    scalars_for_structs(source, top)
    inline_all = partial(_inline_all, kept)
    module = drop_nameless(run(source, _INLINE_SMALL, _SHORTEN, inline_all, _INLINE, _SHORTEN_ALL))
    for _ in range(_LEVELS):
        if not any([fold_registers(function) for function in module.functions.values()]):
            break
        module = run(module, _SHORTEN_ALL)
    notes = [note for function in module.functions.values() for note in endless_loops(module, function)]
    facts = collect(module, read)
    note_declarations(module, facts.facts)
    facts.notes += notes
    facts.notes += split_aggregates(module, facts.facts)
    bind(module, facts, read)
    module.other = [line for line in module.other if not line.startswith("target datalayout")]
    module.other.insert(0, _DATA_LAYOUT)
    module = run(module, *_PASSES)
    plain_overflows(module)
    choices = chooses_addresses(module)
    scale_bytes(module, every=choices)
    if choices:
        settle_joins(module)
    facts.notes += left_out
    return module, facts


def _without_numbering(step: _Step) -> _Step:
    return " ".join(name for name in step.split() if name != _NUMBERING) if isinstance(step, str) else step


def _inline_all(kept: set[str], module: llvm.ModuleRef) -> None:
    """Marks what the first round left for inlining: the user's own functions."""
    for function in module.functions:
        if not function.is_declaration and function.name not in kept:
            function.add_function_attribute("alwaysinline")


def _forget_target(module: Module) -> None:
    """llvmlite's host target refuses clang's target and its features; the data layout stays."""
    module.other = [line for line in module.other if not line.startswith("target triple")]
    names = ("target-cpu", "target-features", "tune-cpu")
    for number, group in module.attributes.items():
        module.attributes[number] = _without(group, names)


def _without(group: str, names: tuple[str, ...]) -> str:
    """An attribute group without some of its string attributes."""
    parts, rest = [], group
    while '"' in rest:
        before, _, rest = rest.partition('"')
        key, _, rest = rest.partition('"')
        text = f'"{key}"'
        if rest.startswith('="'):
            value, _, rest = rest[2:].partition('"')
            text += f'="{value}"'
        parts.append(before if key in names else before + text)
    return "".join([*parts, rest])
