# SPDX-License-Identifier: Apache-2.0
"""One mistake: a replacement in one source file, with the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgemoe.errors import UserError


@dataclass(frozen=True)
class Mutation:
    """`old`, which must occur exactly once in `file`, becomes `new`; `idea` says what mistake that is."""

    idea: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    """Files, or single tests as pytest names them."""

    def applied(self, text: str) -> str:
        """The mutated text."""
        return text.replace(self.old, self.new)

    def check(self, checkout: Path) -> None:
        """UserError unless the text to replace is there exactly once."""
        count = (checkout / self.file).read_text(encoding="utf-8").count(self.old)
        if count != 1:
            raise UserError(
                f"Mutation {self.idea!r}: {self.old!r} occurs {count} times in {self.file}, not once."
            )


def of_compiler(idea: str, file: str, old: str, new: str, tests: tuple[str, ...]) -> Mutation:
    """A mistake in a file of the compiler's package."""
    return Mutation(idea, f"host/edgemoe/compiler/{file}", old, new, tests)
