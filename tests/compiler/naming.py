# SPDX-License-Identifier: Apache-2.0
"""Which names of a SystemVerilog file come from the source: `python tests/compiler/naming.py FILE.sv SOURCE...`.

A name is *generated* if no word of it stands in the source, or if a number tells it from another of the same name
(``x__2``).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

_DECLARATION = re.compile(r"^ *(?:wire|logic) (?:\[[^]]*\] ?)*([^;=]*)", re.MULTILINE)

#: Words that the compiler writes itself, some of which are names in a source too.
_OPERATIONS = frozenset(
    {
        "add",
        "sub",
        "mul",
        "and",
        "or",
        "xor",
        "shl",
        "select",
        "phi",
        "trunc",
        "block",
        "loop",
        "to",
        "if",
        "go",
    }
)


def declared(text: str) -> list[str]:
    """The signals and memories that a module declares in its body."""
    body = text.partition(");\n")[2]
    return [
        item.split()[0].split("[")[0]
        for match in _DECLARATION.finditer(body)
        for item in match[1].split(",")
        if item.strip()
    ]


def generated(names: Iterable[str], sources: Iterable[str]) -> list[str]:
    """Those of ``names`` that do not come from the texts ``sources``."""
    code = (re.sub(r"//.*|/\*.*?\*/|\"[^\"]*\"", " ", text) for text in sources)
    known = {word for text in code for word in re.findall(r"[A-Za-z_]\w*", text)}
    known = {part for word in known for part in word.split("_")} - _OPERATIONS
    return [name for name in names if "__" in name or not any(part in known for part in _words(name))]


def _words(name: str) -> list[str]:
    return [part for part in name.split("_") if part and not part.isdigit()]


def main() -> None:
    sv, *sources = map(Path, sys.argv[1:])
    names = declared(sv.read_text())
    found = generated(names, (source.read_text() for source in sources))
    print(f"{len(found):,} of {len(names):,} names are generated ({100 * len(found) / len(names):.1f} %)")


if __name__ == "__main__":
    main()
