# SPDX-License-Identifier: Apache-2.0
"""Mangled names (Itanium C++ ABI), as far as the compiler asks for them: identifiers and the numbers of templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Identifier:
    """``5kSine``"""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """``Lj12E``: a number among the arguments of a template, without its sign."""

    type: str
    value: int


@dataclass(frozen=True, slots=True)
class Width:
    """``DU32_``: an integer of so many bits."""

    bits: int


@dataclass(frozen=True, slots=True)
class Other:
    """Anything else: a letter of the grammar, or a number that counts something else (``S1_``, ``A16_``)."""

    text: str


Part: TypeAlias = Identifier | Literal | Width | Other


def parts(mangled: str) -> Iterator[Part]:
    """The parts of a mangled name, in its order."""
    at = 0
    while at < len(mangled):
        part, size = _number_part(mangled, at) or _identifier(mangled, at)
        yield part
        at += size


def _digits(text: str, at: int) -> str:
    end = at
    while end < len(text) and text[end].isdigit():
        end += 1
    return text[at:end]


def _number_part(text: str, at: int) -> tuple[Part, int] | None:
    """A part in which a number is no length, and how long it is."""
    head = text[at : at + 2]
    negative = head[:1] == "L" and text[at + 2 : at + 3] == "n"
    short = head[:1] in ("S", "A") and head[1:].isdigit()
    digits = _digits(text, at + (1 if short else 3 if negative else 2))
    if not digits:
        return None
    size = (1 if short else 3 if negative else 2) + len(digits)
    end = text[at + size : at + size + 1]
    if short and end == "_":
        return Other(text[at : at + size + 1]), size + 1
    if head in ("DU", "DB") and end == "_":
        return Width(int(digits)), size + 1
    if head[:1] == "L" and "a" <= head[1:] <= "z" and end == "E":
        return Literal(head[1:], int(digits)), size + 1
    return None


def _identifier(text: str, at: int) -> tuple[Part, int]:
    """A length and as many letters, or one letter or number that is something else."""
    digits = _digits(text, at)
    if not digits:
        return Other(text[at]), 1
    name = text[at + len(digits) : at + len(digits) + int(digits)]
    if len(name) == int(digits) and name.isidentifier():
        return Identifier(name), len(digits) + len(name)
    return Other(digits), len(digits)
