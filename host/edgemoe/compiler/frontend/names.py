# SPDX-License-Identifier: Apache-2.0
"""Names: of regions by the line they come from, and what a name of clang's or LLVM's is called in hardware."""

from __future__ import annotations

from edgemoe.compiler.frontend.mangled import Identifier, parts

#: What clang hangs on the name of a parameter that it passes in parts, or keeps in memory.
_PASSED = frozenset({"coerce", "addr"})


def identifier(text: str) -> str:
    """``text`` with underscores for what is no letter, digit or underscore."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in text)


def hardware_name(text: str) -> str:
    """``compute<32, 8>`` -> ``compute_32_8``."""
    made = ""
    gap = False
    for c in text:
        word = c.isalnum() or c == "_"
        made += c if word else "" if gap else "_"
        gap = not word
    return made.strip("_")


def parameter(token: str) -> str:
    """What a parameter's LLVM value is called in C++: ``%n.coerce0`` -> ``n``."""
    text = token.lstrip("%").strip('"')
    name, dot, last = text.rpartition(".")
    return name if dot and last.rstrip("0123456789") in _PASSED else text


def variable(token: str) -> str:
    """An LLVM value's name, without the mark that inlining leaves: ``%a.i3`` -> ``a``."""
    text = token.lstrip("%").strip('"')
    name, dot, last = text.rpartition(".")
    return name if dot and last[:1] == "i" and (last == "i" or last[1:].isdigit()) else text


def source_name(mangled: str) -> str:
    """The last identifier in a mangled name: ``_ZN7edgemoe5kSineE`` -> ``kSine``."""
    found = [part.name for part in parts(mangled) if isinstance(part, Identifier)]
    return found[-1] if found else identifier(mangled)


class Names:
    """Hands out names, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def numbered(self, kind: str, line: int) -> str:
        """``loop_12``, and for more of the same line ``loop_12_a``, ``loop_12_b``, ..."""
        base = f"{kind}_{line}"
        name, k = base, 0
        while name in self._taken:
            k += 1
            name = f"{base}_{chr(96 + k)}" if k <= 26 else f"{base}_{k}"
        self._taken.add(name)
        return name

    def fresh(self, base: str) -> str:
        """``base``, or ``base_1``, ``base_2``, ..."""
        name, k = base, 0
        while name in self._taken:
            k += 1
            name = f"{base}_{k}"
        self._taken.add(name)
        return name
