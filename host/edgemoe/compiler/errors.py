# SPDX-License-Identifier: Apache-2.0
"""The one exception by which the compiler refuses a program."""

from __future__ import annotations

from edgemoe.errors import UserError


class CompileError(UserError):
    """A program that cannot be compiled: where (file and line of the user's source) and why, in a sentence."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: error: {message}" if file else f"error: {message}")
        self.file = file
        self.line = line
        self.message = message
