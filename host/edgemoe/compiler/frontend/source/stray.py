# SPDX-License-Identifier: Apache-2.0
"""Semicolons that end an ``if`` or a loop at once. clang sees them only in a text that was not preprocessed before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from edgemoe.compiler.frontend.source.places import Lines
from edgemoe.compiler.frontend.source.structure import Structure
from edgemoe.compiler.frontend.source.tokens import Token
from edgemoe.compiler.ir import Note
from edgemoe.compiler.llvmir.debug import in_shim

_HEADS = frozenset({"if", "switch", "for", "while", "constexpr"})


def stray_semicolons(structure: Structure, lines: Lines) -> list[Note]:
    """Warnings of ``if (x);``, and of ``for (...);`` and ``while (...);`` in front of what looks like their body.

    A semicolon behind a blank may be what a macro left, and is not told.
    """
    found = []
    for keyword, semicolon in _stray(structure, lines):
        loc = lines.loc(semicolon.at)
        if loc.line and not in_shim(loc.file):
            text = f"the semicolon is all that this '{keyword}' does; take it away, or write {{}} if that is meant."
            found.append(Note(loc, text, warning=True))
    return found


def _stray(structure: Structure, lines: Lines) -> Iterator[tuple[str, Token]]:
    tokens = structure.tokens
    for word, behind in pairwise(tokens):
        if word.text == "else" and behind.text == ";" and behind.at == word.at + len("else"):
            yield "else", behind
    for opening, closing in structure.closing.items():
        keyword = tokens[opening - 1].text if opening else ""
        if keyword not in _HEADS or tokens[closing].text != ")" or closing + 2 >= len(tokens):
            continue
        start = opening - 2 if keyword == "constexpr" else opening - 1
        semicolon, following = tokens[closing + 1], tokens[closing + 2]
        if semicolon.text != ";" or semicolon.at != tokens[closing].at + 1:
            continue
        if tokens[start].text in ("if", "switch"):
            yield tokens[start].text, semicolon
        elif tokens[start].text in ("for", "while") and not _ends_do(structure, start):
            further = lines.point(following.at).column > lines.point(tokens[start].at).column
            if following.text == "{" or (further and following.text != "}"):
                yield tokens[start].text, semicolon


def _ends_do(structure: Structure, number: int) -> bool:
    """Whether a ``while`` belongs to a ``do``."""
    tokens = structure.tokens
    if tokens[number].text != "while" or not number:
        return False
    if tokens[number - 1].text == "}":
        opening = next((o for o, c in structure.closing.items() if c == number - 1), 0)
        return tokens[opening - 1].text == "do"
    k = number - 1
    while k > 0 and tokens[k - 1].text not in (";", "{", "}"):
        k -= 1
    return tokens[k].text == "do"
