# SPDX-License-Identifier: Apache-2.0
"""What clang's IR shows at once to be no hardware."""

from __future__ import annotations

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.llvmir.objects import Global, Module


def refuse(module: Module) -> None:
    """Raises: CompileError for variables of a thread's own, and for streams outside functions."""
    for variable in module.globals.values():
        _refuse_stream(module, variable)
        if "thread_local" in variable.prefix:
            node = module.debug.field(variable.debug, "var")
            file, line = module.debug.file_of_scope(node), int(module.debug.field(node, "line") or 0)
            raise CompileError(
                file,
                line,
                f"'{module.debug.variable(node)}' is thread_local, but hardware has no threads; make it static.",
            )


def _refuse_stream(module: Module, variable: Global) -> None:
    node = module.debug.field(variable.debug, "var")
    if module.debug.type_name(module.debug.field(node, "type")).startswith(("stream<", "stream_of_blocks<")):
        raise CompileError(
            module.debug.file_of_scope(node),
            int(module.debug.field(node, "line") or 0),
            f"the stream '{module.debug.variable(node)}' is global or static; declare it in the DATAFLOW function "
            "whose processes it joins, without static, and pass it to them by reference.",
        )
