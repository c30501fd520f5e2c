# SPDX-License-Identifier: Apache-2.0
"""Places of a preprocessed text in the user's files, and changes of the text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path, PurePath

from edgemoe.compiler.frontend.source.tokens import Kind, lex
from edgemoe.compiler.ir import Loc

Edit = tuple[int, int, str]  # from, to, replacement


@dataclass(frozen=True, slots=True)
class Point:
    """Where a token stands in the user's file, whose path is absolute: clang shortens it as it sees fit."""

    file: str
    line: int
    column: int

    @staticmethod
    def of(file: str, line: int, column: int) -> Point:
        return Point(str(Path(file).absolute()), line, column)


class Lines:
    """Places in the user's files, out of the line markers of a preprocessed text."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._locs: list[Loc] = []
        at, file, line = 0, "", 0
        for content in text.split("\n"):
            line += 1
            self._starts.append(at)
            self._locs.append(Loc(file, line))
            at += len(content) + 1
            marked = line_marker(content)
            if marked is not None:
                file, line = marked.file, marked.line - 1

    def loc(self, at: int) -> Loc:
        return self._locs[bisect_right(self._starts, at) - 1]

    def point(self, at: int) -> Point:
        number = bisect_right(self._starts, at) - 1
        loc = self._locs[number]
        return Point.of(loc.file, loc.line, at - self._starts[number] + 1)


def line_marker(content: str) -> Loc | None:
    """The place of the line that follows, of ``# 12 "file" 2`` or ``#line 12 "file"``."""
    if not content.startswith(("# ", "#line")):  # most others are definitions of macros
        return None
    tokens = lex(content[1:])
    if tokens and tokens[0].text == "line":
        tokens = tokens[1:]
    if len(tokens) < 2 or tokens[0].kind is not Kind.NUMBER or tokens[1].kind is not Kind.STRING:
        return None
    return Loc(str(PurePath(tokens[1].text[1:-1].replace('\\"', '"'))), int(tokens[0].text))


def apply(text: str, edits: list[Edit]) -> str:
    """``text`` with all edits made."""
    parts, at = [], 0
    for begin, end, replacement in sorted(edits):
        parts += [text[at:begin], replacement]
        at = end
    return "".join([*parts, text[at:]])
