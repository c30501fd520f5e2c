# SPDX-License-Identifier: Apache-2.0
"""Programs that once failed, each shrunk to ``found/<name>.cpp`` with a top of that name, and why they failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOUND_FOLDER = Path(__file__).parents[1] / "found"


@dataclass(frozen=True)
class Found:
    """``seed`` made the program; ``cause`` is in a sentence; ``open`` says what still has to be mended."""

    cause: str
    seed: int = 0
    open: str = ""


FOUND: dict[str, Found] = {
    "module_narrow_argument": Found(
        "An argument of a module was narrowed in the module and not at its calls.",
        112,
        "the call still has the argument's whole width",
    ),
    "static_only_read": Found(
        "A memory that nobody writes had neither a driver nor an initial value.",
        124,
        "the memory has no initial value",
    ),
    "local_only_read": Found("A local array that is only cleared and read had no driver.", 103),
    "static_member_only_read": Found(
        "Initial values of a static struct's member that nobody writes were lost.",
        100,
        "the memory has no initial value",
    ),
    "chosen_address": Found(
        "LLVM made a choice of addresses out of a choice of indices.",
        1001,
        "a choice of addresses is refused",
    ),
}
