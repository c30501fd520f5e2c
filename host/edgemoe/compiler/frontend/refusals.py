# SPDX-License-Identifier: Apache-2.0
"""What clang's IR shows at once to be no hardware."""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.llvmir.objects import Module


def refuse(module: Module) -> None:
    """Raises: CompileError for variables of a thread's own."""
    for variable in module.globals.values():
        if "thread_local" in variable.prefix:
            node = module.debug.field(variable.debug, "var")
            file, line = module.debug.file_of_scope(node), int(module.debug.field(node, "line") or 0)
            raise CompileError(
                file,
                line,
                f"'{module.debug.variable(node)}' is thread_local, but hardware has no threads; make it static.",
            )
