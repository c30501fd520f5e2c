# SPDX-License-Identifier: Apache-2.0
"""Runs LLVM's clean-up passes (llvmlite) on the prepared text.

The list is the project's own: nothing is vectorised, peeled or turned into library calls behind its back. SROA and
instruction combining come before the first CFG simplification, which would otherwise merge pointers that SROA cannot
speculate; each level of references passed to inlined functions needs a round of SROA of its own. An unrolled loop is
thousands of small blocks, on which instruction combining and SROA take time that grows with their square: GVN makes
their conditions one value, and CFG simplification merges them. Switches are lowered last because CFG simplification
forms them again.
"""

from __future__ import annotations

import functools
import re

import llvmlite.binding as llvm

from edgemoe.compiler.frontend.abi import direct_intrinsics, inline_all, processes
from edgemoe.compiler.frontend.choices import settle_choices
from edgemoe.compiler.frontend.markers import Fact, extract
from edgemoe.compiler.frontend.records import without_nameless, without_this

_INLINE = "always_inliner global_dead_code_eliminate"
# The variables of a small function go before it is copied into each of its callers.
_SHRINK = f"sroa {_INLINE} sroa instruction_combine sroa"
_PASSES = [
    "sroa sroa instruction_combine sroa instruction_combine sroa simplify_cfg",
    "loop_simplify lcssa loop_rotate instruction_combine simplify_cfg sccp loop_simplify lcssa loop_unroll "
    "new_gvn simplify_cfg sroa simplify_cfg instruction_combine simplify_cfg",
    "loop_unroll sroa new_gvn instruction_combine simplify_cfg loop_deletion aggressive_dce sroa "
    "dead_store_elimination instruction_combine simplify_cfg lower_switch strip_dead_prototype "
    "global_dead_code_eliminate",
]


@functools.cache
def _setup() -> None:
    llvm.initialize_native_target()
    # Full unrolling is always the user's wish here: no size limit of LLVM's may refuse it silently.
    llvm.set_option("edgemoe", "-pragma-unroll-threshold=10000000")
    llvm.set_option("edgemoe", "-enable-noalias-to-md-conversion=false")
    llvm.set_option("edgemoe", "-pragma-unroll-full-max-iterations=1000000")


def clean_up(raw: str) -> tuple[str, list[Fact]]:
    """clang's raw IR text -> optimised IR text in the form that :mod:`parse` reads, and the pragmas' facts."""
    _setup()
    text = direct_intrinsics(settle_choices(without_this(raw)))
    # llvmlite's host target refuses the riscv features; the data layout stays.
    text = re.sub(r"^target triple.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r' "(target-cpu|target-features|tune-cpu)"="[^"]*"', "", text)
    options = llvm.create_pipeline_tuning_options()
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_unrolling = True
    machine = llvm.Target.from_default_triple().create_target_machine()
    builder = llvm.create_pass_builder(machine, options)

    def run(module: llvm.ModuleRef, names: str) -> None:
        manager = llvm.create_new_module_pass_manager()
        for name in names.split():
            getattr(manager, f"add_{name}_pass")()
        manager.run(module, builder)

    # The shim's small functions first: what they leave is little once simplified, which keeps the second step short.
    module = llvm.parse_assembly(text)
    run(module, _SHRINK)
    module = llvm.parse_assembly(inline_all(without_nameless(str(module)), processes(raw)))
    run(module, _INLINE)
    text, facts = extract(without_nameless(str(module)))
    module = llvm.parse_assembly(text)
    module.verify()
    for names in _PASSES:
        run(module, names)
    return str(module), facts
