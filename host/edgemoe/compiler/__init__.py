# SPDX-License-Identifier: Apache-2.0
"""An open high-level-synthesis compiler: C++ in, readable SystemVerilog out."""

from edgemoe.compiler.driver import CompileResult, compile_file, compile_into
from edgemoe.compiler.errors import CompileError

__all__ = ["CompileError", "CompileResult", "compile_file", "compile_into"]
